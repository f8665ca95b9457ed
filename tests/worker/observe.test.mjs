// What those who run the rooms see: routes for operators, logs with traces, health.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { freshDocument, until } from './support/until.mjs'
import { open } from './support/our_client.mjs'
import { startServer } from '../harness.mjs'

const SECRET = 'a secret of operators'
let server

before(async () => {
  server = await startServer({ vars: { OPERATOR_SECRET: SECRET, LOG_LEVEL: 'debug', LOG_EVERY: 1 } })
})
after(() => server.stop())

const get = (path, headers = { authorization: `Bearer ${SECRET}` }) =>
  fetch(`${server.url}${path}`, { headers, redirect: 'manual' })

test('operators', async () => {
  for (const path of ['/metrics', '/metrics/a', '/admin/api/rooms', '/admin/api/rooms/a']) {
    for (const headers of [{}, { authorization: 'Bearer ' }, { authorization: `Basic ${SECRET}` }]) {
      const refused = await get(path, headers)
      assert.deepEqual([refused.status, refused.headers.get('www-authenticate')], [401, 'Bearer'])
    }
    assert.equal((await get(path)).status, 200, path)
  }
})
