// Where WebSockets are blocked: POST for what a client says, an answer that is held for what the
// room says. What holds over a WebSocket holds over this.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import * as Y from 'yjs'
import { HibernatingServer } from './support/hibernating_server.mjs'
import { NativeClient } from './support/native_client.mjs'
import { Peer } from './support/peer.mjs'
import { PollLine } from './support/poll_line.mjs'
import { freshDocument } from './support/server.mjs'
import { SECRET, claims, token } from './support/token.mjs'
import { pause, until } from './support/until.mjs'
import { awarenessUpdate, native } from './support/wire.mjs'

/** The text that the room tells of, to one who has `own` of it. */
const textOf = (messages, own) => {
  const doc = new Y.Doc()
  if (own) Y.applyUpdate(doc, own)
  for (const { kind, body } of messages) {
    if (kind === 'update' || kind === 'syncStep2') Y.applyUpdate(doc, body)
  }
  return `${doc.getText('text')}`
}

const typed = (text) => {
  const doc = new Y.Doc()
  doc.getText('text').insert(0, text)
  return Y.encodeStateAsUpdate(doc)
}

describe('without a WebSocket', () => {
  let server
  before(async () => { server = await HibernatingServer.start() })
  after(() => server.stop())

  test('d1 o2: what is said is acknowledged, what others say comes, and a poll goes on by sequence number', async () => {
    const document = freshDocument('poll')
    const peer = await new NativeClient(server, document).connect()
    const line = new PollLine(server, document)
    const answer = await line.poll([native.hello()])
    assert.equal(answer.status, 200)
    assert.equal(answer.headers.get('cache-control'), 'no-store, no-transform')
    const welcome = await line.message('a welcome', (m) => m.kind === 'welcome')
    const own = typed('posted ')
    assert.equal(await line.say([native.update(1, own)]), 204)
    await line.message('an ack', (m) => m.kind === 'ack' && m.number === 1)
    await until('the peer to see it', () => `${peer.doc.getText('text')}` === 'posted ')
    peer.doc.getText('text').insert(7, 'and answered')
    await until('the answer', () => textOf(line.messages, own) === 'posted and answered')

    // Another poll takes its place, and brings what was missed meanwhile.
    const { epoch } = welcome
    line.abort()
    peer.doc.getText('text').insert(0, 'missed, ')
    await peer.saved()
    const from = line.messages.length
    await line.poll([native.hello({ epoch, sequence: 2 })])
    await line.message('what was missed', (m) => m.sequence === 3 && m.body, { from })
    await peer.close()
    line.abort()
  })

  test('a poll that is brief ends behind the first news, or empty', async () => {
    const document = freshDocument('brief')
    const peer = await new NativeClient(server, document).connect()
    peer.doc.getText('text').insert(0, 'one')
    await peer.saved()
    const line = new PollLine(server, document)
    await line.poll([native.hello()], '&brief&hold=0')
    await line.reading
    assert.equal(textOf(line.messages), 'one')
    const { epoch } = line.messages[0]

    let from = line.messages.length
    await line.poll([native.hello({ epoch, sequence: 1 })], '&brief&hold=1')
    await line.reading
    const kinds = line.messages.slice(from).map((m) => m.kind)
    assert.deepEqual(kinds, ['welcome', 'access', 'awareness'], 'it is told that nobody is here')

    from = line.messages.length
    const began = performance.now()
    await line.poll([native.hello({ epoch, sequence: 1 })], '&brief&hold=60')
    await line.message('a welcome', (m) => m.kind === 'welcome', { from })
    peer.doc.getText('text').insert(3, ' two')
    await line.reading
    assert.equal(textOf(line.messages), 'one two')
    assert.ok(performance.now() - began < 30_000, 'it did not wait for its end')
    await peer.close()
  })

  test('peers see somebody who polls as long as there are polls, also in between', async () => {
    const document = freshDocument('poll-presence')
    const peer = await Peer.open(server, document, 'native')
    const line = new PollLine(server, document)
    const says = (clock) => native.awareness(awarenessUpdate([[7, clock, { name: 'ada' }]]))
    await line.poll([native.hello(), says(1)], '&brief&hold=0')
    await peer.shows(7, 'ada')
    const isGone = () => peer.socket.messages.some((m) => m.kind === 'awareness' && !peer.state(7))
    for (let turn = 2; turn < 8; turn += 1) {
      await line.reading
      await pause(100)
      await line.poll([native.hello(), says(turn)], '&brief&hold=1')
      assert.equal(peer.state(7)?.name, 'ada')
    }
    assert.ok(!isGone())
    await line.reading
    assert.equal(await line.say([], { gone: true }), 204)
    await peer.shows(7, null)
    await peer.close()
  })

  test('peers see it go when its connection is cut, after a few seconds', async () => {
    const document = freshDocument('poll-cut')
    const peer = await Peer.open(server, document, 'native')
    const line = new PollLine(server, document)
    await line.poll([native.hello(), native.awareness(awarenessUpdate([[7, 1, { name: 'ada' }]]))])
    await peer.shows(7, 'ada')
    line.abort()
    await peer.shows(7, null)
    await peer.close()
  })

  test('d1: what is said twice is stored once', async () => {
    const document = freshDocument('poll-twice')
    const line = new PollLine(server, document)
    await line.poll([native.hello()])
    await line.message('a welcome', (m) => m.kind === 'welcome')
    const said = [native.update(1, typed('once'))]
    assert.deepEqual([await line.say(said), await line.say(said)], [204, 204])
    await line.message('an ack', (m) => m.kind === 'ack')
    const late = await new NativeClient(server, document).connect()
    assert.equal(`${late.doc.getText('text')}`, 'once')
    await late.close()
    line.abort()
  })

  test('nobody speaks in the session of another, and nobody ends it', async () => {
    const document = freshDocument('poll-other')
    const line = new PollLine(server, document)
    await line.poll([native.hello()])
    await line.message('a welcome', (m) => m.kind === 'welcome')
    const other = new PollLine(server, document)
    assert.equal(await other.say([native.update(1, typed('x'))]), 404)
    // Sessions have numbers in the room, which names must not be taken for.
    const socket = await new NativeClient(server, document).connect()
    for (const name of ['0', '1', '2', '3']) {
      const numbered = new PollLine(server, document)
      numbered.session = name
      await numbered.poll([native.hello()], '&brief&hold=0')
      await numbered.reading
    }
    const header = new PollLine(server, document, { headers: { 'selvedge-line': `${line.session}/1` } })
    await header.poll([native.hello()], '&brief&hold=0')
    assert.equal(await line.say([native.update(1, typed('still here'))]), 204)
    await line.message('an ack', (m) => m.kind === 'ack')
    assert.equal(socket.socket.closed, null)
    await socket.close()
    line.abort()
  })

  test('s1 s2: a body that cannot be read, and one that is too large, are refused', async () => {
    const line = new PollLine(server, freshDocument('poll-bad'))
    const post = async (what, body, query) => (await fetch(line.url(what, query), { method: 'POST', body })).status
    assert.equal(await post('poll', Uint8Array.of(0, 255, 255, 255, 255)), 400)
    assert.equal(await post('poll', '', '&hold=301'), 400)
    assert.equal(await post('say', new Uint8Array(33 * 2 ** 20 + 1)), 413)
    assert.equal((await fetch(`${server.url}/documents/x/poll/%2e%2e%2f`, { method: 'POST' })).status, 400)
    // A frame that is none closes the session, as over a socket.
    await line.poll([native.hello(), Uint8Array.of(3)])
    await until('the session to be closed', () => line.closed)
    assert.equal(line.closed.code, 4400)
  })
})

