// C3: who is gone without a word is found by an alarm, also in a room that sleeps.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { HibernatingServer } from './support/hibernating_server.mjs'
import { Peer } from './support/peer.mjs'
import { freshDocument } from './support/server.mjs'
import { until } from './support/until.mjs'

/** What is 150 s in a room that nobody has set up otherwise. */
const SILENCE_MS_MAX = 4_000

describe('a socket whose other end is gone', () => {
  let server
  before(async () => { server = await HibernatingServer.start({ vars: { SILENCE_MS_MAX } }) })
  after(() => server.stop())

  /** Says now and then that it is here, as its kind of client does. */
  const speaks = (t, peer, client) => {
    let clock = 1
    const say = () => {
      if (client.dialect === 'native') return peer.socket.send('ping')
      peer.say(client.id, ++clock, { name: client.name })
    }
    const timer = setInterval(say, 500)
    t.after(() => clearInterval(timer))
  }

  for (const dialect of ['stock', 'native']) {
    for (const sleeps of [false, true]) {
      const how = sleeps ? 'sleeps' : 'is awake'
      test(`c3: ${dialect} peers in a room that ${how} see it no more`, async (t) => {
        const document = freshDocument('silence')
        const open = () => Peer.open(server, document, dialect)
        const [gone, b, c] = [await open(), await open(), await open()]
        gone.say(7, 1, { name: 'ada' })
        b.say(8, 1, { name: 'bob' })
        c.say(9, 1, { name: 'cyd' })
        await Promise.all([b.shows(7, 'ada'), b.shows(9, 'cyd'), c.shows(8, 'bob')])
        // It neither reads nor answers any more, and its machine says nothing about that.
        gone.socket.ws.pause()
        const began = performance.now()
        speaks(t, b, { dialect, id: 8, name: 'bob' })
        speaks(t, c, { dialect, id: 9, name: 'cyd' })
        const sleep = async () => {
          if (!sleeps) return
          // It may sleep already: pings do not wake it.
          await server.hibernate(document).catch((error) => assert.match(`${error}`, /not currently running/))
        }
        const isGone = async () => {
          await sleep()
          return !b.state(7) && !c.state(7)
        }
        await until('it to be gone', isGone, { every: 300 })
        assert.ok(performance.now() - began >= SILENCE_MS_MAX / 2, 'not at once')

        // The others stay, and it does not come back while its socket is still there.
        for (let left = 10; left > 0; left--) {
          await sleep()
          await delay(SILENCE_MS_MAX / 5)
        }
        assert.deepEqual([b.socket.closed, c.socket.closed], [null, null])
        const late = await open()
        late.ask()
        await Promise.all([late.shows(8, 'bob'), late.shows(9, 'cyd')])
        assert.equal(late.state(7), undefined, 'no ghost')
        gone.socket.ws.resume()
        const { code } = await gone.socket.closing()
        assert.equal(code, 4504)
        await Promise.all([b.close(), c.close(), late.close()])
      })
    }
  }
})
