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
use crate::protocol::native::{GREETED, GREETING_TAGS};
use crate::protocol::records::{self, Record};
use crate::protocol::route::{self, Hold, Problem, SAID_BYTES_MAX};
use crate::protocol::{Close, OVER, PING, SUBPROTOCOL};

#[wasm_bindgen(module = "/src/worker/held.js")]
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
    let hello = Following::hello(epoch, sequence);
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
