//! `SharedDocument`: what `connect` returns.

use std::rc::Rc;

use js_sys::{Array, Uint8Array};
use wasm_bindgen::prelude::*;

use super::authors;
use super::convert;
use super::error::Misuse;
use super::handle::{
    Handle, access_object, latency_object, saved_object, status_object, storage_object, sync_object,
};
use super::notices::{Where, topic};
use super::options::Options;
use super::page;
use super::presence::{self, Presence};
use super::shell::Shell;
use super::socket::Socket;
use super::timer;
use super::{SharedArray, SharedMap, SharedText, SharedXml};
use crate::document::Kind;
use crate::protocol::Trace;
use crate::replica::Input;

/// An open document.
#[wasm_bindgen(skip_typescript)]
pub struct SharedDocument {
    pub(super) shell: Rc<Shell>,
}

impl SharedDocument {
    pub(super) fn open(options: &JsValue) -> Result<Self, JsValue> {
        let options = Options::read(options)?;
        if !Socket::is_known() {
            return Err(Misuse::Unsupported.into());
        }
        let trace = options.trace.or_else(|| Trace::new(timer::random_u128()));
        let (presence, recording) = (options.presence.clone(), options.recording.clone());
        let shell = Shell::new(options, trace);
        recording.apply(&shell)?;
        if !presence.is_undefined()
            && let Err(error) = presence::set(&shell, &presence)
        {
            shell.close();
            return Err(error);
        }
        page::opened(&shell);
        shell.begin();
        shell.input(Input::Connect);
        Ok(Self { shell })
    }

    fn root(&self, name: &JsValue, kind: Kind) -> Result<Handle, JsValue> {
        let name = convert::string(name)?;
        let shared = self.shell.replica_mut()?.root(&name, kind).map_err(Misuse::Edit)?;
        Ok(Handle { shell: Rc::clone(&self.shell), shared })
    }
}

#[wasm_bindgen]
impl SharedDocument {
    /// The text `name` at the root.
    pub fn text(&self, name: JsValue) -> Result<SharedText, JsValue> {
        self.root(&name, Kind::Text).map(SharedText::from)
    }

    /// The map `name` at the root.
    pub fn map(&self, name: JsValue) -> Result<SharedMap, JsValue> {
        self.root(&name, Kind::Map).map(SharedMap::from)
    }

    /// The array `name` at the root.
    pub fn array(&self, name: JsValue) -> Result<SharedArray, JsValue> {
        self.root(&name, Kind::Array).map(SharedArray::from)
    }

    /// The XML fragment `name` at the root.
    pub fn xml(&self, name: JsValue) -> Result<SharedXml, JsValue> {
        self.root(&name, Kind::XmlFragment).map(SharedXml::from)
    }

    /// Call `change`; callbacks hear of its edits after it.
    pub fn transact(&self, change: JsValue) -> Result<JsValue, JsValue> {
        let change = convert::function(change)?;
        drop(self.shell.replica()?);
        self.shell.notices.hold();
        let returned = change.call0(&JsValue::UNDEFINED);
        self.shell.notices.release(&self.shell);
        returned
    }

    /// Presence: who is here.
    #[wasm_bindgen(getter)]
    pub fn presence(&self) -> Presence {
        Presence::new(&self.shell)
    }

    /// The client id of this replica.
    #[wasm_bindgen(getter, js_name = clientId)]
    pub fn client_id(&self) -> u32 {
        self.shell.client_id()
    }

    /// How the connection stands.
    #[wasm_bindgen(getter)]
    pub fn status(&self) -> JsValue {
        status_object(&self.shell.status())
    }

    /// How many changes are not acknowledged.
    #[wasm_bindgen(getter)]
    pub fn saved(&self) -> JsValue {
        saved_object(self.shell.saved())
    }

    /// The number of the last edit.
    #[wasm_bindgen(getter, js_name = lastChange)]
    pub fn last_change(&self) -> Result<f64, JsValue> {
        Ok(self.shell.replica()?.last_edit() as f64)
    }

    /// The trace that this visit belongs to, as in the room's logs.
    #[wasm_bindgen(getter)]
    pub fn trace(&self) -> String {
        self.shell.trace().map(|trace| trace.to_string()).unwrap_or_default()
    }

    /// How long edits took.
    #[wasm_bindgen(getter)]
    pub fn latency(&self) -> Result<JsValue, JsValue> {
        Ok(latency_object(self.shell.replica()?.latency()))
    }

