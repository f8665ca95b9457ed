// One session of presence: it sends whatever it is told, and sees what an app would show.
import * as Y from 'yjs'
import { Awareness, applyAwarenessUpdate } from 'y-protocols/awareness'
import { opened } from './opened.mjs'
import { RawSocket } from './raw_socket.mjs'
import { awarenessUpdate, native, stock } from './wire.mjs'
import { until } from './until.mjs'

export class Peer {
  static async open (server, document, dialect) {
    const peer = new Peer()
    peer.dialect = dialect === 'native' ? native : stock
    peer.awareness = new Awareness(new Y.Doc())
    peer.awareness.setLocalState(null)
    opened.add(() => peer.awareness.destroy())
    peer.socket = new RawSocket(server, document, dialect)
    peer.socket.onMessage = ({ kind, body }) => {
      if (kind === 'awareness') applyAwarenessUpdate(peer.awareness, body, 'room')
    }
    await peer.socket.opened
    if (dialect === 'native') {
      peer.socket.send(native.hello())
      await peer.socket.message('the welcome', (m) => m.kind === 'welcome')
    } else {
      await peer.socket.message('the greeting', (m) => m.kind === 'syncStep1')
    }
    return peer
  }

  /** Asks for everybody's presence; a native client is told without asking. */
  ask () { if (this.dialect === stock) this.socket.send(stock.queryAwareness()) }

  /** Says that `client` is in `state`; null: gone. */
  say (client, clock, state) {
    this.socket.send(this.dialect.awareness(awarenessUpdate([[client, clock, state]])))
  }

  state (client) { return this.awareness.states.get(client) }

  shows (client, name) {
    return until(
      () => `client ${client} to be shown as ${name}; shown: ${this.shown()}`,
      () => (this.state(client)?.name ?? null) === name
    )
  }

  shown () { return JSON.stringify([...this.awareness.states]) }

  async close () {
    this.awareness.destroy()
    await this.socket.close()
  }
}
