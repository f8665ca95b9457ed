// Presence: relayed, owned by its session, gone when the socket goes, and no ghosts.
//
// What matters is what an app shows, so every peer here is a y-protocols Awareness that is fed with
// the frames of its socket. That somebody is *not* shown is checked behind a marker: presence of
// somebody else that was sent afterwards and has arrived.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { connect } from './support/our_client.mjs'
import { Peer } from './support/peer.mjs'
import { Server, freshDocument } from './support/server.mjs'
import { StockClient } from './support/stock_client.mjs'
import { until } from './support/until.mjs'

for (const dialect of ['stock', 'native']) {
  describe(`presence of ${dialect} clients`, { concurrency: true }, () => {
    let server
    before(async () => { server = await Server.start() })
    after(() => server.stop())

    /** Peers of one new document; the last one watches in the other dialect. */
    const peers = async (count) => {
      const document = freshDocument('presence')
      const open = (kind) => Peer.open(server, document, kind)
      const made = await Promise.all(Array.from({ length: count }, () => open(dialect)))
      const watcher = await open(dialect === 'stock' ? 'native' : 'stock')
      return { document, open, peers: made, watcher }
    }
    const closeAll = (...all) => Promise.all(all.map((peer) => peer.close()))

    test('is relayed, and follows its changes', async () => {
      const { peers: [a, b], watcher } = await peers(2)
      a.say(7, 1, { name: 'ada' })
      await Promise.all([b.shows(7, 'ada'), watcher.shows(7, 'ada')])
      a.say(7, 2, { name: 'ada l.' })
      await Promise.all([b.shows(7, 'ada l.'), watcher.shows(7, 'ada l.')])
      a.say(7, 3, null)
      await Promise.all([b.shows(7, null), watcher.shows(7, null)])
      await closeAll(a, b, watcher)
    })

    test('is told to who joins later', async () => {
      const { peers: [a], watcher, open } = await peers(1)
      a.say(7, 1, { name: 'ada' })
      await watcher.shows(7, 'ada')
      const late = await open(dialect)
      late.ask()
      await late.shows(7, 'ada')
      await closeAll(a, late, watcher)
    })

    test('s5: belongs to its session: nobody else can change or end it', async () => {
      const { peers: [a, b], watcher, open } = await peers(2)
      a.say(7, 1, { name: 'ada' })
      await watcher.shows(7, 'ada')
      b.say(7, 5, { name: 'mallory' })
      b.say(7, 9, null)
      b.say(8, 1, { name: 'bob' })
      await watcher.shows(8, 'bob')
      await a.shows(8, 'bob')
      assert.equal(watcher.state(7)?.name, 'ada')
      const late = await open(dialect)
      late.ask()
      await late.shows(8, 'bob')
      await late.shows(7, 'ada')
      a.say(7, 2, { name: 'ada l.' })
      await watcher.shows(7, 'ada l.')
      await closeAll(a, b, late, watcher)
    })

    for (const [how, leave] of Object.entries({
      'closes cleanly': (peer) => peer.socket.close(),
      'is cut off': (peer) => peer.socket.terminate(),
      'is closed for a bad frame': (peer) => peer.socket.send(Uint8Array.of(0))
    })) {
      test(`is gone when its socket ${how}`, async () => {
        const { peers: [a, b], watcher, open } = await peers(2)
        a.say(7, 1, { name: 'ada' })
        await Promise.all([b.shows(7, 'ada'), watcher.shows(7, 'ada')])
        await leave(a)
        await Promise.all([b.shows(7, null), watcher.shows(7, null)])
        const late = await open(dialect)
        b.say(8, 1, { name: 'bob' })
        await late.shows(8, 'bob')
        assert.equal(late.state(7), undefined)
        await closeAll(b, late, watcher)
      })
    }

    // Native clients repeat nothing: what one says of another client is of a tab of its browser.
    if (dialect === 'stock') test('no ghosts: an echo does not bring back who has gone', async () => {
      const { peers: [a, b], watcher, open } = await peers(2)
      b.say(8, 1, { name: 'bob' })
      a.say(7, 4, { name: 'ada' })
      await Promise.all([b.shows(7, 'ada'), watcher.shows(7, 'ada')])
      // y-websocket sends on what it receives; the room has it from ada already.
      const { clock } = b.awareness.meta.get(7)
      const echo = () => b.say(7, clock, { name: 'ada' })
      echo()
      a.socket.terminate()
      await watcher.shows(7, null)
      echo()
      b.say(8, 2, { name: 'bob again' })
      await watcher.shows(8, 'bob again')
      assert.equal(watcher.state(7), undefined, watcher.shown())
      const late = await open(dialect)
      late.ask()
      await late.shows(8, 'bob again')
      assert.equal(late.state(7), undefined)
      await closeAll(b, late, watcher)
    })

    test('who comes back with the same client id and clock is shown again', async () => {
      const { peers: [a, b], watcher, open } = await peers(2)
      a.say(7, 3, { name: 'ada' })
      await Promise.all([b.shows(7, 'ada'), watcher.shows(7, 'ada')])
      a.socket.terminate()
      await Promise.all([b.shows(7, null), watcher.shows(7, null)])
      const again = await open(dialect)
      again.say(7, 3, { name: 'ada' })
      await Promise.all([b.shows(7, 'ada'), watcher.shows(7, 'ada')])
      again.say(7, 4, { name: 'ada l.' })
      again.say(7, 5, { name: 'ada lovelace' })
      await Promise.all([b.shows(7, 'ada lovelace'), watcher.shows(7, 'ada lovelace')])
      await closeAll(again, b, watcher)
    })
  })
}

