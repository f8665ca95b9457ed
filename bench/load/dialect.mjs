// What the servers are told and say: y-protocols' messages, and Yjs updates of typed text.

/** lib0's unsigned integer. */
export function varUint(number) {
  const bytes = [];
  for (; number > 127; number = Math.floor(number / 128)) bytes.push(128 | (number % 128));
  bytes.push(number);
  return bytes;
}

class Cursor {
  constructor(bytes) {
    this.bytes = bytes;
    this.at = 0;
  }

  varUint() {
    let number = 0;
    for (let unit = 1; ; unit *= 128) {
      const byte = this.bytes[this.at++];
      number += (byte & 127) * unit;
      if (!(byte > 127)) return number;
    }
  }

  varBytes() {
    const length = this.varUint();
    this.at += length;
    return this.bytes.subarray(this.at - length, this.at);
  }
}

const KINDS = ["step1", "step2", "update"];

/**
 * How a client of `document` speaks: y-websocket's framing, or Hocuspocus', which is the same
 * behind the document's name, with a token first.
 */
export function dialect(name, document) {
  const prefix = name === "hocuspocus" ? varString(document) : [];
  const sync = (kind, body) =>
    Buffer.concat([Buffer.from([...prefix, 0, kind, ...varUint(body.length)]), body]);
  const hello = [sync(0, Buffer.from([0]))];
  if (prefix.length > 0) {
    hello.unshift(Buffer.from([...prefix, 2, 0, ...varString("token"), ...varString("4.7.0")]));
  }
  return {
    hello,
    nothing: sync(1, Buffer.from([0, 0])),
    update: (body) => sync(2, body),
    /** `{ kind, body }` of a sync message; undefined of any other. */
    read(payload) {
      const cursor = new Cursor(payload);
      if (prefix.length > 0) cursor.varBytes();
      const type = cursor.varUint();
      // 4 is Hocuspocus' answer to a SyncStep1.
      if (type !== 0 && !(type === 4 && prefix.length > 0)) return undefined;
      return { kind: KINDS[cursor.varUint()], body: cursor.varBytes() };
    },
  };
}

function varString(text) {
  const bytes = Buffer.from(text);
  return [...varUint(bytes.length), ...bytes];
}

/** The update of one letter that `author` types behind its last, in the root text `t`. */
export function keystroke(author, clock) {
  const id = varUint(author);
  const letter = 97 + (clock % 26);
  if (clock === 0) return Buffer.from([1, 1, ...id, 0, 4, 1, 1, 116, 1, letter, 0]);
  const origin = [...id, ...varUint(clock - 1)];
  return Buffer.from([1, 1, ...id, ...varUint(clock), 0x84, ...origin, 1, letter, 0]);
}

/** Calls `take(author, clock, length)` for each run in an update of text. */
export function eachRun(update, take) {
  const cursor = new Cursor(update);
  for (let authors = cursor.varUint(); authors > 0; authors--) {
    let structs = cursor.varUint();
    const author = cursor.varUint();
    for (let clock = cursor.varUint(); structs > 0; structs--) {
      const info = cursor.bytes[cursor.at++];
      const content = info & 31;
      if (content !== 0 && content !== 10) skipNeighbours(cursor, info);
      const length = lengthOf(cursor, content);
      if (content !== 10) take(author, clock, length);
      clock += length;
    }
  }
}

/** Left and right origin, and without either the parent and its key. */
function skipNeighbours(cursor, info) {
  const ids = (info & 0x80 ? 1 : 0) + (info & 0x40 ? 1 : 0);
  for (let i = 0; i < 2 * ids; i++) cursor.varUint();
  if (ids > 0) return;
  if (cursor.varUint() === 1) cursor.varBytes();
  else for (let i = 0; i < 2; i++) cursor.varUint();
  if (info & 0x20) cursor.varBytes();
}

function lengthOf(cursor, content) {
  if (content === 0 || content === 1 || content === 10) return cursor.varUint();
  if (content !== 4) throw new Error(`content ${content} in an update of typed text`);
  // Only ASCII is typed: bytes are UTF-16 units.
  return cursor.varBytes().length;
}
