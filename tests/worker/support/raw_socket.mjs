// One WebSocket, seen frame by frame.
import WebSocket from 'ws'
import { opened } from './opened.mjs'
import { native, stock, SUBPROTOCOL } from './wire.mjs'
import { until } from './until.mjs'

/** The URL of a document's room. */
export const roomUrl = (server, document) => `${server.ws}/sync/${encodeURIComponent(document)}`

export class RawSocket {
  /** Everything received, decoded, in order. */
  messages = []
  /** Text frames received. */
  texts = []
  /** Bytes of binary frames received. */
  bytesIn = 0
  /** `{code, reason}` once closed. */
  closed = null
  /** Called with each decoded message. */
  onMessage = null

  /** `how`: further subprotocols, headers, and a query, for those who show a token. */
  static async open (server, document, dialect = 'stock', how = {}) {
    const socket = new RawSocket(server, document, dialect, how)
    await socket.opened
    return socket
  }

  constructor (server, document, dialect, { subprotocols = [], headers = {}, query = '' } = {}) {
    this.decode = (dialect === 'native' ? native : stock).decode
    const protocols = [...(dialect === 'native' ? [SUBPROTOCOL] : []), ...subprotocols]
    const url = roomUrl(server, document) + query
    // The platform ends the connection some seconds after the close frame.
    this.ws = new WebSocket(url, protocols, { perMessageDeflate: false, headers, closeTimeout: 1_000 })
    this.ws.binaryType = 'nodebuffer'
    opened.add(() => this.terminate())
    this.opened = new Promise((resolve, reject) => {
      this.ws.once('open', resolve)
      this.ws.once('error', reject)
    })
    this.ws.on('error', () => {})
    this.ws.on('message', (data, isBinary) => {
      if (!isBinary) return this.texts.push(data.toString())
      this.bytesIn += data.length
      const message = { ...this.decode(new Uint8Array(data)), bytes: data.length }
      this.messages.push(message)
      this.onMessage?.(message)
    })
    this.ws.on('close', (code, reason) => { this.closed = { code, reason: reason.toString() } })
  }

  send (frame) { this.ws.send(frame) }

  /** The first message from index `from` on that `predicate` accepts. */
  async message (what, predicate, { from = 0 } = {}) {
    const find = () => this.messages.slice(from).find(predicate)
    return until(() => `${what}; received ${this.summary()}`, find)
  }

  /** How the socket was closed, once it is. */
  closing () { return until('the socket to close', () => this.closed) }

  /** A clean close, awaited. */
  async close () {
    if (!this.closed) this.ws.close(1000)
    await this.closing()
  }

  /** Gone without a close frame, as when a laptop's lid closes. */
  terminate () { this.ws.terminate() }

  summary () {
    const kinds = this.messages.slice(-12).map((m) => m.kind)
    return `[${kinds.join(', ')}]${this.closed ? ` then closed ${this.closed.code}` : ''}`
  }
}
