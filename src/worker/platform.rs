//! What workers-rs does not bind, or binds in a way that panics.

use js_sys::Uint8Array;
use wasm_bindgen::JsCast;
use wasm_bindgen::prelude::wasm_bindgen;
use worker::wasm_bindgen::JsValue;
use worker::worker_sys::DurableObjectState;
use worker::worker_sys::ext::WebSocketExt;

use super::fault::close_once;
use crate::protocol::Close;
use crate::time::Millis;

#[wasm_bindgen(inline_js = r#"
const names = new WeakMap()

/** The number that `socket` was accepted with. Its tag outlives a hibernation, but reading it for
 * every frame would cost as much as taking the frame. */
export function nameOf(socket, state) {
  let name = names.get(socket)
  if (name === undefined) {
    name = Number(state.getTags(socket)[0])
    names.set(socket, name)
  }
  return name
}

export function tagsOf(socket, state) {
  return state.getTags(socket)
}

export async function fetchText(url, ms) {
  const response = await fetch(url, { signal: AbortSignal.timeout(ms) })
  if (!response.ok) throw new Error(`it answered ${response.status}`)
  return await response.text()
}

export function writeLine(level, line) {
  console[level](line)
}
"#)]
extern "C" {
    /// Write a line to the log. The levels of [`crate::room::Level`] are the platform's, too.
    #[wasm_bindgen(js_name = writeLine)]
    pub(super) fn write_line(level: &str, line: &str);

    /// What is at an address: a string. An exception if it is not there within `ms`.
    #[wasm_bindgen(js_name = fetchText, catch)]
    pub(super) async fn fetch_text(url: &str, ms: u32) -> Result<JsValue, JsValue>;

    /// The tags that a socket was accepted with; an exception if it was not accepted here.
    #[wasm_bindgen(js_name = tagsOf, catch)]
    fn tags_of(
        socket: &web_sys::WebSocket,
        state: &DurableObjectState,
    ) -> Result<js_sys::Array, JsValue>;

    /// The number that a socket was accepted with; an exception if it was not accepted here.
    #[wasm_bindgen(js_name = nameOf, catch)]
    pub(super) fn name_of(
        socket: &web_sys::WebSocket,
        state: &DurableObjectState,
    ) -> Result<u32, JsValue>;
}

/// Accept a socket that may hibernate, under a name that outlives that, and further ones.
pub(super) fn accept(
    socket: &web_sys::WebSocket,
    state: &DurableObjectState,
    name: u32,
    further: &[String],
) -> Result<(), JsValue> {
    let further = further.iter().map(JsValue::from);
    let tags = [name.to_string().into()].into_iter().chain(further).collect();
    state.accept_websocket_with_tags(socket, tags)
}

/// One of the further names.
pub(super) fn tag_of(
    socket: &web_sys::WebSocket,
    state: &DurableObjectState,
    at: u32,
) -> Option<String> {
    tags_of(socket, state).ok()?.get(at + 1).as_string()
}

/// Open a socket and close it. Browsers are not shown why an upgrade was refused, but why a socket
/// was closed.
pub(super) fn turn_away(socket: &web_sys::WebSocket, reason: Close) -> Result<(), JsValue> {
    socket.accept()?;
    close(socket, reason);
    Ok(())
}

#[wasm_bindgen]
extern "C" {
    #[derive(Clone)]
    type SyncStorage;

    #[wasm_bindgen(method, catch, js_name = transactionSync)]
    fn transaction_sync(
        this: &SyncStorage,
        closure: &mut dyn FnMut() -> Result<(), JsValue>,
    ) -> Result<(), JsValue>;

    #[wasm_bindgen(method, catch, js_name = deleteAll)]
    fn delete_all(this: &SyncStorage) -> Result<js_sys::Promise, JsValue>;

    type SocketKeeper;

    #[wasm_bindgen(method, catch, js_name = getWebSocketAutoResponseTimestamp)]
    fn answered_at(
        this: &SocketKeeper,
        socket: &web_sys::WebSocket,
    ) -> Result<Option<js_sys::Date>, JsValue>;
}

