// Workers Analytics Engine, where it is bound: a data point for each report, and none for a keystroke.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { HibernatingServer } from './support/hibernating_server.mjs'
import { connect } from './support/our_client.mjs'
import { freshDocument } from './support/server.mjs'
import { until } from './support/until.mjs'

/** The worker with a dataset that can be read: the local one keeps nothing. */
const main = `
import worker, { Room as Own } from './index.js'
const points = []
const METRICS = { writeDataPoint: (point) => { points.push(point) } }
export class Room extends Own {
  constructor (state, env) { super(state, { ...env, METRICS }) }
}
export default class extends worker {
  fetch (request) {
    return new URL(request.url).pathname === '/points' ? Response.json(points) : super.fetch(request)
  }
}
`

describe('analytics', () => {
  let server
  before(async () => { server = await HibernatingServer.start({ main }) })
  after(() => server.stop())

  test('a room writes a point with its first commit and one when it is empty', async (t) => {
    const document = freshDocument('🧵'.repeat(100))
    const doc = connect({ url: server.url, document })
    t.after(() => doc.close())
    for (let key = 0; key < 30; key++) {
      doc.text('t').insert(key, 'x')
      await doc.whenSaved()
    }
    doc.close()
    const points = await until('two points', async () => {
      const points = await (await fetch(`${server.url}/points`)).json()
      return points.length === 2 && points
    })
    for (const { indexes, blobs, doubles } of points) {
      assert.deepEqual([indexes.length, blobs, doubles.length], [1, [document], 15])
      assert.ok(Buffer.byteLength(indexes[0]) <= 96 && document.startsWith(indexes[0]))
    }
    const sum = points[0].doubles.map((number, at) => number + points[1].doubles[at])
    const [updates, commits, received, , sent, , sessions] = sum
    assert.deepEqual([updates, commits, sessions], [30, 30, 1])
    assert.ok(received > 30 && sent >= 30)
  })
})
