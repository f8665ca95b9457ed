//! The browser shell: runs a [`crate::replica`] behind the JavaScript API of the package
//! `selvedge`.
//!
//! The types that JavaScript sees are written by hand in `client/selvedge.d.ts`. Nothing is decided
//! here: what the page does becomes an edit or an input, what the replica returns is performed.
//!
//! No callback of the page runs while the replica is borrowed: notices wait in a queue until the
//! call that caused them is done. So a callback may edit, connect, or close the document.

mod array;
mod attention;
mod authors;
mod convert;
mod document;
mod error;
mod guard;
mod handle;
mod inflate;
mod keeping;
mod line;
mod lock;
mod map;
mod notices;
mod options;
mod page;
mod pattern;
mod poll;
mod position;
mod presence;
mod shell;
mod socket;
mod storage;
mod tabs;
mod text;
mod timer;
mod token;
mod undo;
mod xml;

use wasm_bindgen::prelude::*;

pub use array::SharedArray;
pub use document::SharedDocument;
pub use keeping::all::{forget, keep_at_most, kept, persist};
pub use map::SharedMap;
pub use page::{on_status, status};
pub use presence::Presence;
pub use text::SharedText;
pub use xml::SharedXml;

#[wasm_bindgen(typescript_custom_section)]
const TYPES: &str = include_str!("client/selvedge.d.ts");

/// Open a document and connect to its room.
#[wasm_bindgen(skip_typescript)]
pub fn connect(options: JsValue) -> Result<SharedDocument, JsValue> {
    SharedDocument::open(&options)
}
