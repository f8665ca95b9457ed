// The golden frames of tests/wire.rs, read and written by JavaScript: stock ones by y-protocols, ours
// by a codec that shares no line with the crate's.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import * as decoding from 'lib0/decoding'
import * as encoding from 'lib0/encoding'
import * as awarenessProtocol from 'y-protocols/awareness'
import * as syncProtocol from 'y-protocols/sync'
import * as Y from 'yjs'
import { awarenessEntries, awarenessUpdate, native, stock } from './support/wire.mjs'

const EPOCH = 2 ** 53 - 1
const CLIENT = 3_000_000_000

const frames = new Map()
for (const line of readFileSync(new URL('../wire.txt', import.meta.url), 'utf8').trim().split('\n')) {
  const [who, name, hex] = line.split(': ')
  frames.set(`${who}: ${name}`, Uint8Array.from(Buffer.from(hex, 'hex')))
}

/** What the golden update, state vector and presence are, as Yjs makes them. */
const doc = new Y.Doc()
doc.clientID = CLIENT
doc.getText('text').insert(0, 'a')
const update = Y.encodeStateAsUpdate(doc)
const stateVector = Y.encodeStateVector(doc)
const awareness = awarenessUpdate([[CLIENT, 1, {}]])

test('w1: native frames are written alike', () => {
  const written = {
    'hello first': native.hello(),
    'hello again': native.hello({ epoch: EPOCH, sequence: 300 }),
    syncStep1: native.syncStep1(stateVector),
    syncStep2: native.syncStep2(128, update),
    update: native.update(1, update),
    awareness: native.awareness(awareness),
    received: native.received(300),
    part: native.part(300, 128, update)
  }
  for (const [name, frame] of Object.entries(written)) {
    assert.deepEqual(frame, frames.get(`native client: ${name}`), name)
  }
})

test('w1: native frames are read alike', () => {
  const read = {
    welcome: {
      kind: 'welcome',
      protocol: 1,
      epoch: EPOCH,
      sequence: 300,
      frameBytesMax: 2 ** 20,
      updateBytesMax: 2 ** 25,
      windowBytes: 2 ** 23
    },
    syncStep1: { kind: 'syncStep1', body: stateVector },
    syncStep2: { kind: 'syncStep2', sequence: 128, body: update },
    update: { kind: 'update', sequence: 1, body: update },
    ack: { kind: 'ack', number: 300, sequence: 128 },
    awareness: { kind: 'awareness', body: awareness },
    // Number, limit, what it was, the most, and when to try again, plus one.
    refused: { kind: 'refused', number: 300, limit: 2, value: 300, max: 299, retry: 10_001 },
    // Number, and why: the client id is somebody else's.
    denied: { kind: 'denied', number: 300, denial: 1 }
  }
  for (const [name, message] of Object.entries(read)) {
    assert.deepEqual(native.decode(frames.get(`native room: ${name}`)), message, name)
  }
})

test('w1: y-protocols writes the frames of stock clients', () => {
  const frame = (tag, write) => {
    const encoder = encoding.createEncoder()
    encoding.writeVarUint(encoder, tag)
    write(encoder)
    return encoding.toUint8Array(encoder)
  }
  const empty = new Y.Doc()
  const nobody = new awarenessProtocol.Awareness(empty)
  const written = {
    syncStep1: frame(0, (encoder) => syncProtocol.writeSyncStep1(encoder, empty)),
    syncStep2: frame(0, (encoder) => syncProtocol.writeSyncStep2(encoder, empty)),
    update: frame(0, (encoder) => syncProtocol.writeUpdate(encoder, Y.encodeStateAsUpdate(empty))),
    awareness: frame(1, (encoder) => encoding.writeVarUint8Array(
      encoder, awarenessProtocol.encodeAwarenessUpdate(nobody, [])
    )),
    queryAwareness: frame(3, () => {})
  }
  for (const [name, bytes] of Object.entries(written)) {
    assert.deepEqual(bytes, frames.get(`stock client: ${name}`), name)
  }
  nobody.destroy()
})

test('w1: y-protocols reads the frames of the room', () => {
  const receiver = new Y.Doc()
  for (const name of ['syncStep1', 'syncStep2', 'update']) {
    const bytes = frames.get(`stock room: ${name}`)
    const decoder = decoding.createDecoder(bytes)
    assert.equal(decoding.readVarUint(decoder), 0)
    syncProtocol.readSyncMessage(decoder, encoding.createEncoder(), receiver, 'room')
    assert.ok(!decoding.hasContent(decoder), `${name} has no bytes left`)
    assert.equal(stock.decode(bytes).kind, name)
  }
  assert.equal(receiver.getText('text').toString(), 'a')
  assert.deepEqual(awarenessEntries(stock.decode(frames.get('stock room: awareness')).body), [[CLIENT, 1, {}]])
  assert.ok(!frames.has('stock room: welcome') && !frames.has('stock room: ack'))
})