describe('without a WebSocket, with tokens', () => {
  let server
  before(async () => {
    const vars = { TOKEN_SECRET: SECRET, OPEN_ON_LOCALHOST: 'false', SESSIONS_MAX: 2 }
    server = await HibernatingServer.start({ vars })
  })
  after(() => server.stop())

  const as = (...who) => ({ headers: { authorization: `Bearer ${token(claims(...who))}` } })

  test('s3: who is refused is told by the same codes as over a socket', async () => {
    const document = freshDocument('poll-token')
    const past = { exp: Math.floor(Date.now() / 1_000) - 600 }
    for (const [how, code] of [
      [{}, 4401],
      [as('ann', 'editor', past), 4402],
      [as('ann', 'editor', { grants: [{ document: 'other', role: 'editor' }] }), 4403]
    ]) {
      const line = new PollLine(server, document, how)
      const answer = await line.poll([native.hello()])
      assert.equal(answer.status, 200)
      await line.reading
      assert.equal(line.closed?.code, code)
      assert.ok(line.closed.reason.length > 3)
    }
  })

  test('s3: a reader may not write, and somebody else may not speak for one', async () => {
    const document = freshDocument('poll-rights')
    const line = new PollLine(server, document, as('rita', 'reader'))
    await line.poll([native.hello()])
    const access = await line.message('its rights', (m) => m.kind === 'access')
    assert.deepEqual([access.role, access.mayWrite], ['reader', false])
    await line.say([native.update(1, typed('x'))])
    await line.message('a denial', (m) => m.kind === 'denied')
    line.headers = as('eve', 'editor').headers
    assert.equal(await line.say([native.update(2, typed('x'))]), 404)
    line.headers = {}
    assert.equal(await line.say([native.update(2, typed('x'))]), 401)
    line.abort()
  })

  test('s3: a token is renewed in the session', async () => {
    const document = freshDocument('poll-renew')
    const soon = { exp: Math.floor(Date.now() / 1_000) + 4 }
    const line = new PollLine(server, document, as('ann', 'editor', soon))
    await line.poll([native.hello()])
    await line.message('its rights', (m) => m.kind === 'access')
    const renewed = token(claims('ann', 'editor'))
    line.headers = { authorization: `Bearer ${renewed}` }
    assert.equal(await line.say([native.auth(renewed)]), 204)
    await line.message('its new rights', (m) => m.kind === 'access' && m.leftMs > 60_000)
    const late = new PollLine(server, document, as('ann', 'editor', soon))
    await late.poll([native.hello()])
    await until('the other to expire', () => late.closed)
    assert.equal(late.closed.code, 4402)
    assert.equal(line.closed, null)
    line.abort()
  })

  test('s2: it counts as a session', async () => {
    const document = freshDocument('poll-full')
    const lines = [1, 2, 3].map(() => new PollLine(server, document, as('ann')))
    for (const line of lines) await line.poll([native.hello()])
    await until('one to be refused', () => lines.some((line) => line.closed))
    assert.equal(lines[2].closed.code, 4503)
    for (const line of lines) line.abort()
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

describe('a room with a held poll', () => {
  let server
  before(async () => { server = await HibernatingServer.start({ main }) })
  after(() => server.stop())
  const made = async () => Number(await (await fetch(`${server.url}/made`)).text())

  test('c3: falls asleep by itself, and wakes for what is said', async () => {
    const document = freshDocument('poll-sleep')
    const line = new PollLine(server, document)
    await line.poll([native.hello()])
    await line.message('a welcome', (m) => m.kind === 'welcome')
    assert.equal(await made(), 1)
    await pause(ASLEEP_MS)
    assert.ok(line.alive >= 1, 'the answer is alive while the room sleeps')
    assert.equal(line.isOver, false)
    assert.equal(await made(), 1, 'nothing woke it')
    assert.equal(await line.say([native.update(1, typed('awake'))]), 204)
    await line.message('an ack', (m) => m.kind === 'ack')
    assert.equal(await made(), 2, 'it had slept')
    line.abort()
  })
})
