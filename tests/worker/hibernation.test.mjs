// C3: a room that sleeps with its sockets open goes on as if nothing had happened, whether it is put
// to sleep or falls asleep by itself.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import * as Y from 'yjs'
import { HibernatingServer } from './support/hibernating_server.mjs'
import { NativeClient } from './support/native_client.mjs'
import { Peer } from './support/peer.mjs'
import { RawSocket } from './support/raw_socket.mjs'
import { freshDocument } from './support/server.mjs'
import { StockClient, converged } from './support/stock_client.mjs'
import { pause, until } from './support/until.mjs'
import { native } from './support/wire.mjs'

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
        // The echo of somebody who had heard of neither the sleep nor the close. Native clients
        // repeat nothing: what one says of another client is of a tab of the same browser.
        if (dialect === 'stock') b.say(7, 1, { name: 'ada' })
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

/** The worker, but `/made` says how many rooms were made: each wake makes one. */
const main = `
import worker, { Room as Original } from './index.js'

let made = 0

export class Room extends Original {
  constructor (...args) {
    super(...args)
    made += 1
  }
}

export default class extends worker {
  fetch (request) {
    return new URL(request.url).pathname === '/made' ? new Response(made) : super.fetch(request)
  }
}
`
/** workerd puts a room to sleep that was idle for 10 s. A timer or a promise would keep it awake. */
const ASLEEP_MS = 15_000
const VISITS = 300

describe('a room that nobody puts to sleep', () => {
  let server
  before(async () => { server = await HibernatingServer.start({ main }) })
  after(() => server.stop())
  const made = async () => Number(await (await fetch(`${server.url}/made`)).text())

  test(`c3: falls asleep by itself after ${VISITS} came and went, and wakes for a keystroke`, async () => {
    const document = freshDocument('sleeper')
    const client = await new NativeClient(server, document).connect()
    const reader = await new NativeClient(server, document).connect()
    for (let visit = 0; visit < VISITS; visit++) {
      const socket = await RawSocket.open(server, document, visit % 2 ? 'native' : 'stock')
      if (visit % 2) socket.send(native.hello())
      // A third leaves in the middle of a frame that comes in parts.
      if (visit % 3 === 1) socket.send(native.part(1_000, 0, Uint8Array.of(3)))
      if (visit % 4 < 2) socket.terminate()
      else await socket.close()
    }
    client.doc.getText('text').insert(0, 'typed ')
    await client.saved()
    assert.equal(await made(), 1)
    await pause(ASLEEP_MS)
    assert.equal(await made(), 1, 'nothing woke it')
    client.doc.getText('text').insert(0, 'again ')
    await until('the reader to see it', () => `${reader.doc.getText('text')}` === 'again typed ')
    assert.equal(await made(), 2, 'it had slept')
    assert.deepEqual([client.socket.closed, reader.socket.closed], [null, null])
    await Promise.all([client.close(), reader.close()])
  })
})
