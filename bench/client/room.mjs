// The room's end of a socket, as far as a client by itself needs one: it says welcome, relays, and
// acknowledges.

export const HELLO = 0;
export const UPDATE = 3;
export const ACK = 5;

/** The part of a WebSocket that the client uses. What it sends is kept for whoever asks. */
export class Socket {
  /** Those that were opened and not taken from here. */
  static opened = [];
  sent = [];

  constructor() {
    Socket.opened.push(this);
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
export function frame(tag, numbers, bytes = []) {
  const head = [tag, ...numbers.flatMap(varUint)];
  const whole = new Uint8Array(head.length + bytes.length);
  whole.set(head);
  whole.set(bytes, head.length);
  return whole.buffer;
}

function varUint(number) {
  const bytes = [];
  for (; number > 127; number = Math.floor(number / 128)) bytes.push(128 | (number % 128));
  bytes.push(number);
  return bytes;
}

/** The number at `at`, and where it ends. */
export function readVarUint(bytes, at) {
  let number = 0;
  for (let unit = 1; ; unit *= 128) {
    const byte = bytes[at++];
    number += (byte & 127) * unit;
    if (byte < 128) return [number, at];
  }
}
