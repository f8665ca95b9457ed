// The line of a client that no WebSocket reaches: see poll.rs.

const FRAME = 0, CLOSED = 2, OPENED = 254, OVER = 255
/** As much of what waits goes with one request; beyond that a frame goes alone. */
const SAID_BYTES = 1 << 20
/** What pages may send while they are closed. */
const LAST_BYTES_MAX = 60000

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms))

function joined (chunks, length) {
  const all = new Uint8Array(length)
  let at = 0
  for (const chunk of chunks) {
    all.set(chunk, at)
    at += chunk.length
  }
  return all
}

export class Line {
  constructor (url, token, tell) {
    Object.assign(this, { url, tell, waiting: [], number: 0, roundTripMs: 200 })
    this.show(token)
    const name = crypto.getRandomValues(new Uint8Array(16))
    this.session = Array.from(name, (byte) => byte.toString(16).padStart(2, '0')).join('')
    queueMicrotask(() => { if (!this.isGone) tell(OPENED) })
  }

  /** What is asked from here on shows this token. */
  show (token) {
    this.headers = token ? { authorization: `Bearer ${token}` } : {}
  }

  /** From here on, what is said belongs to the next poll. */
  renew (query) {
    this.aborter?.abort()
    this.waiting = []
    this.query = query
    this.isBegun = false
  }

  send (kind, bytes) {
    const record = new Uint8Array(5 + bytes.length)
    record[0] = kind
    new DataView(record.buffer).setUint32(1, bytes.length)
    record.set(bytes, 5)
    this.waiting.push(record)
    if (!this.isDue) {
      this.isDue = true
      queueMicrotask(() => { this.isDue = false; this.next() })
    }
  }

  /** What is said first goes with the poll, the rest in requests of its own, one at a time. */
  next () {
    if (this.saying || this.isGone || this.waiting.length === 0) return
    if (this.isBegun) return this.say()
    this.isBegun = true
    this.isAnswered = false
    this.tries = 0
    this.begunAt = performance.now()
    this.number += 1
    this.poll(this.number, this.waiting.splice(0))
  }

  post (what, records, more) {
    const { headers, number, query } = this
    const url = `${this.url}/${what}/${this.session}?poll=${number}${what === 'poll' ? query : ''}`
    const body = new Blob(records)
    return fetch(url, { method: 'POST', headers, body, cache: 'no-store', ...more })
  }

  async poll (number, records) {
    const isPresent = () => !this.isGone && number === this.number && this.isBegun
    this.aborter = new AbortController()
    try {
      const answer = await this.post('poll', records, { signal: this.aborter.signal })
      if (!answer.ok) throw answer
      this.isAnswered = true
      const reader = answer.body.getReader()
      let [chunks, has, needs] = [[], 0, 5]
      for (;;) {
        const { done, value } = await reader.read()
        if (!isPresent()) return
        if (done) return this.tell(OVER)
        chunks.push(value)
        has += value.length
        if (has < needs) continue
        let rest = joined(chunks, has)
        for (;;) {
          const view = new DataView(rest.buffer, rest.byteOffset)
          const end = rest.length < 5 ? 5 : 5 + view.getUint32(1)
          if (rest.length < end) {
            [chunks, has, needs] = [[rest], rest.length, end]
            break
          }
          const [kind, bytes] = [rest[0], rest.subarray(5, end)]
          rest = rest.subarray(end)
          if (kind === CLOSED) {
            return this.lose(view.getUint16(5), new TextDecoder().decode(bytes.subarray(2)))
          }
          this.tell(kind, bytes)
          if (!isPresent()) return
        }
      }
    } catch {
      if (isPresent()) this.lose(1006, '')
    }
  }

  async say () {
    const { number } = this
    // Not before the poll can be in the room.
    const early = this.begunAt + this.roundTripMs + 50 - performance.now()
    if (!this.isAnswered && early > 0) {
      this.saying = pause(early)
      await this.saying
      this.saying = undefined
      if (this.isGone || number !== this.number || !this.isBegun) return this.next()
    }
    let [count, size] = [0, 0]
    while (count < this.waiting.length && size < SAID_BYTES) size += this.waiting[count++].length
    const records = this.waiting.splice(0, count)
    const began = performance.now()
    this.saying = this.post('say', records)
    const status = await this.saying.then((answer) => answer.status, () => 0)
    this.saying = undefined
    if (status === 204) this.roundTripMs = performance.now() - began
    const isPresent = number === this.number && this.isBegun
    if (!this.isGone && isPresent && status !== 204) {
      // The poll may still be on its way to the room.
      if (status !== 404 || (this.tries += 1) > 80) return this.lose(1006, '')
      this.waiting.unshift(...records)
      this.saying = pause(100)
      await this.saying
      this.saying = undefined
    }
    this.next()
  }

  lose (code, reason) {
    this.isGone = true
    this.aborter?.abort()
    this.tell(CLOSED, undefined, code, reason)
  }

  /** Nothing more is told. What waits is said, and that there will be no more. */
  async close () {
    if (this.isGone) return
    this.isGone = true
    if (this.number > 0) {
      const said = this.isBegun ? this.waiting : []
      this.send(CLOSED, [])
      const size = said.reduce((sum, record) => sum + record.length, 0)
      await this.saying?.catch(() => {})
      for (let tries = 0; tries < 5; tries += 1) {
        const last = this.post('say', said, { keepalive: size < LAST_BYTES_MAX })
        if ((await last.then((answer) => answer.status, () => 0)) !== 404) break
        await pause(100)
      }
    }
    this.aborter?.abort()
  }
}
