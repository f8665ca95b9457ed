// The description of all routes: it is a valid one, and each operation answers as it says.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { Validator } from '@seriousme/openapi-schema-validator'
import * as Y from 'yjs'
import { Api, about } from './support/api.mjs'
import { bodyOf } from './support/poll_line.mjs'
import { RawSocket } from './support/raw_socket.mjs'
import { Server, freshDocument } from './support/server.mjs'
import { SECRET, claims, token } from './support/token.mjs'
import { native } from './support/wire.mjs'

const OPERATOR_SECRET = 'a secret of operators'

describe('openapi', () => {
  let server
  let api
  let description
  before(async () => {
    const vars = { OPERATOR_SECRET, TOKEN_SECRET: SECRET, OPEN_ON_LOCALHOST: 'false' }
    server = await Server.start({ vars })
    api = new Api(server)
    description = (await api.expect(200, 'GET', '/openapi.json')).body
  })
  after(() => server.stop())

  test('the description is valid', async () => {
    const { valid, errors } = await new Validator().validate(structuredClone(description))
    assert.ok(valid, JSON.stringify(errors))
  })

  /** What a `$ref` in the description points to. */
  const pointed = (it) => it?.$ref === undefined
    ? it
    : pointed(it.$ref.slice(2).split('/').reduce((at, name) => at[name], description))

  /** Fails unless `value` is what `schema` says: types, required and listed properties, enumerations. */
  const conforms = (value, schema, at = '') => {
    schema = pointed(schema)
    for (const part of schema.allOf ?? []) conforms(value, part, at)
    if (schema.oneOf) {
      const fitting = schema.oneOf.filter((one) => {
        try { conforms(value, one, at); return true } catch { return false }
      })
      assert.ok(fitting.length > 0, `${at} is none of oneOf`)
    }
    if (schema.enum) assert.ok(schema.enum.includes(value), `${at}: ${value}`)
    const types = [schema.type ?? []].flat()
    const type = value === null ? 'null' : Array.isArray(value) ? 'array' : typeof value
    const is = (named) => named === type || (named === 'integer' && Number.isInteger(value))
    assert.ok(types.length === 0 || types.some(is), `${at} is ${type}, not ${types}`)
    if (type === 'array' && schema.items) value.forEach((it, i) => conforms(it, schema.items, `${at}/${i}`))
    if (type !== 'object') return
    for (const name of schema.required ?? []) assert.ok(name in value, `${at} has no ${name}`)
    for (const [name, it] of Object.entries(value)) {
      const described = schema.properties?.[name] ?? schema.additionalProperties
      if (described) conforms(it, described, `${at}/${name}`)
      else if (schema.properties && !schema.allOf) undescribed.push(`${at}/${name}`)
    }
  }
  let undescribed = []

  /** Asks, and fails unless the description says that this may be the answer. */
  const check = async (method, template, path, how) => {
    const answer = await api.ask(method, path, how)
    const operation = description.paths[template][method.toLowerCase()]
    const said = pointed(operation.responses[answer.status])
    const what = `${method} ${path}: ${answer.status} ${answer.type}`
    assert.ok(said, `${what} is not described`)
    if (!said.content) {
      assert.equal(answer.body.length ?? 0, 0, `${what} has a body`)
      return answer
    }
    assert.ok(Object.keys(said.content).includes(answer.type), `${what} has another type`)
    undescribed = []
    if (answer.type.endsWith('json')) conforms(answer.body, said.content[answer.type].schema, what)
    // An object in two parts is described by both.
    if (template !== '/documents/{document}/who') assert.deepEqual(undescribed, [])
    for (const name of Object.keys(said.headers ?? {})) {
      const isMeant = answer.type !== 'application/json' && answer.status !== 429
      if (isMeant) assert.ok(answer.headers.has(name), `${what} has no ${name}`)
    }
    return answer
  }

  const operator = { headers: { authorization: `Bearer ${OPERATOR_SECRET}` } }

  /** How each operation is asked: its path, how, and the status. */
  const asked = (document) => {
    const as = 'olga/owner'
    const json = { as, headers: { accept: 'application/json' } }
    const at = (rest) => about(document, rest)
    return {
      health: [['/healthz', {}, 200]],
      ready: [['/readyz', {}, 200]],
      description: [['/openapi.json', {}, 200]],
      metrics: [['/metrics', operator, 200], ['/metrics', {}, 401]],
      metricsOf: [[`/metrics/${document}`, operator, 200], ['/metrics/%ff', operator, 400]],
      rooms: [['/admin/api/rooms', operator, 200], ['/admin/api/rooms', {}, 401]],
      status: [[`/admin/api/rooms/${document}`, operator, 200], ['/admin/api/rooms/%ff', operator, 400]],
      page: [['/admin', {}, 200]],
      pageFile: [['/admin/', {}, 200]],
      localToken: [['/local/token?role=reader', {}, 404]],
      sync: [[`/sync/${document}`, { as }, 426], ['/sync/%ff', {}, 400]],
      poll: [[at('/poll/s1?brief&hold=0'), { as, body: bodyOf([native.hello()]) }, 200], [at('/poll/s1'), { as, body: 'x' }, 400],
        [at('/poll/s1?hold=301'), { as }, 400], [at('/poll/s1'), { body: bodyOf([native.hello()]) }, 200]],
      say: [[at('/say/s1'), { as, body: bodyOf([], { gone: true }) }, 204], [at('/say/s2'), { as, body: bodyOf([]) }, 404], [at('/say/s2'), {}, 401], [at('/say/x-y'), { as }, 400]],
      events: [[at('/events'), {}, 401], [at('/events?since=x'), { as }, 400]],
      audit: [[at('/audit'), { as }, 200], [at('/audit?limit=0'), { as }, 400], [at('/audit'), {}, 401]],
      at: [[at('/at/head'), { as }, 200], [at('/at/head'), json, 200], [at('/at/99'), { as }, 404], [at('/at/x'), { as }, 400]],
      blame: [[at('/blame?text=text'), { as }, 200], [at('/blame?map=map'), { as }, 200], [at('/blame'), { as }, 400]],
      who: [[at('/who?text=text&index=0'), { as }, 200], [at('/who?map=map&key=k'), { as }, 200], [at('/who?text=text&index=99'), { as }, 404]],
      sessions: [[at('/sessions'), { as }, 200], [at('/sessions'), { as: 'ann/reader' }, 403]],
      about: [[at(''), { as }, 200], ['/documents/%ff', { as }, 400]],
      create: [[at(''), { as }, 200], [about(freshDocument()), { as }, 201], [at(''), { as: 'ann/editor' }, 403]],
      revoke: [[at('/revocations'), { as, body: '{"subject":"eve"}' }, 200], [at('/revocations'), { as, body: '' }, 400],
        [at('/revocations'), { as, body: 'x'.repeat(65_537) }, 413]],
      setSchema: [[at('/schema'), { as, body: '{"version":1,"roots":{}}' }, 200], [at('/schema'), { as, body: 'x' }, 400],
        [at('/schema'), { as, body: 'x'.repeat(65_537) }, 413], [at('/schema'), { as: 'ann/editor', body: '{}' }, 403]],
      schema: [[at('/schema'), { as: 'ann/reader' }, 200], [about(freshDocument(), '/schema'), { as }, 404]],
      erase: [[at('/subjects/ann'), { as }, 204], [at('/subjects/nobody'), { as }, 404]],
      delete: [[at(''), { as }, 204]]
    }
  }

  test('every operation answers as it is described', async () => {
    const document = freshDocument('described')
    const query = `?token=${token(claims('ann', 'editor', { name: 'Ann' }))}`
    const ann = await RawSocket.open(server, document, 'native', { query })
    ann.send(native.hello())
    const doc = new Y.Doc()
    doc.getText('text').insert(0, 'x')
    doc.getMap('map').set('k', 1)
    ann.send(native.update(1, Y.encodeStateAsUpdate(doc)))
    await ann.message('an ack', (m) => m.kind === 'ack')

    const operations = new Map()
    for (const [template, item] of Object.entries(description.paths)) {
      for (const method of ['get', 'put', 'post', 'delete']) {
        if (item[method]) operations.set(item[method].operationId, [method.toUpperCase(), template])
      }
    }
    const all = asked(document)
    assert.deepEqual(Object.keys(all).sort(), [...operations.keys()].sort())
    for (const [id, requests] of Object.entries(all)) {
      const [method, template] = operations.get(id)
      for (const [path, how, status] of requests) {
        const answer = await check(method, template, path, how)
        assert.equal(answer.status, status, `${method} ${path}: ${JSON.stringify(answer.body)}`)
      }
    }
    const { body } = await api.expect(200, 'GET', '/admin/api/rooms', operator)
    assert.ok(!body.rooms.some((room) => room.document === document), 'the registry forgot it')
  })
})
