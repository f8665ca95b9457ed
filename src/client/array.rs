//! `SharedArray`.

use wasm_bindgen::prelude::*;

use super::convert;
use super::handle::Handle;
use crate::document::{Document, Json, New};

/// Values in order.
#[wasm_bindgen(skip_typescript)]
pub struct SharedArray(Handle);

impl From<Handle> for SharedArray {
    fn from(handle: Handle) -> Self {
        Self(handle)
    }
}

impl SharedArray {
    fn insert_new(&self, index: f64, new: New) -> Result<JsValue, JsValue> {
        let index = convert::whole_number(index)?;
        self.0.make(&|edit, array| edit.insert_new(array, index, new.clone()))
    }

    fn values(values: JsValue) -> Result<Vec<Json>, JsValue> {
        convert::array(values)?.iter().map(|value| convert::json(&value)).collect()
    }
}

#[wasm_bindgen]
impl SharedArray {
    /// The number of elements.
    #[wasm_bindgen(getter)]
    pub fn length(&self) -> Result<u32, JsValue> {
        Ok(self.0.read(Document::len)?)
    }

    /// One element.
    pub fn get(&self, index: f64) -> Result<JsValue, JsValue> {
        let index = convert::whole_number(index)?;
        let value = self.0.read(|document, array| document.item(array, index))?;
        Ok(self.0.optional(value))
    }

    /// All elements.
    #[wasm_bindgen(js_name = toArray)]
    pub fn items(&self) -> Result<js_sys::Array, JsValue> {
        let items = self.0.read(Document::items)?;
        Ok(self.0.values(&items))
    }

    /// Insert plain values.
    pub fn insert(&self, index: f64, values: JsValue) -> Result<(), JsValue> {
        let index = convert::whole_number(index)?;
        let values = Self::values(values)?;
        self.0.edit(&|edit, array| edit.insert_items(array, index, &values))
    }

    /// Append plain values.
    #[wasm_bindgen(variadic)]
    pub fn push(&self, values: JsValue) -> Result<(), JsValue> {
        let values = Self::values(values)?;
        let index = self.length()?;
        self.0.edit(&|edit, array| edit.insert_items(array, index, &values))
    }

    /// Insert a new text.
    #[wasm_bindgen(js_name = insertText)]
    pub fn insert_text(&self, index: f64) -> Result<JsValue, JsValue> {
        self.insert_new(index, New::Text)
    }

    /// Insert a new map.
    #[wasm_bindgen(js_name = insertMap)]
    pub fn insert_map(&self, index: f64) -> Result<JsValue, JsValue> {
        self.insert_new(index, New::Map)
    }

    /// Insert a new array.
    #[wasm_bindgen(js_name = insertArray)]
    pub fn insert_array(&self, index: f64) -> Result<JsValue, JsValue> {
        self.insert_new(index, New::Array)
    }

    /// Delete elements.
    pub fn delete(&self, index: f64, length: f64) -> Result<(), JsValue> {
        let (index, length) = (convert::whole_number(index)?, convert::whole_number(length)?);
        self.0.edit(&|edit, array| edit.delete_items(array, index, length))
    }

    /// Everything in it as plain values.
    #[wasm_bindgen(js_name = toJSON)]
    pub fn json(&self) -> Result<JsValue, JsValue> {
        Ok(convert::from_json(&self.0.read(Document::json)?))
    }

    /// Call back when its elements change.
    pub fn observe(&self, callback: JsValue) -> Result<JsValue, JsValue> {
        Ok(self.0.observe(callback, false)?)
    }

    /// Call back when its elements change, or anything inside them.
    #[wasm_bindgen(js_name = observeDeep)]
    pub fn observe_deep(&self, callback: JsValue) -> Result<JsValue, JsValue> {
        Ok(self.0.observe(callback, true)?)
    }
}
