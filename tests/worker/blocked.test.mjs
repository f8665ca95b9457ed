// Our client in Node, where no WebSocket opens: all goes over plain requests.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { connect } from './support/our_client.mjs'
import { NativeClient } from './support/native_client.mjs'
import { HibernatingServer } from './support/hibernating_server.mjs'
import { Server, freshDocument } from './support/server.mjs'
import { SECRET, claims, token } from './support/token.mjs'
import { until } from './support/until.mjs'

const Original = globalThis.WebSocket

/** Fails at once, as a proxy's 403 makes it fail. */
class Blocked extends EventTarget {
  static tried = 0
  constructor () {
    super()
    Blocked.tried += 1
    setTimeout(() => this.onclose?.(Object.assign(new Event('close'), { code: 1006, reason: '' })), 1)
  }

  close () {}
  send () { throw new Error('it is not open') }
}

const block = (t) => {
  globalThis.WebSocket = Blocked
  t.after(() => { globalThis.WebSocket = Original })
}

const open = (t, server, document, options) => {
  const doc = connect({ url: server.url, document, ...options })
  t.after(() => doc.close())
  return doc
}

const overHttp = (doc) =>
  until(() => `a connection over HTTP, not ${JSON.stringify(doc.status)}`,
    () => doc.status.state === 'live' && doc.status.transport === 'http')

describe('our client where WebSockets are blocked', () => {
  let server
  before(async () => { server = await Server.start() })
  after(() => server.stop())

  test('D1 D2 D3 what is acknowledged survives a kill, what is not is sent again, once', async (t) => {
    block(t)
    const document = freshDocument('blocked')
    const [ada, bob] = [open(t, server, document), open(t, server, document)]
    await Promise.all([overHttp(ada), overHttp(bob)])
    ada.text('t').insert(0, 'acknowledged')
    await ada.whenSaved()
    await until('Bob to see it', () => `${bob.text('t')}` === 'acknowledged')
    await server.kill()
    ada.text('t').insert(12, ' and not yet')
    await until('it to be noticed', () => ada.status.state !== 'live')
    assert.equal(ada.status.transport, undefined)
    assert.equal(ada.saved.pending, 1)
    await server.again()
    await ada.whenSaved()
    await until('Bob to see both', () => `${bob.text('t')}` === 'acknowledged and not yet')
    await Promise.all([overHttp(ada), overHttp(bob)])
  })

  test('O2 many writers of both kinds end equal', async (t) => {
    const document = freshDocument('mixed')
    const free = [open(t, server, document), open(t, server, document)]
    await until('sockets', () => free.every((doc) => doc.status.transport === 'websocket'))
    block(t)
    const blocked = [open(t, server, document), open(t, server, document)]
    await Promise.all(blocked.map(overHttp))
    const all = [...free, ...blocked]
    for (let round = 0; round < 100; round += 1) {
      for (const [who, doc] of all.entries()) doc.text('t').insert(0, `${who}`)
      if (round % 25 === 24) await Promise.all(all.map((doc) => doc.whenSaved()))
    }
    await until('all to be equal', () =>
      all.every((doc) => `${doc.text('t')}` === `${all[0].text('t')}` && doc.text('t').length === 400))
  })

  test('a large document comes, and a large edit goes', async (t) => {
    block(t)
    const document = freshDocument('large')
    const ada = open(t, server, document)
    await overHttp(ada)
    const large = 'x'.repeat(3_000_000)
    ada.text('t').insert(0, large)
    await ada.whenSaved()
    const bob = open(t, server, document)
    await until('all of it', () => bob.text('t').length === large.length)
    assert.equal(bob.status.transport, 'http')
  })

  test('what waits is sent before the document is closed, and its presence goes', async (t) => {
    block(t)
    const document = freshDocument('closing')
    const ada = open(t, server, document, { presence: { name: 'Ada' } })
    const bob = open(t, server, document)
    await until('Bob to see Ada', () => bob.presence.peers.get(ada.clientId)?.name === 'Ada')
    ada.text('t').insert(0, 'last words')
    const began = performance.now()
    ada.close()
    await until('the last words', () => `${bob.text('t')}` === 'last words')
    await until('Ada to be gone', () => bob.presence.peers.size === 0)
    assert.ok(performance.now() - began < 2_500, 'it said that it goes')
  })
})

describe('our client where WebSockets are blocked, with tokens', () => {
  let server
  before(async () => {
    const vars = { TOKEN_SECRET: SECRET, OPEN_ON_LOCALHOST: 'false' }
    server = await HibernatingServer.start({ vars })
  })
  after(() => server.stop())

  test('S3 a refusal is the same as over a socket', async (t) => {
    const document = freshDocument('refused')
    const elsewhere = token(claims('ann', 'editor', { grants: [{ document: 'other', role: 'editor' }] }))
    const refusal = async (options) => {
      const doc = open(t, server, document, options)
      await until('a refusal', () => doc.status.state === 'refused')
      return doc.status
    }
    const over = await Promise.all([refusal({ token: elsewhere }), refusal({})])
    block(t)
    const tried = Blocked.tried
    assert.deepEqual(await Promise.all([refusal({ token: elsewhere }), refusal({})]), over)
    assert.equal(Blocked.tried, tried + 2)
    assert.deepEqual(over.map((it) => it.code), [4403, 4401])
  })

  test('S3 a token is renewed in the session before it ends', async (t) => {
    block(t)
    const document = freshDocument('renewed')
    let asked = 0
    const doc = open(t, server, document, {
      token: () => {
        asked += 1
        // One for the socket that does not open, one for the poll.
        const exp = Math.floor(Date.now() / 1_000) + (asked < 3 ? 8 : 600)
        return token(claims('ann', 'editor', { exp }))
      }
    })
    await overHttp(doc)
    const ends = Date.now() + 9_000
    await until('the first to be over', () => asked === 3 && Date.now() > ends)
    assert.deepEqual([doc.status.state, doc.status.transport], ['live', 'http'])
    doc.text('t').insert(0, 'still here')
    await doc.whenSaved()
    assert.equal(asked, 3, 'it is the same session')
  })
})

describe('our client where WebSockets are blocked, in a room that sleeps', () => {
  let server
  before(async () => { server = await HibernatingServer.start() })
  after(() => server.stop())

  test('C3 it goes on over many sleeps', async (t) => {
    const document = freshDocument('sleeps')
    const peer = await new NativeClient(server, document).connect()
    block(t)
    const doc = open(t, server, document, { presence: { name: 'Ada' } })
    await overHttp(doc)
    for (let round = 0; round < 4; round += 1) {
      await doc.whenSaved()
      await server.hibernate(document)
      doc.text('text').insert(0, `a${round} `)
      await until('the peer to see it', () => `${peer.doc.getText('text')}` === `${doc.text('text')}`)
      await server.hibernate(document)
      peer.doc.getText('text').insert(0, `b${round} `)
      await until('it to see the peer', () => `${peer.doc.getText('text')}` === `${doc.text('text')}`)
      await peer.saved()
    }
    await peer.close()
  })
})
