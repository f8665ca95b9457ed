// Peers that mean harm. As a program it is all of them at once, so that its work is not that of
// the honest clients' process: `node hostile.mjs WS_ORIGIN DOCUMENT SECONDS SEED`. It prints what it
// did.
import { connect as connectTcp } from 'node:net'
import { setPriority } from 'node:os'
import { pathToFileURL } from 'node:url'
import WebSocket from 'ws'
import { createRandom } from '../../update/random.mjs'
import { roomUrl } from './raw_socket.mjs'
import { pause } from './until.mjs'
import { SUBPROTOCOL, native, stock } from './wire.mjs'

/**
 * As many as a deployment lets one address open all the time. Any number more would be refused, but
 * where one thread is the whole platform that alone would keep it busy; 0 does not wait.
 */
const OPENS_PER_SECOND = Number(process.env.HOSTILE_OPENS ?? 50)
const VISITORS = 4
const SPEAKERS = 4
/** Requests that never end. */
const LORISES = 100
/** Sessions with a frame that never ends. Each hears all that is typed, as anybody does. */
const LISTENING_LORISES = 10
const OVERSIZED_BYTES = (32 << 20) + 1
const OVERSIZED_EVERY_MS = 5_000

const randomBytes = (random, count) =>
  Uint8Array.from({ length: count }, () => random.below(256))

/** Random, cut off, mutated, lying about its length, or long. */
const badFrame = (random) => {
  const valid = stock.update(Uint8Array.of(1, 1, 99, 0, 4, 1, 1, 116, 1, 120, 0))
  switch (random.below(5)) {
    case 0: return randomBytes(random, random.below(200))
    case 1: return valid.slice(0, random.below(valid.length))
    case 2: return valid.map((byte) => random.below(8) ? byte : random.below(256))
    case 3: return Uint8Array.of(random.below(9), 255, 255, 255, 255, 15, random.below(9))
    default: return new Uint8Array(200_000).fill(random.below(256))
  }
}

let nextOpening = 0

/** Waits for as long as openings have to be apart. */
const turn = async () => {
  const now = performance.now()
  nextOpening = Math.max(now, nextOpening) + 1_000 / OPENS_PER_SECOND
  await pause(nextOpening - now)
}

/** Opens a socket; resolves once it is open, or is not going to be. */
const open = async (server, document, { counts, isPaced }, protocols = []) => {
  if (isPaced && OPENS_PER_SECOND > 0) await turn()
  const socket = new WebSocket(roomUrl(server, document), protocols)
  socket.on('error', () => {})
  counts.connects += 1
  await new Promise((resolve) => socket.on('open', resolve).on('close', resolve))
  if (socket.readyState !== WebSocket.OPEN) counts.refused += 1
  return socket
}

/** Speaks every dialect badly until `end`, and counts what it did. */
export const speakBadly = async (server, document, options) => {
  const { random, end, counts } = options
  while (Date.now() < end) {
    const socket = await open(server, document, options, random.below(2) ? [SUBPROTOCOL] : [])
    for (let left = random.below(20); left > 0 && socket.readyState === WebSocket.OPEN; left--) {
      socket.send(badFrame(random))
      counts.frames += 1
      await pause(1)
    }
    // Some leave without a word, some stay for a while.
    if (random.below(3)) socket.terminate()
    else setTimeout(() => socket.terminate(), random.below(2_000))
  }
}

/** Comes and goes. */
const comeAndGo = async (server, document, options) => {
  while (Date.now() < options.end) (await open(server, document, options)).terminate()
}

/** Begins a request, and goes on by a byte a second. */
const dawdle = async (server, document, { end }) => {
  const { hostname, port } = new URL(server.ws)
  const request = connectTcp(Number(port), hostname).on('error', () => {})
  request.write(`GET /sync/${document} HTTP/1.1\r\nhost: x\r\nx-slow: `)
  for (; Date.now() < end; await pause(1_000)) request.write('x')
  request.destroy()
}

/** Begins a frame in parts, and goes on by a byte a second. */
const dawdleInside = async (server, document, options) => {
  const socket = await open(server, document, options, [SUBPROTOCOL])
  if (socket.readyState === WebSocket.OPEN) socket.send(native.hello())
  for (let offset = 0; Date.now() < options.end; offset++) {
    if (socket.readyState === WebSocket.OPEN) {
      socket.send(native.part(100_000, offset, Uint8Array.of(3)))
    }
    await pause(1_000)
  }
  socket.terminate()
}

/** Sends frames that are larger than the platform takes. */
const overdo = async (server, document, options) => {
  const { end, counts } = options
  const frame = new Uint8Array(OVERSIZED_BYTES)
  while (Date.now() < end) {
    const socket = await open(server, document, options, [SUBPROTOCOL])
    if (socket.readyState === WebSocket.OPEN) {
      socket.send(native.hello())
      socket.send(frame)
      counts.oversized += 1
    }
    await pause(Math.min(OVERSIZED_EVERY_MS, Math.max(0, end - Date.now())))
    socket.terminate()
  }
}

const attack = async (ws, document, seconds, seed) => {
  const counts = { connects: 0, refused: 0, frames: 0, oversized: 0 }
  const end = Date.now() + seconds * 1_000
  const options = { random: createRandom(seed), end, counts, isPaced: true }
  const acts = [
    [SPEAKERS, speakBadly],
    [VISITORS, comeAndGo],
    [LORISES, dawdle],
    [LISTENING_LORISES, dawdleInside],
    [1, overdo]
  ]
  await Promise.all(acts.flatMap(([count, act]) =>
    Array.from({ length: count }, () => act({ ws }, document, options))))
  return counts
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  // Somebody who means harm has a machine of his own. On this one he gets what others leave over.
  setPriority(19)
  const [ws, document, seconds, seed] = process.argv.slice(2)
  console.log(JSON.stringify(await attack(ws, document, Number(seconds), Number(seed))))
  process.exit()
}
