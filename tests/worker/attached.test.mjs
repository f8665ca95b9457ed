// Stock Y.Docs that are attached to our client, in Node: what any editor for Yjs rests on.
import assert from 'node:assert/strict'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { Awareness } from 'y-protocols/awareness'
import * as Y from 'yjs'
import { Provider, attach } from '../../dist/selvedge/yjs.js'
import { createRandom } from '../update/random.mjs'
import { connect } from './support/our_client.mjs'
import { Server, freshDocument } from './support/server.mjs'
import { StockClient } from './support/stock_client.mjs'
import { SECRET, claims, token } from './support/token.mjs'
import { pause, until } from './support/until.mjs'

const ROUNDS = 10
const STEPS = 60

describe('attached Y.Docs', () => {
  let server
  const vars = { TOKEN_SECRET: SECRET, OPEN_ON_LOCALHOST: 'false' }
  before(async () => { server = await Server.start({ vars }) })
  after(() => server.stop())

  const opened = (t, document, role = 'editor', options = {}) => {
    const shown = token(claims('ann', role))
    const doc = connect({ url: server.url, document, token: () => shown, ...options })
    t.after(() => doc.close())
    return doc
  }
  const ydocOf = (t) => {
    const ydoc = new Y.Doc()
    t.after(() => ydoc.destroy())
    return ydoc
  }
  const awarenessOf = (t) => {
    const awareness = new Awareness(ydocOf(t))
    t.after(() => awareness.destroy())
    return awareness
  }

  test('d3 v1 what either holds is in both, and what is written in either is saved', async (t) => {
    const document = freshDocument('attached')
    const doc = opened(t, document)
    doc.text('ours').insert(0, 'from the document')
    const ydoc = ydocOf(t)
    ydoc.getText('theirs').insert(0, 'from the Y.Doc')
    attach(doc, ydoc)
    assert.equal(`${ydoc.getText('ours')}`, 'from the document')
    assert.equal(`${doc.text('theirs')}`, 'from the Y.Doc')
    ydoc.getText('ours').insert(0, '> ')
    doc.text('theirs').delete(0, 5)
    assert.equal(`${doc.text('ours')}`, '> from the document')
    assert.equal(`${ydoc.getText('theirs')}`, 'the Y.Doc')
    await doc.whenSaved()
    const late = opened(t, document)
    await until('all of it', () => `${late.text('ours')} ${late.text('theirs')}` ===
      '> from the document the Y.Doc')
  })

  test('an attached Y.Doc that is equal makes nothing to save, however often', async (t) => {
    const document = freshDocument('again')
    const doc = opened(t, document)
    const ydoc = ydocOf(t)
    ydoc.getText('t').insert(0, 'abc')
    ydoc.getText('t').delete(1, 1)
    attach(doc, ydoc)()
    await doc.whenSaved()
    const told = []
    doc.on('update', (update) => told.push(update))
    const detach = attach(doc, ydoc)
    assert.deepEqual([doc.saved.pending, told], [0, []])
    detach()
    ydoc.getText('t').insert(0, 'x')
    doc.text('t').insert(0, 'y')
    assert.deepEqual([`${doc.text('t')}`, `${ydoc.getText('t')}`], ['yac', 'xac'])
    // Attached again they make up for it.
    attach(doc, ydoc)
    assert.equal(`${doc.text('t')}`, `${ydoc.getText('t')}`)
  })

  test('v1 random histories of attached and stock Y.Docs and ours end equal', async (t) => {
    const seed = Number(process.env.SEED ?? Date.now() % 1_000_000)
    t.diagnostic(`SEED=${seed}`)
    const { below } = createRandom(seed)
    for (let round = 0; round < ROUNDS; round += 1) {
      const document = freshDocument('random')
      const docs = [opened(t, document), opened(t, document)]
      const ydocs = docs.map((doc) => {
        const ydoc = ydocOf(t)
        attach(doc, ydoc)
        return ydoc
      })
      const params = { token: token(claims('bob')) }
      const stock = await new StockClient(server, document, { params }).connect()
      const writers = [...ydocs, stock.doc]
      for (let step = 0; step < STEPS; step += 1) {
        const who = below(5)
        if (who < 3) edit(writers[who], below)
        else docs[who - 3].text('t').insert(below(docs[who - 3].text('t').length + 1), 'o')
        if (below(4) === 0) await pause(below(15))
        if (below(12) === 0) {
          const doc = docs[below(2)]
          if (doc.status.state === 'offline') doc.connect()
          else doc.disconnect()
        }
      }
      for (const doc of docs) doc.connect()
      await Promise.all(docs.map((doc) => doc.whenSaved()))
      const all = () => [...writers.map(shown), ...docs.map(shownByOurs)]
      await until(() => `SEED=${seed}, round ${round}, to be equal:\n${all().join('\n')}`,
        () => new Set(all()).size === 1)
      for (const doc of docs) doc.close()
      stock.destroy()
    }
  })

  test('what comes from the document is nobody\'s to undo', async (t) => {
    const doc = opened(t, freshDocument('undo'))
    const ydoc = ydocOf(t)
    attach(doc, ydoc)
    const text = ydoc.getText('t')
    const undo = new Y.UndoManager(text, { captureTimeout: 0 })
    text.insert(0, 'mine')
    doc.text('t').insert(4, ' theirs')
    assert.equal(undo.undoStack.length, 1)
    undo.undo()
    assert.deepEqual([`${text}`, `${doc.text('t')}`], [' theirs', ' theirs'])
  })

  test('awareness and presence are one, each under the id that others know', async (t) => {
    const document = freshDocument('awareness')
    const [ann, bob] = [opened(t, document), opened(t, document)]
    t.mock.timers.enable({ apis: ['setInterval', 'Date'], now: Date.now() })
    const awareness = awarenessOf(t)
    awareness.setLocalStateField('user', { name: 'Ann' })
    const detach = attach(ann, awareness.doc, awareness)
    const changes = []
    awareness.on('change', ({ added, updated, removed }, origin) =>
      changes.push([added, updated, removed, origin === 'local']))
    const params = { token: token(claims('cy')) }
    const cy = new StockClient(server, document, { params })
    cy.awareness.setLocalStateField('user', { name: 'Cy' })
    bob.presence.set({ user: { name: 'Bob' } })
    await cy.connect()
    const names = (states) => [...states.values()].map((it) => it.user?.name).sort()
    await until('all three', () => names(awareness.getStates()).join() === 'Ann,Bob,Cy')
    await until('Bob to see them', () => names(bob.presence.peers).join() === 'Ann,Cy')
    await until('Cy to see them', () => names(cy.awareness.getStates()).join() === 'Ann,Bob,Cy')
    assert.equal(awareness.getStates().get(bob.clientId).user.name, 'Bob')
    assert.equal(awareness.getStates().get(cy.doc.clientID).user.name, 'Cy')
    assert.equal(cy.awareness.getStates().get(ann.clientId).user.name, 'Ann')
    assert.equal(cy.awareness.getStates().has(awareness.clientID), false)

    // y-protocols forgets who is silent for 30 s; who is silent in a room is still there.
    changes.length = 0
    t.mock.timers.tick(60_000)
    assert.deepEqual([changes, awareness.getStates().size], [[], 3])

    bob.presence.set({ user: { name: 'Bob' }, at: 1 })
    await until('news of Bob', () => awareness.getStates().get(bob.clientId)?.at === 1)
    cy.destroy()
    await until('Cy to be gone', () => awareness.getStates().size === 2)
    assert.deepEqual(changes, [[[], [bob.clientId], [], false], [[], [], [cy.doc.clientID], false]])
    detach()
    assert.deepEqual([...awareness.getStates().keys()], [awareness.clientID])
    await until('Ann to be gone', () => bob.presence.peers.size === 0)
  })

  test('s3 a reader\'s Y.Doc shows everything, and is detached when it is written into', async (t) => {
    const document = freshDocument('reader')
    const editor = opened(t, document)
    editor.text('t').insert(0, 'shown')
    editor.text('t').delete(0, 1)
    await editor.whenSaved()
    const reader = opened(t, document, 'reader')
    await until('the role', () => reader.access?.mayWrite === false)
    const ydoc = ydocOf(t)
    const whys = []
    attach(reader, ydoc, undefined, { onDetach: (why) => whys.push(why) })
    await until('the text', () => `${ydoc.getText('t')}` === 'hown')
    ydoc.getText('t').insert(0, 'x')
    assert.deepEqual(whys.map(({ reason, error }) => [reason, error.code]), [['refused', 'not-allowed']])
    editor.text('t').insert(0, 's')
    await until('the reader to see it', () => `${reader.text('t')}` === 'shown')
    assert.equal(`${ydoc.getText('t')}`, 'xhown')
    // Equal again, it may be attached: nothing of it is new.
    const again = ydocOf(t)
    Y.applyUpdate(again, reader.toUpdate())
    attach(reader, again)
  })

  test('d3 o3 a copy that is put aside is detached, and another takes its place', async (t) => {
    const document = freshDocument('aside')
    const doc = opened(t, document)
    const ydocs = []
    const whys = []
    const begin = () => {
      const ydoc = ydocOf(t)
      ydocs.push(ydoc)
      attach(doc, ydoc, undefined, { onDetach: (why) => { whys.push(why); begin() } })
    }
    begin()
    ydocs[0].getText('t').insert(0, 'before')
    await doc.whenSaved()
    await server.kill()
    ydocs[0].getText('t').insert(6, ' and unsaved')
    await rm(join(server.persistTo, 'v3/do'), { recursive: true })
    await server.again()
    await until('the copy', () => whys.length === 1)
    const kept = ydocOf(t)
    Y.applyUpdate(kept, whys[0].aside.update)
    assert.deepEqual([whys[0].reason, `${kept.getText('t')}`], ['aside', 'before and unsaved'])
    assert.equal(`${ydocs[0].getText('t')}`, 'before and unsaved')
    ydocs[1].getText('t').insert(0, 'after')
    await doc.whenSaved()
    const late = opened(t, document)
    await until('what came after', () => `${late.text('t')}` === 'after')
    // The old one is nobody's any more.
    ydocs[0].getText('t').insert(0, 'x')
    assert.deepEqual([`${doc.text('t')}`, doc.saved.pending, whys.length], ['after', 0, 1])
  })

  test('o1 a Y.Doc with something missing is not attached, nor one of a closed document', async (t) => {
    const doc = opened(t, freshDocument('missing'))
    const [whole, part] = [ydocOf(t), ydocOf(t)]
    whole.getText('t').insert(0, 'a')
    const known = Y.encodeStateVector(whole)
    whole.getText('t').insert(1, 'b')
    Y.applyUpdate(part, Y.encodeStateAsUpdate(whole, known))
    assert.throws(() => attach(doc, part), { name: 'SelvedgeError', code: 'missing' })
    doc.text('t').insert(0, 'x')
    part.getText('u').insert(0, 'y')
    assert.deepEqual([`${doc.text('u')}`, `${part.getText('t')}`], ['', ''])

    const whys = []
    attach(doc, whole, undefined, { onDetach: (why) => whys.push(why) })
    doc.close()
    whole.getText('t').insert(0, 'z')
    assert.deepEqual(whys.map(({ error }) => error.code), ['closed'])
    assert.throws(() => attach(doc, ydocOf(t)), { code: 'closed' })
  })

  test('a provider tells what y-websocket\'s tells', async (t) => {
    const document = freshDocument('provider')
    const doc = opened(t, document)
    const awareness = awarenessOf(t)
    const provider = new Provider(doc, awareness.doc, awareness)
    const heard = []
    const onSync = (isSynced) => heard.push(isSynced)
    provider.on('sync', onSync)
    provider.on('status', ({ status }) => heard.push(status))
    provider.connect()
    provider.connect()
    await until('to be in sync', () => provider.synced)
    awareness.doc.getText('t').insert(0, 'x')
    assert.equal(`${doc.text('t')}`, 'x')
    provider.off('sync', onSync)
    provider.disconnect()
    provider.destroy()
    awareness.doc.getText('t').insert(0, 'y')
    assert.equal(`${doc.text('t')}`, 'x')
    assert.deepEqual(heard, ['connecting', false, 'connected', true, 'disconnected'])
    assert.equal(doc.status.state, 'live')
  })
})

