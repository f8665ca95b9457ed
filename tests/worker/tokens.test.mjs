// Who is let in, and for how long: tokens in a deployment.
import assert from 'node:assert/strict'
import http from 'node:http'
import { after, before, describe, test } from 'node:test'
import * as Y from 'yjs'
import { HibernatingServer } from './support/hibernating_server.mjs'
import { freshDocument } from './support/server.mjs'
import { RawSocket } from './support/raw_socket.mjs'
import { SECRET, claims, keyPair, nowSeconds, token } from './support/token.mjs'
import { native, stock } from './support/wire.mjs'
import { until } from './support/until.mjs'

/** An update of one letter. */
const letter = () => {
  const doc = new Y.Doc()
  doc.getText('text').insert(0, 'x')
  return Y.encodeStateAsUpdate(doc)
}

/** The code that a visitor is turned away with, or `null` if a room speaks to it. */
const outcome = async (server, document, dialect, how) => {
  const socket = await RawSocket.open(server, document, dialect, how)
  if (dialect === 'native') socket.send(native.hello())
  const spoken = () => socket.messages.some((m) => ['welcome', 'syncStep1'].includes(m.kind))
  await until('an answer', () => spoken() || socket.closed)
  if (!socket.closed) await socket.close()
  return spoken() ? null : socket.closed.code
}

describe('s3: tokens signed with a secret', { concurrency: true }, () => {
  let server
  const vars = { TOKEN_SECRET: SECRET, OPEN_ON_LOCALHOST: 'false' }
  before(async () => { server = await HibernatingServer.start({ vars }) })
  after(() => server.stop())

  test('a token is taken wherever it stands', async () => {
    const shown = token(claims('ann'))
    for (const how of [
      { headers: { authorization: `Bearer ${shown}` } },
      { subprotocols: [`token.${shown}`] },
      { query: `?token=${shown}` }
    ]) {
      for (const dialect of ['stock', 'native']) {
        const document = freshDocument('shown')
        assert.equal(await outcome(server, document, dialect, how), null, JSON.stringify(how))
      }
    }
  })

  test('a token that does not hold lets nobody in, and a browser sees why', async () => {
    const other = 'another secret that has 32 bytes!'
    for (const [how, code] of [
      [{}, 4401],
      [{ query: '?token=' }, 4401],
      [{ query: '?token=a.b.c' }, 4401],
      [{ query: `?token=${token(claims('ann'), { secret: other })}` }, 4401],
      [{ query: `?token=${token(claims('ann'), { header: { alg: 'none' } })}` }, 4401],
      [{ query: `?token=${token(claims('ann', 'editor', { aud: 'other' }))}` }, 4401],
      [{ query: `?token=${token(claims('ann', 'editor', { exp: nowSeconds() }))}` }, 4402],
      [{ query: `?token=${token(claims('ann', 'editor', { nbf: nowSeconds() + 900 }))}` }, 4401],
      [{ query: `?token=${token(claims('ann', 'editor', { grants: [] }))}` }, 4403],
      [{ query: `?token=${token(claims('ann', 'chief'))}` }, 4403]
    ]) {
      for (const dialect of ['stock', 'native']) {
        assert.equal(await outcome(server, freshDocument('no'), dialect, how), code, how.query)
      }
    }
  })

  test('a forged header grants nothing', async () => {
    const owner = Buffer.from([0, 0, 5, ...Buffer.from('owner'), 0, 0]).toString('hex')
    const how = { headers: { 'selvedge-access': owner } }
    assert.equal(await outcome(server, freshDocument('forged'), 'stock', how), 4401)
  })

  test('a first message can be the token', async () => {
    for (const dialect of ['stock', 'native']) {
      const speech = dialect === 'stock' ? stock : native
      const open = () => RawSocket.open(server, freshDocument('first'), dialect, { query: '?auth=message' })
      const socket = await open()
      socket.send(speech.auth(token(claims('ann'))))
      if (dialect === 'native') {
        await socket.message('what is granted', (m) => m.kind === 'access')
        socket.send(native.hello())
      }
      await socket.message('a greeting', (m) => ['welcome', 'syncStep1'].includes(m.kind))
      await socket.close()

      const wrong = await open()
      wrong.send(speech.auth('a.b.c'))
      assert.equal((await wrong.closing()).code, 4401)
      const hasty = await open()
      hasty.send(speech.syncStep1(Uint8Array.of(0)))
      assert.equal((await hasty.closing()).code, 4401)
      assert.deepEqual(hasty.messages, [])
    }
  })

  test('a session ends with its token, also in a room that sleeps', async () => {
    const document = freshDocument('ends')
    const shown = token(claims('ann', 'editor', { exp: nowSeconds() + 3 }))
    const socket = await RawSocket.open(server, document, 'stock', { query: `?token=${shown}` })
    await socket.message('a greeting', (m) => m.kind === 'syncStep1')
    await server.hibernate(document)
    assert.equal((await socket.closing()).code, 4402)
  })

  test('a new token on the open socket prolongs, and can take rights away', async () => {
    const document = freshDocument('renewed')
    const shown = token(claims('ann', 'editor', { exp: nowSeconds() + 3 }))
    const socket = await RawSocket.open(server, document, 'native', { query: `?token=${shown}` })
    socket.send(native.hello())
    const first = await socket.message('what is granted', (m) => m.kind === 'access')
    assert.deepEqual([first.role, first.mayWrite], ['editor', true])
    assert.ok(first.leftMs > 0 && first.leftMs <= 3_000)
    socket.send(native.auth(token(claims('ann', 'reader'))))
    const second = await socket.message('what is granted', (m) => m.role === 'reader')
    assert.deepEqual([second.mayWrite, second.leftMs > 500_000], [false, true])
    const ends = Date.now() + 3_000
    await until('the first token to be over', () => Date.now() > ends, { every: 50 })
    socket.send(native.update(1, letter()))
    socket.send(native.auth(token(claims('bob'))))
    assert.equal((await socket.closing()).code, 4403, 'nobody goes on as somebody else')
  })
})

