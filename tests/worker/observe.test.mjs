// What those who run the rooms see: routes for operators, metrics, logs with traces, health.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { connect } from './support/our_client.mjs'
import { Server, freshDocument } from './support/server.mjs'
import { databases, withDatabase } from './support/storage.mjs'
import { StockClient } from './support/stock_client.mjs'
import { until } from './support/until.mjs'

const SECRET = 'a secret of operators'
const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736'
const TRACEPARENT = `00-${TRACE}-00f067aa0ba902b7-01`

describe('what operators see', () => {
  let server
  before(async () => {
    const vars = { OPERATOR_SECRET: SECRET, LOG_LEVEL: 'debug', LOG_EVERY: 1, UPDATE_BYTES_MAX: 20_000 }
    server = await Server.start({ vars })
  })
  after(() => server.stop())

  const get = (path, headers = { authorization: `Bearer ${SECRET}` }) =>
    fetch(`${server.url}${path}`, { headers, redirect: 'manual' })

  const status = async (document) =>
    (await get(`/admin/api/rooms/${encodeURIComponent(document)}`)).json()

  /** The samples of a scrape, by name and labels. */
  const metrics = async (path = '/metrics') => {
    const scrape = await get(path)
    assert.match(scrape.headers.get('content-type'), /^application\/openmetrics-text; version=1\.0\.0/)
    const text = await scrape.text()
    assert.ok(text.endsWith('# EOF\n'), text)
    const samples = text.split('\n').filter((line) => line && !line.startsWith('#'))
    return Object.fromEntries(samples.map((line) => {
      const space = line.lastIndexOf(' ')
      return [line.slice(0, space), Number(line.slice(space + 1))]
    }))
  }

  /** What was logged about a document, as objects. */
  const logged = (document) => {
    // A terminal is shown errors in colour.
    const lines = server.running.output().match(/\{"at":.*\}/g) ?? []
    return lines.map((line) => JSON.parse(line)).filter((line) => line.document === document)
  }

  const open = (t, document, options) => {
    const doc = connect({ url: server.url, document, ...options })
    t.after(() => doc.close())
    return doc
  }

  test('nobody else is let in', async () => {
    for (const path of ['/metrics', '/metrics/a', '/admin/api/rooms', '/admin/api/rooms/a']) {
      for (const authorization of [undefined, '', 'Bearer ', `Basic ${SECRET}`, `Bearer ${SECRET}x`]) {
        const refused = await get(path, authorization === undefined ? {} : { authorization })
        assert.deepEqual([refused.status, refused.headers.get('www-authenticate')], [401, 'Bearer'])
        assert.match((await refused.json()).detail, /OPERATOR_SECRET/)
      }
      assert.equal((await get(path)).status, 200, path)
    }
    assert.ok(!server.running.output().includes(SECRET.slice(2, 12)))
  })

  test('the dashboard may not be framed', async () => {
    const page = await get('/admin/', {})
    assert.deepEqual([page.status, page.headers.get('x-frame-options')], [200, 'DENY'])
    assert.match(page.headers.get('content-type'), /^text\/html/)
  })

  test('health is about the process, readiness about rooms that can write', async () => {
    assert.equal(await (await get('/healthz', {})).text(), 'ok\n')
    const ready = await get('/readyz', {})
    assert.deepEqual([ready.status, await ready.text()], [200, 'ready\n'])
  })

  test('load, damage and repair are in metrics, logs and traces', async (t) => {
    const document = freshDocument('incident / 🧵')
    const others = new Set(databases(server.persistTo))
    const before = await metrics()
    const ada = open(t, document, { traceparent: TRACEPARENT })
    const bob = open(t, document)
    assert.equal(ada.trace, TRACE)
    assert.match(bob.trace, /^[0-9a-f]{32}$/)
    await until('both', () => [ada, bob].every(({ status }) => status.state === 'live'))
    const text = ada.text('t')
    for (let key = 0; key < 20; key++) {
      text.insert(text.length, 'x')
      await ada.whenSaved()
    }
    await until('Bob to have it', () => `${bob.text('t')}`.length === 20)

    // Load.
    const live = await status(document)
    assert.deepEqual([live.sessions, live.commits, live.updates, live.log_rows], [2, 20, 20, 20])
    assert.equal(live.commit_delay.count, 20)
    const own = await metrics(`/metrics/${encodeURIComponent(document)}`)
    assert.equal(own[`selvedge_commits_total{document="${document}"}`], 20)
    assert.equal(own[`selvedge_relays_total{document="${document}"}`], 20, 'each went to Bob')
    const commits = logged(document).filter(({ event }) => event === 'committed')
    assert.deepEqual([commits.length, commits[19].sequence, commits[19].traces], [20, 20, [TRACE]])
    const opened = logged(document).filter(({ event }) => event === 'caught-up')
    assert.ok(opened.some(({ trace }) => trace === TRACE))
    assert.ok(opened.some(({ trace }) => trace === bob.trace))

    // A fault: while nothing runs, a row of the log is damaged.
    const [file] = databases(server.persistTo).filter((file) => !others.has(file))
    bob.close()
    ada.disconnect()
    const grown = (now, name) => now[name] - (before[name] ?? 0)
    // A kill takes what was not reported. The room reports when it becomes empty.
    await until('the report', async () => grown(await metrics(), 'selvedge_commits_total') === 20)
    await server.kill()
    withDatabase(file, (query) => {
      const [{ body }] = query('SELECT body FROM log WHERE sequence = 7')
      const damaged = Buffer.from(body)
      damaged[damaged.length - 2] ^= 1
      query('UPDATE log SET body = ? WHERE sequence = 7', damaged)
    }, { readOnly: false })
    await server.again()
    const carl = open(t, document)
    await until('the quarantine', () => logged(document).some(({ event }) => event === 'quarantined'))
    const quarantined = logged(document).find(({ event }) => event === 'quarantined')
    assert.deepEqual([quarantined.level, quarantined.part, quarantined.sequence], ['error', 'Row', 7])

    // A recovery: Ada gives it back.
    ada.connect()
    await until('everything to be back', () => `${carl.text('t')}`.length === 20)
    const asked = logged(document).find(({ event }) => event === 'asked')
    assert.deepEqual([asked.level, asked.trace], ['info', TRACE])
    const now = await status(document)
    assert.ok(now.quarantined_rows >= 1 && now.quarantines >= 1)
    assert.deepEqual([now.asks, now.events.some(({ event }) => event === 'asked')], [1, true])

    // The sum over all rooms knows of it once the room is empty, which it says at most every 10 s.
    for (const doc of [ada, carl]) doc.close()
    const sum = await until('the reports', async () => {
      const visitor = open(t, document)
      await until('a visit', () => visitor.status.state === 'live')
      visitor.close()
      // Or the next one comes before this one is gone, and the room is never empty.
      await until('an empty room', async () => (await status(document)).sessions === 0)
      const now = await metrics()
      return grown(now, 'selvedge_asks_total') === 1 && now
    }, { every: 200 })
    assert.ok(grown(sum, 'selvedge_commits_total') >= 21)
    assert.ok(grown(sum, 'selvedge_quarantines_total') >= 1)
    assert.ok(sum.selvedge_rooms >= 1 && sum.selvedge_active_rooms >= 1)
    const { rooms, total } = await (await get('/admin/api/rooms')).json()
    const known = rooms.find((room) => room.document === document)
    assert.deepEqual([known.sessions, known.asks], [0, 1])
    assert.ok(total.commits >= known.commits)
  })

  test('a refusal is counted by its limit, and content is in no log', async (t) => {
    const document = freshDocument('refusal')
    const doc = open(t, document)
    doc.text('t').insert(0, 'a word that nobody else says '.repeat(1_000))
    await until('the refusal', () => doc.status.state === 'refused')
    const { refusals, closes, events } = await status(document)
    assert.deepEqual(refusals, { 'update-bytes': 1 })
    assert.deepEqual(closes, {})
    const refused = events.find(({ event }) => event === 'refused')
    assert.deepEqual([refused.limit, refused.max, refused.level], ['update-bytes', 20_000, 'warn'])
    const stock = await new StockClient(server, document).connect()
    stock.doc.getText('t').insert(0, 'a word that nobody else says')
    await until('the row', async () => (await status(document)).commits === 1)
    stock.destroy()
    assert.ok(!server.running.output().includes('nobody else says'))
  })

  test('clients tell how long their edits take, if the page allows', async (t) => {
    const document = freshDocument('latency')
    const quiet = open(t, document)
    const doc = open(t, document, { telemetry: true })
    await until('connections', () => [quiet, doc].every(({ status }) => status.state === 'live'))
    for (const each of [quiet, doc]) {
      each.map('m').set('key', 1)
      await each.whenSaved()
    }
    await until('somebody to have seen it', () => doc.latency.seen.count === 1)
    assert.equal(quiet.latency.seen.count, 0)
    assert.ok(quiet.latency.durable.count === 1 && quiet.latency.durable.p50Ms >= 1)
    const told = await until('the room to be told', async () => {
      const { edit_durable: durable } = await status(document)
      return durable.count > 0 && durable
    })
    assert.equal(told.count, 1)
    const { edit_seen: seen } = await status(document)
    assert.ok(seen.count <= 1)
  })
})

describe('without a secret', () => {
  let server
  before(async () => { server = await Server.start() })
  after(() => server.stop())

  test('there is nothing for operators', async () => {
    for (const path of ['/metrics', '/metrics/a', '/admin', '/admin/', '/admin/api/rooms']) {
      const headers = { authorization: 'Bearer ' }
      assert.equal((await fetch(`${server.url}${path}`, { headers })).status, 404, path)
    }
    assert.equal((await fetch(`${server.url}/readyz`)).status, 200)
  })
})

describe('with a secret that could be guessed', () => {
  let server
  before(async () => { server = await Server.start({ vars: { OPERATOR_SECRET: 'short', LOG_LEVEL: 'loud' } }) })
  after(() => server.stop())

  test('the log says what is wrong', async () => {
    const refused = await fetch(`${server.url}/metrics`, { headers: { authorization: 'Bearer short' } })
    assert.equal(refused.status, 500)
    for (const name of ['OPERATOR_SECRET', 'LOG_LEVEL']) {
      await until('the log', () => server.running.output().includes(`"name":"${name}"`))
    }
  })
})
