// S4: rules inside a document, against stock Yjs clients that mean harm. Honest peers look at every
// state that they would render; what breaks a rule is in none of them, and all copies end equal.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import * as Y from 'yjs'
import { HibernatingServer } from './support/hibernating_server.mjs'
import { freshDocument } from './support/server.mjs'
import { RawSocket, roomUrl } from './support/raw_socket.mjs'
import { StockClient, converged } from './support/stock_client.mjs'
import { SECRET, claims, token } from './support/token.mjs'
import { native, stock } from './support/wire.mjs'
import { pause, until } from './support/until.mjs'

const SCHEMA = JSON.stringify({
  version: 1,
  roots: {
    meta: {
      type: 'map',
      keys: {
        owner: { insert: ['owner'], change: ['owner'], delete: [] },
        state: { value: { enum: ['open', 'closed'] } },
        vault: {
          type: 'map',
          insert: ['owner'],
          change: ['owner'],
          delete: [],
          keys: { '*': { value: { type: 'string' } } }
        },
        '*': {}
      }
    },
    note: { type: 'text', maxCharacters: 50 },
    tasks: {
      type: 'map',
      keys: {
        '*': {
          type: 'map',
          keys: {
            done: { value: { type: 'boolean' } },
            points: { value: { type: 'number', min: 0, max: 5 } }
          }
        }
      }
    },
    log: { type: 'array', appendOnly: true },
    comments: { type: 'array', insert: ['commenter', 'editor'] }
  }
})

/** What an honest page must never show, once the owner has set the document up. */
const broken = (doc) => {
  const meta = doc.getMap('meta').toJSON()
  if (meta.owner !== 'olga') return `the owner is ${meta.owner}`
  if (!['open', 'closed'].includes(meta.state)) return `the state is ${meta.state}`
  if (meta.vault?.key !== 'v') return `the vault is ${JSON.stringify(meta.vault)}`
  if (doc.getText('note').length > 50) return 'the note is too long'
  if (doc.getArray('log').get(0) !== 'first') return `the log begins ${doc.getArray('log').get(0)}`
  for (const [name, task] of Object.entries(doc.getMap('tasks').toJSON())) {
    if (typeof task?.done !== 'boolean') return `${name}.done is ${task?.done}`
    if (task.points > 5) return `${name}.points is ${task.points}`
  }
  if (doc.share.has('other') && doc.getMap('other').size > 0) return 'there is another root'
  return null
}

/** Each breaks a rule, as an editor. What `keeps` finds is allowed, and stays. */
const attempts = {
  'overwrite a protected key': { breaks: (doc) => doc.getMap('meta').set('owner', 'MALLORY') },
  'delete a protected key': { breaks: (doc) => doc.getMap('meta').delete('owner') },
  'delete a protected subtree': { breaks: (doc) => doc.getMap('meta').delete('vault') },
  'put a value in the place of a subtree': {
    breaks: (doc) => doc.getMap('meta').set('vault', 'MALLORY')
  },
  'write into a protected subtree': {
    breaks: (doc) => doc.getMap('meta').get('vault').set('key', 'MALLORY')
  },
  'empty a protected subtree': { breaks: (doc) => doc.getMap('meta').get('vault').clear() },
  'a value that is not listed': { breaks: (doc) => doc.getMap('meta').set('state', 'MALLORY') },
  'exceed a length': { breaks: (doc) => doc.getText('note').insert(3, 'MALLORY'.repeat(9)) },
  'a wrong type': { breaks: (doc) => doc.getMap('tasks').get('t1').set('done', 'MALLORY') },
  'a nested path': { breaks: (doc) => doc.getMap('tasks').get('t1').set('points', 99) },
  'a new subtree that breaks rules inside': {
    breaks: (doc) => doc.getMap('tasks').set('t2', new Y.Map([['done', 'MALLORY']]))
  },
  'delete from what is append-only': { breaks: (doc) => doc.getArray('log').delete(0) },
  'insert in front of what is append-only': {
    breaks: (doc) => doc.getArray('log').insert(0, ['MALLORY'])
  },
  'a root that is not in the schema': { breaks: (doc) => doc.getMap('other').set('a', 'MALLORY') },
  'hidden in one transaction with allowed edits': {
    breaks: (doc) => doc.transact(() => {
      doc.getText('note').insert(0, 'fine ')
      doc.getMap('meta').set('owner', 'MALLORY')
      doc.getMap('meta').set('colour', 'red')
      doc.getMap('meta').delete('vault')
    }),
    keeps: (doc) => doc.getText('note').toString() === 'fine hello' &&
      doc.getMap('meta').get('colour') === 'red'
  },
  'set and set back between allowed keystrokes': {
    breaks: (doc) => {
      doc.getText('note').insert(5, '!')
      doc.getMap('meta').set('owner', 'MALLORY')
      doc.getText('note').insert(6, '!')
      doc.getMap('meta').set('owner', 'MALLORY too')
    },
    keeps: (doc) => doc.getText('note').toString() === 'hello!!'
  }
}

