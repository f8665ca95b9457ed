// Columns as src/update/columns.rs describes them, read by code that shares nothing with it.
import * as decoding from 'lib0/decoding'
import * as encoding from 'lib0/encoding'

const NAMES = [
  'heads', 'infos', 'clients', 'origins', 'rights', 'lens', 'names', 'texts', 'contents', 'deletes'
]
const [GC, DELETED, JSON_STRINGS, TEXT, VALUES, SKIP] = [0, 1, 2, 4, 8, 10]

/** The update that stands in columns, if it is the only one. */
export const fromColumns = (bytes) => {
  const decoder = decoding.createDecoder(bytes)
  const columns = Object.fromEntries(NAMES.map((name) =>
    [name, decoding.createDecoder(decoding.readVarUint8Array(decoder))]))
  const { heads, infos, clients, origins, rights, lens, names, texts, contents, deletes } = columns
  const out = encoding.createEncoder()
  const named = []
  const gone = new Map()

  const client = () => {
    const place = decoding.readVarUint(clients)
    if (place > 0) return named[place - 1]
    named.push({ id: decoding.readVarUint(heads), last: 0 })
    return named.at(-1)
  }
  const id = (column, expected) => {
    const whose = client()
    whose.last = expected(whose) + decoding.readVarInt(column)
    encoding.writeVarUint(out, whose.id)
    encoding.writeVarUint(out, whose.last)
    return { client: whose.id, clock: whose.last }
  }
  let rightBefore = 0

  const place = (own, info) => {
    const near = () => id(origins, (whose) => whose.id === own.client ? own.clock - 1 : whose.last)
    const origin = info & 0x80 ? near() : undefined
    if (info & 0x40) {
      const goesOn = origin?.client === own.client && origin.clock + 1 === own.clock
      const expected = (whose) => {
        if (goesOn) return rightBefore
        return origin?.client === whose.id ? origin.clock + 1 : whose.last
      }
      rightBefore = id(rights, expected).clock
    }
    if (info & 0xc0) return
    const isRoot = decoding.readVarUint(names)
    encoding.writeVarUint(out, isRoot)
    if (isRoot) encoding.writeVarString(out, decoding.readVarString(names))
    else near()
    if (info & 0x20) encoding.writeVarString(out, decoding.readVarString(names))
  }

  /** Writes a content; how many ids it has. */
  const content = (tag) => {
    const len = decoding.readVarUint(lens)
    if ([GC, DELETED, SKIP].includes(tag)) {
      encoding.writeVarUint(out, len)
      return len
    }
    if (tag === TEXT) {
      const text = decoding.readUint8Array(texts, len)
      encoding.writeVarUint8Array(out, text)
      return new TextDecoder().decode(text).length
    }
    const bytes = decoding.readUint8Array(contents, len)
    encoding.writeUint8Array(out, bytes)
    return [JSON_STRINGS, VALUES].includes(tag)
      ? decoding.readVarUint(decoding.createDecoder(bytes))
      : 1
  }

  const sections = decoding.readVarUint(heads)
  encoding.writeVarUint(out, sections)
  for (let section = 0; section < sections; section++) {
    const count = decoding.readVarUint(heads)
    const whose = client()
    let clock = decoding.readVarInt(heads)
    for (const number of [count, whose.id, clock]) encoding.writeVarUint(out, number)
    for (let i = 0; i < count; i++) {
      const info = decoding.readUint8(infos)
      encoding.writeUint8(out, info)
      const tag = info & 0x1f
      if (tag !== GC && tag !== SKIP) place({ client: whose.id, clock }, info)
      const len = content(tag)
      if (tag === GC || tag === DELETED) add(gone, whose.id, clock, clock + len)
      clock += len
    }
  }

  const areAll = decoding.readUint8(deletes)
  const ranges = areAll ? gone : new Map()
  for (let left = decoding.readVarUint(deletes); left > 0; left--) {
    const place = decoding.readVarUint(clients)
    const whose = place > 0 ? named[place - 1].id : decoding.readVarUint(heads)
    let end = 0
    for (let more = decoding.readVarUint(deletes); more > 0; more--) {
      const start = end + decoding.readVarInt(deletes)
      end = start + decoding.readVarUint(deletes)
      add(ranges, whose, start, end)
    }
  }
  encoding.writeVarUint(out, ranges.size)
  for (const [whose, all] of [...ranges].sort(([a], [b]) => b - a)) {
    const joined = []
    for (const range of all.sort(([a], [b]) => a - b)) {
      const last = joined.at(-1)
      if (last !== undefined && range[0] <= last[1]) last[1] = Math.max(last[1], range[1])
      else joined.push(range)
    }
    encoding.writeVarUint(out, whose)
    encoding.writeVarUint(out, joined.length)
    for (const [start, end] of joined) {
      encoding.writeVarUint(out, start)
      encoding.writeVarUint(out, end - start)
    }
  }
  return encoding.toUint8Array(out)
}

const add = (ranges, client, start, end) => {
  if (!ranges.has(client)) ranges.set(client, [])
  ranges.get(client).push([start, end])
}
