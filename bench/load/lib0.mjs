// lib0's encoding: as much of it as the generator reads and writes.

/** An unsigned integer. */
export function varUint(number) {
  const bytes = [];
  for (; number > 127; number = Math.floor(number / 128)) bytes.push(128 | (number % 128));
  bytes.push(number);
  return bytes;
}

export function varString(text) {
  const bytes = Buffer.from(text);
  return [...varUint(bytes.length), ...bytes];
}

/** Reads bytes from their beginning on. */
export class Cursor {
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

  rest() {
    return this.bytes.subarray(this.at);
  }
}
