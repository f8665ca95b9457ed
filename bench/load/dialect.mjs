// What the servers are told and say: the framing of sync messages and of presence.

import { inflateRawSync } from "node:zlib";
import { fromColumns } from "../../tests/columns.mjs";
import { Cursor, varString, varUint } from "./lib0.mjs";

const KINDS = ["step1", "step2", "update"];
/** The state vector, and the update, of nothing. */
const NO_STATE = Buffer.from([0]);
const NO_UPDATE = Buffer.from([0, 0]);
const NO_BODY = Buffer.alloc(0);

/**
 * How a client of `document` speaks: `undefined` is y-websocket's framing; `hocuspocus` is the same
 * behind the document's name, with a token first; `native` is that of Selvedge's own client.
 */
export function dialect(name, document) {
  return name === "native" ? native() : stock(name === "hocuspocus" ? varString(document) : []);
}

function stock(prefix) {
  const tagged = (tags, body) =>
    Buffer.concat([Buffer.from([...prefix, ...tags, ...varUint(body.length)]), body]);
  return {
    /** The first messages of a client that has `known`, an encoded state vector. */
    hello(known = NO_STATE) {
      const step1 = tagged([0, 0], known);
      if (prefix.length === 0) return [step1];
      const token = [...prefix, 2, 0, ...varString("token"), ...varString("4.7.0")];
      return [Buffer.from(token), step1];
    },
    nothing: tagged([0, 1], NO_UPDATE),
    update: (body) => tagged([0, 2], body),
    presence: (body) => tagged([1], body),
    /** `{ kind, body }` of a message about the document or about presence; undefined of others. */
    read(payload) {
      const cursor = new Cursor(payload);
      if (prefix.length > 0) cursor.varBytes();
      const type = cursor.varUint();
      if (type === 1) return { kind: "presence", body: cursor.varBytes() };
      // 4 is Hocuspocus' answer to a SyncStep1.
      if (type !== 0 && !(type === 4 && prefix.length > 0)) return undefined;
      return { kind: KINDS[cursor.varUint()], body: cursor.varBytes() };
    },
  };
}

const NATIVE_KINDS = ["welcome", "step1", "step2", "update", "presence", "ack"];
/** The tag of a document that comes in columns and deflated. */
const DOCUMENT = 14;

/** `selvedge.v1`: a tag, its numbers, and bytes to the end of the frame. */
function native() {
  let number = 0;
  const tagged = (tags, body) =>
    Buffer.concat([Buffer.from(tags.flatMap((tag) => varUint(tag))), body]);
  return {
    protocol: "selvedge.v1",
    /** The first message of a client that has all of `epoch` up to `sequence`. */
    hello: ({ epoch = 0, sequence = 0 } = {}) => [tagged([0, 3, epoch, sequence], NO_BODY)],
    nothing: tagged([2, 0], NO_UPDATE),
    update: (body) => tagged([3, ++number], body),
    presence: (body) => tagged([4], body),
    /**
     * As above; a welcome has `epoch` and `sequence`, content and acks the `sequence` they lead to.
     */
    read(payload) {
      const cursor = new Cursor(payload);
      const tag = cursor.varUint();
      if (tag === DOCUMENT) {
        const sequence = cursor.varUint();
        const packed = cursor.rest();
        // What it takes a test to read that is not what it takes a client.
        return {
          kind: "step2",
          sequence,
          get body() {
            return fromColumns(inflateRawSync(packed));
          },
        };
      }
      const kind = NATIVE_KINDS[tag];
      if (kind === "welcome") {
        cursor.varUint();
        return { kind, epoch: cursor.varUint(), sequence: cursor.varUint(), body: NO_BODY };
      }
      if (kind === "ack") cursor.varUint();
      const isNumbered = kind === "step2" || kind === "update" || kind === "ack";
      const sequence = isNumbered ? cursor.varUint() : undefined;
      return kind && { kind, sequence, body: cursor.rest() };
    },
  };
}
