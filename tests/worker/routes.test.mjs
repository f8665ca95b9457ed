// HTTP at the edge of the worker: what is answered, and how refusals explain themselves.
import assert from 'node:assert/strict'
import http from 'node:http'
import { after, before, describe, test } from 'node:test'
import { Server } from './support/server.mjs'

describe('routes', () => {
  let server
  before(async () => { server = await Server.start() })
  after(() => server.stop())

  /** A request whose path goes out as written. */
  const request = (path, { method = 'GET', headers = {} } = {}) => new Promise((resolve, reject) => {
    const { hostname, port } = new URL(server.url)
    const sent = http.request({ hostname, port, path, method, headers }, (response) => {
      let body = ''
      response.setEncoding('utf8').on('data', (text) => { body += text })
      response.on('end', () => resolve({ status: response.statusCode, headers: response.headers, body }))
    })
    sent.on('error', reject)
    sent.on('upgrade', (_, socket) => {
      socket.destroy()
      resolve({ status: 101 })
    })
    sent.end()
  })

  const upgrade = {
    connection: 'Upgrade',
    upgrade: 'websocket',
    'sec-websocket-version': '13',
    'sec-websocket-key': 'c2VsdmVkZ2Utc2VsdmVkZ2U='
  }

  /** The refusal's problem document. */
  const problem = (answer, status) => {
    assert.equal(answer.status, status)
    assert.match(answer.headers['content-type'], /^application\/problem\+json/)
    assert.ok(answer.body.length < 1024, 'a problem document is small')
    const document = JSON.parse(answer.body)
    assert.equal(document.status, status)
    for (const field of ['title', 'detail']) assert.ok(document[field]?.length > 3, `has a ${field}`)
    return document
  }

  test('/healthz says that the worker serves', async () => {
    assert.equal((await request('/healthz')).status, 200)
  })

  test('/ is the demo', async () => {
    const answer = await request('/')
    assert.equal(answer.status, 200)
    assert.match(answer.headers['content-type'], /^text\/html/)
    assert.match(answer.body, /<!doctype html>/i)
    assert.match(answer.body, /Selvedge/)
  })

  test('a document without an upgrade is 426', async () => {
    // Its Upgrade header is between neighbours: the platform's edge keeps it to itself.
    const { detail } = problem(await request('/sync/a'), 426)
    assert.match(detail, /websocket/i)
  })

  test('a document with an upgrade is a socket', async () => {
    for (const name of ['a', 'team/plan%202', '%F0%9F%A7%B5', 'x'.repeat(512)]) {
      assert.equal((await request(`/sync/${name}`, { headers: upgrade })).status, 101, name)
    }
  })

  test('a bad document name is 400 and says the rule', async () => {
    for (const name of ['', '%', '%4', '%ff', 'a%00', 'a%0A', 'x'.repeat(513)]) {
      for (const headers of [{}, upgrade]) {
        const { detail } = problem(await request(`/sync/${name}`, { headers }), 400)
        assert.match(detail, /512/, `the rule names its limit for "${name}"`)
      }
    }
  })

  test('an unknown route is 404', async () => {
    for (const path of ['/sync', '/api', '/x/sync/a', '/healthz/x', '/no-such-file.js']) {
      problem(await request(path), 404)
      problem(await request(path, { headers: upgrade }), 404)
    }
  })

  test('another method is 405 and names the right one', async () => {
    for (const path of ['/sync/a', '/healthz']) {
      for (const method of ['POST', 'PUT', 'DELETE', 'PATCH']) {
        const answer = await request(path, { method })
        problem(answer, 405)
        assert.match(answer.headers.allow, /GET/)
      }
    }
  })
})
