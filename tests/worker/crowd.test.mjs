// Many peers, and some who mean harm.
//
// `SOAK_S=600 node --test tests/worker/crowd.test.mjs` goes on for ten minutes where the usual run
// takes a few seconds, and then also looks at the memory of workerd.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { after, before, describe, test } from 'node:test'
import WebSocket from 'ws'
import { createRandom } from '../update/random.mjs'
import { connect } from './support/our_client.mjs'
import { RawSocket, roomUrl } from './support/raw_socket.mjs'
import { Server, freshDocument } from './support/server.mjs'
import { StockClient, converged } from './support/stock_client.mjs'
import { pause, until } from './support/until.mjs'
import { stock } from './support/wire.mjs'

const SOAK_S = Number(process.env.SOAK_S ?? 5)
const SEED = Number(process.env.SEED ?? Date.now() % 1_000_000)

const randomBytes = (random, count) =>
  Uint8Array.from({ length: count }, () => random.below(256))

/** Resident memory of a process in MB. */
const memory = (pid) =>
  Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))[1]) / 1024

describe('crowds', () => {
  let server
  before(async () => { server = await Server.start() })
  after(() => server.stop())

  test('1,000 sockets in one room all hear a keystroke', async () => {
    const document = freshDocument('crowd')
    const sockets = []
    for (let begun = 0; begun < 1_000; begun += 50) {
      const opening = Array.from({ length: 50 }, () => RawSocket.open(server, document))
      sockets.push(...await Promise.all(opening))
    }
    const writer = await new StockClient(server, document).connect()
    writer.text().insert(0, 'a')
    const heard = (socket) => socket.messages.some(({ kind }) => kind === 'update')
    await until('everyone to hear it', () => sockets.every(heard), { every: 50 })
    for (const socket of sockets) socket.terminate()
    // Their leaving breaks nothing.
    writer.text().insert(1, 'b')
    const late = await new StockClient(server, document).connect()
    await until('the text', () => `${late.text()}` === 'ab')
    for (const client of [writer, late]) client.destroy()
  })

  test('300 rooms with three sockets each keep to themselves', async () => {
    const rooms = await Promise.all(Array.from({ length: 300 }, async (_, index) => {
      const document = freshDocument(`room-${index}`)
      const open = () => RawSocket.open(server, document)
      return { index, sockets: await Promise.all([open(), open(), open()]) }
    }))
    for (const { index, sockets: [writer] } of rooms) {
      // "x", the first thing that its client types.
      writer.send(stock.update(Uint8Array.of(1, 1, index & 127, 0, 4, 1, 1, 116, 1, 120, 0)))
    }
    const updates = (socket) => socket.messages.filter(({ kind }) => kind === 'update').length
    await until('both others to hear it', () =>
      rooms.every(({ sockets: [, b, c] }) => updates(b) === 1 && updates(c) === 1), { every: 50 })
    for (const { sockets } of rooms) for (const socket of sockets) socket.terminate()
  })

  test('a server that stands still and goes on loses nothing', async (t) => {
    const document = freshDocument('still')
    const ours = connect({ url: server.url, document })
    t.after(() => ours.close())
    const client = await new StockClient(server, document).connect()
    t.after(() => client.destroy())
    await until('a connection', () => ours.status.state === 'online')
    const { pid } = server.running
    process.kill(pid, 'SIGSTOP')
    try {
      ours.text('text').insert(0, 'ours ')
      client.text().insert(0, 'theirs ')
      await pause(3_000)
      assert.equal(ours.saved.pending, 1)
    } finally {
      process.kill(pid, 'SIGCONT')
    }
    await ours.whenSaved()
    await until('both to agree', () => `${ours.text('text')}` === `${client.text()}`)
    assert.equal(client.text().length, 12)
  })

  test(`s1 s2: the hostile among the honest, for ${SOAK_S} s`, async (t) => {
    t.diagnostic(`SEED=${SEED}`)
    const random = createRandom(SEED)
    const document = freshDocument('hostile')
    const honest = await Promise.all(
      Array.from({ length: 10 }, () => new StockClient(server, document).connect()))
    const end = Date.now() + SOAK_S * 1_000
    let [frames, connects] = [0, 0]

    /** Speaks every dialect badly. */
    const hostile = async () => {
      while (Date.now() < end) {
        const protocols = random.below(2) ? ['selvedge.v1'] : []
        const socket = new WebSocket(roomUrl(server, document), protocols)
        socket.on('error', () => {})
        const open = new Promise((resolve) => socket.on('open', resolve).on('close', resolve))
        connects += 1
        await open
        const valid = stock.update(Uint8Array.of(1, 1, 99, 0, 4, 1, 1, 116, 1, 120, 0))
        for (let left = random.below(20); left > 0 && socket.readyState === 1; left--) {
          const kind = random.below(5)
          const frame = kind === 0 ? randomBytes(random, random.below(200))
            : kind === 1 ? valid.slice(0, random.below(valid.length))
              : kind === 2 ? valid.map((byte) => random.below(8) ? byte : random.below(256))
                : kind === 3 ? Uint8Array.of(random.below(9), 255, 255, 255, 255, 15, random.below(9))
                  : new Uint8Array(200_000).fill(random.below(256))
          socket.send(frame)
          frames += 1
          await pause(1)
        }
        // Some leave without a word, some stay for a while.
        if (random.below(3)) socket.terminate()
        else setTimeout(() => socket.terminate(), random.below(2_000))
      }
    }

    let written = 0
    const write = async (client, index) => {
      while (Date.now() < end) {
        client.text().insert(random.below(client.text().length + 1), String.fromCharCode(97 + index))
        written += 1
        await pause(50)
      }
    }
    let early
    if (SOAK_S > 60) setTimeout(() => { early = memory(server.running.pid) }, 60_000)
    await Promise.all([hostile(), hostile(), ...honest.map(write)])
    // What a hostile peer may write is content like any other: "x" in the text t.
    await converged(honest.map(({ doc }) => doc))
    const text = `${honest[0].text()}`
    assert.equal(text.length, written)
    assert.deepEqual(honest.map(({ connects }) => connects), honest.map(() => 1))
    const late = await new StockClient(server, document).connect()
    await until('the late one', () => `${late.text()}` === text)
    const now = memory(server.running.pid)
    t.diagnostic(`${written} honest keystrokes, ${frames} hostile frames, ${connects} connects`)
    t.diagnostic(`workerd has ${now.toFixed(0)} MB${early ? `, ${early.toFixed(0)} after a minute` : ''}`)
    if (early) assert.ok(now <= 1.2 * early, `${early} MB grew to ${now} MB`)
    for (const client of [...honest, late]) client.destroy()
  })
})
