// What an app that already uses Yjs does: a document and y-websocket's provider, nothing else.
import * as Y from 'yjs'
import { WebsocketProvider } from 'y-websocket'
import { opened } from './opened.mjs'
import { until } from './until.mjs'

export class StockClient {
  /** How often it connected. */
  connects = 0
  /** Close events that the provider saw: `{code, reason}`, or null where it gave up itself. */
  closes = []
  /** Frames since it was made. */
  frames = { sent: 0, received: 0 }

  constructor (server, document, { doc = new Y.Doc(), ...options } = {}) {
    this.doc = doc
    const { frames } = this
    class CountingSocket extends WebSocket {
      constructor (...args) {
        super(...args)
        this.addEventListener('message', () => { frames.received += 1 })
      }

      send (data) {
        frames.sent += 1
        super.send(data)
      }
    }
    this.provider = new WebsocketProvider(`${server.ws}/sync`, encodeURIComponent(document), doc, {
      disableBc: true,
      connect: false,
      WebSocketPolyfill: CountingSocket,
      ...options
    })
    this.awareness = this.provider.awareness
    opened.add(() => this.destroy())
    this.provider.on('status', ({ status }) => { if (status === 'connected') this.connects += 1 })
    this.provider.on('connection-close', (event) => {
      this.closes.push(event && { code: event.code, reason: event.reason })
    })
  }

  /** Connects and waits until the provider says that it is in sync. */
  async connect () {
    this.provider.connect()
    await until('y-websocket to be in sync', () => this.provider.synced)
    return this
  }

  text (name = 'text') { return this.doc.getText(name) }

  /** Disconnects for good and stops its timers. */
  destroy () {
    this.provider.destroy()
    this.awareness.destroy()
    this.doc.destroy()
  }
}

// Each provider listens for the end of the process.
process.setMaxListeners(0)

/** Whether two documents hold the same blocks and deletions, with nothing waiting. */
export const sameState = (a, b) => {
  const settled = (doc) => !doc.store.pendingStructs && !doc.store.pendingDs
  return settled(a) && settled(b) && Y.equalSnapshots(Y.snapshot(a), Y.snapshot(b))
}

/** Waits until all `docs` hold the same. */
export const converged = (docs) =>
  until('the documents to be the same', () => docs.every((doc) => sameState(doc, docs[0])))
