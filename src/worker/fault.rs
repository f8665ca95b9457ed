//! What outlives a trap, on the JavaScript side.
//!
//! Several rooms share one Wasm instance. A trap takes it with all that they knew; the next one
//! asks here what the room was doing ([`Input::Failed`]), and timers see to it that nobody waits
//! for what is gone.
//!
//! [`Input::Failed`]: crate::room::Input::Failed

use js_sys::Float64Array;
use wasm_bindgen::JsValue;
use wasm_bindgen::closure::Closure;
use wasm_bindgen::prelude::wasm_bindgen;
use worker::worker_sys::DurableObjectState;

use crate::protocol::Close;
use crate::room::Suspect;

#[wasm_bindgen(inline_js = r#"
/** Suspects, three numbers each, by the state of their room: what has gathered since its last
 * commit, and what it had in hand when it failed. */
const gathered = new WeakMap()
const failed = new WeakMap()
/** The room that is at work, and what on: a commit, a suspect, or something else. Between two
 * events it is one that has failed. */
let room = null
let commits = false
let suspect = null

export function begin (state, isCommit) {
  fail()
  room = state
  commits = isCommit
  suspect = null
}

export function beginSuspect (state, kind, a, b) {
  begin(state, false)
  suspect = [kind, a, b]
  const others = gathered.get(state)
  if (others === undefined) gathered.set(state, [suspect])
  else others.push(suspect)
}

/** What has gathered is in storage: it is no suspect any more. */
export function committed () {
  gathered.delete(room)
}

export function end () {
  if (commits) gathered.delete(room)
  room = null
}

/** Calls `commit` in `ms`; in 0 ms as soon as what has arrived is handled.
 *
 * What a room had gathered is gone with the instance, and nobody would miss it: its sockets stay
 * open. Where `commit` cannot be called any more, every client of the room reconnects and sends
 * again what the room lacks. */
export function commitIn (ms, gathers, state, commit, code, reason) {
  // Who comes while a timer runs for which nothing gathers has lost nothing when it ends.
  const earlier = gathers ? null : state.getWebSockets()
  // worker-build replaces an instance of which it knows that it trapped before it calls it again.
  // By itself it knows only of what it calls.
  const instance = globalThis.__worker_init_state
  setTimeout(() => {
    try {
      if (room !== null || instance.criticalError) throw new Error('a room failed')
      commit()
    } catch (error) {
      const reason = String(error)
      console.error(JSON.stringify({ level: 'error', event: 'restarted', at: Date.now(), reason }))
      if (room !== null) {
        fail()
        instance.criticalError = true
      }
      for (const socket of earlier ?? state.getWebSockets()) {
        try { closeOnce(socket, code, reason) } catch { /* closed already */ }
      }
    }
  }, ms)
}

/** Closes `socket` and replaces what is kept with it. A client that is gone never answers. Its
 * socket looks open to a room that slept since: it would bring back its session, and closed again
 * it would leave the room waiting for ever. */
export function closeOnce (socket, code, reason) {
  if (socket.deserializeAttachment() === 'closed') return
  socket.close(code, reason)
  socket.serializeAttachment('closed')
}

/** What began and did not end has failed. */
function fail () {
  if (room === null) return
  const inHand = commits ? gathered.get(room) ?? [] : suspect === null ? [] : [suspect]
  failed.set(room, inHand)
  room = null
}

export function takeFailure (state) {
  fail()
  const inHand = failed.get(state)
  failed.delete(state)
  // Gone with the room that is loaded anew.
  gathered.delete(state)
  return inHand && Float64Array.from(inHand.flat())
}
"#)]
extern "C" {
    fn begin(state: &DurableObjectState, is_commit: bool);

    #[wasm_bindgen(js_name = beginSuspect)]
    fn begin_suspect(state: &DurableObjectState, kind: f64, a: f64, b: f64);

    pub(super) fn committed();

    fn end();

    #[wasm_bindgen(js_name = takeFailure)]
    fn take_failure(state: &DurableObjectState) -> Option<Float64Array>;

    #[wasm_bindgen(js_name = commitIn)]
    fn commit_in_js(
        ms: f64,
        gathers: bool,
        state: &DurableObjectState,
        commit: &JsValue,
        code: u16,
        reason: &str,
    );

    #[wasm_bindgen(js_name = closeOnce, catch)]
    pub(super) fn close_once(
        socket: &web_sys::WebSocket,
        code: u16,
        reason: &str,
    ) -> Result<(), JsValue>;
}

/// Call `commit` in `ms`; in 0 ms as soon as what has arrived is handled. What `gathers` until then
/// is in it.
pub(super) fn commit_in(
    ms: u64,
    gathers: bool,
    state: &DurableObjectState,
    commit: impl FnOnce() + 'static,
) {
    let commit = Closure::once_into_js(commit);
    let close = Close::Restarted;
    commit_in_js(ms as f64, gathers, state, &commit, close.code(), close.reason());
}

/// What a room is given to do.
pub(super) enum Work {
    Commit,
    Suspect(Suspect),
    Other,
}

/// A room at work. It has failed if this is never dropped.
pub(super) struct InHand;

impl InHand {
    pub(super) fn note(state: &DurableObjectState, work: &Work) -> Self {
        match work {
            Work::Commit => begin(state, true),
            Work::Other => begin(state, false),
            Work::Suspect(suspect) => {
                // Below 2^53, all of them.
                let [kind, a, b] = suspect.to_numbers().map(|number| number as f64);
                begin_suspect(state, kind, a, b);
            }
        }
        Self
    }
}

impl Drop for InHand {
    fn drop(&mut self) {
        end();
    }
}

/// What the room had in hand when it failed, if it did.
pub(super) fn failure(state: &DurableObjectState) -> Option<Vec<Suspect>> {
    let numbers = take_failure(state)?.to_vec();
    let suspects = numbers.chunks_exact(3).map(|it| [it[0] as u64, it[1] as u64, it[2] as u64]);
    Some(suspects.filter_map(Suspect::from_numbers).collect())
}
