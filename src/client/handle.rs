//! A shared type in the page's hands, and the objects that notices carry.

use std::rc::Rc;

use js_sys::{Array, Map, Uint8Array};
use wasm_bindgen::JsValue;

use super::array::SharedArray;
use super::convert::{self, from_delta, from_json, object};
use super::error::Misuse;
use super::map::SharedMap;
use super::notices::Topic;
use super::shell::{Keeping, Reach, Shell};
use super::text::SharedText;
use super::xml::SharedXml;
use crate::document::{
    Document, Edit, EditError, Event, KeyChange, Kind, PathSegment, Shared, Value,
};
use crate::histogram::Histogram;
use crate::protocol::{Measured, Refusal};
use crate::replica::{Aside, Grant, PeersChanged, Rejected, Saved, Standing, Status};

/// A shared type of an open document.
#[derive(Clone)]
pub(super) struct Handle {
    pub(super) shell: Rc<Shell>,
    pub(super) shared: Shared,
}

impl Handle {
    pub(super) fn read<R>(
        &self,
        read: impl FnOnce(&Document, &Shared) -> Result<R, EditError>,
    ) -> Result<R, Misuse> {
        self.shell.read(|document| read(document, &self.shared))
    }

    /// Change it. (`dyn`, here and below: what is done for each method is in the client once.)
    pub(super) fn edit(
        &self,
        change: &dyn Fn(&mut Edit<'_>, &Shared) -> Result<(), EditError>,
    ) -> Result<(), JsValue> {
        let mut done = Ok(());
        self.shell.edit(&mut |edit| done = change(edit, &self.shared))?;
        Ok(done.map_err(Misuse::Edit)?)
    }

    /// Make a shared type in it, and its object.
    pub(super) fn make(
        &self,
        change: &dyn Fn(&mut Edit<'_>, &Shared) -> Result<Shared, EditError>,
    ) -> Result<JsValue, JsValue> {
        let mut made = Err(EditError::Gone);
        self.shell.edit(&mut |edit| made = change(edit, &self.shared))?;
        Ok(self.shared(made.map_err(Misuse::Edit)?))
    }

    pub(super) fn observe(&self, callback: JsValue, deep: bool) -> Result<JsValue, Misuse> {
        let callback = convert::function(callback)?;
        let watch = self.shell.replica_mut()?.watch(&self.shared, deep)?;
        let topic = Topic::Changes(self.shared.clone(), watch, deep);
        Ok(self.shell.notices.subscribe(&self.shell, topic, callback))
    }

    pub(super) fn value(&self, value: &Value) -> JsValue {
        value_object(&self.shell, value)
    }

    /// A value that may be there.
    pub(super) fn optional(&self, value: Option<Value>) -> JsValue {
        value.map(|value| self.value(&value)).unwrap_or_default()
    }

    /// An array of values.
    pub(super) fn values(&self, values: &[Value]) -> Array {
        values.iter().map(|value| self.value(value)).collect()
    }

    fn shared(&self, shared: Shared) -> JsValue {
        shared_object(&self.shell, shared)
    }
}

/// The JavaScript object of a shared type. Each call makes another one.
pub(super) fn shared_object(shell: &Rc<Shell>, shared: Shared) -> JsValue {
    let kind = shared.kind;
    let handle = Handle { shell: Rc::clone(shell), shared };
    match kind {
        Kind::Text | Kind::XmlText => SharedText::from(handle).into(),
        Kind::Map => SharedMap::from(handle).into(),
        Kind::Array => SharedArray::from(handle).into(),
        Kind::XmlFragment | Kind::XmlElement => SharedXml::from(handle).into(),
    }
}

pub(super) fn value_object(shell: &Rc<Shell>, value: &Value) -> JsValue {
    match value {
        Value::Json(json) => from_json(json),
        Value::Shared(shared) => shared_object(shell, shared.clone()),
        Value::Opaque => JsValue::UNDEFINED,
    }
}

pub(super) fn path_array(path: &[PathSegment]) -> JsValue {
    let segment = |segment: &PathSegment| match segment {
        PathSegment::Key(key) => JsValue::from_str(key),
        PathSegment::Index(index) => JsValue::from(*index),
    };
    path.iter().map(segment).collect::<Array>().into()
}

pub(super) fn event_object(shell: &Rc<Shell>, event: &Event) -> JsValue {
    let has_delta = event.target.kind != Kind::Map;
    let has_keys = matches!(event.target.kind, Kind::Map | Kind::XmlElement);
    let delta =
        has_delta.then(|| ("delta", from_delta(&event.delta, &|value| value_object(shell, value))));
    let keys = has_keys.then(|| ("keys", keys_object(shell, event)));
    let mut entries = vec![
        ("target", shared_object(shell, event.target.clone())),
        ("path", path_array(&event.path)),
        ("local", JsValue::from_bool(event.local)),
    ];
    entries.extend(delta);
    entries.extend(keys);
    object(&entries)
}

pub(super) fn status_object(reach: &Reach) -> JsValue {
    let Reach { status, transport } = reach;
    let mut entries = vec![("state", JsValue::from_str(status.name()))];
    entries.extend(transport.map(|it| ("transport", JsValue::from_str(it.name()))));
    if let Status::Closed { code, reason } = status {
        entries.push(("code", (*code).into()));
        entries.push(("reason", JsValue::from_str(reason)));
    }
    object(&entries)
}

pub(super) fn access_object(grant: &Grant) -> JsValue {
    let entries = [
        ("role", JsValue::from_str(&grant.role)),
        ("mayWrite", JsValue::from_bool(grant.may_write)),
        ("mayPresent", JsValue::from_bool(grant.may_present)),
    ];
    object(&entries)
}

pub(super) fn refusal_object(refusal: &Refusal) -> JsValue {
    let retry_ms = refusal.retry_ms.map(|ms| ("retryMs", JsValue::from_f64(ms as f64)));
    let mut entries = vec![
        ("limit", JsValue::from_str(refusal.limit.name())),
        ("value", JsValue::from_f64(refusal.value as f64)),
        ("max", JsValue::from_f64(refusal.max as f64)),
        ("message", JsValue::from_str(&refusal.to_string())),
    ];
    entries.extend(retry_ms);
    object(&entries)
}

pub(super) fn rejected_object(rejected: &Rejected) -> JsValue {
    let Rejected { rejection, value, edit } = rejected;
    let entries = [
        ("path", JsValue::from_str(&rejection.path)),
        ("rule", JsValue::from_str(&rejection.rule)),
        ("value", value.as_ref().map(from_json).unwrap_or_default()),
        ("changeId", edit.map(|edit| JsValue::from_f64(edit as f64)).unwrap_or_default()),
        ("message", JsValue::from_str(&rejection.to_string())),
    ];
    object(&entries)
}

pub(super) fn aside_object(aside: &Aside) -> JsValue {
    let entries = [
        ("update", Uint8Array::from(&aside.update[..]).into()),
        ("content", from_json(&aside.content)),
        ("pending", JsValue::from_f64(aside.pending as f64)),
        ("code", JsValue::from(aside.why.code())),
        ("reason", JsValue::from_str(aside.why.reason())),
    ];
    object(&entries)
}

pub(super) fn latency_object(latency: &Measured) -> JsValue {
    let delay = |histogram: &Histogram| {
        let ms = |q| histogram.quantile(q).map_or(JsValue::NULL, |ms| JsValue::from_f64(ms as f64));
        let count = ("count", JsValue::from_f64(histogram.count() as f64));
        object(&[count, ("p50Ms", ms(0.5)), ("p95Ms", ms(0.95)), ("p99Ms", ms(0.99))])
    };
    object(&[("durable", delay(&latency.durable)), ("seen", delay(&latency.seen))])
}

pub(super) fn saved_object(saved: Saved) -> JsValue {
    let entries = [("pending", saved.pending), ("pendingHere", saved.pending_here)];
    object(&entries.map(|(name, count)| (name, JsValue::from_f64(count as f64))))
}

pub(super) fn standing_object(standing: &Standing) -> JsValue {
    let count = |count: u64| JsValue::from_f64(count as f64);
    let entries = [
        ("state", JsValue::from_str(standing.state)),
        ("documents", count(standing.documents)),
        ("pending", count(standing.saved.pending)),
        ("pendingHere", count(standing.saved.pending_here)),
    ];
    object(&entries)
}

pub(super) fn sync_object(at: Option<f64>, rtt_ms: Option<f64>) -> JsValue {
    let number = |it: Option<f64>| it.map_or(JsValue::NULL, JsValue::from_f64);
    object(&[("at", number(at)), ("rttMs", number(rtt_ms))])
}

pub(super) fn storage_object(keeping: Keeping) -> JsValue {
    let (state, reason) = match keeping {
        Keeping::Opening => ("opening", None),
        Keeping::On => ("kept", None),
        Keeping::Off => ("memory", Some("off")),
        Keeping::Lost(trouble) => ("memory", Some(trouble.name())),
    };
    let state = ("state", JsValue::from_str(state));
    match reason {
        Some(reason) => object(&[state, ("reason", JsValue::from_str(reason))]),
        None => object(&[state]),
    }
}

pub(super) fn peers_object(changed: &PeersChanged) -> JsValue {
    let ids = |ids: &[u64]| -> JsValue {
        ids.iter().map(|&id| JsValue::from_f64(id as f64)).collect::<Array>().into()
    };
    let lists = [
        ("added", ids(&changed.added)),
        ("updated", ids(&changed.updated)),
        ("removed", ids(&changed.removed)),
    ];
    object(&lists)
}

fn keys_object(shell: &Rc<Shell>, event: &Event) -> JsValue {
    let keys = Map::new();
    for (key, change) in &event.keys {
        let (action, value, old_value) = match change {
            KeyChange::Add(value) => ("add", Some(value), None),
            KeyChange::Update(old, value) => ("update", Some(value), Some(old)),
            KeyChange::Delete(old) => ("delete", None, Some(old)),
        };
        let value = value.map(|value| ("value", value_object(shell, value)));
        let old_value = old_value.map(|value| ("oldValue", value_object(shell, value)));
        let mut entries = vec![("action", JsValue::from_str(action))];
        entries.extend(value);
        entries.extend(old_value);
        keys.set(&key.into(), &object(&entries));
    }
    keys.into()
}
