//! Reading a document.

use yrs::types::text::YChange;
use yrs::{Array, ArrayRef, GetString, Out, Text, TextRef, XmlElementRef};

use super::Document;
use super::checked::readable;
use super::edit::{EditError, LISTS, TEXTS};
use super::look::Look;
use super::markup::markup;
use super::shared::{Kind, Shared, SharedId};
use super::value::{
    Attributes, Delta, JSON_DEPTH_MAX, Json, Value, attributes_from, inserted_from,
};

impl Document {
    /// The shared type of this id, if it is here and its kind is known.
    pub fn find(&self, id: &SharedId) -> Option<Shared> {
        Shared::find(id, &self.read())
    }

    /// Before how many elements of its list, or units of its text, something of this id stands.
    pub fn index_of(&self, client: u64, clock: u32) -> Option<u32> {
        Look::index_of(self, client, clock)
    }

    /// The length of a text in UTF-16 units, of an array in elements, of an XML type in nodes; the
    /// number of a map's keys.
    pub fn len(&self, shared: &Shared) -> Result<u32, EditError> {
        Look::len(self, shared)
    }

    /// The string of a text, or the markup of an XML type.
    pub fn string(&self, shared: &Shared) -> Result<String, EditError> {
        let txn = self.read();
        let branch = shared.branch(&txn)?;
        Ok(match shared.kind {
            Kind::Text => TextRef::from(branch).get_string(&txn),
            Kind::XmlText => markup(&txn, Out::YXmlText(branch.into())),
            Kind::XmlElement => markup(&txn, Out::YXmlElement(branch.into())),
            Kind::XmlFragment => markup(&txn, Out::YXmlFragment(branch.into())),
            Kind::Map | Kind::Array => return Err(EditError::Kind),
        })
    }

    /// The content of a text with its formats: insertions only.
    pub fn delta(&self, text: &Shared) -> Result<Vec<Delta>, EditError> {
        let txn = self.read();
        let text = TextRef::from(text.branch_of(&txn, TEXTS)?);
        Ok(text
            .diff(&txn, YChange::identity)
            .iter()
            .map(|piece| {
                let attributes = piece.attributes.as_deref().map(attributes_from);
                let attributes = attributes.unwrap_or_else(Attributes::new);
                Delta::Insert(inserted_from(&piece.insert), attributes)
            })
            .collect())
    }

    /// The value of a key of a map, or of an XML attribute.
    pub fn key(&self, map: &Shared, key: &str) -> Result<Option<Value>, EditError> {
        Look::key(self, map, key)
    }

    /// The keys of a map, or the names of XML attributes, sorted.
    pub fn keys(&self, map: &Shared) -> Result<Vec<String>, EditError> {
        Look::keys(self, map)
    }

    /// One element of an array, or node of an XML type.
    pub fn item(&self, list: &Shared, index: u32) -> Result<Option<Value>, EditError> {
        let txn = self.read();
        let branch = list.branch_of(&txn, LISTS)?;
        if index >= branch.content_len() {
            return Ok(None);
        }
        readable(&branch, &txn)?;
        Ok(ArrayRef::from(branch).get(&txn, index).as_ref().map(Value::from_out))
    }

    /// All elements of an array, or nodes of an XML type.
    pub fn items(&self, list: &Shared) -> Result<Vec<Value>, EditError> {
        Look::items(self, list)
    }

    /// The name of an XML element.
    pub fn tag(&self, element: &Shared) -> Result<String, EditError> {
        let branch = element.branch_of(&self.read(), &[Kind::XmlElement])?;
        let element = XmlElementRef::from(branch);
        Ok(element.try_tag().map(|tag| tag.as_ref().into()).unwrap_or_default())
    }

    /// Everything in a shared type as one plain value: texts and XML become strings.
    pub fn json(&self, shared: &Shared) -> Result<Json, EditError> {
        self.json_at(shared, 0)
    }

    fn json_at(&self, shared: &Shared, depth: usize) -> Result<Json, EditError> {
        // A peer may nest deeper than the stack is.
        if depth > JSON_DEPTH_MAX {
            return Err(EditError::TooDeep);
        }
        let json = |value: Value| match value {
            Value::Json(json) => Ok(json),
            Value::Shared(shared) => self.json_at(&shared, depth + 1),
            Value::Opaque => Ok(Json::Undefined),
        };
        match shared.kind {
            Kind::Map => {
                let entry = |key: String| match self.key(shared, &key)? {
                    Some(value) => Ok((key, json(value)?)),
                    None => Ok((key, Json::Undefined)),
                };
                let entries = self.keys(shared)?.into_iter().map(entry);
                Ok(Json::Object(entries.collect::<Result<_, _>>()?))
            }
            Kind::Array => {
                let items = self.items(shared)?.into_iter().map(json);
                Ok(Json::Array(items.collect::<Result<_, _>>()?))
            }
            _ => Ok(Json::String(self.string(shared)?)),
        }
    }
}
