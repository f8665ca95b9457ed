// V1: stock Yjs clients that edit with every kind of content, at once and offline, show the same
// through the worker, whatever happens to it meanwhile: compaction, and kill -9.
import { after, before, describe, test } from 'node:test'
import * as Y from 'yjs'
import { clocksOf, contentOf, isPending } from '../update/compare.mjs'
import { editMore } from '../update/history.mjs'
import { createRandom } from '../update/random.mjs'
import { NativeClient } from './support/native_client.mjs'
import { Server, freshDocument } from './support/server.mjs'
import { StockClient } from './support/stock_client.mjs'
import { compactions } from './support/storage.mjs'
import { pause, until } from './support/until.mjs'

const HISTORIES = Number(process.env.HISTORIES ?? 8)
const SEED = Number(process.env.SEED ?? 1 + Date.now() % 1_000_000)
const ROUNDS = 30
/** Makes a log pass the size at which it is compacted. */
const BULK = 'bulk '.repeat(60_000)

const sameClocks = (docs) => {
  const clocks = (doc) => JSON.stringify(clocksOf(Y.encodeStateVector(doc)))
  return docs.every((doc) => !isPending(doc) && clocks(doc) === clocks(docs[0]))
}

/**
 * What a document shows. Halves of surrogate pairs count as U+FFFD: Yjs cuts a pair in the memory of
 * whoever makes an edit inside of it that changes nothing, and tells nobody.
 */
const shownBy = (doc) => contentOf(doc).replace(/[\ud800-\udfff]/g, '\ufffd')

/** Some clients of one document, and what has been put into it for a check. */
class History {
  constructor (server, seed) {
    this.server = server
    this.seed = seed
    this.random = createRandom(seed)
    this.document = freshDocument(`history-${seed}`)
    this.clients = Array.from({ length: 3 }, () => {
      const doc = new Y.Doc({ gc: this.random.chance(0.7) })
      doc.clientID = this.random.below(2 ** 32)
      return new StockClient(server, this.document, { doc })
    })
  }

  connect () { return Promise.all(this.clients.map((client) => client.connect())) }

  /** Edits here and there; some clients go away and come back meanwhile. */
  async edit () {
    for (let round = 0; round < ROUNDS; round++) {
      const client = this.random.pick(this.clients)
      if (this.random.chance(0.1)) {
        if (client.provider.shouldConnect) client.provider.disconnect()
        else client.provider.connect()
      }
      editMore(this.random, client.doc)
      if (this.random.chance(0.5)) await pause(this.random.below(5))
    }
  }

  /** What all clients show, once they show the same. */
  async converge () {
    await this.connect()
    const docs = this.clients.map(({ doc }) => doc)
    await this.same('live', docs)
    return docs[0]
  }

  /** Deletions have no clocks: that the clocks are equal is only the time to look. */
  async same (who, docs) {
    let contents
    const equal = () => {
      if (!sameClocks(docs)) return false
      contents = docs.map(shownBy)
      return contents.every((content) => content === contents[0])
    }
    const difference = () => {
      const [expected, other] = [contents?.[0], contents?.find((content) => content !== contents[0])]
      if (!other) return 'their clocks differ'
      const at = other.split('').findIndex((unit, i) => unit !== expected[i])
      const around = (text) => JSON.stringify(text.slice(Math.max(0, at - 100), at + 100))
      return `\n${around(expected)}\n${around(other)}`
    }
    const what = () => `history ${this.seed} to be the same (${who}, SEED=${SEED}): ${difference()}`
    await until(what, equal, { every: 50 })
  }

  /** Whoever joins now has to show what the others show. */
  async joins (doc) {
    for (const late of [new StockClient(this.server, this.document), new NativeClient(this.server, this.document)]) {
      await late.connect()
      await this.same('late', [doc, late.doc])
      late.destroy?.()
      await late.close?.()
    }
  }
}

describe('interop', () => {
  let server
  before(async () => { server = await Server.start() })
  after(() => server.stop())

  test(`v1: ${HISTORIES} histories of every content, compacted and crashed`, { timeout: 300_000 }, async (t) => {
    const histories = Array.from({ length: HISTORIES }, (_, i) => new History(server, SEED + i))
    const all = async (step) => {
      // Every history ends its step, also beside one that fails.
      const results = await Promise.allSettled(histories.map(step))
      for (const { reason } of results) if (reason) throw reason
    }
    const check = async () => all(async (history) => history.joins(await history.converge()))

    await all((history) => history.connect())
    await all((history) => history.edit())
    await check()

    for (const { clients: [client] } of histories) client.doc.getText('bulk').insert(0, BULK)
    await all((history) => history.edit())
    await until('the compactions', () => compactions(server.persistTo) >= HISTORIES)
    await check()

    await server.restart()
    await all((history) => history.edit())
    await check()
    // Crashed while clients are away and others write.
    const editing = all((history) => history.edit())
    await server.restart()
    await editing
    await check()
    const bytes = histories.map(({ clients: [client] }) => Y.encodeStateAsUpdate(client.doc).length)
    t.diagnostic(`SEED=${SEED}, ${HISTORIES} documents of ${Math.min(...bytes)} to ${Math.max(...bytes)} bytes`)
    for (const { clients } of histories) for (const client of clients) client.destroy()
  })
})
