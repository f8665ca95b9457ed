// O3: what happens to those who come back after a document's history was lost.
//
// A client of ours knows the epoch of its copy. It is told before anything of it is looked at, puts it
// aside for the page, and merges nothing. A stock client knows no epoch. Its copy is taken for what it is, a
// part of the document by id: it gives back what was lost, once, however many come back with it,
// since nothing else ever writes into a new room.
import assert from 'node:assert/strict'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import * as Y from 'yjs'
import { connect } from './support/our_client.mjs'
import { Server, freshDocument } from './support/server.mjs'
import { StockClient, converged } from './support/stock_client.mjs'
import { until } from './support/until.mjs'

describe('a history that is lost', () => {
  let server
  before(async () => { server = await Server.start() })
  after(() => server.stop())

  /** All rooms' storage is gone. */
  const lose = async () => {
    await server.kill()
    await rm(join(server.persistTo, 'v3/do'), { recursive: true })
    await server.again()
  }

  test('o3: our client is told, puts its copy aside, and goes on with the new history', async (t) => {
    const document = freshDocument('epoch')
    const doc = connect({ url: server.url, document })
    t.after(() => doc.close())
    const { clientId } = doc
    doc.text('text').insert(0, 'before')
    await doc.whenSaved()
    await server.kill()
    doc.text('text').insert(6, ' and unsaved')
    await rm(join(server.persistTo, 'v3/do'), { recursive: true })
    await server.again()
    const waiting = assert.rejects(doc.whenSaved(), { code: 'aside' })
    const deltas = []
    doc.text('text').observe(({ delta, local }) => deltas.push([local, delta]))
    await until('the copy', () => doc.asides.length === 1)
    await waiting
    const [{ update, ...aside }] = doc.asides
    assert.deepEqual(aside, {
      content: { text: 'before and unsaved' },
      pending: 1,
      code: 4409,
      reason: 'the history of this document was replaced'
    })
    const kept = new Y.Doc()
    Y.applyUpdate(kept, update)
    assert.equal(`${kept.getText('text')}`, 'before and unsaved')
    assert.deepEqual(deltas, [[false, [{ delete: 18 }]]])
    assert.deepEqual([`${doc.text('text')}`, doc.saved.pending], ['', 0])

    doc.text('text').insert(0, 'after')
    await doc.whenSaved()
    assert.notEqual(doc.clientId, clientId)
    const late = connect({ url: server.url, document })
    t.after(() => late.close())
    await until('what came after', () => `${late.text('text')}` === 'after')
  })

  test('o3: stock clients give back what was lost, once', async (t) => {
    const document = freshDocument('epoch')
    const clients = [new StockClient(server, document), new StockClient(server, document)]
    t.after(() => clients.forEach((client) => client.destroy()))
    await Promise.all(clients.map((client) => client.connect()))
    clients[0].text().insert(0, 'written once')
    await converged(clients.map(({ doc }) => doc))
    await lose()
    await until('both to be back', () => clients.every(({ connects }) => connects === 2))
    const late = await new StockClient(server, document).connect()
    t.after(() => late.destroy())
    await converged([...clients, late].map(({ doc }) => doc))
    assert.equal(`${late.text()}`, 'written once')
  })
})
