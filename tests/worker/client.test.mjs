// Our client in Node, through the worker: alone, and together with stock Yjs (V1).
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import * as Y from 'yjs'
import { createRandom } from '../update/random.mjs'
import { connect } from './support/our_client.mjs'
import { Server, freshDocument } from './support/server.mjs'
import { StockClient } from './support/stock_client.mjs'
import { pause, until } from './support/until.mjs'

const ROUNDS = 15
const STEPS = 60
const STRINGS = ['a', 'bc', '🧵', 'é']

describe('our client', () => {
  let server
  before(async () => { server = await Server.start() })
  after(() => server.stop())

  const open = (t, document, options) => {
    const doc = connect({ url: server.url, document, ...options })
    t.after(() => doc.close())
    return doc
  }

  test('D2 D3 what was acknowledged survives a kill, what was not is sent again', async (t) => {
    const document = freshDocument('client')
    const doc = open(t, document)
    doc.text('t').insert(0, 'acknowledged')
    await doc.whenSaved()
    await server.kill()
    doc.text('t').insert(12, ' and not yet')
    assert.deepEqual(doc.saved, { pending: 1, pendingHere: 1 })
    await server.again()
    await doc.whenSaved()
    const late = open(t, document)
    await until('the late one to see both', () => `${late.text('t')}` === 'acknowledged and not yet')
  })

  test('what waits is sent before the document is closed', async (t) => {
    const document = freshDocument('client')
    const doc = open(t, document)
    await until('a connection', () => doc.status.state === 'live')
    doc.text('t').insert(0, 'last words')
    doc.close()
    const late = open(t, document)
    await until('the last words', () => `${late.text('t')}` === 'last words')
  })

  test('presence comes and goes with its client', async (t) => {
    const document = freshDocument('client')
    const ada = open(t, document, { presence: { name: 'Ada' } })
    const bob = open(t, document, { presence: { name: 'Bob' } })
    await until('Ada to see Bob', () => ada.presence.peers.get(bob.clientId)?.name === 'Bob')
    await until('Bob to see Ada', () => bob.presence.peers.get(ada.clientId)?.name === 'Ada')
    bob.close()
    await until('Bob to be gone', () => ada.presence.peers.size === 0)
  })

  test('V1 random histories with stock Yjs and cut connections end equal', async (t) => {
    const seed = Number(process.env.SEED ?? Date.now() % 1_000_000)
    t.diagnostic(`SEED=${seed}`)
    const { below } = createRandom(seed)
    let cuts = 0
    for (let round = 0; round < ROUNDS; round += 1) {
      const document = freshDocument('interop')
      const ours = [connect({ url: server.url, document }), connect({ url: server.url, document })]
      const stock = [new StockClient(server, document), new StockClient(server, document)]
      await Promise.all(stock.map((client) => client.connect()))
      for (let step = 0; step < STEPS; step += 1) {
        const who = below(4)
        if (who < 2) editOurs(ours[who], below)
        else editStock(stock[who - 2].doc, below)
        if (below(4) === 0) await pause(below(15))
        if (below(15) === 0) {
          const doc = ours[below(2)]
          if (doc.status.state === 'offline') doc.connect()
          else { doc.disconnect(); cuts += 1 }
        }
      }
      for (const doc of ours) doc.connect()
      await Promise.all(ours.map((doc) => doc.whenSaved()))
      const all = () => [...ours.map(shownByOurs), ...stock.map(({ doc }) => shownByStock(doc))]
      await until(() => `SEED=${seed}, round ${round}, to be equal:\n${all().join('\n')}`,
        () => new Set(all()).size === 1)
      for (const doc of ours) doc.close()
      for (const client of stock) client.destroy()
    }
    assert.ok(cuts > 0, 'no connection was ever cut')
  })
})

function editOurs (doc, below) {
  const [text, map, list, xml] = [doc.text('t'), doc.map('m'), doc.array('l'), doc.xml('x')]
  const at = below(text.length + 1)
  switch (below(8)) {
    case 0: case 1: return unlessInsidePair(() => text.insert(at, STRINGS[below(4)]))
    case 2: return at < text.length && unlessInsidePair(() => text.delete(at, 1))
    case 3: return at + 2 <= text.length &&
      unlessInsidePair(() => text.format(at, 2, below(2) ? { b: true } : { b: null, i: 1 }))
    case 4: return map.set(`k${below(3)}`, [7, { z: 1.5, s: 'x' }, null, Uint8Array.of(1)][below(4)])
    case 5: return below(2)
      ? list.insert(below(list.length + 1), [below(9), 'q', true])
      : list.insertMap(below(list.length + 1)).set('n', below(5))
    case 6: return list.length > 0 ? list.delete(below(list.length), 1) : map.delete('k0')
    default: {
      const element = xml.insertElement(below(xml.length + 1), 'p')
      element.setAttribute('c', `v${below(3)}`)
      element.insertText(0, 'w')
    }
  }
}

/** Our client refuses to cut a character in two; that is not what this test is about. */
function unlessInsidePair (edit) {
  try {
    edit()
  } catch (error) {
    if (error.code !== 'surrogate') throw error
  }
}

function editStock (doc, below) {
  const [text, map, list] = [doc.getText('t'), doc.getMap('m'), doc.getArray('l')]
  const string = text.toDelta().map(({ insert }) => insert).join('')
  const at = below(string.length + 1)
  const splits = (index) => /[\udc00-\udfff]/.test(string[index] ?? '')
  switch (below(8)) {
    case 0: case 1: return splits(at) || text.insert(at, STRINGS[below(4)])
    case 2: return at < string.length && !splits(at) && !splits(at + 1) && text.delete(at, 1)
    case 3: return at + 2 <= string.length && !splits(at) && !splits(at + 2) &&
      text.format(at, 2, { b: true })
    case 4: return map.set(`k${below(3)}`, { o: [1] })
    case 5: return list.insert(below(list.length + 1), [new Y.Map([['y', 1]])])
    case 6: return list.length > 0 && list.delete(below(list.length), 1)
    default: {
      const element = new Y.XmlElement('div')
      element.setAttribute('z', '1')
      element.setAttribute('a', '2')
      doc.getXmlFragment('x').insert(0, [element])
    }
  }
}

const shownByOurs = (doc) => shown(doc.text('t').toDelta(), doc.map('m'), doc.array('l'), doc.xml('x'))
const shownByStock = (doc) =>
  shown(doc.getText('t').toDelta(), doc.getMap('m'), doc.getArray('l'), doc.getXmlFragment('x'))

const shown = (delta, map, list, xml) =>
  JSON.stringify([delta, map.toJSON(), list.toJSON(), `${xml}`].map(sorted))

function sorted (value) {
  if (value instanceof Uint8Array) return [...value]
  if (Array.isArray(value)) return value.map(sorted)
  if (value === null || typeof value !== 'object') return value
  return Object.fromEntries(Object.keys(value).sort().map((key) => [key, sorted(value[key])]))
}