    /// What this replica may do.
    #[wasm_bindgen(getter)]
    pub fn access(&self) -> Result<JsValue, JsValue> {
        Ok(self.shell.replica()?.grant().map_or(JsValue::NULL, access_object))
    }

    /// The whole document as a Yjs update, with what is not saved.
    #[wasm_bindgen(js_name = toUpdate)]
    pub fn to_update(&self) -> Result<Uint8Array, JsValue> {
        let encoded = self.shell.read(|document| Ok(document.encode()))?;
        Ok(Uint8Array::from(&encoded[..]))
    }

    /// Take in a Yjs update as an edit.
    #[wasm_bindgen(js_name = applyUpdate)]
    pub fn apply_update(&self, update: JsValue) -> Result<(), JsValue> {
        let update = update.dyn_ref::<Uint8Array>();
        let update = update.ok_or(Misuse::Argument("applyUpdate takes a Uint8Array"))?;
        Ok(self.shell.bring(&update.to_vec())?)
    }

    /// The copies that could not go on.
    #[wasm_bindgen(getter)]
    pub fn asides(&self) -> Array {
        self.shell.asides().iter().map(|(_, aside)| aside.clone()).collect()
    }

    /// A promise of the parts of a shared type, and who wrote each.
    pub fn blame(&self, path: JsValue) -> js_sys::Promise {
        authors::blame(&self.shell, &path)
    }

    /// A promise of who wrote what is at one place of it.
    pub fn who(&self, path: JsValue, position: JsValue) -> js_sys::Promise {
        authors::who(&self.shell, &path, &position)
    }

    /// A promise that resolves when nothing is pending.
    #[wasm_bindgen(js_name = whenSaved)]
    pub fn when_saved(&self) -> js_sys::Promise {
        self.shell.notices.when_saved(&self.shell, Where::There)
    }

    /// A promise that resolves when nothing is pending that this browser does not keep.
    #[wasm_bindgen(js_name = whenSavedHere)]
    pub fn when_saved_here(&self) -> js_sys::Promise {
        self.shell.notices.when_saved(&self.shell, Where::Here)
    }

    /// When this copy was last in step with the room, and how long that takes to answer.
    #[wasm_bindgen(getter)]
    pub fn sync(&self) -> Result<JsValue, JsValue> {
        let replica = self.shell.replica()?;
        let at = replica.synced_at().map(|at| js_sys::Date::now() - timer::now().since(at) as f64);
        Ok(sync_object(at, replica.rtt_ms().map(|ms| ms as f64)))
    }

    /// Whether the document is kept in this browser.
    #[wasm_bindgen(getter)]
    pub fn storage(&self) -> JsValue {
        storage_object(self.shell.kept())
    }

    /// Call back when there is news of this kind.
    pub fn on(&self, event: JsValue, callback: JsValue) -> Result<JsValue, JsValue> {
        let topic = topic(&event)?;
        let callback = convert::function(callback)?;
        drop(self.shell.replica()?);
        Ok(self.shell.notices.subscribe(&self.shell, topic, callback))
    }

    /// Keep the document in this browser, if it is not kept.
    pub fn keep(&self) -> Result<(), JsValue> {
        drop(self.shell.replica()?);
        self.shell.begin_keeping();
        Ok(())
    }

    /// Keep the document in this browser no longer.
    pub fn forget(&self) -> Result<js_sys::Promise, JsValue> {
        drop(self.shell.replica()?);
        Ok(self.shell.stop_keeping())
    }

    /// The page has seen to a copy that was put aside.
    #[wasm_bindgen(js_name = discardAside)]
    pub fn discard_aside(&self, aside: JsValue) -> Result<(), JsValue> {
        drop(self.shell.replica()?);
        self.shell.discard(&aside);
        Ok(())
    }

    /// Connect again.
    pub fn connect(&self) -> Result<(), JsValue> {
        drop(self.shell.replica()?);
        self.shell.input(Input::Connect);
        Ok(())
    }

    /// Cut the connection.
    pub fn disconnect(&self) -> Result<(), JsValue> {
        drop(self.shell.replica()?);
        self.shell.input(Input::Disconnect);
        Ok(())
    }

    /// Free everything.
    pub fn close(&self) {
        self.shell.close();
    }
}
