// Frames of both dialects, written from the wire's description (src/protocol) and not from its code,
// so that a change on one side alone shows.
import { inflateRawSync } from 'node:zlib'
import { fromColumns } from '../../columns.mjs'
import * as decoding from 'lib0/decoding'
import * as encoding from 'lib0/encoding'

export const SUBPROTOCOL = 'selvedge.v1'

/** Frame of a sequence of parts: a number becomes a varint, bytes are appended as they are. */
const frame = (...parts) => {
  const encoder = encoding.createEncoder()
  for (const part of parts) {
    if (typeof part === 'number') encoding.writeVarUint(encoder, part)
    else encoding.writeUint8Array(encoder, part)
  }
  return encoding.toUint8Array(encoder)
}

const utf8 = (text) => new TextEncoder().encode(text)
const field = (bytes) => frame(bytes.length, bytes)

/** y-websocket's framing. */
export const stock = {
  syncStep1: (stateVector) => frame(0, 0, field(stateVector)),
  syncStep2: (update) => frame(0, 1, field(update)),
  update: (update) => frame(0, 2, field(update)),
  awareness: (update) => frame(1, field(update)),
  queryAwareness: () => frame(3),
  /** As Hocuspocus's clients say it. */
  auth: (token) => frame(2, 0, field(utf8(token))),

  /** @returns {{kind: string, body?: Uint8Array}} */
  decode (bytes) {
    const decoder = decoding.createDecoder(bytes)
    const tag = decoding.readVarUint(decoder)
    if (tag === 0) {
      const kind = ['syncStep1', 'syncStep2', 'update'][decoding.readVarUint(decoder)]
      return { kind, body: decoding.readVarUint8Array(decoder) }
    }
    if (tag === 1) return { kind: 'awareness', body: decoding.readVarUint8Array(decoder) }
    return { kind: `tag ${tag}` }
  }
}

/** `selvedge.v1`: a tag, its numbers, and bytes that run to the end of the frame. */
export const native = {
  hello: ({ protocol = 1, epoch = 0, sequence = 0 } = {}) => frame(0, protocol, epoch, sequence),
  syncStep1: (stateVector) => frame(1, stateVector),
  syncStep2: (number, update) => frame(2, number, update),
  update: (number, update) => frame(3, number, update),
  awareness: (update) => frame(4, update),
  received: (bytes) => frame(7, bytes),
  auth: (token) => frame(11, utf8(token)),
  conflict: (by, path) => frame(13, by === null ? 0 : by + 1, utf8(path)),
  part: (total, offset, bytes) => frame(6, total, offset, bytes),

  /** @returns {{kind: string, [field: string]: number | Uint8Array | string}} */
  decode (bytes) {
    const decoder = decoding.createDecoder(bytes)
    const number = () => decoding.readVarUint(decoder)
    const rest = () => decoding.readTailAsUint8Array(decoder)
    const tag = number()
    switch (tag) {
      case 0: return {
        kind: 'welcome',
        protocol: number(),
        epoch: number(),
        sequence: number(),
        frameBytesMax: number(),
        updateBytesMax: number(),
        windowBytes: number()
      }
      case 1: return { kind: 'syncStep1', body: rest() }
      case 2: return { kind: 'syncStep2', sequence: number(), body: rest() }
      case 14: return { kind: 'document', sequence: number(), body: fromColumns(inflateRawSync(rest())) }
      case 3: return { kind: 'update', sequence: number(), body: rest() }
      case 4: return { kind: 'awareness', body: rest() }
      case 5: return { kind: 'ack', number: number(), sequence: number() }
      case 6: return {
        kind: 'refused',
        number: number(),
        limit: number(),
        value: number(),
        max: number(),
        retry: number()
      }
      case 7: return { kind: 'denied', number: number(), denial: number() }
      case 11: {
        const [may, left] = [number(), number()]
        return {
          kind: 'access',
          mayWrite: (may & 1) > 0,
          mayPresent: (may & 2) > 0,
          leftMs: left > 0 ? left - 1 : null,
          role: new TextDecoder().decode(rest())
        }
      }
      default: return { kind: `tag ${tag}` }
    }
  }
}

/** An awareness update (y-protocols) of `[client, clock, state]` entries. */
export const awarenessUpdate = (entries) => {
  const encoder = encoding.createEncoder()
  encoding.writeVarUint(encoder, entries.length)
  for (const [client, clock, state] of entries) {
    encoding.writeVarUint(encoder, client)
    encoding.writeVarUint(encoder, clock)
    encoding.writeVarString(encoder, JSON.stringify(state))
  }
  return encoding.toUint8Array(encoder)
}

/** The `[client, clock, state]` entries of an awareness update. */
export const awarenessEntries = (update) => {
  const decoder = decoding.createDecoder(update)
  return Array.from({ length: decoding.readVarUint(decoder) }, () => [
    decoding.readVarUint(decoder),
    decoding.readVarUint(decoder),
    JSON.parse(decoding.readVarString(decoder))
  ])
}
