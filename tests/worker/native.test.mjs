// `selvedge.v1`: acknowledgements, and resuming at the cost of what was missed.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import * as Y from 'yjs'
import { Server, freshDocument } from './support/server.mjs'
import { NativeClient } from './support/native_client.mjs'
import { RawSocket } from './support/raw_socket.mjs'
import { StockClient, converged } from './support/stock_client.mjs'
import { native } from './support/wire.mjs'
import { until } from './support/until.mjs'

const RESUME_BYTES_MAX = 1024
const KEYSTROKE_BYTES_MAX = 25

describe('native clients', { concurrency: true }, () => {
  let server
  before(async () => { server = await Server.start() })
  after(() => server.stop())

  const connect = (document, options) => new NativeClient(server, document, options).connect()

  /** A document whose ids are as long as those of our client: 32 bits. */
  const typist = () => {
    const doc = new Y.Doc()
    doc.clientID = 3_000_000_000 + Math.floor(Math.random() * 1_000_000_000)
    return doc
  }

  test('hello is answered with the version, the epoch and the sequence', async () => {
    const document = freshDocument('hello')
    const a = await connect(document)
    assert.equal(a.socket.ws.protocol, 'selvedge.v1')
    assert.equal(a.welcomed.protocol, 3)
    assert.ok(a.welcomed.epoch > 0)
    assert.equal(a.welcomed.sequence, 0)
    a.doc.getText('text').insert(0, 'x')
    await a.saved()

    const b = await connect(document)
    assert.equal(b.welcomed.epoch, a.welcomed.epoch, 'one history, one epoch')
    assert.equal(b.welcomed.sequence, 1)
    assert.equal(b.doc.getText('text').toString(), 'x')
    await Promise.all([a.close(), b.close()])
  })

  test('w2: a newer client is answered with the version that the room speaks', async () => {
    const socket = await RawSocket.open(server, freshDocument('newer'), 'native')
    socket.send(Uint8Array.of(...native.hello({ protocol: 9 }), 1, 2, 3))
    const { protocol } = await socket.message('the welcome', (m) => m.kind === 'welcome')
    assert.equal(protocol, 3)
    socket.send(Uint8Array.of(99, 1, 2))
    socket.send(native.syncStep1(Uint8Array.of(0)))
    await socket.message('an answer', (m) => m.kind === 'syncStep2')
    await socket.close()
  })

  test('w4: updates are acknowledged with the sequence that peers see', async () => {
    const document = freshDocument('ack')
    const [a, b] = [await connect(document), await connect(document)]
    for (let i = 1; i <= 5; i++) {
      a.doc.getText('text').insert(0, `${i}`)
      await a.saved()
      const ack = a.socket.messages.findLast((m) => m.kind === 'ack')
      assert.deepEqual([ack.number, ack.sequence], [i, i])
      const update = await b.socket.message(`update ${i}`, (m) => m.sequence === i && m.kind === 'update')
      assert.ok(update.body.length > 0)
    }
    assert.equal(b.doc.getText('text').toString(), '54321')
    await Promise.all([a.close(), b.close()])
  })

  test('w4: an update that the room has already is acknowledged again', async () => {
    const document = freshDocument('again')
    const a = await connect(document)
    a.doc.getText('text').insert(0, 'x')
    const [[, update]] = a.outbox
    await a.saved()
    const socket = await RawSocket.open(server, document, 'native')
    socket.send(native.hello())
    await socket.message('the welcome', (m) => m.kind === 'welcome')
    socket.send(native.update(7, update))
    const ack = await socket.message('the ack', (m) => m.kind === 'ack')
    assert.equal(ack.number, 7)
    await Promise.all([a.close(), socket.close()])
  })

  test('o2: resuming costs what was missed', async (t) => {
    const document = freshDocument('resume')
    const a = await connect(document, { doc: typist() })
    a.doc.getText('text').insert(0, 'long ago '.repeat(10_000))
    const b = await connect(document)
    await a.saved()
    await converged([a.doc, b.doc])
    await b.close()

    const text = a.doc.getText('text')
    for (let i = 0; i < 10; i++) {
      text.insert(i * 9, 'word ')
      await a.saved()
    }
    const had = b.sequence
    await b.connect()
    await converged([a.doc, b.doc])
    assert.equal(b.welcomed.sequence - had, 10)
    t.diagnostic(`${b.socket.bytesIn} bytes for 10 updates`)
    assert.ok(b.socket.bytesIn <= RESUME_BYTES_MAX, `${b.socket.bytesIn} bytes for 10 updates`)

    const last = b.socket.bytesIn
    await b.close()
    await b.connect()
    assert.ok(b.socket.bytesIn < 64, `${b.socket.bytesIn} bytes for nothing, before ${last}`)
    await Promise.all([a.close(), b.close()])
  })

  test('o2: edits made while away are sent and acknowledged after resuming', async () => {
    const document = freshDocument('away')
    const [a, b] = [await connect(document), await connect(document)]
    a.doc.getText('text').insert(0, 'both ')
    await converged([a.doc, b.doc])
    b.terminate()
    await b.socket.closing()
    b.welcomed = null
    for (let i = 0; i < 5; i++) b.doc.getText('text').insert(0, `b${i} `)
    a.doc.getText('text').insert(5, 'a ')
    await a.saved()
    assert.equal(b.outbox.size, 5)
    await b.connect()
    await b.saved()
    await converged([a.doc, b.doc])
    await Promise.all([a.close(), b.close()])
  })

  test('o2: a sequence number that cannot be served by is answered with a state vector', async () => {
    const document = freshDocument('ahead')
    const a = await connect(document)
    a.doc.getText('text').insert(0, 'all of it')
    await a.saved()
    const b = new NativeClient(server, document)
    Object.assign(b, { epoch: a.epoch, sequence: 1_000_000 })
    b.doc.getText('text').insert(0, 'and more ')
    await b.connect()
    await b.socket.message('a state vector', (m) => m.kind === 'syncStep1')
    await converged([a.doc, b.doc])
    await b.saved()
    await Promise.all([a.close(), b.close()])
  })

  test('o3: another epoch is refused with 4409 before anything is taken', async () => {
    const document = freshDocument('epoch')
    const a = await connect(document)
    a.doc.getText('text').insert(0, 'ours')
    await a.saved()
    const foreign = new Y.Doc()
    foreign.getText('text').insert(0, 'theirs')

    const socket = await RawSocket.open(server, document, 'native')
    socket.send(native.hello({ epoch: a.epoch + 1, sequence: 1 }))
    socket.send(native.update(1, Y.encodeStateAsUpdate(foreign)))
    const { code, reason } = await socket.closing()
    assert.equal(code, 4409)
    assert.ok(reason.length > 3)
    assert.ok(!socket.messages.some((m) => m.body), 'nothing of the document went out')

    const b = await connect(document)
    assert.equal(b.doc.getText('text').toString(), 'ours')
    assert.equal(b.welcomed.sequence, 1)
    await Promise.all([a.close(), b.close()])
  })

  test('w3: a frame before hello closes with 4426 and is not taken', async () => {
    const document = freshDocument('no-hello')
    const foreign = new Y.Doc()
    foreign.getText('text').insert(0, 'early')
    const socket = await RawSocket.open(server, document, 'native')
    socket.send(native.update(1, Y.encodeStateAsUpdate(foreign)))
    assert.equal((await socket.closing()).code, 4426)
    const b = await connect(document)
    assert.equal(b.welcomed.sequence, 0)
    await b.close()
  })

  test('w3: a client without a common version closes with 4426', async () => {
    const socket = await RawSocket.open(server, freshDocument('old'), 'native')
    socket.send(native.hello({ protocol: 0 }))
    assert.equal((await socket.closing()).code, 4426)
  })

  test('s1: bad frames close with 4400', async () => {
    for (const bytes of [[], [0, 1], [3], [3, 0xff, 0xff], [3, 1, 1, 1, 7], [1, 5], [4, 3]]) {
      const socket = await RawSocket.open(server, freshDocument('bad'), 'native')
      if (bytes[0] !== 0) socket.send(native.hello())
      socket.send(Uint8Array.from(bytes))
      const { code } = await socket.closing()
      assert.equal(code, 4400, `[${bytes}]`)
    }
  })

  test('w5: text ping gets text pong', async () => {
    const socket = await RawSocket.open(server, freshDocument('ping'), 'native')
    socket.send('ping')
    await until('pong', () => socket.texts.includes('pong'))
    await socket.close()
  })

  test('one typed character is at most 25 bytes, up and down', async (t) => {
    const document = freshDocument('keystroke')
    const [a, b] = [await connect(document, { doc: typist() }), await connect(document)]
    a.doc.getText('text').insert(0, 'hello')
    await a.saved()
    const before = b.socket.messages.length
    a.doc.getText('text').insert(5, '!')
    const up = native.update(a.number, a.outbox.get(a.number)).length
    await a.saved()
    const down = (await b.socket.message('it', (m) => m.kind === 'update', { from: before })).bytes
    t.diagnostic(`${up} bytes up, ${down} bytes down`)
    assert.ok(up <= KEYSTROKE_BYTES_MAX && down <= KEYSTROKE_BYTES_MAX, `${up} up, ${down} down`)
    await Promise.all([a.close(), b.close()])
  })

  test('v1: both dialects meet in one document', async () => {
    const document = freshDocument('both')
    const [ours, theirs] = [await connect(document), new StockClient(server, document)]
    ours.doc.getText('text').insert(0, 'ours ')
    await theirs.connect()
    theirs.text().insert(0, 'theirs ')
    for (let i = 0; i < 50; i++) (i % 2 ? ours : theirs).doc.getText('text').insert(i, '.')
    await converged([ours.doc, theirs.doc])
    theirs.destroy()
    await ours.close()
  })
})