// y-websocket prints each denial with its address.
console.warn = () => {}

describe('s4: rules against stock clients', { concurrency: 4 }, () => {
  let server
  const vars = { TOKEN_SECRET: SECRET, OPEN_ON_LOCALHOST: 'false' }
  before(async () => { server = await HibernatingServer.start({ vars }) })
  after(() => server.stop())

  const bearer = (sub, role, more) => ({ authorization: `Bearer ${token(claims(sub, role, more))}` })
  const api = (document, path) => `${server.url}/documents/${encodeURIComponent(document)}${path}`

  const setSchema = async (document, schema = SCHEMA) => {
    const answer = await fetch(api(document, '/schema'), {
      method: 'PUT', headers: bearer('olga', 'owner'), body: schema
    })
    assert.equal(answer.status, 200, await answer.text())
  }

  const as = (document, sub, role, { doc = new Y.Doc(), connect = true, ...more } = {}) => {
    const params = { token: token(claims(sub, role, more)) }
    const client = new StockClient(server, document, { doc, params })
    return connect ? client.connect() : client
  }

  /** An honest peer that looks at each state it would render. */
  const watch = async (document, sub, role) => {
    const peer = await as(document, sub, role)
    peer.seen = []
    peer.doc.on('afterTransaction', () => {
      const what = broken(peer.doc)
      if (what) peer.seen.push(what)
    })
    return peer
  }

  /** A document with rules, as its owner set it up. */
  const ruled = async (name) => {
    const document = freshDocument(name)
    await setSchema(document)
    const owner = await as(document, 'olga', 'owner')
    owner.doc.transact(() => {
      const meta = owner.doc.getMap('meta')
      meta.set('owner', 'olga')
      meta.set('state', 'open')
      meta.set('vault', new Y.Map([['key', 'v']]))
      owner.doc.getText('note').insert(0, 'hello')
      owner.doc.getMap('tasks').set('t1', new Y.Map([['done', false]]))
      owner.doc.getArray('log').push(['first'])
    })
    const [reader, editor] = [await watch(document, 'rob', 'reader'), await watch(document, 'ed', 'editor')]
    await converged([owner.doc, reader.doc, editor.doc])
    const all = [owner, reader, editor]
    return { document, owner, reader, editor, all }
  }

  const settled = async ({ all, owner, reader, editor, document }, ...more) => {
    await converged([...all, ...more].map(({ doc }) => doc))
    assert.deepEqual([reader.seen, editor.seen], [[], []])
    assert.equal(broken(owner.doc), null)
    const late = await as(document, 'late', 'reader')
    await converged([late.doc, owner.doc])
    const bytes = Buffer.from(Y.encodeStateAsUpdate(late.doc))
    assert.ok(!bytes.includes('MALLORY'), 'what was undone reaches nobody')
    for (const client of [...all, ...more, late]) client.destroy()
  }

  for (const [name, { breaks, keeps }] of Object.entries(attempts)) {
    test(`${name}, while everybody watches`, async () => {
      const room = await ruled('live')
      const mallory = await as(room.document, 'mallory', 'editor')
      breaks(mallory.doc)
      await until('it is undone', () => broken(mallory.doc) === null)
      // Later edits of the same author still flow.
      mallory.doc.getMap('meta').set('after', name)
      await until('they arrive', () => room.reader.doc.getMap('meta').get('after') === name)
      if (keeps) assert.ok(keeps(room.reader.doc), 'what is allowed stays')
      await settled(room, mallory)
    })

    test(`${name}, hidden in what an offline client brings`, async () => {
      const room = await ruled('offline')
      const doc = new Y.Doc()
      Y.applyUpdate(doc, Y.encodeStateAsUpdate(room.owner.doc))
      breaks(doc)
      // Meanwhile others make allowed edits in the same places.
      room.editor.doc.getMap('meta').set('state', 'closed')
      room.editor.doc.getText('note').insert(0, '>')
      room.editor.doc.getArray('log').push(['second'])
      await until('they arrive', () => room.reader.doc.getMap('meta').get('state') === 'closed')
      const mallory = await as(room.document, 'mallory', 'editor', { doc })
      await until('it is undone', () => broken(doc) === null)
      await settled(room, mallory)
    })
  }

  test('a forged client id writes nothing', async () => {
    const room = await ruled('forged')
    const doc = new Y.Doc()
    Y.applyUpdate(doc, Y.encodeStateAsUpdate(room.owner.doc))
    doc.clientID = room.owner.doc.clientID
    doc.getText('note').insert(0, 'MALLORY')
    const update = Y.encodeStateAsUpdate(doc, Y.encodeStateVector(room.owner.doc))
    const query = `?token=${token(claims('mallory', 'editor'))}`
    for (const dialect of ['stock', 'native']) {
      const socket = await RawSocket.open(server, room.document, dialect, { query })
      if (dialect === 'native') socket.send(native.hello())
      socket.send(dialect === 'native' ? native.update(1, update) : stock.update(update))
      await socket.message('a denial', (m) => m.kind === 'denied' || m.kind === 'tag 2')
      // An exact repetition of what there is, is no writing.
      const known = Y.encodeStateAsUpdate(room.owner.doc)
      socket.send(dialect === 'native' ? native.syncStep2(2, known) : stock.syncStep2(known))
      if (dialect === 'native') await socket.message('the ack', (m) => m.kind === 'ack' && m.number === 2)
      await socket.close()
    }
    room.owner.doc.getText('note').insert(0, '.')
    await settled(room)
  })

  test('what was undone and is sent again stays undone', async () => {
    const room = await ruled('replayed')
    const mallory = await as(room.document, 'mallory', 'editor')
    const updates = []
    mallory.doc.on('update', (update, origin) => { if (origin !== mallory.provider) updates.push(update) })
    mallory.doc.getMap('meta').set('owner', 'MALLORY')
    await until('it is undone', () => broken(mallory.doc) === null)
    const query = `?token=${token(claims('mallory', 'editor'))}`
    const socket = await RawSocket.open(server, room.document, 'stock', { query })
    for (const update of updates) socket.send(stock.update(update))
    for (const update of updates) socket.send(stock.syncStep2(update))
    room.editor.doc.getText('note').insert(0, '.')
    await until('it arrives', () => room.reader.doc.getText('note').toString() === '.hello')
    await socket.close()
    await settled(room, mallory)
  })

  test('a reader writes nothing, and a commenter only comments', async () => {
    const room = await ruled('roles')
    const reader = await as(room.document, 'rita', 'reader')
    reader.doc.getArray('comments').push(['MALLORY'])
    const commenter = await as(room.document, 'carl', 'commenter')
    commenter.doc.getArray('comments').push(['nice'])
    commenter.doc.getText('note').insert(0, 'MALLORY')
    await until('the comment', () => room.reader.doc.getArray('comments').length === 1)
    await until('the rest is undone', () => commenter.doc.getText('note').toString() === 'hello')
    assert.deepEqual(room.reader.doc.getArray('comments').toJSON(), ['nice'])
    reader.destroy()
    await settled(room, commenter)
  })

  test('rules hold while the room sleeps in between, and after a restart of its memory', async () => {
    const room = await ruled('sleeps')
    const mallory = await as(room.document, 'mallory', 'editor')
    await server.hibernate(room.document)
    attempts['hidden in one transaction with allowed edits'].breaks(mallory.doc)
    await until('it is undone', () => broken(mallory.doc) === null)
    await settled(room, mallory)
  })

  test('an expired token ends the writing in mid-session', async () => {
    const room = await ruled('expired')
    const exp = Math.floor(Date.now() / 1_000) + 3
    const mallory = await as(room.document, 'mallory', 'editor', { exp })
    await until('the session to end', () => mallory.closes.some((it) => it?.code === 4402))
    mallory.doc.getText('note').insert(0, 'MALLORY')
    await pause(200)
    mallory.destroy()
    await settled(room)
  })

  test('s6: which changes lost is in the audit, if the schema says so', async () => {
    const document = freshDocument('conflicts')
    const schema = { roots: { tasks: { type: 'map' } }, conflicts: 'log' }
    const options = { method: 'PUT', headers: bearer('olga', 'owner'), body: JSON.stringify(schema) }
    assert.ok((await fetch(api(document, '/schema'), options)).ok)
    const speak = async (subject, role) => {
      const query = `?token=${token(claims(subject, role))}`
      const socket = await RawSocket.open(server, document, 'native', { query })
      socket.send(native.hello())
      await socket.message('the welcome', ({ kind }) => kind === 'welcome')
      return socket
    }
    const [ed, rita] = [await speak('ed', 'editor'), await speak('rita', 'reader')]
    rita.send(native.conflict(7, 'tasks/2/title'))
    // The room has taken that by the time it answers.
    rita.send(native.syncStep1(Uint8Array.of(0)))
    await rita.message('an answer', ({ kind }) => kind === 'syncStep2')
    ed.send(native.conflict(7, 'tasks/1/title'))
    ed.send(native.conflict(null, 'tasks/1/title'))
    const told = await until('the audit', async () => {
      const answer = await fetch(api(document, '/audit'), { headers: bearer('olga', 'owner') })
      const { entries, breaks } = await answer.json()
      assert.deepEqual(breaks, [])
      const found = entries.filter((it) => it.kind === 'conflict')
      return found.reduce((sum, { times }) => sum + times, 0) === 2 && found
    })
    for (const { path, subject } of told) {
      assert.deepEqual([path, subject], ['tasks/1/title', 'ed'])
    }
    assert.equal(told.at(-1).by, null)
    await Promise.all([ed.close(), rita.close()])
  })

  test('a schema can be read by everyone, and set by owners only', async () => {
    const document = freshDocument('schema')
    const put = (headers, body) => fetch(api(document, '/schema'), { method: 'PUT', headers, body })
    assert.equal((await put({}, SCHEMA)).status, 401)
    for (const role of ['reader', 'commenter', 'editor']) {
      assert.equal((await put(bearer('ed', role), SCHEMA)).status, 403)
    }
    const wrong = await put(bearer('olga', 'owner'), '{ "roots": { "a": { "type": "text", "inserts": [] } } }')
    assert.equal(wrong.status, 400)
    assert.match((await wrong.json()).detail, /\/roots\/a\/inserts/)
    assert.equal((await fetch(api(document, '/schema'), { headers: bearer('ed', 'reader') })).status, 404)
    await setSchema(document)
    const got = await fetch(api(document, '/schema'), { headers: bearer('ed', 'reader') })
    assert.equal(await got.text(), SCHEMA)
    assert.ok(roomUrl(server, document).includes('/sync/'))
  })
})