describe('presence of y-websocket', { concurrency: true }, () => {
  let server
  before(async () => { server = await Server.start() })
  after(() => server.stop())

  test('two providers see each other come, go and come back', async () => {
    const document = freshDocument('providers')
    const [a, b] = [new StockClient(server, document), new StockClient(server, document)]
    const shown = (who) => b.awareness.getStates().get(who.doc.clientID)?.name
    a.awareness.setLocalStateField('name', 'ada')
    await Promise.all([a.connect(), b.connect()])
    await until('ada to be shown', () => shown(a) === 'ada')
    a.provider.disconnect()
    await until('ada to be gone', () => shown(a) === undefined)
    await a.connect()
    await until('ada to be shown again', () => shown(a) === 'ada')
    a.awareness.setLocalStateField('name', 'ada l.')
    await until('ada to have changed', () => shown(a) === 'ada l.')
    for (const client of [a, b]) client.destroy()
  })

  // y-protocols repeats what it hears. Under new clocks that could go round and round.
  for (const count of [1, 3]) {
    test(`c3: ${count} quiet providers say that they are here, and little else`, async () => {
      const document = freshDocument('quiet')
      const clients = Array.from({ length: count }, () => new StockClient(server, document))
      clients.forEach((client, index) => client.awareness.setLocalStateField('name', `${index}`))
      await Promise.all(clients.map((client) => client.connect()))
      await until('all to be shown', () =>
        clients.every(({ awareness }) => awareness.getStates().size === count))
      const before = clients.map(({ frames }) => ({ ...frames }))
      // Two renewals of each.
      await delay(32_000)
      clients.forEach((client, index) => {
        const sent = client.frames.sent - before[index].sent
        const received = client.frames.received - before[index].received
        assert.ok(sent >= 2 && sent <= 12, `one sent ${sent} frames`)
        assert.ok(received >= 2 && received <= 12, `one received ${received} frames`)
        assert.equal(client.awareness.getStates().size, count)
        assert.equal(client.awareness.getLocalState().name, `${index}`)
      })
      for (const client of clients) client.destroy()
    })
  }
})

describe('presence after a crash', () => {
  let server
  before(async () => { server = await Server.start() })
  after(() => server.stop())

  test('no ghosts: who comes back is shown again, and who does not is gone', async (t) => {
    const document = freshDocument('crash')
    const ours = (name) => connect({ url: server.url, document, presence: { name } })
    const theirs = (name) => {
      const client = new StockClient(server, document)
      client.awareness.setLocalStateField('name', name)
      return client
    }
    const [ada, bob] = [ours('ada'), ours('bob')]
    const [cleo, dan] = [theirs('cleo'), theirs('dan')]
    t.after(() => [ada, bob].forEach((client) => client.close()))
    t.after(() => [cleo, dan].forEach((client) => client.destroy()))
    await Promise.all([cleo.connect(), dan.connect()])
    const names = (states) => [...states.values()].map(({ name }) => name).sort().join(' ')
    const seen = () => [names(ada.presence.peers), names(cleo.awareness.getStates())]
    await until(() => `everybody to be shown, not ${seen()}`,
      () => `${seen()}` === 'bob cleo dan,ada bob cleo dan')
    await server.kill()
    bob.close()
    dan.destroy()
    await server.again()
    await until(() => `those who came back to be shown, not ${seen()}`,
      () => `${seen()}` === 'cleo,ada cleo')
    ada.presence.set({ name: 'ada l.' })
    cleo.awareness.setLocalStateField('name', 'cleo p.')
    await until(() => `what they say now, not ${seen()}`,
      () => `${seen()}` === 'cleo p.,ada l. cleo p.')
  })
})
