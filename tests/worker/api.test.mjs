// What can be asked about documents over HTTP, and by whom.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import * as Y from 'yjs'
import { Api, about } from './support/api.mjs'
import { HibernatingServer } from './support/hibernating_server.mjs'
import { RawSocket } from './support/raw_socket.mjs'
import { freshDocument } from './support/server.mjs'
import { StockClient } from './support/stock_client.mjs'
import { SECRET, claims, nowSeconds, token } from './support/token.mjs'
import { native } from './support/wire.mjs'
import { until } from './support/until.mjs'

/** Who may ask what, as the status that they get: reader, commenter, editor, owner. */
const ROLES = ['reader', 'commenter', 'editor', 'owner']
const MATRIX = [
  ['GET', '', [200, 200, 200, 200]],
  ['PUT', '', [403, 403, 403, 200]],
  ['GET', '/audit', [403, 403, 403, 200]],
  ['GET', '/at/head', [403, 403, 200, 200]],
  ['GET', '/at/0', [403, 403, 200, 200]],
  ['GET', '/blame?text=text', [403, 200, 200, 200]],
  ['GET', '/who?text=text&index=0', [403, 200, 200, 200]],
  ['GET', '/sessions', [403, 403, 403, 200]],
  ['POST', '/revocations', [403, 403, 403, 200]],
  ['DELETE', '/subjects/ann', [403, 403, 403, 204]],
  ['DELETE', '', [403, 403, 403, 204]]
]

