//! `SharedMap`.

use js_sys::Array;
use wasm_bindgen::prelude::*;

use super::convert;
use super::handle::Handle;
use crate::document::{Document, New};

/// Values by key.
#[wasm_bindgen(skip_typescript)]
pub struct SharedMap(Handle);

impl From<Handle> for SharedMap {
    fn from(handle: Handle) -> Self {
        Self(handle)
    }
}

impl SharedMap {
    fn set_new(&self, key: &JsValue, new: New) -> Result<JsValue, JsValue> {
        let key = convert::string(key)?;
        self.0.make(&|edit, map| edit.set_key_new(map, &key, new.clone()))
    }
}

#[wasm_bindgen]
impl SharedMap {
    /// The number of keys.
    #[wasm_bindgen(getter)]
    pub fn size(&self) -> Result<u32, JsValue> {
        Ok(self.0.read(Document::len)?)
    }

    /// The value of a key.
    pub fn get(&self, key: JsValue) -> Result<JsValue, JsValue> {
        let key = convert::string(&key)?;
        let value = self.0.read(|document, map| document.key(map, &key))?;
        Ok(self.0.optional(value))
    }

    /// Whether there is a key.
    pub fn has(&self, key: JsValue) -> Result<bool, JsValue> {
        let key = convert::string(&key)?;
        Ok(self.0.read(|document, map| document.key(map, &key))?.is_some())
    }

    /// The keys, sorted.
    pub fn keys(&self) -> Result<Array, JsValue> {
        let keys = self.0.read(Document::keys)?;
        Ok(convert::strings(&keys))
    }

    /// Set a key to a plain value.
    pub fn set(&self, key: JsValue, value: JsValue) -> Result<(), JsValue> {
        let key = convert::string(&key)?;
        let value = convert::json(&value)?;
        self.0.edit(&|edit, map| edit.set_key(map, &key, &value))
    }

    /// Set a key to a new text.
    #[wasm_bindgen(js_name = setText)]
    pub fn set_text(&self, key: JsValue) -> Result<JsValue, JsValue> {
        self.set_new(&key, New::Text)
    }

    /// Set a key to a new map.
    #[wasm_bindgen(js_name = setMap)]
    pub fn set_map(&self, key: JsValue) -> Result<JsValue, JsValue> {
        self.set_new(&key, New::Map)
    }

    /// Set a key to a new array.
    #[wasm_bindgen(js_name = setArray)]
    pub fn set_array(&self, key: JsValue) -> Result<JsValue, JsValue> {
        self.set_new(&key, New::Array)
    }

    /// Set a key to a new XML fragment.
    #[wasm_bindgen(js_name = setXml)]
    pub fn set_xml(&self, key: JsValue) -> Result<JsValue, JsValue> {
        self.set_new(&key, New::XmlFragment)
    }

    /// Delete a key.
    pub fn delete(&self, key: JsValue) -> Result<(), JsValue> {
        let key = convert::string(&key)?;
        self.0.edit(&|edit, map| edit.delete_key(map, &key))
    }

    /// Everything in it as plain values.
    #[wasm_bindgen(js_name = toJSON)]
    pub fn json(&self) -> Result<JsValue, JsValue> {
        Ok(convert::from_json(&self.0.read(Document::json)?))
    }

    /// Call back when its keys change.
    pub fn observe(&self, callback: JsValue) -> Result<JsValue, JsValue> {
        Ok(self.0.observe(callback, false)?)
    }

    /// Call back when its keys change, or anything inside it.
    #[wasm_bindgen(js_name = observeDeep)]
    pub fn observe_deep(&self, callback: JsValue) -> Result<JsValue, JsValue> {
        Ok(self.0.observe(callback, true)?)
    }
}
