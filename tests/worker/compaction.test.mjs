// Joining stays cheap as a log grows, and nothing that clients can store is changed by it.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import * as Y from 'yjs'
import { Server, freshDocument } from './support/server.mjs'
import { NativeClient } from './support/native_client.mjs'
import { RawSocket } from './support/raw_socket.mjs'
import { StockClient, converged, sameState } from './support/stock_client.mjs'
import { rooms } from './support/storage.mjs'
import { native } from './support/wire.mjs'
import { until } from './support/until.mjs'

/** Together more than the bytes that a room leaves uncompacted. */
const COMMITS = 200
const WORDS = 'words '.repeat(400)
const PIECE_BYTES_MAX = 1 << 20

describe('compaction', () => {
  let server
  before(async () => { server = await Server.start() })
  after(() => server.stop())

  /** The room whose log reached `sequence`; each test has a length of its own. */
  const roomAt = (sequence) => rooms(server.persistTo, (query) => {
    // A row of two bytes has no update: it says that the log was compacted.
    const log = 'SELECT sequence FROM log WHERE bytes > 2'
    const head = `SELECT MAX(sequence) AS n FROM (${log} UNION SELECT sequence FROM snapshot)`
    if (query(head)[0].n !== sequence) return null
    const [segment] = query('SELECT COUNT(*) AS n, MIN(first) AS first, MAX(sequence) AS last FROM history')
    return { segment, rows: query(`SELECT COUNT(*) AS n FROM (${log})`)[0].n, query }
  }).find(Boolean)

  test('a log past the threshold is compacted by an alarm, and nobody notices', async (t) => {
    const document = freshDocument('long')
    const writer = await new NativeClient(server, document).connect()
    const stock = await new StockClient(server, document).connect()
    const away = await new NativeClient(server, document).connect()
    const text = writer.doc.getText('text')
    text.insert(0, 'start ')
    await writer.saved()
    await until('the first update', () => away.sequence === 1)
    await away.close()

    for (let i = 1; i < COMMITS; i++) {
      if (i % 3 === 2) text.delete(10, 100)
      else text.insert(text.length, `${i} ${WORDS}`)
      await writer.saved()
    }
    const { segment, rows } = await until('the compaction', () => {
      const room = roomAt(writer.sequence)
      return room?.segment.n > 0 && room
    })
    assert.equal(segment.first, 1, 'the history is kept from the first update on')
    assert.equal(segment.last + rows, COMMITS, 'each commit is in the history or in the log')
    t.diagnostic(`${COMMITS} commits: ${segment.last} in the history, ${rows} in the log`)

    text.insert(0, 'after ')
    await writer.saved()
    await converged([writer.doc, stock.doc])
    const late = await new StockClient(server, document).connect()
    await converged([writer.doc, late.doc])
    // Its rows are gone from the log; it is brought up to date all the same.
    away.doc.getText('text').insert(0, 'meanwhile ')
    await away.connect()
    await away.saved()
    await converged([writer.doc, stock.doc, away.doc, late.doc])
    assert.deepEqual([stock.closes, writer.socket.closed], [[], null])

    await server.restart()
    const again = await new NativeClient(server, document).connect()
    assert.ok(sameState(again.doc, writer.doc))
    assert.equal(again.epoch, writer.epoch)

    // Who has nothing is sent it as it is stored; who cannot inflate that, as it is.
    const opened = async (protocol, kind) => {
      const socket = await RawSocket.open(server, document, 'native')
      socket.send(native.hello({ protocol }))
      await socket.message('all of it', ({ sequence }) => sequence === writer.sequence, { from: 1 })
      const sent = socket.messages.filter(({ kind }) => ['document', 'syncStep2'].includes(kind))
      assert.equal(sent[0].kind, kind)
      const doc = new Y.Doc()
      sent.forEach(({ body }) => Y.applyUpdate(doc, body))
      assert.ok(sameState(doc, writer.doc))
      await socket.close()
      return sent.reduce((sum, { bytes }) => sum + bytes, 0)
    }
    const [deflated, plain] = [await opened(3, 'document'), await opened(2, 'syncStep2')]
    t.diagnostic(`the document in ${deflated} and ${plain} bytes`)
    assert.ok(deflated < plain / 2)
    for (const client of [stock, late]) client.destroy()
    await again.close()
  })

  test('20 MB in updates of up to 5 MB are written and read back, also after a restart', async (t) => {
    const document = freshDocument('large')
    const MB = 1 << 20
    const chunk = (size, i) => Uint8Array.from({ length: size }, (_, at) => (at * 31 + (at >> 8) + i) & 255)
    const writer = await new NativeClient(server, document).connect()
    const stock = await new StockClient(server, document).connect()
    const map = writer.doc.getMap('files')
    for (const [i, size] of [5 * MB, 5 * MB, 4 * MB, 3 * MB, 2 * MB, MB, 1000].entries()) {
      map.set(`file ${i}`, chunk(size, i))
      await writer.saved()
    }
    await converged([writer.doc, stock.doc])
    const check = (doc) => {
      for (const [name, bytes] of map.entries()) {
        assert.ok(Buffer.from(bytes).equals(doc.getMap('files').get(name)), name)
      }
    }
    const read = async (when) => {
      const start = performance.now()
      const late = await new NativeClient(server, document).connect()
      t.diagnostic(`read ${when} in ${Math.round(performance.now() - start)} ms`)
      check(late.doc)
      await late.close()
    }
    await read('at once')
    await until('the compaction', () => roomAt(writer.sequence)?.segment.n > 0)
    await read('compacted')
    stock.destroy()
    await server.restart()
    await read('after a restart')
    const blobs = rooms(server.persistTo, (query) => query(`
      SELECT MAX(n) AS n FROM (
        SELECT MAX(LENGTH(body)) AS n FROM piece UNION SELECT MAX(LENGTH(body)) FROM log)`)[0].n)
    assert.ok(Math.max(...blobs) <= PIECE_BYTES_MAX, `a row holds ${Math.max(...blobs)} bytes`)
  })

  test('a document that is only rewritten stays small for those who join', async (t) => {
    const document = freshDocument('rewritten')
    const writer = await new NativeClient(server, document).connect()
    const map = writer.doc.getMap('map')
    const value = 'v'.repeat(2_000)
    for (let i = 0; i < 400; i++) {
      map.set('key', value + i)
      if (i % 20 === 0) await writer.saved()
    }
    await writer.saved()
    await until('the compaction', () => roomAt(writer.sequence)?.segment.n > 0)
    const socket = await RawSocket.open(server, document, 'native')
    socket.send(native.hello())
    const { body } = await socket.message('the document', (m) => m.kind === 'syncStep2')
    const doc = new Y.Doc()
    Y.applyUpdate(doc, body)
    assert.equal(doc.getMap('map').get('key'), value + 399)
    t.diagnostic(`${body.length} bytes for 400 values of ${value.length}`)
    assert.ok(body.length < 2_000 * 100, `${body.length} bytes`)
    await Promise.all([socket.close(), writer.close()])
  })
})

