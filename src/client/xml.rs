//! `SharedXmlFragment` and `SharedXmlElement`: one class for both.

use js_sys::Array;
use wasm_bindgen::prelude::*;

use super::convert;
use super::handle::Handle;
use crate::document::{Document, Kind, New};

/// XML nodes in order; an element also has a name and attributes.
#[wasm_bindgen(skip_typescript)]
pub struct SharedXml(Handle);

impl From<Handle> for SharedXml {
    fn from(handle: Handle) -> Self {
        Self(handle)
    }
}

#[wasm_bindgen]
impl SharedXml {
    /// The element's name; nothing for a fragment.
    #[wasm_bindgen(getter)]
    pub fn name(&self) -> Result<Option<String>, JsValue> {
        if self.0.shared.kind != Kind::XmlElement {
            return Ok(None);
        }
        Ok(Some(self.0.read(Document::tag)?))
    }

    /// The number of nodes.
    #[wasm_bindgen(getter)]
    pub fn length(&self) -> Result<u32, JsValue> {
        Ok(self.0.read(Document::len)?)
    }

    /// One node.
    pub fn get(&self, index: f64) -> Result<JsValue, JsValue> {
        let index = convert::whole_number(index)?;
        let value = self.0.read(|document, xml| document.item(xml, index))?;
        Ok(self.0.optional(value))
    }

    /// All nodes.
    #[wasm_bindgen(js_name = toArray)]
    pub fn items(&self) -> Result<Array, JsValue> {
        let items = self.0.read(Document::items)?;
        Ok(self.0.values(&items))
    }

    /// The markup.
    #[wasm_bindgen(js_name = toString)]
    pub fn string(&self) -> Result<String, JsValue> {
        Ok(self.0.read(Document::string)?)
    }

    /// The same as `toString`.
    #[wasm_bindgen(js_name = toJSON)]
    pub fn json(&self) -> Result<String, JsValue> {
        self.string()
    }

    /// Insert a new element.
    #[wasm_bindgen(js_name = insertElement)]
    pub fn insert_element(&self, index: f64, name: JsValue) -> Result<JsValue, JsValue> {
        let (index, name) = (convert::whole_number(index)?, convert::string(&name)?);
        let new = New::XmlElement(name);
        self.0.make(&|edit, xml| edit.insert_new(xml, index, new.clone()))
    }

    /// Insert a new text.
    #[wasm_bindgen(js_name = insertText)]
    pub fn insert_text(&self, index: f64, string: JsValue) -> Result<JsValue, JsValue> {
        let index = convert::whole_number(index)?;
        let string = if string.is_undefined() { String::new() } else { convert::string(&string)? };
        self.0.make(&|edit, xml| {
            let text = edit.insert_new(xml, index, New::XmlText)?;
            edit.insert_text(&text, 0, &string, None)?;
            Ok(text)
        })
    }

    /// Delete nodes.
    pub fn delete(&self, index: f64, length: f64) -> Result<(), JsValue> {
        let (index, length) = (convert::whole_number(index)?, convert::whole_number(length)?);
        self.0.edit(&|edit, xml| edit.delete_items(xml, index, length))
    }

    /// The value of an attribute.
    #[wasm_bindgen(js_name = getAttribute)]
    pub fn attribute(&self, name: JsValue) -> Result<JsValue, JsValue> {
        let name = convert::string(&name)?;
        let value = self.0.read(|document, xml| document.key(xml, &name))?;
        Ok(self.0.optional(value))
    }

    /// The names of the attributes, sorted.
    #[wasm_bindgen(js_name = attributeNames)]
    pub fn attribute_names(&self) -> Result<Array, JsValue> {
        let names = self.0.read(Document::keys)?;
        Ok(convert::strings(&names))
    }

    /// Set an attribute.
    #[wasm_bindgen(js_name = setAttribute)]
    pub fn set_attribute(&self, name: JsValue, value: JsValue) -> Result<(), JsValue> {
        let name = convert::string(&name)?;
        let value = convert::json(&value)?;
        self.0.edit(&|edit, xml| edit.set_key(xml, &name, &value))
    }

    /// Take an attribute away.
    #[wasm_bindgen(js_name = removeAttribute)]
    pub fn remove_attribute(&self, name: JsValue) -> Result<(), JsValue> {
        let name = convert::string(&name)?;
        self.0.edit(&|edit, xml| edit.delete_key(xml, &name))
    }

    /// Call back when its nodes or attributes change.
    pub fn observe(&self, callback: JsValue) -> Result<JsValue, JsValue> {
        Ok(self.0.observe(callback, false)?)
    }

    /// Call back when its nodes or attributes change, or anything inside it.
    #[wasm_bindgen(js_name = observeDeep)]
    pub fn observe_deep(&self, callback: JsValue) -> Result<JsValue, JsValue> {
        Ok(self.0.observe(callback, true)?)
    }
}
