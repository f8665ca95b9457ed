// Clients that already use Yjs: y-websocket's handshake, frame by frame and through its provider.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import * as Y from 'yjs'
import { Server, freshDocument } from './support/server.mjs'
import { RawSocket } from './support/raw_socket.mjs'
import { StockClient, converged } from './support/stock_client.mjs'
import { awarenessEntries, awarenessUpdate, stock } from './support/wire.mjs'
import { pause, until } from './support/until.mjs'

const EMPTY = Uint8Array.of(0)
const LONE_MS = 65_000

/** Frames and update bodies that nobody's client sends. */
const BAD_FRAMES = {
  'no bytes': [],
  'a sync message without its kind': [0],
  'a length beyond the frame': [0, 2, 5, 1],
  'a length of 2^32 - 1': [0, 2, 0xff, 0xff, 0xff, 0xff, 0x0f, 1, 2, 3, 4, 5],
  'a number without an end': [0, 2, ...new Array(12).fill(0xff)],
  'an awareness length of 2^32 - 1': [1, 0xff, 0xff, 0xff, 0xff, 0x0f],
  'an awareness count beyond its bytes': [1, 3, 0x80, 0x80, 0x04],
  'an awareness state that is not JSON': [1, 5, 1, 7, 1, 1, 0x7b],
  'an update that is cut': [0, 2, 3, 1, 1, 7],
  'an update with a count beyond its bytes': [0, 2, 5, 0xff, 0xff, 0xff, 0xff, 0x0f],
  'an update with bytes behind its end': [0, 2, 4, 0, 0, 9, 9],
  'a state vector with a count beyond its bytes': [0, 0, 5, 0xff, 0xff, 0xff, 0xff, 0x0f]
}

