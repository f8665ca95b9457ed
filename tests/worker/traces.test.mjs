// What real people wrote, streamed through the running worker by one connection for each author.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import * as Y from 'yjs'
import { createRandom } from '../update/random.mjs'
import { Server, freshDocument } from './support/server.mjs'
import { NativeClient } from './support/native_client.mjs'
import { RawSocket } from './support/raw_socket.mjs'
import { StockClient } from './support/stock_client.mjs'
import { generated, recorded, updatesOf } from './support/traces.mjs'
import { native, stock } from './support/wire.mjs'
import { pause, until } from './support/until.mjs'

const IN_FLIGHT_MAX = 2_000
const NEWS_MS_MAX = 20_000
const COLD_MS_MAX = 5_000

/**
 * One author's connection: sends its updates as they were written, and only once it has received what
 * their author had seen. Odd authors are stock clients.
 */
class Author {
  sent = 0
  acked = 0
  seen = new Y.Doc()
  greeted = false
  /** Called when something has been received. */
  news = () => {}

  static async open (server, document, author) {
    const self = new Author()
    self.native = author % 2 === 0
    self.socket = await RawSocket.open(server, document, self.native ? 'native' : 'stock')
    self.socket.onMessage = (message) => self.receive(message)
    if (self.native) self.socket.send(native.hello())
    // A greeting that comes behind the first update would look like a question about it. One that
    // came with the socket was there before anybody listened.
    const came = () => self.socket.messages.some(({ kind }) => kind === 'syncStep1')
    if (!self.native) await until('the greeting', () => self.greeted || came())
    self.greeted = true
    return self
  }

  receive ({ kind, body, number }) {
    if (kind === 'update' || kind === 'syncStep2') Y.applyUpdate(this.seen, body)
    if (kind === 'ack') this.acked = number
    if (kind === 'syncStep1') {
      if (this.native || this.greeted) throw new Error('the room asked for something')
      this.greeted = true
    }
    // A stream of 250,000 messages is not kept.
    this.socket.messages.length = 0
    this.news()
  }

  has (needs) {
    for (const [client, clock] of needs) {
      if (Y.getState(this.seen.store, client) < clock) return false
    }
    return true
  }

  async send ({ update, needs }) {
    await this.until(() => this.has(needs))
    if (this.native) await this.until(() => this.sent - this.acked < IN_FLIGHT_MAX)
    this.sent += 1
    // The room does not repeat it, and what others write stands beside it.
    Y.applyUpdate(this.seen, update)
    this.socket.send(this.native ? native.update(this.sent, update) : stock.update(update))
    if (this.sent % 100 === 0) await pause(0)
  }

  /** A stream with thousands of waits is not polled. */
  async until (condition) {
    while (!condition()) {
      const news = new Promise((resolve) => { this.news = resolve })
      const late = new Promise((_, reject) => {
        this.timer = setTimeout(reject, NEWS_MS_MAX, new Error(`no news in ${NEWS_MS_MAX} ms`))
      })
      await Promise.race([news, late])
      clearTimeout(this.timer)
    }
  }
}

const contentOf = (client) => client.doc.getText('text').toString()