/// When the platform last answered a ping of this socket's; nothing if it never did. It remembers
/// that over a hibernation.
pub(super) fn pinged_at(socket: &web_sys::WebSocket, state: &DurableObjectState) -> Option<Millis> {
    let at = state.unchecked_ref::<SocketKeeper>().answered_at(socket).ok()??;
    Some(Millis(at.get_time() as u64))
}

/// Do all of `work` or, if it fails, nothing of it.
pub(super) fn transaction<E: From<JsValue>>(
    storage: &JsValue,
    mut work: impl FnMut() -> Result<(), E>,
) -> Result<(), E> {
    let mut failed = None;
    let result = storage.unchecked_ref::<SyncStorage>().transaction_sync(&mut || {
        work().map_err(|error| {
            failed = Some(error);
            // Thrown, so that the transaction is rolled back.
            JsValue::from_str("rolled back")
        })
    });
    match (failed, result) {
        (Some(error), _) => Err(error),
        (None, result) => result.map_err(E::from),
    }
}

/// Forget everything that a room has stored, its alarm included. It is gone at once; the promise
/// says when that is durable.
pub(super) fn delete_all(storage: &JsValue) -> Result<js_sys::Promise, JsValue> {
    storage.unchecked_ref::<SyncStorage>().delete_all()
}

/// Send one frame to many sockets: it is copied out of Wasm memory once. A socket that does not
/// take it is about to close and is told so by the platform.
pub(super) fn send<'a>(sockets: impl Iterator<Item = &'a web_sys::WebSocket>, frame: &[u8]) {
    let frame = Uint8Array::from(frame);
    for socket in sockets {
        let _ = socket.send_with_array_buffer_view(&frame);
    }
}

/// Keep bytes with a socket, over a hibernation.
pub(super) fn attach(socket: &web_sys::WebSocket, bytes: &[u8]) -> Result<(), JsValue> {
    socket.serialize_attachment(Uint8Array::from(bytes).into())
}

/// What was kept with a socket; nothing if nothing was.
pub(super) fn attachment(socket: &web_sys::WebSocket) -> Vec<u8> {
    match socket.deserialize_attachment() {
        Ok(value) => value.dyn_into::<Uint8Array>().map_or(Vec::new(), |bytes| bytes.to_vec()),
        Err(_) => Vec::new(),
    }
}

/// Close a socket, if it is not closed already.
pub(super) fn close(socket: &web_sys::WebSocket, close: Close) {
    let _ = close_once(socket, close.code(), close.reason());
}

/// Close a socket whose client goes on elsewhere, or said that it is gone.
pub(super) fn let_go(socket: &web_sys::WebSocket) {
    let _ = close_once(socket, 1000, "");
}

/// Answer a client's close. The platform does so for other sockets, but leaves clients of a
/// hibernatable one waiting.
pub(super) fn answer_close(socket: &web_sys::WebSocket, code: u16, reason: &str) {
    // Codes that only say what a peer did not, as 1005, cannot be sent.
    if close_once(socket, code, reason).is_err() {
        let _ = socket.close();
    }
}

/// The size of this Wasm memory, which never shrinks.
pub(super) fn heap_bytes() -> u64 {
    core::arch::wasm32::memory_size(0) as u64 * 65_536
}

/// The time. The platform stops it while an event is handled.
pub(super) fn now() -> Millis {
    Millis(js_sys::Date::now() as u64)
}

/// A random number of 1 to 2^53 - 1.
pub(super) fn random_id() -> u64 {
    (js_sys::Math::random() * crate::codec::NUMBER_MAX as f64) as u64 | 1
}

/// A message of a JavaScript exception.
pub(super) fn message_of(error: &JsValue) -> String {
    match error.dyn_ref::<js_sys::Error>() {
        Some(error) => String::from(error.message()),
        None => format!("{error:?}"),
    }
}
