//! The schemas that a deployment brings with it, by document pattern.
//!
//! `npm run build` puts what is in `schemas/` into the Worker's script. A document that has a
//! schema of its own is held to that.

use std::rc::Rc;

use js_sys::{Reflect, global};
use serde_json::Value;

use crate::access::matches;
use crate::policy::Schema;

/// Where the script keeps them: a JSON list of `{ file, documents, schema }`.
const NAME: &str = "selvedgeSchemas";

/// One file of `schemas/`.
struct Deployed {
    file: String,
    documents: Vec<String>,
    schema: Result<Rc<Schema>, String>,
}

thread_local! {
    static DEPLOYED: Result<Vec<Deployed>, String> = read();
}

/// The schema for a document; of several the first, by the names of their files. One that cannot be
/// used lets nobody in: a document without its rules would be open to what they forbid.
pub(super) fn schema_for(document: &str) -> Result<Option<Rc<Schema>>, String> {
    DEPLOYED.with(|deployed| {
        let all = deployed.as_ref().map_err(String::clone)?;
        let is_about = |it: &&Deployed| it.documents.iter().any(|one| matches(one, document));
        match all.iter().find(is_about) {
            Some(Deployed { file, schema, .. }) => {
                schema.clone().map(Some).map_err(|error| format!("schemas/{file}: {error}"))
            }
            None => Ok(None),
        }
    })
}

fn read() -> Result<Vec<Deployed>, String> {
    let text = Reflect::get(&global(), &NAME.into()).ok().and_then(|value| value.as_string());
    let Some(text) = text else { return Ok(Vec::new()) };
    let all: Value = serde_json::from_str(&text).map_err(|error| error.to_string())?;
    let all = all.as_array().ok_or("schemas are no list")?;
    Ok(all.iter().map(deployed).collect())
}

fn deployed(json: &Value) -> Deployed {
    let file = json["file"].as_str().unwrap_or_default().to_owned();
    let documents = json["documents"].as_array().into_iter().flatten();
    let documents: Vec<_> = documents.filter_map(|one| one.as_str().map(str::to_owned)).collect();
    // As it stands in the file: duplicate keys are errors, and a parsed value has none any more.
    let source = json["schema"].as_str().unwrap_or_default();
    let schema = Schema::parse(source).map(Rc::new).map_err(|error| error.to_string());
    Deployed { file, documents, schema }
}
