// S2: everything has a limit, and passing it gets a typed answer, not a dead socket.
import assert from 'node:assert/strict'
import { get } from 'node:http'
import { after, before, describe, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { connect } from './support/our_client.mjs'
import { Server, freshDocument } from './support/server.mjs'
import { RawSocket } from './support/raw_socket.mjs'
import { StockClient } from './support/stock_client.mjs'
import { until } from './support/until.mjs'
import { native } from './support/wire.mjs'

describe('a room that takes little', () => {
  let server
  before(async () => {
    server = await Server.start({
      vars: {
        FRAME_BYTES_MAX: 4_096,
        UPDATE_BYTES_MAX: 200_000,
        DOCUMENT_BYTES_MAX: 400_000,
        SESSIONS_MAX: 2,
        PRESENCE_BYTES_MAX: 1_000,
        SESSION_FRAMES_PER_SECOND: 20,
        WINDOW_BYTES: 20_000
      }
    })
  })
  after(() => server.stop())

  /** Our client, and what it was refused. */
  const open = (t, document, options) => {
    const doc = connect({ url: server.url, document, ...options })
    t.after(() => doc.close())
    const refusals = []
    doc.on('refused', (refusal) => refusals.push(refusal))
    return { doc, refusals }
  }

  const stock = (t, document) => {
    const client = new StockClient(server, document)
    t.after(() => client.destroy())
    return client
  }

  test('w6: what is larger than a frame comes in parts, and whole', async (t) => {
    const document = freshDocument('limits')
    const [{ doc, refusals }, reader] = [open(t, document), stock(t, document)]
    await reader.connect()
    doc.text('t').insert(0, 'x🧵'.repeat(25_000))
    await doc.whenSaved()
    await until('the text', () => reader.text('t').length === 75_000)
    assert.deepEqual(refusals, [])
  })

  test('s2: a client that writes too much is told, closed, and keeps its document', async (t) => {
    const { doc, refusals } = open(t, freshDocument('limits'))
    doc.text('t').insert(0, 'x'.repeat(300_000))
    await until('the end', () => doc.status.state === 'refused')
    assert.equal(doc.status.code, 4413)
    const [{ limit, value, max, retryMs, message }] = refusals
    assert.deepEqual([limit, max, retryMs], ['update-bytes', 200_000, undefined])
    assert.ok(value > 300_000 && message.includes('will not help'), message)
    assert.equal(`${doc.text('t')}`.length, 300_000)
  })

  // y-websocket cannot take no for an answer: closed, it would send the same again for ever.
  test('s2: a stock client that writes too much stays, and hears the others', async (t) => {
    const document = freshDocument('limits')
    const client = await stock(t, document).connect()
    const { doc: peer } = open(t, document)
    client.text('t').insert(0, 'y'.repeat(300_000))
    client.text('t').insert(0, 'z')
    peer.text('u').insert(0, 'from a peer')
    await until('the peer', () => `${client.text('u')}` === 'from a peer')
    const { sent } = client.frames
    await delay(3_000)
    assert.ok(client.frames.sent - sent <= 2, `${client.frames.sent - sent} more frames`)
    assert.deepEqual([client.connects, client.closes], [1, []])
    assert.equal(`${peer.text('t')}`, '')
  })

  test('s2: a full document takes deletions, and then more', async (t) => {
    const document = freshDocument('limits')
    const { doc, refusals } = open(t, document)
    const text = doc.text('t')
    for (let round = 0; round < 2; round++) {
      text.insert(0, 'x'.repeat(150_000))
      await doc.whenSaved()
    }
    text.insert(0, 'y'.repeat(150_000))
    await until('a refusal', () => refusals.length > 0)
    assert.equal(refusals[0].limit, 'document-bytes')
    assert.ok(refusals[0].retryMs > 0)
    assert.equal(doc.status.state, 'live')
    // Somebody makes room. Compaction drops what is deleted; then what waited is taken.
    const { doc: other } = open(t, document)
    await until('the text', () => other.text('t').length === 300_000)
    other.text('t').delete(0, 300_000)
    await other.whenSaved()
    await doc.whenSaved()
    assert.equal(text.length, 150_000)
  })

  test('s2: a stock client that found no room is asked again once there is some', async (t) => {
    const document = freshDocument('limits')
    const [client, { doc }] = [await stock(t, document).connect(), open(t, document)]
    for (let round = 0; round < 2; round++) {
      doc.text('t').insert(0, 'x'.repeat(150_000))
      await doc.whenSaved()
    }
    await until('the text', () => client.text('t').length === 300_000)
    client.text('u').insert(0, 'y'.repeat(150_000))
    // The full log is compacted by now, so what follows has to make room by itself.
    await delay(2_000)
    doc.text('t').delete(0, 300_000)
    await until('what did not fit', () => doc.text('u').length === 150_000)
    assert.deepEqual([client.connects, client.closes], [1, []])
  })

  test('s2: a crowded room says so, and takes one more when there is room', async (t) => {
    const document = freshDocument('limits')
    const [{ doc }] = [open(t, document), await stock(t, document).connect()]
    await until('a connection', () => doc.status.state === 'live')
    const third = stock(t, document)
    third.provider.connect()
    await until('to be told', () => third.closes.length > 0)
    assert.deepEqual(third.closes[0], { code: 4503, reason: 'too many connections; try later' })
    doc.close()
    await until('to be in', () => third.provider.synced)
  })

  // One session that is kept of somebody who has gone would fill this room before long.
  test('s2: 300 who come and go leave room for the next', async (t) => {
    const document = freshDocument('limits')
    const { doc } = open(t, document)
    await until('a connection', () => doc.status.state === 'live')
    for (let visit = 0; visit < 300; visit++) {
      const socket = await until(`visit ${visit}`, async () => {
        const socket = await RawSocket.open(server, document)
        await until('an answer', () => socket.closed || socket.messages.length > 0)
        return socket.messages[0]?.kind === 'syncStep1' && socket
      })
      if (visit % 2) socket.terminate()
      else await socket.close()
    }
    doc.text('t').insert(0, 'still here')
    await doc.whenSaved()
  })

  test('s2: too much presence is refused, and the document goes on', async (t) => {
    const { doc, refusals } = open(t, freshDocument('limits'))
    doc.presence.set({ name: 'x'.repeat(2_000) })
    doc.text('t').insert(0, 'still here')
    await doc.whenSaved()
    await until('a refusal', () => refusals.length > 0)
    assert.equal(refusals[0].limit, 'presence-bytes')
    assert.equal(doc.status.state, 'live')
  })

  test('s2 o2: who does not confirm is let alone, and catches up from the log', async (t) => {
    const document = freshDocument('limits')
    const { doc: writer } = open(t, document)
    const slow = await RawSocket.open(server, document, 'native')
    t.after(() => slow.terminate())
    const got = []
    slow.onMessage = (message) => got.push(message)
    slow.send(native.hello())
    await until('the welcome', () => got.some(({ kind }) => kind === 'welcome'))
    for (let round = 0; round < 10; round++) {
      writer.text('t').insert(0, 'x'.repeat(5_000))
      await writer.whenSaved()
    }
    const updates = () => got.filter(({ kind }) => kind === 'update')
    await until('what fits the window', () => updates().length >= 4)
    assert.equal(updates().length, 4)
    slow.send(native.received(20_000))
    await until('the rest', () => got.at(-1).kind === 'syncStep2')
    assert.equal(got.at(-1).sequence, 10)
    assert.ok(got.at(-1).body.length > 30_000)
  })

  test('s2: who types too fast waits, and nothing is lost', async (t) => {
    const document = freshDocument('limits')
    const [writer, reader] = [await stock(t, document).connect(), open(t, document)]
    for (let at = 0; at < 300; at++) writer.text('t').insert(at, 'abc'[at % 3])
    const want = `${writer.text('t')}`
    await until('all of it', () => `${reader.doc.text('t')}` === want)
    assert.ok(writer.closes.some((close) => close?.code === 4529), JSON.stringify(writer.closes))
  })
})

const upgrade = {
  upgrade: 'websocket',
  connection: 'upgrade',
  'sec-websocket-version': '13',
  'sec-websocket-key': 'AAAAAAAAAAAAAAAAAAAAAA=='
}

test('s2: an address that opens too many documents is told to wait', async () => {
  // Counted in windows of a minute, of which one may end during the test.
  const limit = 50
  const configure = (toml) => toml.replace(/simple = \{ limit = \d+/, `simple = { limit = ${limit}`)
  const server = await Server.start({ configure })
  try {
    const document = freshDocument('limits')
    const status = () => new Promise((resolve, reject) => {
      const request = get(`${server.url}/sync/${document}`, { headers: upgrade })
      request.on('response', (answer) => resolve(answer.resume()))
      request.on('upgrade', (answer, socket) => resolve(socket.destroy() && answer))
      request.on('error', reject)
    })
    let answer
    for (let opened = 0; opened <= 2 * limit && answer?.statusCode !== 429; opened++) {
      answer = await status()
      assert.ok([101, 429].includes(answer.statusCode), `${answer.statusCode}`)
    }
    assert.equal(answer.statusCode, 429)
    assert.equal(answer.headers['retry-after'], '60')
  } finally {
    await server.stop()
  }
})

test('s2: a setting that cannot be read is said in words', async () => {
  const server = await Server.start({ vars: { SESSIONS_MAX: 'many' } })
  try {
    const document = freshDocument('limits')
    const answer = await new Promise((resolve, reject) => {
      get(`${server.url}/sync/${document}`, { headers: upgrade }, resolve).on('error', reject)
    })
    assert.equal(answer.statusCode, 500)
    let body = ''
    for await (const chunk of answer) body += chunk
    assert.equal(JSON.parse(body).title, 'Wrong setting')
    const said = 'SESSIONS_MAX is "many", but has to be a whole number from 1 to 32768'
    await until('the log', () => server.running.output().includes(JSON.stringify(said)))
  } finally {
    await server.stop()
  }
})
