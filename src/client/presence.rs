//! `Presence`: who is here.

use std::rc::Rc;

use js_sys::{Array, JSON, Map, Reflect};
use wasm_bindgen::prelude::*;

use super::convert;
use super::error::Misuse;
use super::notices::Topic;
use super::shell::Shell;

/// What this replica and its peers say about themselves.
#[wasm_bindgen(skip_typescript)]
pub struct Presence {
    shell: Rc<Shell>,
}

impl Presence {
    pub(super) fn new(shell: &Rc<Shell>) -> Self {
        Self { shell: Rc::clone(shell) }
    }
}

#[wasm_bindgen]
impl Presence {
    /// Say something about this replica; `null` to be gone.
    pub fn set(&self, state: JsValue) -> Result<(), JsValue> {
        set(&self.shell, &state)
    }

    /// What this replica says about itself.
    #[wasm_bindgen(getter)]
    pub fn local(&self) -> Result<JsValue, JsValue> {
        let replica = self.shell.replica()?;
        let state = replica.presence().map(str::to_owned);
        drop(replica);
        Ok(state.as_deref().and_then(parse).unwrap_or(JsValue::NULL))
    }

    /// What others say about themselves, by client id.
    #[wasm_bindgen(getter)]
    pub fn peers(&self) -> Result<Map, JsValue> {
        let peers = Map::new();
        for (client, state) in self.shell.replica()?.peers() {
            if let Some(state) = parse(state) {
                if state.is_object() && !Array::is_array(&state) {
                    tell_activity(&state)?;
                }
                peers.set(&JsValue::from_f64(client as f64), &state);
            }
        }
        Ok(peers)
    }

    /// Call back when others come, go or say something else.
    pub fn observe(&self, callback: JsValue) -> Result<JsValue, JsValue> {
        let callback = convert::function(callback)?;
        drop(self.shell.replica()?);
        Ok(self.shell.notices.subscribe(&self.shell, Topic::Peers, callback))
    }
}

pub(super) fn set(shell: &Rc<Shell>, state: &JsValue) -> Result<(), JsValue> {
    // Runs toJSON methods and getters of the page; nothing is borrowed.
    let json = JSON::stringify(state)?.as_string();
    let json = json.ok_or(Misuse::Value("presence must be JSON"))?;
    Ok(shell.present(Some(&json))?)
}

/// Who says nothing of it is at work.
fn tell_activity(state: &JsValue) -> Result<(), JsValue> {
    let key = JsValue::from_str("activity");
    if !Reflect::has(state, &key)? {
        Reflect::set(state, &key, &"active".into())?;
    }
    Ok(())
}

/// The replica took only JSON, so this fails only where memory ends.
fn parse(state: &str) -> Option<JsValue> {
    JSON::parse(state).ok()
}
