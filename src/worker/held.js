// Answers that are held: see held.rs.

/** A proxy cuts off what is silent, and a client what it does not hear. */
const ALIVE_MS = 8000
/** A session outlives its answer for so long: its client comes back, or says last words. */
const LINGER_MS = 3000
/** What comes within this time of the first news goes with it. */
const GATHER_MS = 20

/** Reads `socket` into the body of an answer, for `ms`. `take` is told each frame, and gives what
 * is written. `done` is a promise for the time behind the answer. */
function held (socket, ping, ms, lingers, { take, alive, closed, written }) {
  const { readable, writable } = new IdentityTransformStream()
  const writer = writable.getWriter()
  let isOver = false
  let finish
  const done = new Promise((resolve) => { finish = resolve })
  const write = (bytes) => writer.write(bytes).then(() => written?.(), end)
  const beat = setInterval(() => { try { socket.send(ping) } catch { end() } }, ALIVE_MS)
  const last = setTimeout(end, ms)
  function end () {
    if (isOver) return
    isOver = true
    clearInterval(beat)
    clearTimeout(last)
    writer.close().catch(() => {})
    setTimeout(() => {
      try { socket.close(1000) } catch { /* it is closed */ }
      finish()
    }, lingers)
  }
  writer.closed.catch(end)
  socket.binaryType = 'arraybuffer'
  socket.addEventListener('message', ({ data }) => {
    if (isOver) return
    if (typeof data === 'string') return write(alive)
    const bytes = take(new Uint8Array(data), end)
    if (bytes) write(bytes)
  })
  socket.addEventListener('close', ({ code, reason }) => {
    finish()
    // 1000: the session goes on elsewhere, or its client has said that it is gone.
    if (!isOver && code !== 1000) write(closed(code, reason))
    end()
  })
  socket.accept()
  return { readable, done }
}

function record (kind, bytes) {
  const all = new Uint8Array(5 + bytes.length)
  all[0] = kind
  new DataView(all.buffer).setUint32(1, bytes.length)
  all.set(bytes, 5)
  return all
}

export function closedRecord (kind, code, reason) {
  const text = new TextEncoder().encode(reason)
  return record(kind, Uint8Array.of(code >> 8, code & 255, ...text))
}

/** `kinds`: of a frame, of what tells that the line is alive, of what tells that it is closed.
 * `greeting`: first bytes of frames that are no news, up to the frame `greeted`. */
export function poll (socket, ping, frames, over, kinds, ms, isBrief, greeting, greeted) {
  let isGreeted = false
  const isNews = (frame) => {
    if (isGreeted) return true
    isGreeted = frame.length === greeted.length && frame.every((byte, at) => byte === greeted[at])
    return isGreeted ? ms === 0 : !greeting.includes(frame[0])
  }
  const line = held(socket, ping, isBrief && ms === 0 ? LINGER_MS : ms, LINGER_MS, {
    take (frame, end) {
      if (isBrief && isNews(frame)) setTimeout(end, GATHER_MS)
      return record(kinds[0], frame)
    },
    alive: record(kinds[1], []),
    closed: (code, reason) => closedRecord(kinds[2], code, reason)
  })
  for (const frame of frames) socket.send(frame)
  socket.send(over)
  return [line.readable, line.done]
}

/** `take` gives the text for a frame, `confirm` what the room is told once it is on its way. */
export function follow (socket, ping, hello, ms, take, confirm) {
  const utf8 = new TextEncoder()
  const line = held(socket, ping, ms, 0, {
    take (frame) {
      const text = take(frame)
      return text ? utf8.encode(text) : undefined
    },
    alive: utf8.encode(': alive\n\n'),
    closed: (code, reason) =>
      utf8.encode(`event: closed\ndata: ${JSON.stringify({ code, reason })}\n\n`),
    written () {
      const frame = confirm()
      if (frame) try { socket.send(frame) } catch { /* it is closed */ }
    }
  })
  socket.send(hello)
  return [line.readable, line.done]
}
