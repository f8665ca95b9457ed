//! What happened to one key.

use super::Documents;
use super::place::Place;
use crate::document::{Kind, PathSegment, Value};
use crate::policy::{Broken, Role, Rule, may_come, may_go};

impl Documents {
    /// Whether what happened to `key` keeps the rules; the path is told from its parent on. `came`
    /// is whether the update brought a value.
    pub(super) fn look_at_key(
        &self,
        place: &Place<'_>,
        key: &str,
        came: bool,
        role: Role,
    ) -> Result<(), Broken> {
        let parent = &place.parent;
        let path = || vec![PathSegment::Key(key.to_owned())];
        let broken = |rule| (path(), rule);
        if matches!(parent.kind, Kind::Array | Kind::XmlFragment | Kind::Text) {
            return if came { Err(broken(Rule::Type)) } else { Ok(()) };
        }
        if self.trial.find(&parent.id).is_none() {
            // It went with what is around it, where that is looked at.
            return Ok(());
        }
        let before = self.settled.key(parent, key).ok().flatten();
        let after = self.trial.key(parent, key).ok().flatten();
        let is_same = before == after && !(came && after == Some(Value::Opaque));
        if is_same {
            return Ok(());
        }
        let rules = place.rules.map_err(broken)?;
        if parent.kind != Kind::Map {
            // An attribute.
            return rules.may_change(role).map_err(broken);
        }
        let Some(here) = rules.key(key) else {
            return match after {
                Some(_) => Err(broken(Rule::Closed)),
                None => rules.may_delete(role).map_err(broken),
            };
        };
        match (before, after) {
            (None, None) => Ok(()),
            (None, Some(new)) => {
                here.may_insert(role).map_err(broken)?;
                may_come(&self.trial, role, (new, here, path()))
            }
            (Some(old), Some(new)) => {
                here.may_change(role).map_err(broken)?;
                // What is inside of one goes with it, and comes with the other.
                if matches!(old, Value::Shared(_)) {
                    here.may_delete(role).map_err(broken)?;
                }
                if matches!(new, Value::Shared(_)) {
                    here.may_insert(role).map_err(broken)?;
                }
                may_go(&self.settled, role, (old, here, path()))?;
                may_come(&self.trial, role, (new, here, path()))
            }
            (Some(old), None) => {
                here.may_delete(role).map_err(broken)?;
                if rules.required().iter().any(|required| required == key) {
                    return Err(broken(Rule::Required));
                }
                may_go(&self.settled, role, (old, here, path()))
            }
        }
    }
}

impl Place<'_> {
    /// Whether nothing that may happen to this key has to be looked at.
    pub(super) fn lets_key(&self, key: &str, role: Role) -> bool {
        let (Ok(rules), Kind::Map) = (self.rules, self.parent.kind) else { return false };
        let Some(here) = rules.key(key) else { return false };
        here.may_insert(role).is_ok()
            && here.may_change(role).is_ok()
            && here.may_delete(role).is_ok()
            && here.is_uniform()
            && !here.has_value_rules()
            && !rules.required().iter().any(|required| required == key)
    }
}
