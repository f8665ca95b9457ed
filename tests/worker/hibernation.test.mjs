// C3: a room that is put to sleep with its sockets open goes on as if nothing had happened.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import * as Y from 'yjs'
import { HibernatingServer } from './support/hibernating_server.mjs'
import { NativeClient } from './support/native_client.mjs'
import { Peer } from './support/peer.mjs'
import { freshDocument } from './support/server.mjs'
import { StockClient, converged } from './support/stock_client.mjs'
import { until } from './support/until.mjs'

describe('hibernation', () => {
  let server
  before(async () => { server = await HibernatingServer.start() })
  after(() => server.stop())

  test('c3: text flows and acks continue over many sleeps', async () => {
    const document = freshDocument('sleep')
    const native = await new NativeClient(server, document).connect()
    const stock = await new StockClient(server, document).connect()
    for (let i = 0; i < 6; i++) {
      const writer = i % 2 ? native : stock
      writer.doc.getText('text').insert(0, `${i} `)
      await native.saved()
      await converged([native.doc, stock.doc])
      await server.hibernate(document)
    }
    native.doc.getText('text').insert(0, 'end ')
    await native.saved()
    await converged([native.doc, stock.doc])
    assert.equal(native.doc.getText('text').toString(), 'end 5 4 3 2 1 0 ')
    const numbers = native.socket.messages.map((m) => m.sequence).filter((n) => n !== undefined)
    assert.deepEqual(numbers, [...numbers].sort((a, b) => a - b), 'sequence numbers go on')
    assert.equal(native.sequence, 7)
    assert.deepEqual([native.socket.closed, stock.closes], [null, []])
    await native.close()
    stock.destroy()
  })

  test('o1: what is refused before a sleep is refused after it, and taken once it fits', async () => {
    const document = freshDocument('sleep-hole')
    const client = await new NativeClient(server, document).connect()
    client.doc.getText('text').insert(0, 'one')
    await client.saved()
    await server.hibernate(document)
    const other = new Y.Doc()
    other.getText('text').insert(0, 'x')
    const known = Y.encodeStateVector(other)
    const first = Y.encodeStateAsUpdate(other)
    other.getText('text').insert(1, 'y')
    const second = Y.encodeStateAsUpdate(other, known)
    const peer = await Peer.open(server, document, 'stock')
    const from = peer.socket.messages.length
    peer.socket.send(peer.dialect.update(second))
    await peer.socket.message('a question', (m) => m.kind === 'syncStep1', { from })
    await server.hibernate(document)
    peer.socket.send(peer.dialect.update(first))
    peer.socket.send(peer.dialect.update(second))
    await until('both to arrive', () => client.doc.getText('text').toString().includes('xy'))
    await Promise.all([client.close(), peer.close()])
  })

  for (const dialect of ['stock', 'native']) {
    test(`presence of ${dialect} clients outlives a sleep`, async () => {
      const document = freshDocument('sleep-presence')
      const open = () => Peer.open(server, document, dialect)
      const [a, b] = [await open(), await open()]
      a.say(7, 1, { name: 'ada' })
      await b.shows(7, 'ada')
      await server.hibernate(document)

      const late = await open()
      late.ask()
      await late.shows(7, 'ada')
      await server.hibernate(document)
      b.say(7, 9, { name: 'mallory' })
      b.say(8, 1, { name: 'bob' })
      await late.shows(8, 'bob')
      assert.equal(late.state(7)?.name, 'ada', 'a sleeping room remembers whose it is')
      await server.hibernate(document)
      a.say(7, 2, { name: 'ada l.' })
      await Promise.all([b.shows(7, 'ada l.'), late.shows(7, 'ada l.')])
      await Promise.all([a.close(), b.close(), late.close()])
    })

    for (const [how, leave] of Object.entries({
      'closes cleanly': (peer) => peer.socket.close(),
      'is cut off': (peer) => peer.socket.terminate()
    })) {
      test(`presence of ${dialect} clients ends when a socket ${how} in a sleeping room`, async () => {
        const document = freshDocument('sleep-close')
        const open = () => Peer.open(server, document, dialect)
        const [a, b] = [await open(), await open()]
        a.say(7, 1, { name: 'ada' })
        b.say(8, 1, { name: 'bob' })
        await Promise.all([b.shows(7, 'ada'), a.shows(8, 'bob')])
        await server.hibernate(document)
        await leave(a)
        await b.shows(7, null)
        // The echo of somebody who had heard of neither the sleep nor the close.
        b.say(7, 1, { name: 'ada' })
        b.say(8, 2, { name: 'bob' })
        const late = await open()
        late.ask()
        await late.shows(8, 'bob')
        assert.equal(late.state(7), undefined, 'no ghost')
        await Promise.all([b.close(), late.close()])
      })
    }
  }

  test('w5: ping is answered while the room sleeps', async () => {
    const document = freshDocument('sleep-ping')
    const client = await new NativeClient(server, document).connect()
    await server.hibernate(document)
    client.socket.send('ping')
    await until('pong', () => client.socket.texts.includes('pong'))
    client.doc.getText('text').insert(0, 'still here')
    await client.saved()
    await client.close()
  })
})
