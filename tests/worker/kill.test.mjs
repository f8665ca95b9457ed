// D1, D2: kill -9 in mid-traffic loses nothing that a peer saw or a writer was told.
//
// Writers push tokens of their own into one array and set and delete keys of their own in a map, while
// they format a text, say presence and send something large in parts. Whatever any *other* client
// holds when all sockets are dead was seen; whatever an ack covers was told. The server starts again
// on what the crash left, no old client comes near it, and a new client has to find every one of
// these tokens and keys, and none of the keys that were deleted.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { createRandom } from '../update/random.mjs'
import { Server, freshDocument } from './support/server.mjs'
import { NativeClient } from './support/native_client.mjs'
import { StockClient } from './support/stock_client.mjs'
import { compactions } from './support/storage.mjs'
import { pause, until } from './support/until.mjs'

const KILLS = Number(process.env.KILLS ?? 20)
const SEED = Number(process.env.SEED ?? Date.now() % 1_000_000)
/** Kills that have to hit a log which is being compacted, or is about to be. */
const COMPACTING_KILLS = Math.max(4, Math.floor(KILLS / 4))
/** Tokens of this length make the log pass its threshold at once; compaction is a second later. */
const LONG = 1_000
/** A token of this length now and then goes in parts. */
const HUGE = 60_000
const FRAME_BYTES_MAX = 16_000
const TOKENS_IN_FLIGHT_MAX = 64
const SILENCE_MS = 12
const SILENCE_WAIT_MS_MAX = 3_000

/** Writers and readers of both dialects, and what each may count on. */
class Crowd {
  /** Tokens and keys that are in the document of a client which did not write them. */
  seen = new Set()
  /** Tokens and keys that an ack covers. */
  told = new Set()
  /** Keys whose deletion somebody has seen or was told. */
  deleted = new Set()
  /** Keys that were deleted, whoever knows. */
  dropped = new Set()
  /** Called with 'seen' or 'told' whenever one of these grows. */
  onProgress = null
  writing = true

  static async join (server, document, name) {
    const crowd = new Crowd()
    const join = async (client, mark) => {
      await client.connect()
      const array = client.doc.getArray('tokens')
      const own = `${name}-${mark}-`
      const look = (tokens) => {
        let grew = false
        for (const token of tokens) {
          if (token.startsWith(own) || crowd.seen.has(token)) continue
          crowd.seen.add(token)
          grew = true
        }
        if (grew) crowd.onProgress?.('seen')
      }
      array.observe(({ changes }) => look(changes.delta.flatMap(({ insert }) => insert ?? [])))
      const map = client.doc.getMap('map')
      map.observe(({ changes }) => changes.keys.forEach(({ action }, key) => {
        if (key.startsWith(own)) return
        if (action === 'delete') crowd.deleted.add(key)
        else look([key])
      }))
      return { client, array, map, own, text: client.doc.getText('text') }
    }
    const options = { frameBytesMax: FRAME_BYTES_MAX }
    const native = (mark) => join(new NativeClient(server, document, options), mark)
    const stock = (mark) => join(new StockClient(server, document, { maxBackoffTime: 60_000 }), mark)
    crowd.members = await Promise.all([native('n1'), native('n2'), stock('s1'), stock('s2')])
    crowd.readers = await Promise.all([native('rn'), stock('rs')])
    return crowd
  }

  /** Everyone writes, each as fast as its own tokens come back, until `stop`. */
  async write (length, random) {
    await Promise.all(this.members.map(async (member) => {
      const { client, array, own } = member
      const tokens = []
      // What an ack of so many updates says: a token or a key, or that a key is deleted.
      const said = []
      let arrived = 0
      if (client instanceof NativeClient) {
        client.onAck = ({ number }) => {
          for (const { what, isDeleted } of said.slice(0, number)) {
            if (what) (isDeleted ? this.deleted : this.told).add(what)
          }
          this.onProgress?.('told')
        }
      }
      // One entry for each update, whatever it was that made it.
      let saying = {}
      client.doc.on('update', (_, __, ___, { local }) => { if (local) said.push(saying) })
      while (this.writing) {
        saying = {}
        if (random.chance(0.5)) this.elsewhere(member, tokens.length, random, (it) => { saying = it })
        const token = `${own}${tokens.length}`.padEnd(random.chance(0.02) ? HUGE : length, '.')
        tokens.push(token)
        saying = { what: token }
        array.push([token])
        const waiting = () => {
          while (this.seen.has(tokens[arrived])) arrived += 1
          return tokens.length - arrived
        }
        while (this.writing && waiting() >= TOKENS_IN_FLIGHT_MAX) await pause(1)
        await pause(0)
      }
    }))
  }

  /** Whatever else people do. */
  elsewhere ({ client, text, map, own }, count, random, say) {
    const at = random.below(text.length + 1)
    const keys = [...map.keys()].filter((key) => key.startsWith(own))
    switch (random.below(7)) {
      case 0: return text.insert(at, 'words ')
      case 1: return text.format(at, Math.min(3, text.length - at), { bold: random.chance(0.5) || null })
      case 2: return text.delete(at, Math.min(4, text.length - at))
      case 3: case 4: {
        const key = `${own}key ${count}`
        say({ what: key })
        return map.set(key, count)
      }
      case 5: {
        if (keys.length === 0) return
        const key = random.pick(keys)
        this.dropped.add(key)
        say({ what: key, isDeleted: true })
        return map.delete(key)
      }
      default:
        if (client instanceof NativeClient) client.present({ count })
        else client.awareness.setLocalStateField('count', count)
    }
  }

