// WebSocket frames as bytes. The generator shares its core with fifty clients: a library that makes
// an event of each frame would be what is measured.

/** One whole frame of a client. Its mask is zero, which is legal and spares the masking. */
export function encodeFrame(opcode, payload) {
  const { length } = payload;
  const size = length < 126 ? 0 : length < 65_536 ? 2 : 8;
  const frame = Buffer.alloc(6 + size + length);
  frame[0] = 0x80 | opcode;
  frame[1] = 0x80 | (size === 0 ? length : size === 2 ? 126 : 127);
  if (size === 2) frame.writeUInt16BE(length, 2);
  if (size === 8) frame.writeBigUInt64BE(BigInt(length), 2);
  frame.set(payload, 6 + size);
  return frame;
}

/** Puts a server's frames together again, however TCP cut them, and messages of several frames. */
export class FrameReader {
  #chunks = [];
  #have = 0;
  #need = 2;
  #opcode = 0;
  #parts = [];

  /** `take(opcode, payload)` is called for each message. */
  constructor(take) {
    this.take = take;
  }

  push(chunk) {
    this.#chunks.push(chunk);
    this.#have += chunk.length;
    // Large frames come in many chunks: put together once, and not with each.
    if (this.#have < this.#need) return;
    const bytes = this.#chunks.length === 1 ? chunk : Buffer.concat(this.#chunks);
    let at = 0;
    for (;;) {
      const have = bytes.length - at;
      const short = have < 2 ? 0 : bytes[at + 1] & 127;
      const head = short === 126 ? 4 : short === 127 ? 10 : 2;
      this.#need = head;
      if (have < head) break;
      let length = short;
      if (short === 126) length = bytes.readUInt16BE(at + 2);
      if (short === 127) length = Number(bytes.readBigUInt64BE(at + 2));
      this.#need = head + length;
      if (have < this.#need) break;
      this.#frame(bytes[at], bytes.subarray(at + head, at + head + length));
      at += head + length;
    }
    this.#chunks = at < bytes.length ? [bytes.subarray(at)] : [];
    this.#have = bytes.length - at;
  }

  #frame(first, payload) {
    const opcode = first & 15;
    const final = first >= 0x80;
    if (opcode >= 8 || (final && opcode > 0)) return this.take(opcode, payload);
    if (opcode > 0) this.#opcode = opcode;
    this.#parts.push(payload);
    if (!final) return;
    const whole = Buffer.concat(this.#parts);
    this.#parts = [];
    this.take(this.#opcode, whole);
  }
}