describe('s3: other ways in', { concurrency: true }, () => {
  const starting = []
  const start = async (vars) => {
    const server = HibernatingServer.start({ vars: { OPEN_ON_LOCALHOST: 'false', ...vars } })
    starting.push(server)
    return server
  }
  after(async () => { for (const server of await Promise.all(starting)) await server.stop() })

  test('without keys nobody is let in, and told what is missing', async () => {
    const server = await start({})
    assert.equal(await outcome(server, 'a', 'stock', { query: `?token=${token(claims('ann'))}` }), 4501)
    assert.equal(await outcome(server, 'a', 'native', {}), 4501)
  })

  test('open to everyone means the role that it names', async () => {
    const server = await start({ OPEN_TO_EVERYONE: 'reader', TOKEN_SECRET: SECRET })
    const socket = await RawSocket.open(server, 'a', 'native')
    socket.send(native.hello())
    const { role, mayWrite } = await socket.message('what is granted', (m) => m.kind === 'access')
    assert.deepEqual([role, mayWrite], ['reader', false])
    await socket.close()
  })

  test('open on localhost keeps out pages from elsewhere', async () => {
    const server = await start({ OPEN_ON_LOCALHOST: 'true', TOKEN_SECRET: SECRET })
    assert.equal(await outcome(server, 'a', 'stock', {}), null)
    assert.equal(await outcome(server, 'a', 'stock', { headers: { origin: 'http://localhost:3000' } }), null)
    assert.equal(await outcome(server, 'a', 'stock', { headers: { origin: 'https://evil.example' } }), 4401)
  })

  test('pages of other origins are kept out', async () => {
    const server = await start({ ORIGINS: 'https://app.example', TOKEN_SECRET: SECRET })
    const query = `?token=${token(claims('ann'))}`
    assert.equal(await outcome(server, 'a', 'stock', { query, headers: { origin: 'https://app.example' } }), null)
    assert.equal(await outcome(server, 'a', 'stock', { query, headers: { origin: 'https://b.example' } }), 4403)
  })

  test('a public key is enough', async () => {
    const pair = keyPair('one')
    for (const TOKEN_PUBLIC_KEY of [pair.pem, JSON.stringify(pair.jwk)]) {
      const server = await start({ TOKEN_PUBLIC_KEY })
      assert.equal(await outcome(server, 'a', 'stock', { query: `?token=${pair.token(claims('ann'))}` }), null)
      const forged = token(claims('ann'), { secret: TOKEN_PUBLIC_KEY })
      assert.equal(await outcome(server, 'a', 'stock', { query: `?token=${forged}` }), 4401)
    }
  })

  test('a setting that is wrong lets nobody in', async () => {
    const server = await start({ TOKEN_SECRET: 'short' })
    assert.equal(await outcome(server, 'a', 'stock', {}), 4501)
  })

  test('keys at an address are fetched, kept, and fetched again for a new one', async () => {
    const [first, second] = [keyPair('first'), keyPair('second')]
    let keys = [first.jwk]
    let [asked, answers] = [0, true]
    const host = http.createServer((_, response) => {
      asked += 1
      response.writeHead(answers ? 200 : 500).end(JSON.stringify({ keys }))
    })
    await new Promise((resolve) => host.listen(0, '127.0.0.1', resolve))
    try {
      const TOKEN_JWKS_URL = `http://127.0.0.1:${host.address().port}/jwks.json`
      answers = false
      const server = await start({ TOKEN_JWKS_URL })
      const by = (pair) => ({ query: `?token=${pair.token(claims('ann'))}` })
      assert.equal(await outcome(server, 'a', 'stock', {}), 4401, 'without a token nothing is fetched')
      assert.equal(asked, 0)
      assert.equal(await outcome(server, 'a', 'stock', by(first)), 1013, 'an outage is no refusal')
      answers = true
      await until('the keys to be tried again', async () =>
        await outcome(server, 'a', 'stock', by(first)) === null, { every: 200 })
      const before = asked
      for (let i = 0; i < 5; i++) assert.equal(await outcome(server, 'a', 'stock', by(first)), null)
      assert.equal(asked, before, 'keys are kept')
      assert.equal(await outcome(server, 'a', 'stock', by(second)), 4401)
      assert.equal(asked, before, 'an unknown key has them fetched only now and then')
    } finally {
      host.close()
    }
  })
})