describe('the api', { concurrency: true }, () => {
  let server
  let api
  before(async () => {
    const vars = { TOKEN_SECRET: SECRET, OPEN_ON_LOCALHOST: 'false', ORIGINS: 'https://app.example' }
    server = await HibernatingServer.start({ vars })
    api = new Api(server)
  })
  after(() => server.stop())

  /** A stock client of somebody, in sync. */
  const stock = (document, subject, role = 'editor') =>
    new StockClient(server, document, { params: { token: token(claims(subject, role)) } }).connect()

  const sequence = async (document) =>
    (await api.expect(200, 'GET', about(document), { as: 'owner/owner' })).body.sequence

  /** Waits until the room has a row more than at `before`. */
  const grown = (document, before) =>
    until('a row', async () => await sequence(document) > before, { every: 20 })

  /** Types, and waits until it is a row. */
  const type = async (client, document, change) => {
    const before = await sequence(document)
    change(client.doc)
    await grown(document, before)
  }

  /** The open socket of somebody, welcomed. */
  const socketOf = async (document, dialect, shown) => {
    const socket = await RawSocket.open(server, document, dialect, { query: `?token=${shown}` })
    if (dialect === 'native') socket.send(native.hello())
    const isGreeting = (m) => ['welcome', 'syncStep1'].includes(m.kind)
    return Object.assign(socket, { greeting: await socket.message('a greeting', isGreeting) })
  }

  test('s3: the table of roles decides about every route', async () => {
    for (const [method, path, statuses] of MATRIX) {
      for (const [index, status] of statuses.entries()) {
        const document = freshDocument('team/role')
        const ann = await stock(document, 'ann')
        await type(ann, document, (doc) => doc.getText('text').insert(0, 'x'))
        ann.destroy()
        const body = method === 'POST' ? '{"subject":"nobody"}' : undefined
        await api.expect(status, method, about(document, path), { as: `eve/${ROLES[index]}`, body })
      }
    }
  })

  test('s3: without a token that holds nothing is answered', async () => {
    const document = freshDocument('team/none')
    const expired = token(claims('ann', 'owner', { exp: nowSeconds() - 1 }))
    const other = token(claims('ann', 'owner', { grants: [{ document: 'other', role: 'owner' }] }))
    for (const [method, path] of MATRIX) {
      for (const [status, how] of [
        [401, {}],
        [401, { as: expired }],
        [401, { headers: { authorization: 'Bearer a.b.c' } }],
        [403, { as: other }],
        [403, { as: 'ann/chief' }],
        // Only a socket can show it later.
        [401, { headers: { authorization: 'Basic x', 'selvedge-access': '00' } }]
      ]) {
        const refused = await api.expect(status, method, about(document, path), how)
        if (status === 401) assert.equal(refused.headers.get('www-authenticate'), 'Bearer')
      }
    }
    await api.expect(401, 'GET', about(document, '?auth=message'))
    const shown = token(claims('ann', 'owner'))
    assert.equal((await api.ask('GET', about(document), { query: `?token=${shown}` })).status, 200)
  })

  test('a document can be created, and says how it is', async () => {
    const document = freshDocument('team/new ü')
    const as = 'ann/owner'
    const none = await api.expect(200, 'GET', about(document), { as })
    const { epoch } = none.body
    assert.ok(epoch > 0)
    assert.deepEqual(none.body, { document, epoch, sequence: 0, bytes: 0, sessions: 0 })
    const created = await api.expect(201, 'PUT', about(document), { as })
    assert.deepEqual(created.body, { document, epoch, sequence: 1 })
    assert.deepEqual((await api.expect(200, 'PUT', about(document), { as })).body, created.body)
    const ann = await stock(document, 'ann')
    await type(ann, document, (doc) => doc.getText('text').insert(0, 'x'))
    const { body } = await api.expect(200, 'GET', about(document), { as })
    assert.deepEqual([body.sequence, body.sessions], [2, 1])
    assert.ok(body.bytes > 10)
  })

  test('s6: the log of decisions is read page by page, and verifies', async () => {
    const document = freshDocument('audit')
    const as = 'olga/owner'
    const ann = await stock(document, 'ann')
    const bob = await stock(document, 'bob')
    for (const [client, word] of [[ann, 'a'], [bob, 'b'], [ann, 'c'], [bob, 'd']]) {
      await type(client, document, (doc) => doc.getText('text').insert(0, word))
    }
    const all = []
    let page = { sequence: 0, hasMore: true }
    while (page.hasMore) {
      const query = `?since=${page.sequence}&limit=2`
      page = (await api.expect(200, 'GET', about(document, '/audit'), { as, query })).body
      assert.deepEqual(page.breaks, [])
      assert.match(page.chain, /^[0-9a-f]{64}$/)
      all.push(...page.entries)
    }
    assert.deepEqual(all.map((it) => it.kind), ['epoch', 'accepted', 'accepted', 'accepted', 'accepted'])
    assert.deepEqual(all.map((it) => it.subject), [null, 'ann', 'bob', 'ann', 'bob'])
    assert.equal(all[0].epoch, page.epoch)
    assert.deepEqual([all[1].updates, all[1].clients], [1, [ann.doc.clientID]])
    assert.ok(Math.abs(all[4].at - Date.now()) < 60_000 && all[4].session > 0)
    const whole = (await api.expect(200, 'GET', about(document, '/audit'), { as })).body
    assert.deepEqual([whole.entries, whole.chain, whole.sequence], [all, page.chain, 4])
  })

  test('s6: the document at each sequence number is what was typed until then', async () => {
    const document = freshDocument('past')
    const as = 'ed/editor'
    const ann = await stock(document, 'ann')
    const words = ['one ', 'two ', 'three ']
    for (const word of words) {
      await type(ann, document, (doc) => doc.getText('text').insert(doc.getText('text').length, word))
    }
    await type(ann, document, (doc) => doc.getText('text').delete(0, 4))
    const at = async (where) => {
      const answer = await api.expect(200, 'GET', about(document, `/at/${where}`), { as })
      assert.equal(answer.type, 'application/octet-stream')
      const doc = new Y.Doc()
      Y.applyUpdate(doc, answer.body)
      return { doc, text: `${doc.getText('text')}`, sequence: Number(answer.headers.get('selvedge-sequence')), epoch: Number(answer.headers.get('selvedge-epoch')) }
    }
    for (let n = 0; n <= 3; n++) {
      const { text, sequence } = await at(n)
      assert.deepEqual([text, sequence], [words.slice(0, n).join(''), n])
    }
    const head = await at('head')
    assert.deepEqual([head.text, head.sequence], [`${ann.text()}`, 4])
    assert.equal(head.epoch, (await api.ask('GET', about(document), { as })).body.epoch)
    assert.deepEqual(Y.encodeStateVector(head.doc), Y.encodeStateVector(ann.doc))
    assert.deepEqual(Y.snapshot(head.doc), Y.snapshot(ann.doc))
    await api.expect(404, 'GET', about(document, '/at/5'), { as })
  })

  test('the document is JSON for whoever asks so', async () => {
    const document = freshDocument('json')
    const as = 'ed/editor'
    const ann = await stock(document, 'ann')
    await type(ann, document, (doc) => doc.transact(() => {
      doc.getText('note').insert(0, 'Hi', { bold: true })
      doc.getMap('tasks').set('a', { done: true, n: 1.5, none: undefined })
      doc.getMap('tasks').set('nested', new Y.Text('in'))
      doc.getArray('list').push([1, 'two', null, new Uint8Array([1, 255])])
      doc.getXmlFragment('page').push([new Y.XmlElement('p')])
    }))
    const headers = { accept: 'application/json' }
    const { body } = await api.expect(200, 'GET', about(document, '/at/head'), { as, headers })
    assert.equal(body.sequence, 1)
    assert.deepEqual(body.roots, {
      list: { kind: 'array', value: [1, 'two', null, '01ff'] },
      note: { kind: 'text', value: 'Hi' },
      page: { kind: 'xml', value: '<p></p>' },
      tasks: { kind: 'map', value: { a: { done: true, n: 1.5 }, nested: 'in' } }
    })
    const query = '?text=other&map=tasks'
    const named = await api.expect(200, 'GET', about(document, '/at/1'), { as, headers, query })
    assert.deepEqual(named.body.roots.other, { kind: 'text', value: '' })
    const none = await api.expect(200, 'GET', about(document, '/at/0'), { as, headers })
    assert.deepEqual(none.body.roots, {})
  })

  test('s5: who wrote what is told, until they are erased', async () => {
    const document = freshDocument('blame')
    const as = 'cy/commenter'
    const named = (subject, name) => token(claims(subject, 'editor', { name }))
    const open = (shown) => new StockClient(server, document, { params: { token: shown } }).connect()
    const ann = await open(named('ann', 'Ann'))
    await type(ann, document, (doc) => doc.getText('text').insert(0, 'aaaa'))
    await type(ann, document, (doc) => doc.getMap('map').set('k', 1))
    const bob = await open(named('bob', 'Bob'))
    await type(bob, document, (doc) => doc.getText('text').insert(2, 'bb'))
    await type(bob, document, (doc) => doc.getArray('list').push([1, 2]))
    const get = async (rest) => (await api.expect(200, 'GET', about(document, rest), { as })).body
    const runs = ({ runs }) => runs.map((it) => [it.start, it.len, it.subject, it.name])
    const a = (start) => [start, 2, 'ann', 'Ann']
    assert.deepEqual(runs(await get('/blame?text=text')), [a(0), [2, 2, 'bob', 'Bob'], a(4)])
    assert.deepEqual(runs(await get('/blame?array=list')), [[0, 2, 'bob', 'Bob']])
    const { keys } = await get('/blame?map=map')
    assert.deepEqual(keys.map((it) => [it.key, it.subject, it.client]), [['k', 'ann', ann.doc.clientID]])
    assert.equal((await get('/who?text=text&index=3')).subject, 'bob')
    assert.equal((await get('/who?map=map&key=k')).subject, 'ann')
    assert.deepEqual((await get('/blame?text=nothing')).runs, [])
    await api.expect(404, 'GET', about(document, '/who?text=text&index=6'), { as })
    await api.expect(404, 'GET', about(document, '/who?map=map&key=x'), { as })

    const ended = new Promise((resolve) => bob.provider.on('connection-close', resolve))
    ended.then(() => bob.provider.disconnect())
    await api.expect(204, 'DELETE', about(document, '/subjects/bob'), { as: 'olga/owner' })
    assert.equal((await ended).code, 4403)
    assert.equal((await get('/who?text=text&index=3')).subject, null)
    await api.expect(404, 'DELETE', about(document, '/subjects/bob'), { as: 'olga/owner' })
    const { entries, breaks } = (await api.expect(200, 'GET', about(document, '/audit'), { as: 'olga/owner' })).body
    assert.deepEqual([entries.at(-1).kind, entries.at(-1).erased, breaks], ['erased', 2, []])
    assert.ok(!JSON.stringify(entries).includes('bob'))
  })

  test('who is connected is listed', async () => {
    const document = freshDocument('sessions')
    const shown = token(claims('ann', 'reader', { name: 'Ann' }))
    await socketOf(document, 'native', shown)
    await socketOf(document, 'stock', token(claims('bob')))
    const { sessions } = (await api.expect(200, 'GET', about(document, '/sessions'), { as: 'olga/owner' })).body
    const said = sessions.map((it) => [it.subject, it.name, it.role, it.dialect])
    assert.deepEqual(said, [['ann', 'Ann', 'reader', 'native'], ['bob', null, 'editor', 'stock']])
    assert.ok(sessions.every((it) => it.until > Date.now() && it.session > 0))
  })

  test('s3: a revoked subject is closed at once, and comes back with a newer token only', async () => {
    const document = freshDocument('revoked')
    const shown = token(claims('ann'))
    const sockets = [await socketOf(document, 'native', shown), await socketOf(document, 'stock', shown)]
    const bob = await socketOf(document, 'stock', token(claims('bob')))
    const as = token(claims('olga', 'owner'))
    const { body } = await api.expect(200, 'POST', about(document, '/revocations'), { as, body: { subject: 'ann' } })
    assert.equal(body.ended, 2)
    for (const socket of sockets) assert.equal((await socket.closing()).code, 4403)
    assert.equal(bob.closed, null)
    const outcome = async (shown) => {
      const socket = await RawSocket.open(server, document, 'stock', { query: `?token=${shown}` })
      const spoken = () => socket.messages.some((m) => m.kind === 'syncStep1')
      await until('an answer', () => spoken() || socket.closed)
      if (!socket.closed) await socket.close()
      return spoken() ? null : socket.closed.code
    }
    for (const evicts of [false, true]) {
      if (evicts) await server.hibernate(document)
      assert.equal(await outcome(shown), 4403)
      assert.equal(await outcome(token(claims('ann', 'editor', { iat: undefined }))), 4403)
      await api.expect(403, 'GET', about(document), { as: shown })
    }
    await until('the second to be over', () => Date.now() > body.before, { every: 50 })
    assert.equal(await outcome(token(claims('ann'))), null)

    const everybody = await api.expect(200, 'POST', about(document, '/revocations'), { as, body: '{}' })
    assert.equal(everybody.body.ended, 1)
    assert.equal((await bob.closing()).code, 4403)
    await api.expect(200, 'GET', about(document), { as })
    const { entries } = (await api.expect(200, 'GET', about(document, '/audit'), { as })).body
    const revoked = entries.filter((it) => it.kind === 'revoked').map((it) => [it.subject, it.by])
    assert.deepEqual(revoked, [['ann', 'olga'], [null, 'olga']])
  })

  test('o3: a deleted document is gone for everybody, and another begins', async () => {
    const document = freshDocument('deleted')
    const [as, eve] = [token(claims('olga', 'owner')), token(claims('eve', 'owner'))]
    const ann = await stock(document, 'ann')
    await type(ann, document, (doc) => doc.getText('text').insert(0, 'x'))
    const closed = new Promise((resolve) => ann.provider.on('connection-close', resolve))
    // y-websocket would come back and bring what it has.
    closed.then(() => ann.provider.disconnect())
    const ours = await socketOf(document, 'native', token(claims('bob')))
    const before = (await api.expect(200, 'GET', about(document), { as })).body
    await api.expect(200, 'POST', about(document, '/revocations'), { as, body: { subject: 'eve' } })
    await api.expect(204, 'DELETE', about(document), { as })
    assert.equal((await closed).code, 4409)
    assert.equal((await ours.closing()).code, 4409)
    for (const evicts of [false, true]) {
      if (evicts) await server.hibernate(document)
      const now = (await api.expect(200, 'GET', about(document), { as })).body
      assert.deepEqual([now.sequence, now.bytes, now.sessions], [0, 0, 0])
      assert.notEqual(now.epoch, before.epoch)
    }
    const carl = await stock(document, 'carl')
    assert.equal(`${carl.text()}`, '')
    const again = await RawSocket.open(server, document, 'native', { query: `?token=${token(claims('bob'))}` })
    again.send(native.hello({ epoch: ours.greeting.epoch, sequence: 1 }))
    assert.equal((await again.closing()).code, 4409, 'histories are not merged')
    await api.expect(403, 'GET', about(document), { as: eve })
    const { entries } = (await api.expect(200, 'GET', about(document, '/audit'), { as })).body
    assert.deepEqual(entries, [])
  })

  test('what is asked wrongly is told the rule', async () => {
    const document = freshDocument('wrong')
    const as = 'olga/owner'
    for (const rest of [
      '/audit?limit=0', '/audit?limit=1001', '/audit?limit=x', '/audit?since=-1', '/at/x', '/at/1.5',
      '/blame', '/blame?text=', '/blame?text=a&map=b', '/who?text=a', '/who?text=a&index=x', '/who?map=a',
      '/blame?text=%ff'
    ]) {
      await api.expect(400, 'GET', about(document, rest), { as })
    }
    await api.expect(400, 'GET', '/documents/%ff', { as })
    await api.expect(400, 'GET', `/documents/${'x'.repeat(513)}`, { as })
    await api.expect(400, 'DELETE', about(document, '/subjects/%00'), { as })
    await api.expect(404, 'DELETE', about(document, '/subjects/nobody'), { as })
    for (const body of ['', '[]', 'x', '{"subject":1}', '{"subject":""}', '{"who":"ann"}', '"ann"']) {
      await api.expect(400, 'POST', about(document, '/revocations'), { as, body })
    }
    const body = JSON.stringify({ subject: 'x'.repeat(70_000) })
    await api.expect(413, 'POST', about(document, '/revocations'), { as, body })
  })

  test('another method is 405 and names the right ones', async () => {
    for (const [rest, methods] of [
      ['', 'GET, PUT, DELETE, OPTIONS'], ['/audit', 'GET, OPTIONS'], ['/revocations', 'POST, OPTIONS'],
      ['/subjects/ann', 'DELETE, OPTIONS']
    ]) {
      const refused = await api.expect(405, 'PATCH', about('a', rest), { as: 'olga/owner' })
      assert.equal(refused.headers.get('allow'), methods)
    }
    for (const rest of ['/nothing', '/at', '/audit/x']) await api.expect(404, 'GET', about('a', rest))
    const elsewhere = await api.expect(405, 'OPTIONS', '/metrics')
    assert.equal(elsewhere.headers.get('allow'), 'GET')
  })

  test('pages of the right origins may ask and read', async () => {
    const [ours, other] = ['https://app.example', 'https://other.example']
    const preflight = (origin) => api.ask('OPTIONS', about('a/b', '/revocations'), {
      headers: { origin, 'access-control-request-method': 'POST' }
    })
    const asked = await preflight(ours)
    assert.equal(asked.status, 204)
    assert.equal(asked.headers.get('access-control-allow-origin'), ours)
    assert.match(asked.headers.get('access-control-allow-methods'), /POST/)
    assert.match(asked.headers.get('access-control-allow-headers'), /authorization/)
    assert.equal((await preflight(other)).headers.get('access-control-allow-origin'), null)
    const get = (origin, status) => api.expect(status, 'GET', about('a/b'), { as: 'ann/owner', headers: { origin } })
    const read = await get(ours, 200)
    assert.equal(read.headers.get('access-control-allow-origin'), ours)
    assert.equal(read.headers.get('cache-control'), 'no-store')
    assert.equal((await get(other, 403)).headers.get('access-control-allow-origin'), null)
    // A refusal can be read as well.
    const refused = await api.expect(401, 'GET', about('a/b'), { headers: { origin: ours } })
    assert.equal(refused.headers.get('access-control-allow-origin'), ours)
  })
})
