// S1: a change on which the room traps. None is known, so this one traps where its bytes would go into
// storage: as a bug of ours would, with the change in hand and nothing of it durable.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { HibernatingServer } from './support/hibernating_server.mjs'
import { connect } from './support/our_client.mjs'
import { freshDocument } from './support/server.mjs'
import { StockClient } from './support/stock_client.mjs'
import { until } from './support/until.mjs'

const POISON = '(poison)'

/** The worker, but where a row with the poison is handed to storage, it traps. */
const main = `
const poison = new TextEncoder().encode('${POISON}')
const isIn = (bytes) => bytes.some((_, at) => poison.every((byte, i) => bytes[at + i] === byte))
// Wasm memory consists of pages.
const isWasm = (bytes) => bytes.buffer.byteLength % 65536 === 0
const { set } = Uint8Array.prototype
let traps = 0
Uint8Array.prototype.set = function (source, at) {
  if (isWasm(source) && !isWasm(this) && isIn(source)) {
    traps += 1
    throw new WebAssembly.RuntimeError('on purpose')
  }
  set.call(this, source, at)
}
const faults = []
const { error } = console
console.error = (...args) => { faults.push(args.join(' ')); error(...args) }
const { default: worker, Room } = await import('./index.js')
export { Room }

export default class extends worker {
  fetch (request) {
    const { pathname } = new URL(request.url)
    if (pathname !== '/traps') return super.fetch(request)
    return Response.json({ traps, faults })
  }
}
`

describe('a change on which the room traps', () => {
  let server
  before(async () => { server = await HibernatingServer.start({ main }) })
  after(() => server.stop())

  const traps = async () => {
    const { traps, faults } = await (await fetch(`${server.url}/traps`)).json()
    // What it finds in the memory of its successor is no closure.
    assert.ok(!faults.some((fault) => fault.includes('FnOnce')), 'a broken instance was called again')
    return traps
  }

  test('s1: our client puts it aside and goes on', async (t) => {
    const document = freshDocument('poison')
    const doc = connect({ url: server.url, document })
    t.after(() => doc.close())
    const bystander = await new StockClient(server, document).connect()
    t.after(() => bystander.destroy())
    const refusals = []
    doc.on('refused', (refusal) => refusals.push(refusal.limit))
    doc.text('text').insert(0, 'before')
    await doc.whenSaved()
    const trapsBefore = await traps()

    doc.text('text').insert(6, POISON)
    const unsaved = assert.rejects(doc.whenSaved(), { code: 'aside' })
    bystander.text('other').insert(0, 'innocent')
    await until('the copy', () => doc.asides.length === 1)
    await unsaved
    const [{ code, content }] = doc.asides
    assert.deepEqual([code, content], [4424, { text: `before${POISON}` }])
    assert.deepEqual(refusals, ['failures'])
    await until('what the room has', () => `${doc.text('text')}` === 'before')

    doc.text('text').insert(6, ' and after')
    await doc.whenSaved()
    await until('both to be there', () =>
      `${bystander.text()}` === 'before and after' && `${doc.text('other')}` === 'innocent')
    // With what gathered beside it, and then three times alone.
    const count = await traps() - trapsBefore
    assert.ok(count >= 3 && count <= 4, `${count} traps`)
  })

  test('s1: a stock client is told, over a restart of the room, and stays', async (t) => {
    const document = freshDocument('poison')
    const author = await new StockClient(server, document).connect()
    const bystander = await new StockClient(server, document).connect()
    t.after(() => { author.destroy(); bystander.destroy() })
    const trapsBefore = await traps()
    const denials = []
    t.mock.method(console, 'warn', (...args) => denials.push(args.join(' ')))
    author.text().insert(0, POISON)
    await until('a denial', () => denials.some((text) => text.includes('failures of the room')))
    const count = await traps()
    await until('the room to sleep', () => server.hibernate(document).then(() => true, () => false))
    await until('everyone to be back', () => author.provider.synced && bystander.provider.synced)
    const { connects } = author
    author.text().insert(0, 'more')
    bystander.text().insert(0, 'innocent')
    const late = await new StockClient(server, document).connect()
    t.after(() => late.destroy())
    await until('what is innocent', () => `${late.text()}` === 'innocent')
    author.provider.disconnect()
    denials.length = 0
    author.provider.connect()
    await until('a denial', () => denials.some((text) => text.includes('failures of the room')))
    assert.equal(await traps(), count, 'no further trap')
    assert.equal(author.connects, connects + 1)
    assert.ok(count - trapsBefore <= 4, `${count - trapsBefore} traps`)
  })
})
