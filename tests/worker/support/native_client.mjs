// The smallest client of `selvedge.v1` that does everything the wire asks for: hello, resume by
// (epoch, sequence), numbered updates, an outbox that is sent again until it is acknowledged.
import * as Y from 'yjs'
import { RawSocket } from './raw_socket.mjs'
import { awarenessUpdate, native } from './wire.mjs'
import { until } from './until.mjs'

export class NativeClient {
  epoch = 0
  /** It has everything up to this sequence number. */
  sequence = 0
  /** Number of the last own update, and of the last one that is durable. */
  number = 0
  acked = 0
  /** Own updates that are not acknowledged: number -> update. */
  outbox = new Map()
  /** Called with each `ack`. */
  onAck = null
  socket = null

  /** Frames above `frameBytesMax` go in parts. */
  constructor (server, document, { doc = new Y.Doc(), frameBytesMax = Infinity } = {}) {
    Object.assign(this, { server, document, doc, frameBytesMax })
    doc.on('update', (update, origin) => {
      if (origin === this) return
      this.number += 1
      this.outbox.set(this.number, update)
      if (this.welcomed) this.send(native.update(this.number, update))
    })
  }

  send (frame) {
    const { length } = frame
    if (length <= this.frameBytesMax) return this.socket.send(frame)
    for (let at = 0; at < length; at += this.frameBytesMax) {
      this.socket.send(native.part(length, at, frame.subarray(at, at + this.frameBytesMax)))
    }
  }

  /** Says that it is here, in `state`. */
  present (state) {
    this.presences = (this.presences ?? 0) + 1
    this.socket.send(native.awareness(
      awarenessUpdate([[this.doc.clientID, this.presences, state]])))
  }

  /** Connects and waits until everything that the room had then has been applied. */
  async connect () {
    this.welcomed = null
    const socket = await RawSocket.open(this.server, this.document, 'native')
    this.socket = socket
    socket.onMessage = (message) => this.receive(message)
    socket.send(native.hello({ protocol: 3, epoch: this.epoch, sequence: this.sequence }))
    await until(
      () => `the welcome; received ${socket.summary()}`,
      () => (this.welcomed && this.sequence >= this.welcomed.sequence) || socket.closed
    )
    if (socket.closed) throw Object.assign(new Error('closed'), socket.closed)
    return this
  }

  receive (message) {
    switch (message.kind) {
      case 'welcome':
        this.welcomed = message
        this.epoch = message.epoch
        for (const [number, update] of this.outbox) {
          this.send(native.update(number, update))
        }
        break
      case 'syncStep1': {
        // Both sides say what they have, and send each other the rest.
        const missing = Y.encodeStateAsUpdate(this.doc, message.body)
        this.socket.send(native.syncStep1(Y.encodeStateVector(this.doc)))
        this.send(native.syncStep2(this.number, missing))
        break
      }
      case 'document':
      case 'syncStep2':
      case 'update':
        Y.applyUpdate(this.doc, message.body, this)
        this.sequence = Math.max(this.sequence, message.sequence)
        break
      case 'ack':
        this.acked = Math.max(this.acked, message.number)
        for (const number of this.outbox.keys()) {
          if (number <= message.number) this.outbox.delete(number)
        }
        this.sequence = Math.max(this.sequence, message.sequence)
        this.onAck?.(message)
    }
  }

  /** Waits until every own update is acknowledged. */
  saved () {
    return until(
      () => `acks up to ${this.number}, have ${this.acked}; received ${this.socket.summary()}`,
      () => this.outbox.size === 0
    )
  }

  async close () { await this.socket?.close() }

  terminate () { this.socket?.terminate() }
}
