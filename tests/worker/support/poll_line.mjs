// A session without a WebSocket, seen record by record: written from docs/api.md.
import { randomBytes } from 'node:crypto'
import { opened } from './opened.mjs'
import { native } from './wire.mjs'
import { until } from './until.mjs'

const FRAME = 0
const ALIVE = 1
const CLOSED = 2

const record = (kind, bytes) => {
  const all = new Uint8Array(5 + bytes.length)
  all[0] = kind
  new DataView(all.buffer).setUint32(1, bytes.length)
  all.set(bytes, 5)
  return all
}

/** A body of frames; with `gone`, the client says that there will be no more. */
export const bodyOf = (frames, { gone = false } = {}) => Buffer.concat([
  ...frames.map((frame) => record(FRAME, frame)),
  ...(gone ? [record(CLOSED, [])] : [])
])

export class PollLine {
  session = randomBytes(16).toString('hex')
  number = 0
  /** Everything received, decoded, in order, over all polls. */
  messages = []
  /** How often the line was said to be alive. */
  alive = 0
  /** `{code, reason}`, if the session was closed. */
  closed = null
  /** Whether the answer to the last poll has ended. */
  isOver = true

  constructor (server, document, { headers = {} } = {}) {
    Object.assign(this, { server, document, headers })
    opened.add(() => this.abort())
  }

  url (what, query = '') {
    const path = `/documents/${encodeURIComponent(this.document)}/${what}/${this.session}`
    return `${this.server.url}${path}?poll=${this.number}${query}`
  }

  /** Polls, as the session goes on; resolves once the answer has begun. */
  async poll (frames, query = '') {
    this.number += 1
    this.isOver = false
    this.aborter = new AbortController()
    const { number } = this
    const body = bodyOf(frames)
    const { signal } = this.aborter
    const answer = await fetch(this.url('poll', query), { method: 'POST', headers: this.headers, body, signal })
    this.answer = answer
    this.reading = this.read(answer, number).catch(() => {}).finally(() => {
      if (number === this.number) this.isOver = true
    })
    return answer
  }

  async read (answer, number) {
    let rest = Buffer.alloc(0)
    for await (const chunk of answer.body) {
      rest = Buffer.concat([rest, chunk])
      while (rest.length >= 5 && rest.length >= 5 + rest.readUInt32BE(1)) {
        const [kind, end] = [rest[0], 5 + rest.readUInt32BE(1)]
        const bytes = rest.subarray(5, end)
        if (kind === FRAME) this.messages.push({ ...native.decode(new Uint8Array(bytes)), poll: number })
        if (kind === ALIVE) this.alive += 1
        if (kind === CLOSED) {
          this.closed = { code: bytes.readUInt16BE(0), reason: bytes.subarray(2).toString() }
        }
        rest = rest.subarray(end)
      }
    }
  }

  /** Says this in the session of the last poll. Resolves to the status. */
  async say (frames, how) {
    const body = bodyOf(frames, how)
    const answer = await fetch(this.url('say'), { method: 'POST', headers: this.headers, body })
    await answer.arrayBuffer()
    return answer.status
  }

  /** The first message from index `from` on that `predicate` accepts. */
  message (what, predicate, { from = 0 } = {}) {
    const kinds = () => this.messages.map((m) => m.kind).join(', ')
    return until(() => `${what}; received ${kinds()}`, () => this.messages.slice(from).find(predicate))
  }

  /** Gone without a word. */
  abort () { this.aborter?.abort() }
}