function edit (ydoc, below) {
  const [text, map, list] = [ydoc.getText('t'), ydoc.getMap('m'), ydoc.getArray('l')]
  const at = below(text.length + 1)
  switch (below(8)) {
    case 0: case 1: return text.insert(at, ['a', 'bc', 'é'][below(3)])
    case 2: return at < text.length && text.delete(at, 1)
    case 3: return at + 2 <= text.length && text.format(at, 2, { b: below(2) ? true : null })
    case 4: return map.set(`k${below(3)}`, below(2) ? new Y.Map([['n', below(9)]]) : { o: [below(9)] })
    case 5: return list.insert(below(list.length + 1), [new Y.Text('in a list'), below(9)])
    case 6: return list.length > 0 ? list.delete(below(list.length), 1) : map.delete('k0')
    default: {
      const element = new Y.XmlElement('p')
      element.setAttribute('c', `v${below(3)}`)
      element.insert(0, [new Y.XmlText('w')])
      ydoc.getXmlFragment('x').insert(0, [element])
    }
  }
}

const parts = (text, map, list, xml) => JSON.stringify([text, entries(map), list, `${xml}`])
const entries = (map) => Object.entries(map).sort(([a], [b]) => (a < b ? -1 : 1))
const shown = (ydoc) => parts(`${ydoc.getText('t')}`, ydoc.getMap('m').toJSON(),
  ydoc.getArray('l').toJSON(), ydoc.getXmlFragment('x'))
const shownByOurs = (doc) => parts(`${doc.text('t')}`, doc.map('m').toJSON(),
  doc.array('l').toJSON(), doc.xml('x'))
