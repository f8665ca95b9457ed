//! Where the tabs of one browser hear each other, document by document.

use std::rc::Rc;

use js_sys::{Array, Uint8Array};
use wasm_bindgen::prelude::*;
use web_sys::{BroadcastChannel, MessageEvent};

use super::shell::Shell;
use crate::replica::{Input, TabId};

/// To whom: the tab that leads, all that follow, or the tab of this number.
const LEADER: f64 = -1.0;
const FOLLOWERS: f64 = -2.0;

/// One tab among the others, closed and silenced when dropped.
pub(super) struct Tabs {
    channel: BroadcastChannel,
    id: TabId,
    _on_message: Closure<dyn FnMut(MessageEvent)>,
}

impl Tabs {
    pub(super) fn open(name: &str, id: TabId, shell: &Rc<Shell>) -> Option<Self> {
        let channel = BroadcastChannel::new(name).ok()?;
        let weak = Rc::downgrade(shell);
        let on_message = Closure::<dyn FnMut(MessageEvent)>::new(move |event: MessageEvent| {
            let Some(shell) = weak.upgrade() else { return };
            let message = event.data();
            let Some([to, from, bytes]) = parts(&message) else { return };
            let is_leader = shell.holds_lock();
            let is_meant = match to.as_f64() {
                Some(LEADER) => is_leader,
                Some(FOLLOWERS) => !is_leader,
                other => other == Some(f64::from(id)),
            };
            if let (true, Some(from)) = (is_meant, from.as_f64()) {
                let message = Uint8Array::new(&bytes).to_vec();
                shell.input(Input::Told { tab: from as TabId, message: &message });
            }
        });
        channel.set_onmessage(Some(on_message.as_ref().unchecked_ref()));
        Some(Self { channel, id, _on_message: on_message })
    }

    /// Tell one tab; without one the leader or, as the leader, all others.
    pub(super) fn tell(&self, is_leader: bool, tab: Option<TabId>, message: &[u8]) {
        let to = match tab {
            Some(tab) => f64::from(tab),
            None if is_leader => FOLLOWERS,
            None => LEADER,
        };
        let message = Uint8Array::from(message);
        // A channel that is closed has nobody at the other end.
        let _ = self.channel.post_message(&Array::of3(&to.into(), &self.id.into(), &message));
    }
}

/// To, from and what.
fn parts(message: &JsValue) -> Option<[JsValue; 3]> {
    let message = message.dyn_ref::<Array>()?;
    Some([message.get(0), message.get(1), message.get(2)])
}

impl Drop for Tabs {
    fn drop(&mut self) {
        self.channel.set_onmessage(None);
        self.channel.close();
    }
}
