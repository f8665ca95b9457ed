//! `SharedDocument`: what `connect` returns.

use std::rc::Rc;

use js_sys::{Array, Uint8Array};
use wasm_bindgen::prelude::*;

use super::convert;
use super::error::Misuse;
use super::handle::{
    Handle, access_object, aside_object, latency_object, saved_object, status_object,
};
use super::notices::topic;
use super::options::Options;
use super::presence::{self, Presence};
use super::shell::Shell;
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
        let trace = options.trace.or_else(|| Trace::new(timer::random_u128()));
        let shell = Shell::new(options.endpoint, options.token, trace, options.telemetry);
        options.recording.apply(&shell)?;
        if !options.presence.is_undefined()
            && let Err(error) = presence::set(&shell, &options.presence)
        {
            shell.close();
            return Err(error);
        }
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
        saved_object(self.shell.pending())
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

    /// The copies that could not go on.
    #[wasm_bindgen(getter)]
    pub fn asides(&self) -> Array {
        self.shell.asides().iter().map(aside_object).collect()
    }

    /// A promise that resolves when nothing is pending.
    #[wasm_bindgen(js_name = whenSaved)]
    pub fn when_saved(&self) -> js_sys::Promise {
        self.shell.notices.when_saved(&self.shell)
    }

    /// Call back when the status changes, or what is saved.
    pub fn on(&self, event: JsValue, callback: JsValue) -> Result<JsValue, JsValue> {
        let topic = topic(&event)?;
        let callback = convert::function(callback)?;
        drop(self.shell.replica()?);
        Ok(self.shell.notices.subscribe(&self.shell, topic, callback))
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
