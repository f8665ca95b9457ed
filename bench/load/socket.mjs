// One client: a TCP socket of loopback that speaks as a WebSocket.

import { once } from "node:events";
import { connect } from "node:net";
import { FrameReader, encodeFrame } from "./frame.mjs";

const TEXT = 1;
const BINARY = 2;
const CLOSE = 8;
const PING = 9;
const PONG = 10;

export class Socket {
  closed = false;

  /**
   * Connects, speaking `protocol` if there is one; `take(payload, socket)` is called for binary
   * messages, maybe before it resolves.
   */
  static async open(url, protocol, take) {
    const { hostname, port, pathname } = new URL(url);
    if (hostname !== "127.0.0.1") throw new Error(`${hostname} is not loopback`);
    const socket = new Socket();
    socket.tcp = connect({ host: hostname, port: Number(port), noDelay: true });
    socket.tcp.on("error", () => {}).on("close", () => (socket.closed = true));
    await once(socket.tcp, "connect");
    const upgrade = [
      `GET ${pathname} HTTP/1.1`,
      `Host: ${hostname}:${port}`,
      "Upgrade: websocket",
      "Connection: Upgrade",
      "Sec-WebSocket-Key: c2VsdmVkZ2UgYmVuY2htYQ==",
      "Sec-WebSocket-Version: 13",
    ];
    if (protocol !== undefined) upgrade.push(`Sec-WebSocket-Protocol: ${protocol}`);
    socket.tcp.write(`${upgrade.join("\r\n")}\r\n\r\n`);
    const rest = await answer(socket.tcp);
    const reader = new FrameReader((opcode, payload) => {
      if (opcode === BINARY) take(payload, socket);
      else if (opcode === PING) socket.tcp.write(encodeFrame(PONG, payload));
      else if (opcode === CLOSE) socket.tcp.end();
      else if (opcode !== TEXT && opcode !== PONG) throw new Error(`opcode ${opcode}`);
    });
    if (rest.length > 0) reader.push(rest);
    socket.tcp.on("data", (chunk) => reader.push(chunk));
    return socket;
  }

  send(payload) {
    if (!this.closed) this.tcp.write(encodeFrame(BINARY, payload));
  }

  /** What is sent during `work` is one write. */
  together(work) {
    this.tcp.cork();
    work();
    this.tcp.uncork();
  }

  close() {
    this.tcp.destroy();
  }
}

/** Waits for the end of the answer's head; returns what came behind it. */
async function answer(tcp) {
  let head = Buffer.alloc(0);
  for (;;) {
    const [chunk] = await Promise.race([once(tcp, "data"), once(tcp, "close")]);
    if (!Buffer.isBuffer(chunk)) throw new Error("closed instead of an upgrade");
    head = Buffer.concat([head, chunk]);
    const end = head.indexOf("\r\n\r\n");
    if (end < 0) continue;
    const [status] = head.toString("latin1").split("\r\n");
    if (!status.startsWith("HTTP/1.1 101")) throw new Error(`instead of an upgrade: ${status}`);
    return head.subarray(end + 4);
  }
}