describe('a log that goes on for ever', () => {
  const ROWS = 50
  const ROUNDS = 8
  let server
  before(async () => { server = await Server.start({ vars: { LOG_ROWS_MAX: ROWS } }) })
  after(() => server.stop())

  test('stays short, and what a newcomer is sent stays small', async (t) => {
    const document = freshDocument('endless')
    const writer = await new NativeClient(server, document).connect()
    const map = writer.doc.getMap('map')
    const sizes = []
    for (let round = 1; round <= ROUNDS; round++) {
      for (let i = 0; i < ROWS; i++) {
        map.set('key', `${round}`.padEnd(100, '.'))
        await writer.saved()
      }
      // Of a burst, what came while the alarm was on its way is left for the next time.
      const [log] = await until('the compaction', () => {
        const found = rooms(server.persistTo, (query) => query(`SELECT
          (SELECT COUNT(*) FROM log) AS rows, (SELECT COUNT(*) FROM history) AS segments`)[0])
        return found[0].segments >= round && found
      })
      assert.ok(log.rows < ROWS, `${log.rows} rows after ${round * ROWS} commits`)
      const socket = await RawSocket.open(server, document, 'native')
      socket.send(native.hello())
      const { bytes } = await socket.message('the document', (m) => m.kind === 'syncStep2')
      sizes.push(bytes)
      await socket.close()
    }
    t.diagnostic(`${ROUNDS * ROWS} commits; a newcomer was sent ${sizes.join(', ')} bytes`)
    assert.ok(Math.max(...sizes) < 2 * sizes[0], `${sizes}`)
    await writer.close()
  })
})