  /** Ends every client, once what the server had sent has been taken in. */
  async end () {
    this.writing = false
    const all = [...this.members, ...this.readers].map(({ client }) => client)
    for (const client of all) client.provider?.disconnect()
    await Promise.all(all.map((client) => client.socket?.closing()))
    for (const client of all) client.destroy?.()
  }
}

/** The moment in which the crowd has seen, or been told, something for the `count`th time. */
const onNews = (kind, count) => (crowd, kill) => new Promise((resolve) => {
  crowd.onProgress = (what) => {
    if (what !== kind || --count > 0) return
    crowd.onProgress = null
    // In the very turn in which the news arrived.
    kill()
    resolve()
  }
})

/**
 * A moment after `ms` in which a room that is written to says nothing: it is busy with something
 * else, which is its compaction more often than not.
 */
const onSilence = (ms) => async (crowd, kill) => {
  let last = performance.now()
  crowd.onProgress = () => { last = performance.now() }
  const start = last
  await until('a silence', () => {
    const now = performance.now()
    return now - start > ms && (now - last > SILENCE_MS || now - start > ms + SILENCE_WAIT_MS_MAX)
  })
  kill()
}

describe('kill -9', () => {
  let server
  before(async () => { server = await Server.start() })
  after(() => server.stop())

  const stored = async (document) => {
    const client = await new NativeClient(server, document).connect()
    const { doc } = client
    const found = {
      tokens: doc.getArray('tokens').toArray(),
      map: doc.getMap('map').toJSON(),
      text: doc.getText('text').toDelta()
    }
    await client.close()
    return found
  }

  /** Kills when `moment` has come; returns what was lost. */
  const trial = async ({ document, name, moment, length, random }) => {
    const crowd = await Crowd.join(server, document, name)
    const killed = moment(crowd, () => process.kill(server.running.pid, 'SIGKILL'))
    const writing = crowd.write(length, random)
    await Promise.race([killed, writing.then(() => { throw new Error('nobody writes') })])
    await server.kill()
    await crowd.end()
    await writing
    await server.again()
    const content = await stored(document)
    const { tokens, map } = content
    const found = new Set(tokens)
    assert.equal(found.size, tokens.length, 'nothing is there twice')
    const isThere = (what) => found.has(what) || what in map || crowd.dropped.has(what)
    const lost = [...crowd.seen, ...crowd.told].filter((what) => !isThere(what))
    lost.push(...[...crowd.deleted].filter((key) => key in map))
    const { seen, told, deleted } = crowd
    return { seen: seen.size, told: told.size, deleted: deleted.size, lost, content }
  }

  const trials = async (t, kills, length, moment) => {
    const random = createRandom(SEED)
    const sum = { seen: 0, told: 0, deleted: 0, lost: 0 }
    const documents = new Map()
    let document
    for (let i = 0; i < kills; i++) {
      // Every fifth crash is the first of a new document; the others hit it again.
      if (i % 5 === 0) document = freshDocument('kill')
      const result = await trial({ document, name: `k${i}`, moment: moment(random), length, random })
      assert.deepEqual(result.lost, [], `SEED=${SEED}, kill ${i}`)
      for (const key of ['seen', 'told', 'deleted']) sum[key] += result[key]
      sum.lost += result.lost.length
      documents.set(document, result.content)
    }
    for (const [document, content] of documents) {
      assert.deepEqual(await stored(document), content, 'older documents are as they were')
    }
    assert.ok(sum.seen > 0 && sum.told > 0 && sum.deleted > 0, 'there was traffic')
    t.diagnostic(`SEED=${SEED} trials=${kills} ${JSON.stringify(sum)}`)
  }

  test(`d1, d2: ${KILLS} kills in mid-traffic`, { timeout: 600_000 }, (t) =>
    trials(t, KILLS, 1, (random) => onNews(random.pick(['seen', 'told']), 1 + random.below(40))))

  test(`d1, d2: ${COMPACTING_KILLS} kills while the log is compacted`, { timeout: 600_000 }, async (t) => {
    const before = compactions(server.persistTo)
    await trials(t, COMPACTING_KILLS, LONG, (random) => onSilence(900 + random.below(1_200)))
    assert.ok(compactions(server.persistTo) > before, 'logs were compacted')
  })

  test('d2: a restart in order keeps everything too', async () => {
    const document = freshDocument('restart')
    const client = await new NativeClient(server, document).connect()
    client.doc.getArray('tokens').push(['kept'])
    await client.saved()
    const { epoch } = client
    await server.running.kill('SIGTERM')
    await server.again()
    assert.deepEqual((await stored(document)).tokens, ['kept'])
    const again = await new NativeClient(server, document).connect()
    assert.equal(again.epoch, epoch, 'the same history')
    await again.close()
  })
})
