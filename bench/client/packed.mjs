// Many byte strings in one file: each behind its length in four bytes.

export function pack(strings) {
  const packed = Buffer.alloc(strings.reduce((sum, { length }) => sum + 4 + length, 0));
  let at = 0;
  for (const bytes of strings) {
    at = packed.writeUInt32LE(bytes.length, at);
    packed.set(bytes, at);
    at += bytes.length;
  }
  return packed;
}

export function unpack(packed) {
  const strings = [];
  for (let at = 0; at < packed.length; ) {
    const length = packed.readUInt32LE(at);
    strings.push(new Uint8Array(packed.subarray(at + 4, at + 4 + length)));
    at += 4 + length;
  }
  return strings;
}
