// Followers that only listen: server-sent events, applied with stock Yjs.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import * as Y from 'yjs'
import { Api, about } from './support/api.mjs'
import { HibernatingServer } from './support/hibernating_server.mjs'
import { NativeClient } from './support/native_client.mjs'
import { opened } from './support/opened.mjs'
import { freshDocument } from './support/server.mjs'
import { SECRET, claims, token } from './support/token.mjs'
import { until } from './support/until.mjs'

/** As browsers have it, as far as it matters: fields, events, and coming back with the last id. */
class EventReader {
  lastEventId = ''
  events = []
  doc = new Y.Doc()
  isOver = true

  constructor (url) {
    this.url = url
    opened.add(() => this.close())
  }

  async open () {
    this.isOver = false
    this.aborter = new AbortController()
    const headers = { accept: 'text/event-stream' }
    if (this.lastEventId) headers['last-event-id'] = this.lastEventId
    const answer = await fetch(this.url, { headers, signal: this.aborter.signal })
    this.type = answer.headers.get('content-type')
    this.read(answer).catch(() => {}).finally(() => { this.isOver = true })
    return answer
  }

  async read (answer) {
    let rest = ''
    const utf8 = new TextDecoder()
    for await (const chunk of answer.body) {
      rest += utf8.decode(chunk, { stream: true })
      for (let end; (end = rest.indexOf('\n\n')) >= 0; rest = rest.slice(end + 2)) {
        this.take(rest.slice(0, end))
      }
    }
  }

  take (block) {
    const event = { type: 'message', data: [] }
    for (const line of block.split('\n')) {
      const [, field, value] = /^([^:]*): ?(.*)$/.exec(line)
      if (field === 'data') event.data.push(value)
      if (field === 'event') event.type = value
      if (field === 'id') this.lastEventId = event.id = value
    }
    if (event.data.length === 0) return
    this.events.push({ ...event, data: event.data.join('\n') })
    if (event.type === 'message') Y.applyUpdate(this.doc, Buffer.from(event.data.join(''), 'base64'))
  }

  get text () { return `${this.doc.getText('text')}` }

  close () { this.aborter?.abort() }
}

describe('events', () => {
  let server
  before(async () => { server = await HibernatingServer.start() })
  after(() => server.stop())

  test('o2: the document, then each commit, and after a pause what was missed', async () => {
    const document = freshDocument('events')
    const writer = await new NativeClient(server, document).connect()
    writer.doc.getText('text').insert(0, 'before')
    await writer.saved()
    const reader = new EventReader(`${server.url}${about(document, '/events')}`)
    assert.equal((await reader.open()).status, 200)
    assert.equal(reader.type, 'text/event-stream')
    await until('the document', () => reader.text === 'before')
    assert.equal(reader.lastEventId, `${writer.epoch}.1`)
    writer.doc.getText('text').insert(6, ' and after')
    await until('the edit', () => reader.text === 'before and after')
    assert.equal(reader.lastEventId, `${writer.epoch}.2`)

    await server.hibernate(document)
    writer.doc.getText('text').insert(0, 'awake, ')
    await until('the edit to a room that slept', () => reader.text === 'awake, before and after')

    reader.close()
    await until('it to be over', () => reader.isOver)
    writer.doc.getText('text').insert(0, 'missed, ')
    await writer.saved()
    const count = reader.events.length
    await reader.open()
    await until('what was missed', () => reader.text === 'missed, awake, before and after')
    assert.equal(reader.events.length, count + 1)
    // A copy that has everything is told nothing but what comes.
    const late = new EventReader(`${server.url}${about(document, '/events')}?since=${reader.lastEventId}`)
    Y.applyUpdate(late.doc, Y.encodeStateAsUpdate(reader.doc))
    await late.open()
    writer.doc.getText('text').insert(0, '! ')
    await until('what comes', () => late.text === '! missed, awake, before and after')
    assert.equal(late.events.length, 1)
    reader.close()
    late.close()
    await writer.close()
  })

  test('o2: a document that was compacted comes as it is, not deflated', async () => {
    const document = freshDocument('events-large')
    const writer = await new NativeClient(server, document).connect()
    const text = writer.doc.getText('text')
    for (let at = 0; at < 10; at++) {
      text.insert(0, 'all work and no play '.repeat(2_000))
      await writer.saved()
    }
    await until('the compaction', async () => {
      const late = await new NativeClient(server, document).connect()
      await late.close()
      return late.socket.messages.some(({ kind }) => kind === 'document')
    }, { every: 200 })
    const reader = new EventReader(`${server.url}${about(document, '/events')}`)
    await reader.open()
    await until('the document', () => reader.text === text.toString())
    reader.close()
    await writer.close()
  })

  test('o3: who has another history is told so', async () => {
    const document = freshDocument('events-epoch')
    const reader = new EventReader(`${server.url}${about(document, '/events')}?since=7.42`)
    await reader.open()
    const closed = await until('it to be closed', () => reader.events.find((it) => it.type === 'closed'))
    assert.equal(JSON.parse(closed.data).code, 4409)
    await until('it to be over', () => reader.isOver)
    assert.equal((await fetch(`${server.url}${about(document, '/events')}?since=x`)).status, 400)
  })

  test('s2: a follower is sent more than a window of what it takes', async () => {
    const small = await HibernatingServer.start({ vars: { WINDOW_BYTES: 65_536 } })
    try {
      const document = freshDocument('events-window')
      const writer = await new NativeClient(small, document).connect()
      const reader = new EventReader(`${small.url}${about(document, '/events')}`)
      await reader.open()
      for (let turn = 0; turn < 20; turn += 1) {
        writer.doc.getText('text').insert(0, `${turn % 10}`.repeat(20_000))
        await writer.saved()
      }
      await until('all of it', () => reader.text.length === 400_000)
      reader.close()
      await writer.close()
    } finally {
      await small.stop()
    }
  })
})

describe('events, with tokens', () => {
  let server
  before(async () => {
    server = await HibernatingServer.start({ vars: { TOKEN_SECRET: SECRET, OPEN_ON_LOCALHOST: 'false' } })
  })
  after(() => server.stop())

  test('s3: a token is shown in the query or the header, and a refusal is a status', async () => {
    const document = freshDocument('events-token')
    const path = about(document, '/events')
    const api = new Api(server)
    await api.expect(401, 'GET', path)
    const elsewhere = token(claims('ann', 'reader', { grants: [{ document: 'other', role: 'reader' }] }))
    await api.expect(403, 'GET', path, { as: elsewhere })
    const reader = new EventReader(`${server.url}${path}?token=${token(claims('ann', 'reader'))}`)
    assert.equal((await reader.open()).status, 200)
    await api.expect(200, 'POST', about(document, '/revocations'), { as: 'olga/owner', body: '{"subject":"ann"}' })
    const closed = await until('it to be closed', () => reader.events.find((it) => it.type === 'closed'))
    assert.equal(JSON.parse(closed.data).code, 4403)
    await api.expect(403, 'GET', path, { as: 'ann/reader' })
  })
})
