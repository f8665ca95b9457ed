// Our client, with tokens and rules: which edit the room undid, who wrote what; and operators, who
// may end what others were given.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { Api, about } from './support/api.mjs'
import { HibernatingServer } from './support/hibernating_server.mjs'
import { connect } from './support/our_client.mjs'
import { freshDocument } from './support/server.mjs'
import { SECRET, claims, nowSeconds, token } from './support/token.mjs'
import { until } from './support/until.mjs'

const OPERATOR = 'operators-know-this-one'
// With a named group only the room asks the pattern: our client lets everything through.
const SCHEMA = JSON.stringify({
  version: 1,
  roots: {
    meta: { type: 'map', keys: { code: { value: { type: 'string', pattern: '^(?P<c>[a-z]+)$' } }, '*': {} } },
    list: { type: 'array', items: { value: { type: 'string', pattern: '^(?P<c>[a-z]+)$' } } },
    note: { type: 'text' }
  }
})

describe('rights', { concurrency: true }, () => {
  let server
  let api
  before(async () => {
    const vars = { TOKEN_SECRET: SECRET, OPEN_ON_LOCALHOST: 'false', OPERATOR_SECRET: OPERATOR }
    server = await HibernatingServer.start({ vars })
    api = new Api(server)
  })
  after(() => server.stop())

  const open = (t, document, subject, role, more) => {
    const doc = connect({ url: server.url, document, token: token(claims(subject, role, more)) })
    t.after(() => doc.close())
    return doc
  }

  const asOperator = (status, method, path, body) =>
    api.expect(status, method, path, { headers: { authorization: `Bearer ${OPERATOR}` }, body })

  test('s4: a rejection says which edit it was', async (t) => {
    const document = freshDocument('rights/rejected')
    await api.expect(200, 'PUT', about(document, '/schema'), { as: 'olga/owner', body: SCHEMA })
    const doc = open(t, document, 'ed', 'editor')
    await until('a connection', () => doc.status.state === 'live')
    const told = []
    doc.on('rejected', ({ path, rule, changeId }) => told.push(`${path} ${rule} ${changeId}`))
    const made = {}
    assert.equal(doc.lastChange, 0)
    // One frame: they go out as one update.
    doc.text('note').insert(0, 'kept')
    doc.map('meta').set('other', 1)
    doc.map('meta').set('code', 'WRONG'); made.code = doc.lastChange
    doc.array('list').push('fine')
    doc.array('list').push('NOT', 'right'); made.list = doc.lastChange
    doc.text('note').insert(4, ' too')
    assert.deepEqual([made, doc.lastChange], [{ code: 3, list: 5 }, 6])
    await doc.whenSaved()
    await until('both to be told', () => told.length === 2)
    assert.deepEqual(told.sort(), [`list/1 pattern ${made.list}`, `meta/code pattern ${made.code}`])
    assert.deepEqual([`${doc.text('note')}`, doc.array('list').toJSON()], ['kept too', ['fine', 'right']])
    // And of what was made while there was no connection.
    told.length = 0
    doc.disconnect()
    doc.map('meta').set('other', 2)
    doc.map('meta').set('code', 'STILL')
    doc.connect()
    await doc.whenSaved()
    await until('it is told', () => told.length === 1)
    assert.deepEqual(told, [`meta/code pattern ${doc.lastChange}`])
  })

  test('s5: our client is told who wrote what, with its own token', async (t) => {
    const document = freshDocument('rights/who wrote')
    const ann = open(t, document, 'ann', 'editor', { name: 'Ann' })
    ann.text('a/b').insert(0, 'Hello 🧵')
    ann.map('meta').set('owner', 'ann')
    ann.array('list').push(1, 2)
    ann.xml('page').insertElement(0, 'p')
    await ann.whenSaved()
    let asked = 0
    const bob = connect({
      url: server.url,
      document,
      token: async () => { asked += 1; return token(claims('bob')) }
    })
    t.after(() => bob.close())
    await until('the text', () => bob.text('a/b').length === 8)
    bob.text('a/b').insert(5, ',')
    bob.map('meta').set('state', 'open')
    await bob.whenSaved()
    const [who, client] = [{ number: 1, subject: 'ann', name: 'Ann' }, ann.clientId]
    const his = { client: bob.clientId, number: 2, subject: 'bob', name: null }
    const before = asked
    assert.deepEqual(await bob.blame('a~1b'), [
      { start: 0, len: 5, client, ...who },
      { start: 5, len: 1, ...his },
      { start: 6, len: 3, client, ...who }
    ])
    assert.equal(asked, before + 1)
    assert.deepEqual(await bob.blame('meta'), [
      { key: 'owner', client, ...who },
      { key: 'state', ...his }
    ])
    assert.deepEqual(await ann.blame('list'), [{ start: 0, len: 2, client, ...who }])
    assert.deepEqual(await ann.blame('page'), [{ start: 0, len: 1, client, ...who }])
    assert.deepEqual(await ann.who('a~1b', 5), his)
    assert.deepEqual(await bob.who('meta', 'owner'), { client, ...who })
    assert.deepEqual([await ann.who('a~1b', 99), await ann.who('meta', 'none')], [null, null])
  })

  test('s5: who may not ask, or cannot, is told so by a code', async (t) => {
    const document = freshDocument('rights/denied')
    const code = (promise) => promise.then(() => 'answered', ({ name, code }) => `${name} ${code}`)
    const reader = open(t, document, 'rob', 'reader')
    reader.text('note')
    reader.map('meta')
    assert.equal(await code(reader.blame('note')), 'SelvedgeError denied')
    assert.equal(await code(reader.who('note', 0)), 'SelvedgeError denied')
    for (const wrong of [() => reader.blame('nothing'), () => reader.blame('note/0'),
      () => reader.blame(1), () => reader.who('note', 'x'), () => reader.who('note', -1),
      () => reader.who('meta', 1)]) {
      assert.equal(await code(wrong()), 'SelvedgeError argument', `${wrong}`)
    }
    const failing = connect({
      url: server.url, document, token: () => Promise.reject(new Error('no tokens today'))
    })
    t.after(() => failing.close())
    failing.text('note')
    assert.equal(await code(failing.blame('note')), 'SelvedgeError network')
    const nowhere = connect({ url: 'http://127.0.0.1:9', document })
    nowhere.text('note')
    assert.equal(await code(nowhere.blame('note')), 'SelvedgeError network')
    nowhere.close()
    assert.equal(await code(nowhere.blame('note')), 'SelvedgeError closed')
  })

  test('s3: an operator lists sessions, reads the audit and revokes, at once', async (t) => {
    const document = freshDocument('rights/operator')
    const ann = open(t, document, 'ann', 'owner')
    ann.text('note').insert(0, 'hello')
    await ann.whenSaved()
    const bob = open(t, document, 'bob', 'reader')
    await until('bob', () => bob.status.state === 'live')
    const { sessions } = (await asOperator(200, 'GET', about(document, '/sessions'))).body
    assert.deepEqual(sessions.map(({ subject, role }) => `${subject} ${role}`).sort(),
      ['ann owner', 'bob reader'])
    const revoked = await asOperator(200, 'POST', about(document, '/revocations'), { subject: 'ann' })
    assert.equal(revoked.body.ended, 1)
    await until('ann to be closed', () => ann.status.state === 'refused')
    assert.deepEqual([ann.status.code, bob.status.state], [4403, 'live'])
    // Nor can an owner, whose token was of before, ask anything.
    const before = token(claims('ann', 'owner', { iat: nowSeconds() - 5 }))
    await api.expect(403, 'GET', about(document), { as: before })
    const all = await asOperator(200, 'POST', about(document, '/revocations'), {})
    assert.equal(all.body.ended, 1)
    await until('bob to be closed', () => bob.status.state === 'refused')
    const audit = (await asOperator(200, 'GET', about(document, '/audit'))).body
    assert.deepEqual(
      audit.entries.filter(({ kind }) => kind === 'revoked')
        .map(({ subject, by, byOperator }) => ({ subject, by, byOperator })),
      [{ subject: 'ann', by: null, byOperator: true }, { subject: null, by: null, byOperator: true }]
    )
    assert.deepEqual(audit.breaks, [])
  })

  test('s3: an operator does nothing else, and the secret counts in no other place', async (t) => {
    const document = freshDocument('rights/no more')
    const ann = open(t, document, 'ann', 'owner')
    ann.text('note').insert(0, 'hello')
    await ann.whenSaved()
    for (const [method, path, body] of [
      ['GET', ''], ['PUT', ''], ['DELETE', ''], ['GET', '/at/head'], ['GET', '/at/1'],
      ['GET', '/blame?text=note'], ['GET', '/who?text=note&index=0'], ['GET', '/schema'],
      ['PUT', '/schema', SCHEMA], ['DELETE', '/subjects/ann']
    ]) await asOperator(403, method, about(document, path), body)
    await api.expect(401, 'GET', about(document, `/sessions?token=${OPERATOR}`))
    await api.expect(401, 'GET', about(document, '/sessions'), {
      headers: { authorization: `Bearer ${OPERATOR}x` }
    })
    // A token that says it is one grants a role that nobody has.
    await api.expect(403, 'GET', about(document, '/sessions'), { as: 'eve/operator' })
    await api.expect(401, 'GET', about(document, '/sessions'), { as: 'eve/\u0001operator' })
    assert.equal(ann.status.state, 'live')
  })
})
