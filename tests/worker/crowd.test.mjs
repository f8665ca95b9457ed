// Many peers, and some who mean harm.
//
// `SOAK_S=600 node --test tests/worker/crowd.test.mjs` goes on for ten minutes where the usual run
// takes a few seconds, and then also looks at the memory of workerd.
//
// `HOSTILE_S=30 node --test tests/worker/crowd.test.mjs` measures how long a keystroke takes to
// others, alone and beside a hostile client, in turns of 30 s. It needs a machine with nothing else to
// do: the room, the honest and the hostile together take more than one core.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { after, before, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { createRandom } from '../update/random.mjs'
import { BareServer } from './support/bare_server.mjs'
import { speakBadly } from './support/hostile.mjs'
import { opened } from './support/opened.mjs'
import { connect } from './support/our_client.mjs'
import { RawSocket } from './support/raw_socket.mjs'
import { Server, freshDocument } from './support/server.mjs'
import { StockClient, converged } from './support/stock_client.mjs'
import { pause, until } from './support/until.mjs'
import { stock } from './support/wire.mjs'

const SOAK_S = Number(process.env.SOAK_S ?? 5)
const HOSTILE_S = Number(process.env.HOSTILE_S ?? 0)
const HOSTILE_ROUNDS = 3
const KEYSTROKE_MS = 200
const SEED = Number(process.env.SEED ?? Date.now() % 1_000_000)

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
    await until('a connection', () => ours.status.state === 'live')
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
})

// Without wrangler, whose proxies take more of the machine than the room does, and under which
// workerd's memory grows with traffic.
describe('a crowd beside a hostile client', () => {
  let server
  before(async () => { server = await BareServer.start() })
  after(() => server.stop())

  test(`s1 s2: the hostile among the honest, for ${SOAK_S} s`, async (t) => {
    t.diagnostic(`SEED=${SEED}`)
    const random = createRandom(SEED)
    const document = freshDocument('hostile')
    const honest = await Promise.all(
      Array.from({ length: 10 }, () => new StockClient(server, document).connect()))
    const end = Date.now() + SOAK_S * 1_000
    const counts = { connects: 0, refused: 0, frames: 0 }
    const hostile = () => speakBadly(server, document, { random, end, counts })

    let written = 0
    const write = async (client, index) => {
      while (Date.now() < end) {
        client.text().insert(random.below(client.text().length + 1), String.fromCharCode(97 + index))
        written += 1
        await pause(50)
      }
    }
    let early
    if (SOAK_S > 60) setTimeout(() => { early = memory(server.pid) }, 60_000)
    await Promise.all([hostile(), hostile(), ...honest.map(write)])
    // What a hostile peer may write is content like any other: "x" in the text t. To compare the
    // documents takes so long that nobody would hear anything meanwhile.
    const hasAll = (client) => client.text().length === written
    await until('everyone to have it all', () => honest.every(hasAll), { every: 100 })
    await converged(honest.map(({ doc }) => doc))
    const text = `${honest[0].text()}`
    assert.equal(text.length, written)
    assert.deepEqual(honest.map(({ connects }) => connects), honest.map(() => 1))
    const late = await new StockClient(server, document).connect()
    await until('the late one', () => `${late.text()}` === text)
    const now = memory(server.pid)
    t.diagnostic(`${written} honest keystrokes, hostile: ${JSON.stringify(counts)}`)
    t.diagnostic(`workerd has ${now.toFixed(0)} MB${early ? `, ${early.toFixed(0)} after a minute` : ''}`)
    if (early) assert.ok(now <= 1.2 * early, `${early} MB grew to ${now} MB`)
    for (const client of [...honest, late]) client.destroy()
  })

  test('s2: a keystroke is as quick beside a hostile client', { skip: !HOSTILE_S }, async (t) => {
    const document = freshDocument('quick')
    const honest = await Promise.all(
      Array.from({ length: 20 }, () => new StockClient(server, document).connect()))
    const watched = watch(honest)
    const p99s = { alone: [], beside: [] }
    const measure = async (what) => {
      watched.delays = []
      await typeFor(HOSTILE_S, honest, watched)
      const delays = watched.delays.sort((a, b) => a - b)
      const at = (part) => delays[Math.floor(delays.length * part)]
      p99s[what].push(at(0.99))
      const [p50, p99] = [at(0.5), at(0.99)].map((ms) => ms.toFixed(1))
      t.diagnostic(`${what}: p50 ${p50} ms, p99 ${p99} ms of ${delays.length}`)
    }
    await typeFor(5, honest, watched)
    for (let round = 0; round < HOSTILE_ROUNDS; round++) {
      await measure('alone')
      const attack = startAttack(server, document, HOSTILE_S + 2, SEED + round)
      await pause(1_000)
      await measure('beside')
      t.diagnostic(`the hostile client: ${await attack}`)
    }
    await converged(honest.map(({ doc }) => doc))
    assert.deepEqual(honest.map(({ connects }) => connects), honest.map(() => 1))
    const median = (numbers) => numbers.sort((a, b) => a - b)[numbers.length >> 1]
    const ratio = median(p99s.beside) / median(p99s.alone)
    t.diagnostic(`SEED=${SEED}, the medians of p99 differ by a factor of ${ratio.toFixed(2)}`)
    assert.ok(ratio <= 2, `${ratio}`)
    for (const client of honest) client.destroy()
  })
})

/** Notes for every keystroke how long it took to each of the other clients, in milliseconds. */
const watch = (clients) => {
  const watched = { delays: [], typed: new Map() }
  for (const { doc } of clients) {
    watched.typed.set(doc.clientID, [])
    doc.on('afterTransaction', ({ local, beforeState, afterState }) => {
      if (local) return
      const now = performance.now()
      for (const [client, clock] of afterState) {
        const times = watched.typed.get(client)
        for (let at = beforeState.get(client) ?? 0; times && at < clock; at++) {
          watched.delays.push(now - times[at])
        }
      }
    })
  }
  return watched
}

/** Everybody types, out of step with the others, and everything arrives. */
const typeFor = async (seconds, clients, { typed }) => {
  const end = performance.now() + seconds * 1_000
  await Promise.all(clients.map(async (client, index) => {
    await pause(KEYSTROKE_MS * index / clients.length)
    while (performance.now() < end) {
      typed.get(client.doc.clientID).push(performance.now())
      client.text().insert(client.text().length, 'x')
      await pause(KEYSTROKE_MS)
    }
  }))
  await converged(clients.map(({ doc }) => doc))
}

/** The hostile client in a process of its own; resolves to what it did. */
const startAttack = async (server, document, seconds, seed) => {
  const program = fileURLToPath(new URL('support/hostile.mjs', import.meta.url))
  const child = spawn(process.execPath, [program, server.ws, document, seconds, seed], {
    stdio: ['ignore', 'pipe', 'inherit']
  })
  opened.add(() => child.kill('SIGKILL'))
  let printed = ''
  child.stdout.setEncoding('utf8').on('data', (text) => { printed += text })
  await once(child, 'close')
  return printed.trim()
}
