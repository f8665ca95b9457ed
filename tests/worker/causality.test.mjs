// O1: the log is a total order that respects causality.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import * as Y from 'yjs'
import { Server, freshDocument } from './support/server.mjs'
import { NativeClient } from './support/native_client.mjs'
import { RawSocket } from './support/raw_socket.mjs'
import { native, stock } from './support/wire.mjs'

/** Each transaction of `edits` as an update of its own. */
const updates = (...edits) => {
  const doc = new Y.Doc()
  const made = []
  doc.on('update', (update) => made.push(update))
  for (const edit of edits) doc.transact(() => edit(doc.getText('text')))
  return made
}

const HOLES = {
  'a later edit of the same client': updates(
    (text) => text.insert(0, 'one'),
    (text) => text.insert(3, 'two')
  ),
  'a deletion of something unknown': updates(
    (text) => text.insert(0, 'one'),
    (text) => text.delete(0, 2)
  )
}

// An edit beside something that another client wrote.
{
  const a = new Y.Doc()
  a.getText('text').insert(0, 'one')
  const first = Y.encodeStateAsUpdate(a)
  const b = new Y.Doc()
  Y.applyUpdate(b, first)
  b.getText('text').insert(1, 'two')
  HOLES['an insert beside something unknown'] = [first, Y.encodeStateAsUpdate(b, Y.encodeStateVector(a))]
  const c = new Y.Doc()
  a.getMap('map').set('nested', new Y.Map())
  const nested = Y.encodeStateAsUpdate(a)
  Y.applyUpdate(c, nested)
  c.getMap('map').get('nested').set('key', 1)
  HOLES['a key in an unknown map'] = [nested, Y.encodeStateAsUpdate(c, Y.encodeStateVector(a))]
}

describe('causality', { concurrency: true }, () => {
  let server
  before(async () => { server = await Server.start() })
  after(() => server.stop())

  /** What a client that joins now is given. */
  const stored = async (document) => {
    const client = await new NativeClient(server, document).connect()
    const { sequence, doc } = client
    assert.equal(doc.store.pendingStructs, null, 'no stored prefix is pending')
    assert.equal(doc.store.pendingDs, null, 'no stored deletion is pending')
    await client.close()
    return { sequence, state: Y.encodeStateVector(doc), doc }
  }

  for (const [what, [first, second]] of Object.entries(HOLES)) {
    test(`o1: ${what} is asked for, not stored, not relayed, and taken once it fits`, async () => {
      const document = freshDocument('hole')
      const peer = await RawSocket.open(server, document)
      const writer = await RawSocket.open(server, document)
      await writer.message('the greeting', (m) => m.kind === 'syncStep1')

      const from = writer.messages.length
      writer.send(stock.update(second))
      const answer = await writer.message('an answer', (m) => m.kind === 'syncStep1', { from })
      assert.deepEqual([...answer.body], [0], 'the room says what it has: nothing')
      const before = await stored(document)
      assert.deepEqual([before.sequence, ...before.state], [0, 0])

      writer.send(stock.update(first))
      writer.send(stock.update(second))
      const expected = new Y.Doc()
      for (const update of [first, second]) Y.applyUpdate(expected, update)
      const shown = new Y.Doc()
      await peer.message('all of it', (m) => {
        if (m.kind === 'update') Y.applyUpdate(shown, m.body)
        return Y.equalSnapshots(Y.snapshot(shown), Y.snapshot(expected))
      })
      const relayed = peer.messages.filter((m) => m.kind === 'update')
      const alone = new Y.Doc()
      Y.applyUpdate(alone, relayed[0].body)
      assert.equal(alone.store.pendingStructs, null, 'what was refused was not relayed first')
      const now = await stored(document)
      assert.ok(Y.equalSnapshots(Y.snapshot(now.doc), Y.snapshot(expected)))
      await Promise.all([peer.close(), writer.close()])
    })
  }

  test('o1: a native writer with a hole is not acknowledged until it is filled', async () => {
    const [first, second] = HOLES['a later edit of the same client']
    const socket = await RawSocket.open(server, freshDocument('native-hole'), 'native')
    socket.send(native.hello())
    await socket.message('the welcome', (m) => m.kind === 'welcome')
    const from = socket.messages.length
    socket.send(native.update(2, second))
    await socket.message('a question', (m) => m.kind === 'syncStep1', { from })
    assert.ok(!socket.messages.some((m) => m.kind === 'ack'))

    const both = Y.mergeUpdates([first, second])
    socket.send(native.syncStep2(2, both))
    const ack = await socket.message('the ack', (m) => m.kind === 'ack')
    assert.equal(ack.number, 2)
    await socket.close()
  })

  test('o1: sequence numbers only grow, and every client sees the same order', async () => {
    const document = freshDocument('order')
    const clients = await Promise.all(
      Array.from({ length: 3 }, () => new NativeClient(server, document).connect())
    )
    for (let i = 0; i < 60; i++) {
      clients[i % 3].doc.getArray('array').push([`${i % 3}:${i}`])
      if (i % 7 === 0) await clients[i % 3].saved()
    }
    await Promise.all(clients.map((client) => client.saved()))
    const { sequence } = await stored(document)
    assert.equal(sequence > 0 && sequence <= 60, true, `sequence ${sequence}`)
    for (const { socket } of clients) {
      const numbers = socket.messages.filter((m) => m.kind === 'update').map((m) => m.sequence)
      assert.deepEqual(numbers, [...numbers].sort((a, b) => a - b))
      assert.equal(new Set(numbers).size, numbers.length, 'one frame for each commit')
    }
    await Promise.all(clients.map((client) => client.close()))
  })
})
