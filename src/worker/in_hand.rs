//! What a room has in hand, noted where it outlives the room: on the JavaScript side.
//!
//! A trap takes the Wasm instance and all that it knew with it. The next one asks here what the
//! room was doing ([`Input::Failed`]).
//!
//! [`Input::Failed`]: crate::room::Input::Failed

use js_sys::Float64Array;
use wasm_bindgen::prelude::wasm_bindgen;
use worker::worker_sys::DurableObjectState;

use crate::room::Suspect;

#[wasm_bindgen(inline_js = r#"
/** Suspects, three numbers each, by the state of their room: what has gathered since its last
 * commit, and what it had in hand when it failed. */
const gathered = new WeakMap()
const failed = new WeakMap()
/** The room that is at work, and what on: a commit, a suspect, or something else. */
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
