//! Answers that are held while a room has something to say: for clients that no WebSocket reaches,
//! and for followers that only listen.
//!
//! They are held here, where nothing is kept, and not in the room: behind each is a WebSocket to
//! the room, beside which that may sleep. What a client says meanwhile goes to the room itself.

use js_sys::{Array, Promise, Uint8Array};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use worker::{Context, Env, Headers, Method, Request, RequestInit, Response, Result};

use super::{entrance, refuse, room};
use crate::access::Access;
use crate::protocol::events::Following;
use crate::protocol::native::{GREETED, GREETING_TAGS, encode_from_client};
use crate::protocol::records::{self, Record};
use crate::protocol::route::{self, Hold, Problem, SAID_BYTES_MAX};
use crate::protocol::{Close, FromClient, Hello, OVER, PING, PROTOCOL_VERSION, SUBPROTOCOL};

#[wasm_bindgen(inline_js = r#"
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
"#)]
extern "C" {
    #[wasm_bindgen(js_name = closedRecord)]
    fn closed_record(kind: u8, code: u16, reason: &str) -> Uint8Array;

    #[wasm_bindgen(js_name = poll, catch)]
    #[allow(clippy::too_many_arguments)]
    fn poll_line(
        socket: &web_sys::WebSocket,
        ping: &str,
        frames: &Array,
        over: &str,
        kinds: &[u8],
        ms: f64,
        is_brief: bool,
        greeting: &[u8],
        greeted: &[u8],
    ) -> std::result::Result<Array, JsValue>;

    #[wasm_bindgen(js_name = follow, catch)]
    fn follow_line(
        socket: &web_sys::WebSocket,
        ping: &str,
        hello: &[u8],
        ms: f64,
        take: &JsValue,
        confirm: &JsValue,
    ) -> std::result::Result<Array, JsValue>;
}

const KINDS: [u8; 3] = [records::FRAME, records::ALIVE, records::CLOSED];
/// For how long events are told before the follower has to come back, in milliseconds.
const EVENTS_MS: f64 = 60_000.0;

/// A poll: what it brings goes to the room in a session of its own, and what the room says there is
/// the answer.
pub(super) async fn poll(
    env: &Env,
    behind: &Context,
    (document, session): (&str, &str),
    mut request: Request,
    access: &Access,
) -> Result<Response> {
    let url = request.inner().url();
    let hold = match route::hold(route::query_of(&url).unwrap_or_default()) {
        Ok(hold) => hold,
        Err(problem) => return refuse(problem),
    };
    let body = match said(&mut request).await? {
        Ok(body) => body,
        Err(problem) => return refuse(problem),
    };
    let Ok(records) = records::decode(&body) else { return refuse(Problem::BROKEN_RECORDS) };
    let frames = Array::new();
    for record in records {
        if let Record::Frame(bytes) = record {
            frames.push(&Uint8Array::from(bytes));
        }
    }
    let Hold { seconds, is_brief, number } = hold;
    let opened = open(env, document, &format!("{session}/{number}"), &request, access).await?;
    let ms = f64::from(seconds) * 1_000.0;
    answer(opened, behind, "application/octet-stream", |socket| {
        poll_line(socket, PING, &frames, OVER, &KINDS, ms, is_brief, &GREETING_TAGS, &GREETED)
    })
}

/// Who is not let in is told as over a socket: in an answer that only says why it is over.
pub(super) fn closed(close: Close) -> Result<Response> {
    let record = closed_record(records::CLOSED, close.code(), close.reason()).to_vec();
    let response = Response::from_bytes(record)?;
    response.headers().set("content-type", "application/octet-stream")?;
    Ok(response)
}

/// What changes, as server-sent events.
pub(super) async fn events(
    env: &Env,
    behind: &Context,
    document: &str,
    request: Request,
    access: &Access,
) -> Result<Response> {
    let url = request.inner().url();
    let last = request.headers().get("last-event-id")?;
    let since = match route::since(last.as_deref(), route::query_of(&url).unwrap_or_default()) {
        Ok(since) => since,
        Err(problem) => return refuse(problem),
    };
    let (epoch, sequence) = since.unwrap_or((0, 0));
    let hello = Hello { protocol: PROTOCOL_VERSION, epoch, sequence, trace: None };
    let hello = encode_from_client(&FromClient::Hello(hello)).unwrap_or_default();
    let opened = open(env, document, "", &request, access).await?;
    let following = std::rc::Rc::new(std::cell::RefCell::new(Following::default()));
    let take = {
        let following = std::rc::Rc::clone(&following);
        Closure::<dyn FnMut(Uint8Array) -> Option<String>>::new(move |frame: Uint8Array| {
            following.borrow_mut().event(&frame.to_vec())
        })
    };
    let confirm = Closure::<dyn FnMut() -> Option<Uint8Array>>::new(move || {
        following.borrow_mut().confirms().map(|frame| Uint8Array::from(&*frame))
    });
    let (take, confirm) = (take.into_js_value(), confirm.into_js_value());
    answer(opened, behind, "text/event-stream", |socket| {
        follow_line(socket, PING, &hello, EVENTS_MS, &take, &confirm)
    })
}

/// The body of a request, if it is not too large.
pub(super) async fn said(request: &mut Request) -> Result<std::result::Result<Vec<u8>, Problem>> {
    let length = request.headers().get("content-length")?;
    let is_over = |length: usize| length > SAID_BYTES_MAX;
    if length.and_then(|it| it.parse().ok()).is_some_and(is_over) {
        return Ok(Err(Problem::SaidTooLarge));
    }
    let body = request.bytes().await?;
    Ok(if is_over(body.len()) { Err(Problem::SaidTooLarge) } else { Ok(body) })
}

/// A socket to the room, as a client would open it: in the answer, unless that is a refusal.
async fn open(
    env: &Env,
    document: &str,
    line: &str,
    request: &Request,
    access: &Access,
) -> Result<Response> {
    let headers = Headers::new();
    headers.set("upgrade", "websocket")?;
    headers.set("sec-websocket-protocol", SUBPROTOCOL)?;
    if let Some(trace) = request.headers().get("traceparent")? {
        headers.set("traceparent", &trace)?;
    }
    let mut init = RequestInit::new();
    init.with_method(Method::Get).with_headers(headers);
    let name = route::encode_document_name(document);
    let asked = Request::new_with_init(&format!("https://room/sync/{name}"), &init)?;
    room(env, document, entrance::with_access(&asked, access, Some(line))?).await
}

fn answer(
    opened: Response,
    behind: &Context,
    kind: &str,
    read: impl FnOnce(&web_sys::WebSocket) -> std::result::Result<Array, JsValue>,
) -> Result<Response> {
    if opened.status_code() != 101 {
        return Ok(opened);
    }
    let Some(socket) = opened.websocket() else { return refuse(Problem::Unavailable) };
    let line = read(socket.as_ref())?;
    let done: Promise = line.get(1).unchecked_into();
    behind.wait_until(async move {
        let _ = JsFuture::from(done).await;
    });
    let response: Response =
        web_sys::Response::new_with_opt_readable_stream(Some(line.get(0).unchecked_ref()))?.into();
    let headers = response.headers();
    headers.set("content-type", kind)?;
    headers.set("cache-control", "no-store, no-transform")?;
    headers.set("x-accel-buffering", "no")?;
    Ok(response)
}
