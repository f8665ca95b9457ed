// The rows of a result as bytes: see rows.rs.

const NULL = 0
const NUMBER = 1
const BLOB = 2
const TEXT = 3

const encoder = new TextEncoder()

/** Takes rows from an iterator, each an array of values, until they make at least `bytesMin` bytes;
 * no bytes if there are none left. */
export function take (iterator, bytesMin) {
  const rows = []
  let size = 0
  while (size < bytesMin) {
    const { done, value: row } = iterator.next()
    if (done) break
    size += 1
    for (let i = 0; i < row.length; i++) {
      if (typeof row[i] === 'string') row[i] = encoder.encode(row[i])
      const value = row[i]
      size += typeof value === 'number' ? 9 : value === null ? 1 : 5 + value.byteLength
    }
    rows.push(row)
  }
  const bytes = new Uint8Array(size)
  const view = new DataView(bytes.buffer)
  let at = 0
  for (const row of rows) {
    bytes[at++] = row.length
    for (const value of row) {
      if (typeof value === 'number') {
        bytes[at] = NUMBER
        view.setFloat64(at + 1, value, true)
        at += 9
      } else if (value === null) {
        bytes[at++] = NULL
      } else {
        // The platform gives a blob as a buffer; text was encoded above.
        const isText = value instanceof Uint8Array
        bytes[at] = isText ? TEXT : BLOB
        view.setUint32(at + 1, value.byteLength, true)
        bytes.set(isText ? value : new Uint8Array(value), at + 5)
        at += 5 + value.byteLength
      }
    }
  }
  return bytes
}
