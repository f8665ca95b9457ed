// D2: a trap in one room replaces the Wasm instance that all rooms of an isolate share. Whatever they
// had in hand is sent again, without anybody doing anything.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { HibernatingServer } from './support/hibernating_server.mjs'
import { freshDocument } from './support/server.mjs'
import { StockClient, converged } from './support/stock_client.mjs'

/** The worker, but after `/fault?skip=N` the next but N time that a room asks for the time traps. */
const main = `
import worker, { Room } from './index.js'
export { Room }

const now = Date.now
let skip = Infinity
Date.now = () => {
  if (skip-- > 0) return now()
  skip = Infinity
  throw new WebAssembly.RuntimeError('on purpose')
}

export default class extends worker {
  fetch (request) {
    const { pathname, searchParams } = new URL(request.url)
    if (pathname !== '/fault') return super.fetch(request)
    skip = Number(searchParams.get('skip'))
    return new Response()
  }
}
`

describe('a trap', () => {
  let server
  before(async () => { server = await HibernatingServer.start({ main }) })
  after(() => server.stop())

  // A room asks once for a frame, and once for the commit.
  for (const [skip, where] of ['in a frame', 'in a commit', 'behind another frame'].entries()) {
    test(`d2: ${where} takes nothing from anybody`, async () => {
      const documents = [freshDocument('fault'), freshDocument('fault')]
      const open = (document) => new StockClient(server, document).connect()
      const clients = await Promise.all(documents.map(open))
      await fetch(`${server.url}/fault?skip=${skip}`)
      for (const { doc } of clients) doc.getText('text').insert(0, 'typed')
      for (const [i, client] of clients.entries()) {
        const late = await open(documents[i])
        await converged([client.doc, late.doc])
        assert.equal(late.doc.getText('text').toString(), 'typed')
        late.destroy()
      }
      const codes = clients.flatMap((client) => client.closes.map(({ code }) => code))
      assert.ok(codes.length > 0 && codes.every((code) => code === 1012), `closed with ${codes}`)
      for (const client of clients) client.destroy()
    })
  }
})