describe('traces', () => {
  let server
  // Months of typing in seconds: nobody types as fast, and these authors do not slow down.
  before(async () => { server = await Server.start({ vars: { SESSION_FRAMES_PER_SECOND: 0 } }) })
  after(() => server.stop())

  const stream = async (document, trace) => {
    const updates = updatesOf(trace)
    const authors = await Promise.all(
      Array.from({ length: trace.numAgents ?? 1 }, (_, i) => Author.open(server, document, i))
    )
    const start = performance.now()
    for (const entry of updates) await authors[entry.author].send(entry)
    await until('the acks', () => authors.every((a) => !a.native || a.acked === a.sent))
    const ms = Math.round(performance.now() - start)
    return { authors, ms, updates, bytes: updates.reduce((sum, { update }) => sum + update.length, 0) }
  }

  const shows = (client, content) => until(
    () => `the end content, has ${contentOf(client).length} of ${content.length} characters`,
    () => contentOf(client) === content
  )

  /** S6: replayed to its head, the log is the document, by state vector and as JSON. */
  const replays = async (document, live, content) => {
    const address = `${server.url}/documents/${encodeURIComponent(document)}`
    const update = await fetch(`${address}/at/head`)
    assert.equal(update.status, 200)
    const replayed = new Y.Doc()
    Y.applyUpdate(replayed, new Uint8Array(await update.arrayBuffer()))
    assert.deepEqual(Y.encodeStateVector(replayed), Y.encodeStateVector(live))
    assert.equal(replayed.getText('text').toString(), content)
    const accept = { headers: { accept: 'application/json' } }
    const json = await (await fetch(`${address}/at/head?text=text`, accept)).json()
    assert.ok(JSON.stringify(json).includes(JSON.stringify(content)))
    let since = 0
    for (let more = true; more;) {
      const page = await (await fetch(`${address}/audit?since=${since}&limit=1000`)).json()
      assert.deepEqual(page.breaks, [])
      ;({ sequence: since, hasMore: more } = page)
    }
  }

  for (const [name, agents] of [['friendsforever', 2], ['clownschool', 3]]) {
    test(`v1: ${name}: ${agents} people write, and everyone shows what they wrote`, async (t) => {
      const trace = recorded(name) ?? generated({ agents, length: 3_000, random: createRandom(agents) })
      const document = freshDocument(name)
      const reader = await new StockClient(server, document).connect()
      const { authors, ms, updates, bytes } = await stream(document, trace)
      t.diagnostic(`${updates.length} updates, ${bytes} bytes, of ${agents} people in ${ms} ms`)
      await shows(reader, trace.endContent)

      const joined = performance.now()
      const late = await new NativeClient(server, document).connect()
      t.diagnostic(`a client that joins at the end: ${Math.round(performance.now() - joined)} ms`)
      assert.equal(contentOf(late), trace.endContent)
      const lateStock = await new StockClient(server, document).connect()
      assert.equal(contentOf(lateStock), trace.endContent)
      await Promise.all([late.close(), ...authors.map(({ socket }) => socket.close())])
      for (const client of [reader, lateStock]) client.destroy()

      await server.restart()
      const again = await new NativeClient(server, document).connect()
      assert.equal(contentOf(again), trace.endContent)
      await replays(document, again.doc, trace.endContent)
      await again.close()
    })
  }

  test('a paper typed key by key opens cold', { timeout: 300_000 }, async (t) => {
    const trace = recorded('automerge-paper') ??
      generated({ agents: 1, length: 20_000, random: createRandom(1) })
    const document = freshDocument('paper')
    const { authors, ms, updates, bytes } = await stream(document, trace)
    const rate = Math.round(updates.length / ms * 1000)
    t.diagnostic(`${updates.length} updates, ${bytes} bytes in ${ms} ms: ${rate} a second, durable`)
    await authors[0].socket.close()

    const open = async (when) => {
      const socket = await RawSocket.open(server, document, 'native')
      const start = performance.now()
      socket.send(native.hello())
      const { body } = await socket.message('the document', (m) => m.kind === 'syncStep2')
      const received = performance.now() - start
      const doc = new Y.Doc()
      Y.applyUpdate(doc, body)
      assert.equal(doc.getText('text').toString(), trace.endContent)
      t.diagnostic(`${when}: ${body.length} bytes in ${received.toFixed(1)} ms`)
      await socket.close()
      return received
    }
    await open('hot')
    await open('hot again')
    await server.restart()
    // Some other room first, so that the worker itself is warm.
    await (await new NativeClient(server, freshDocument('warm')).connect()).close()
    const cold = await open('cold')
    assert.ok(cold < COLD_MS_MAX, `${cold} ms`)
    const reader = await new StockClient(server, document).connect()
    assert.equal(contentOf(reader), trace.endContent)
    await replays(document, reader.doc, trace.endContent)
    reader.destroy()
  })
})
