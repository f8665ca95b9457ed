// Our client as a page has it, with a socket that this process answers itself.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { root } from "../../../tools/shell.mjs";
import { varUint } from "../../load/dialect.mjs";

const HELLO = 0;
const UPDATE = 3;
const ACK = 5;
const WELCOME_LIMITS = [1 << 25, 1 << 25, 0];
const EPOCH = 7;

let sockets = [];

/** The part of a WebSocket that the client uses. What it sends is kept for whoever asks. */
class Socket {
  sent = [];

  constructor() {
    sockets.push(this);
  }

  send(frame) {
    this.sent.push(frame);
  }

  close() {}

  /** The room sends a frame. */
  deliver(frame) {
    this.onmessage({ data: frame });
  }
}

/** A frame of the room: its tag, numbers, and bytes to its end. */
function frame(tag, numbers, bytes = []) {
  return Uint8Array.from([tag, ...numbers.flatMap(varUint), ...bytes]).buffer;
}

function readVarUint(bytes, at) {
  let number = 0;
  for (let unit = 1; ; unit *= 128) {
    const byte = bytes[at++];
    number += (byte & 127) * unit;
    if (byte < 128) return [number, at];
  }
}

export async function library() {
  globalThis.WebSocket = Socket;
  const folder = join(root, "dist/selvedge");
  const { default: init, connect } = await import(join(folder, "selvedge.js"));
  const { memory } = await init({ module_or_path: readFileSync(join(folder, "selvedge_bg.wasm")) });

  /** A client that is online, in a document of so many updates. */
  function open(sequence) {
    const doc = connect({ url: "ws://127.0.0.1", document: "d" });
    const socket = sockets.pop();
    socket.onopen();
    if (socket.sent.shift()?.[0] !== HELLO) throw new Error("the client did not say hello");
    socket.deliver(frame(HELLO, [1, EPOCH, sequence, ...WELCOME_LIMITS]));
    return { doc, socket, text: doc.text("t"), sequence };
  }

  return {
    /** Acknowledges what was sent. */
    async settle(copy) {
      while (copy.doc.saved.pending > 0) {
        for (const sent of copy.socket.sent.splice(0)) {
          if (sent[0] !== UPDATE) continue;
          const [number, at] = readVarUint(sent, 1);
          copy.tell?.(sent.subarray(at));
          copy.socket.deliver(frame(ACK, [number, ++copy.sequence]));
        }
        if (copy.doc.saved.pending > 0) await delay(1);
      }
    },
    create: (tell) => ({ ...open(0), tell }),
    edit({ text }, at, deleted, inserted) {
      if (deleted > 0) text.delete(at, deleted);
      if (inserted !== "") text.insert(at, inserted);
    },
    text: ({ text }) => text.toString(),
    observe: ({ text }, tell) => text.observe(({ delta }) => tell(delta)),
    wrap: (update, index) => frame(UPDATE, [index + 1], update),
    apply: ({ socket }, item) => socket.deliver(item),
    load(bytes) {
      const copy = open(1);
      copy.socket.deliver(framed(bytes));
      return copy;
    },
    close: ({ doc }) => doc.close(),
    wasmBytes: () => memory.buffer.byteLength,
  };

  /** The document, as a room sends it to somebody who has nothing. */
  function framed(bytes) {
    const whole = new Uint8Array(bytes.length + 2);
    whole.set([UPDATE, 1]);
    whole.set(bytes, 2);
    return whole.buffer;
  }
}
