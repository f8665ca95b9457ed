//! Undo, redo and what lost to others, as the page sees them.

use std::rc::Rc;

use js_sys::{Array, Date, Object, Reflect};
use wasm_bindgen::JsCast;
use wasm_bindgen::prelude::*;

use super::convert::{self, from_json, object};
use super::document::SharedDocument;
use super::error::Misuse;
use super::handle::path_array;
use super::shell::Shell;
use super::timer;
use crate::document::{Lost, UndoOptions};
use crate::replica::{Conflicted, Policy, UndoState, Undone};

/// The options `undo` and `conflicts` of `connect`.
#[derive(Default, Clone)]
pub(super) struct Recording {
    /// What is recorded; with `Some(None)` nothing.
    undo: Option<Option<UndoOptions>>,
    policies: Vec<(String, Policy)>,
}

impl Recording {
    pub(super) fn read(options: &JsValue) -> Result<Self, JsValue> {
        let undo = match Reflect::get(options, &"undo".into())? {
            said if said.is_undefined() => None,
            said if said == false => Some(None),
            said if said.is_object() => Some(Some(undo_options(&said)?)),
            _ => return Err(Misuse::Option("undo must be false or an object").into()),
        };
        let conflicts = Reflect::get(options, &"conflicts".into())?;
        let mut policies = Vec::new();
        if conflicts.is_object() {
            for key in Object::keys(conflicts.unchecked_ref::<Object>()).iter() {
                let policy = match Reflect::get(&conflicts, &key)?.as_string().as_deref() {
                    Some("quiet") => Policy::Quiet,
                    Some("notify") => Policy::Notify,
                    Some("keep-both") => Policy::KeepBoth,
                    _ => {
                        let wrong = "a policy of conflicts is quiet, notify or keep-both";
                        return Err(Misuse::Option(wrong).into());
                    }
                };
                policies.push((key.as_string().unwrap_or_default(), policy));
            }
        } else if !conflicts.is_undefined() {
            return Err(Misuse::Option("conflicts must be an object").into());
        }
        Ok(Self { undo, policies })
    }

    pub(super) fn apply(self, shell: &Shell) -> Result<(), Misuse> {
        let mut replica = shell.replica_mut()?;
        if let Some(undo) = self.undo {
            replica.record(undo);
        }
        replica.set_policies(self.policies.iter().map(|(path, policy)| (path.as_str(), *policy)));
        Ok(())
    }
}

fn undo_options(said: &JsValue) -> Result<UndoOptions, JsValue> {
    let mut options = UndoOptions::default();
    let group_ms = Reflect::get(said, &"groupMs".into())?;
    if !group_ms.is_undefined() {
        let ms = group_ms.as_f64().filter(|ms| *ms >= 0.0);
        options.group_ms = ms.ok_or(Misuse::Option("undo.groupMs must be a number from 0"))? as u64;
    }
    let roots = Reflect::get(said, &"roots".into())?;
    if !roots.is_undefined() {
        let wrong = Misuse::Option("undo.roots must be a list of names");
        let roots: Array = roots.dyn_into().map_err(|_| wrong.clone())?;
        let names: Option<Vec<String>> = roots.iter().map(|name| name.as_string()).collect();
        options.roots = Some(names.ok_or(wrong)?);
    }
    Ok(options)
}

impl SharedDocument {
    fn back(&self, redo: bool) -> Result<bool, JsValue> {
        if !self.shell.replica()?.may_write() {
            return Err(Misuse::NotAllowed.into());
        }
        let (undone, outputs) = self.shell.replica_mut()?.undo(timer::now(), redo);
        self.shell.perform(outputs);
        Ok(undone.map_err(Misuse::Edit)?)
    }
}

#[wasm_bindgen]
impl SharedDocument {
    /// Take the last step back.
    pub fn undo(&self) -> Result<bool, JsValue> {
        self.back(false)
    }

    /// Do again what was undone last.
    pub fn redo(&self) -> Result<bool, JsValue> {
        self.back(true)
    }

    /// Whether there is a step to undo.
    #[wasm_bindgen(getter, js_name = canUndo)]
    pub fn can_undo(&self) -> Result<bool, JsValue> {
        Ok(self.shell.replica()?.undo_state().can_undo)
    }

    /// Whether there is a step to do again.
    #[wasm_bindgen(getter, js_name = canRedo)]
    pub fn can_redo(&self) -> Result<bool, JsValue> {
        Ok(self.shell.replica()?.undo_state().can_redo)
    }

    /// The next edit begins a step.
    #[wasm_bindgen(js_name = undoBoundary)]
    pub fn undo_boundary(&self) -> Result<(), JsValue> {
        self.shell.replica_mut()?.end_step();
        Ok(())
    }

    /// Steps that begin from now on carry this.
    #[wasm_bindgen(js_name = undoMeta)]
    pub fn undo_meta(&self, meta: JsValue) -> Result<(), JsValue> {
        let meta = convert::json(&meta)?;
        self.shell.replica_mut()?.set_step_meta(meta);
        Ok(())
    }
}

pub(super) fn undo_object(state: UndoState) -> JsValue {
    let entries = [
        ("canUndo", JsValue::from_bool(state.can_undo)),
        ("canRedo", JsValue::from_bool(state.can_redo)),
    ];
    object(&entries)
}

pub(super) fn undone_object(undone: &Undone) -> JsValue {
    let action = if undone.redo { "redo" } else { "undo" };
    let entries = [("action", JsValue::from_str(action)), ("meta", from_json(&undone.meta))];
    object(&entries)
}

pub(super) fn conflict_object(shell: &Rc<Shell>, conflicted: &Conflicted) -> JsValue {
    let Conflicted { conflict, policy, kept } = conflicted.clone();
    let (kind, format) = match &conflict.lost {
        Lost::Key => ("key", None),
        Lost::Format(name) => ("format", Some(name)),
        Lost::Inside => ("inside", None),
        Lost::Around => ("around", None),
    };
    let policy = if policy == Policy::KeepBoth { "keep-both" } else { "notify" };
    let mut entries = vec![
        ("kind", JsValue::from_str(kind)),
        ("path", path_array(&conflict.path)),
        ("ours", from_json(&conflict.ours)),
        ("theirs", from_json(&conflict.theirs)),
        ("by", conflict.by.map_or(JsValue::NULL, |client| JsValue::from_f64(client as f64))),
        ("at", JsValue::from_f64(Date::now())),
        ("policy", JsValue::from_str(policy)),
    ];
    entries.extend(format.map(|name| ("format", JsValue::from_str(name))));
    entries.extend(kept.as_deref().map(|key| ("keptAs", JsValue::from_str(key))));
    // Weak: a conflict that the page keeps must not keep a closed document.
    let shell = Rc::downgrade(shell);
    let restore = Closure::<dyn FnMut() -> Result<bool, JsValue>>::new(move || {
        let shell = shell.upgrade().ok_or(Misuse::Closed)?;
        if !shell.replica()?.may_write() {
            return Err(Misuse::NotAllowed.into());
        }
        let (restored, outputs) = shell.replica_mut()?.restore(timer::now(), &conflict);
        shell.perform(outputs);
        Ok(restored.map_err(Misuse::Edit)?)
    });
    entries.push(("restore", restore.into_js_value()));
    object(&entries)
}