describe('stock clients', { concurrency: true }, () => {
  let server
  before(async () => { server = await Server.start() })
  after(() => server.stop())

  const clients = async (count, document = freshDocument('stock')) => {
    const made = Array.from({ length: count }, () => new StockClient(server, document))
    await Promise.all(made.map((client) => client.connect()))
    return made
  }

  const doc = (edit) => {
    const made = new Y.Doc()
    edit(made)
    return made
  }

  test('a lone client stays connected for longer than it waits for a sign of life', async () => {
    const [client] = await clients(1)
    client.awareness.setLocalStateField('name', 'lone')
    const end = performance.now() + LONE_MS
    // It has to wait: the provider gives up after 30 s without a message.
    while (performance.now() < end) await pause(1000)
    assert.deepEqual([client.connects, client.closes], [1, []])
    assert.ok(client.provider.synced)
    client.destroy()
  })

  test('the handshake: both ask, both answer, then updates and presence flow', async () => {
    const document = freshDocument('handshake')
    const a = await RawSocket.open(server, document)
    const asked = await a.message('SyncStep1 from the room', (m) => m.kind === 'syncStep1')
    assert.deepEqual([...asked.body], [0], 'the room has nothing yet')

    a.send(stock.syncStep1(EMPTY))
    const answered = await a.message('SyncStep2', (m) => m.kind === 'syncStep2')
    assert.deepEqual([...answered.body], [0, 0], 'nothing to send')

    const written = doc((d) => d.getText('text').insert(0, 'offline'))
    a.send(stock.syncStep2(Y.encodeStateAsUpdate(written)))
    a.send(stock.awareness(awarenessUpdate([[written.clientID, 1, { name: 'a' }]])))

    const b = await RawSocket.open(server, document)
    const read = new Y.Doc()
    const asksAgain = await b.message('SyncStep1', (m) => m.kind === 'syncStep1')
    await until('the room to have the update', async () => {
      b.send(stock.syncStep1(EMPTY))
      const from = b.messages.length
      const { body } = await b.message('SyncStep2', (m) => m.kind === 'syncStep2', { from })
      Y.applyUpdate(read, body)
      return read.getText('text').toString() === 'offline'
    })
    assert.ok(asksAgain.body.length > 0)

    b.send(stock.queryAwareness())
    const isA = (m) => m.kind === 'awareness' &&
      awarenessEntries(m.body).some(([id, , state]) => id === written.clientID && state?.name === 'a')
    await b.message('presence of a', isA)

    const update = Y.encodeStateAsUpdate(doc((d) => d.getText('text').insert(0, 'more')))
    b.send(stock.update(update))
    const relayed = await a.message('the update of b', (m) => m.kind === 'update')
    assert.deepEqual(Y.decodeUpdate(relayed.body), Y.decodeUpdate(update))
    await Promise.all([a.close(), b.close()])
  })

  test('SyncStep2 holds what the state vector lacks, and not the rest', async () => {
    const [a] = await clients(1, freshDocument('diff'))
    a.text().insert(0, 'x'.repeat(5000))
    const document = decodeURIComponent(a.provider.roomname)
    const known = Y.encodeStateVector(a.doc)
    a.text().insert(0, 'news')
    const b = await new StockClient(server, document).connect()
    await converged([a.doc, b.doc])

    const raw = await RawSocket.open(server, document)
    raw.send(stock.syncStep1(known))
    const { body } = await raw.message('SyncStep2', (m) => m.kind === 'syncStep2')
    assert.ok(body.length < 100, `${body.length} bytes for 4 characters`)
    await raw.close()
    for (const client of [a, b]) client.destroy()
  })

  test('v1: two clients that type at once show the same', async () => {
    const [a, b] = await clients(2)
    for (let i = 0; i < 100; i++) {
      a.text().insert(0, `a${i} `)
      b.text().insert(b.text().length, `b${i} `)
      if (i % 10 === 0) await pause(1)
    }
    await converged([a.doc, b.doc])
    assert.equal(a.text().toString(), b.text().toString())
    for (let i = 0; i < 100; i++) assert.ok(a.text().toString().includes(`b${i} `))
    for (const client of [a, b]) client.destroy()
  })

  test('v1: a late joiner gets all of it', async () => {
    const document = freshDocument('late')
    const [a, b] = await clients(2, document)
    for (let i = 0; i < 50; i++) (i % 2 ? a : b).doc.getMap('map').set(`k${i % 7}`, i)
    a.text().insert(0, 'héllo 🌍')
    await converged([a.doc, b.doc])
    const [c] = await clients(1, document)
    await converged([a.doc, c.doc])
    assert.equal(c.text().toString(), 'héllo 🌍')
    for (const client of [a, b, c]) client.destroy()
  })

  test('v1: what was edited before connecting, and while away, arrives', async () => {
    const document = freshDocument('offline')
    const [a] = await clients(1, document)
    a.text().insert(0, 'there. ')
    const b = new StockClient(server, document)
    b.text().insert(0, 'before. ')
    await b.connect()
    await converged([a.doc, b.doc])

    b.provider.disconnect()
    b.text().insert(0, 'while away. ')
    a.text().insert(0, 'meanwhile. ')
    await b.connect()
    await converged([a.doc, b.doc])
    for (const words of ['there. ', 'before. ', 'while away. ', 'meanwhile. ']) {
      assert.ok(a.text().toString().includes(words), words)
    }
    for (const client of [a, b]) client.destroy()
  })

  test('an update is not sent back to its writer', async () => {
    const document = freshDocument('echo')
    const [a, b] = [await RawSocket.open(server, document), await RawSocket.open(server, document)]
    a.send(stock.update(Y.encodeStateAsUpdate(doc((d) => d.getText('text').insert(0, 'x')))))
    await b.message('the update', (m) => m.kind === 'update')
    b.send(stock.update(Y.encodeStateAsUpdate(doc((d) => d.getText('text').insert(0, 'y')))))
    await a.message('the update', (m) => m.kind === 'update')
    assert.equal(a.messages.filter((m) => m.kind === 'update').length, 1)
    await Promise.all([a.close(), b.close()])
  })

  for (const [what, bytes] of Object.entries(BAD_FRAMES)) {
    test(`s1: ${what} closes its sender with 4400 and nobody else`, async () => {
      const document = freshDocument('bad')
      const [a, b] = await clients(2, document)
      a.text().insert(0, 'before ')
      await converged([a.doc, b.doc])

      const bad = await RawSocket.open(server, document)
      bad.send(Uint8Array.from(bytes))
      const { code, reason } = await bad.closing()
      assert.equal(code, 4400)
      assert.ok(reason.length > 3, 'the close has a reason')

      b.text().insert(0, 'after ')
      await converged([a.doc, b.doc])
      assert.equal(a.text().toString(), 'after before ')
      assert.deepEqual([a.closes, b.closes], [[], []])
      for (const client of [a, b]) client.destroy()
    })
  }

  test('messages of an unknown kind are skipped', async () => {
    const socket = await RawSocket.open(server, freshDocument('unknown'))
    for (const frame of [[99, 1, 2], [0, 9, 0], [2, 0, 0]]) socket.send(Uint8Array.from(frame))
    socket.send(stock.syncStep1(EMPTY))
    await socket.message('SyncStep2', (m) => m.kind === 'syncStep2')
    assert.equal(socket.closed, null)
    await socket.close()
  })
})
