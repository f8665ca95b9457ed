// Our client as a page has it, with a socket that this process answers itself.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { root } from "../../../tools/shell.mjs";
import { ACK, HELLO, Socket, UPDATE, frame, readVarUint } from "../room.mjs";

/** The largest frame, the largest update, and no window. */
const LIMITS = [1 << 25, 1 << 25, 0];
const EPOCH = 7;

export async function use() {
  globalThis.WebSocket = Socket;
  const folder = join(root, "dist/selvedge");
  const { default: init, connect } = await import(join(folder, "selvedge.js"));
  await init({ module_or_path: readFileSync(join(folder, "selvedge_bg.wasm")) });

  /** A client that is online, in a document of so many updates. */
  function open(sequence) {
    const doc = connect({ url: "ws://127.0.0.1", document: "d" });
    const socket = Socket.opened.pop();
    socket.onopen();
    if (socket.sent.shift()?.[0] !== HELLO) throw new Error("the client did not say hello");
    socket.deliver(frame(HELLO, [1, EPOCH, sequence, ...LIMITS]));
    return { doc, socket, text: doc.text("t"), sequence };
  }

  return {
    /** Acknowledges what was sent. */
    async settle(copy) {
      while (copy.doc.saved.pending > 0) {
        for (const sent of copy.socket.sent.splice(0)) {
          if (sent[0] !== UPDATE) continue;
          const [number, at] = readVarUint(sent, 1);
          copy.tell(sent.subarray(at));
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
      copy.socket.deliver(frame(UPDATE, [1], bytes));
      return copy;
    },
    close: ({ doc }) => doc.close(),
  };
}
