//! `SharedText`.

use wasm_bindgen::prelude::*;

use super::convert;
use super::handle::Handle;
use super::position;
use crate::document::Document;

/// Formatted text.
#[wasm_bindgen(skip_typescript)]
pub struct SharedText(Handle);

impl From<Handle> for SharedText {
    fn from(handle: Handle) -> Self {
        Self(handle)
    }
}

#[wasm_bindgen]
impl SharedText {
    /// The length in UTF-16 units.
    #[wasm_bindgen(getter)]
    pub fn length(&self) -> Result<u32, JsValue> {
        Ok(self.0.read(Document::len)?)
    }

    /// The string, without formats and embeds.
    #[wasm_bindgen(js_name = toString)]
    pub fn string(&self) -> Result<String, JsValue> {
        Ok(self.0.read(Document::string)?)
    }

    /// The same as `toString`.
    #[wasm_bindgen(js_name = toJSON)]
    pub fn json(&self) -> Result<String, JsValue> {
        self.string()
    }

    /// The content with its formats.
    #[wasm_bindgen(js_name = toDelta)]
    pub fn delta(&self) -> Result<JsValue, JsValue> {
        let delta = self.0.read(Document::delta)?;
        Ok(convert::from_delta(&delta, &|value| self.0.value(value)))
    }

    /// Insert a string.
    pub fn insert(&self, index: f64, string: JsValue, attributes: JsValue) -> Result<(), JsValue> {
        let index = convert::whole_number(index)?;
        let string = convert::string(&string)?;
        let attributes = convert::attributes(&attributes)?;
        self.0.edit(&|edit, text| edit.insert_text(text, index, &string, attributes.as_ref()))
    }

    /// Insert one value that is no text.
    #[wasm_bindgen(js_name = insertEmbed)]
    pub fn insert_embed(
        &self,
        index: f64,
        embed: JsValue,
        attributes: JsValue,
    ) -> Result<(), JsValue> {
        let index = convert::whole_number(index)?;
        let embed = convert::json(&embed)?;
        let attributes = convert::attributes(&attributes)?;
        self.0.edit(&|edit, text| edit.insert_embed(text, index, &embed, attributes.as_ref()))
    }

    /// Delete `length` units.
    pub fn delete(&self, index: f64, length: f64) -> Result<(), JsValue> {
        let (index, length) = (convert::whole_number(index)?, convert::whole_number(length)?);
        self.0.edit(&|edit, text| edit.delete_text(text, index, length))
    }

    /// Change formats of `length` units.
    pub fn format(&self, index: f64, length: f64, attributes: JsValue) -> Result<(), JsValue> {
        let (index, length) = (convert::whole_number(index)?, convert::whole_number(length)?);
        let attributes = convert::attributes(&attributes)?.unwrap_or_default();
        self.0.edit(&|edit, text| edit.format(text, index, length, &attributes))
    }

    /// Change the text as a delta says.
    #[wasm_bindgen(js_name = applyDelta)]
    pub fn apply_delta(&self, delta: JsValue) -> Result<(), JsValue> {
        let delta = convert::delta(delta)?;
        self.0.edit(&|edit, text| edit.apply_delta(text, &delta))
    }

    /// A position that stays where it is while others edit.
    #[wasm_bindgen(js_name = relativePosition)]
    pub fn relative_position(&self, index: f64, assoc: Option<f64>) -> Result<JsValue, JsValue> {
        let index = convert::whole_number(index)?;
        let before = assoc.is_some_and(|assoc| assoc < 0.0);
        let position = self.0.read(|document, text| document.position(text, index, before))?;
        Ok(position::object(&position))
    }

    /// Where such a position is now.
    #[wasm_bindgen(js_name = absolutePosition)]
    pub fn absolute_position(&self, position: JsValue) -> Result<JsValue, JsValue> {
        let position = position::read(&position, &self.0.shared.id)?;
        let index = self.0.read(|document, text| document.index_at(text, &position))?;
        Ok(index.map_or(JsValue::NULL, JsValue::from))
    }

    /// Call back when the text changes.
    pub fn observe(&self, callback: JsValue) -> Result<JsValue, JsValue> {
        Ok(self.0.observe(callback, false)?)
    }
}
