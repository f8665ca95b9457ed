//! Whether somebody is at work on this replica's page, as others see it.
//!
//! It is part of what the replica says about itself: the key `activity`, if that is an object,
//! while nobody is at work. So it costs one message when it changes, and nothing else.

use super::Replica;
use crate::time::Millis;

/// Whether somebody is at work.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
enum Activity {
    /// They are, or nothing tells that they are not.
    #[default]
    Active,
    /// They did nothing for a while.
    Idle,
    /// They did nothing for a long while, or look at something else.
    Away,
}

/// After how long somebody is not at work any more, in milliseconds.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct ActivityLimits {
    /// Idle, after so long without input.
    pub idle_ms: u64,
    /// Away, after so long without input.
    pub away_ms: u64,
    /// Away, after the page was hidden for so long.
    pub hidden_ms: u64,
}

impl Default for ActivityLimits {
    fn default() -> Self {
        Self { idle_ms: 60_000, away_ms: 300_000, hidden_ms: 30_000 }
    }
}

#[derive(Clone, Debug, Default)]
pub(super) struct Attention {
    /// Nothing if nobody tells of input.
    limits: Option<ActivityLimits>,
    input_at: Millis,
    hidden_at: Option<Millis>,
    /// What was last said.
    said: Activity,
}

impl Attention {
    fn noticed(&mut self, now: Millis, hidden: bool) {
        if hidden {
            self.hidden_at.get_or_insert(now);
        } else {
            (self.input_at, self.hidden_at) = (now, None);
        }
    }

    /// From when on they are idle, and away, if nothing happens.
    fn ends(&self) -> Option<(Millis, Millis)> {
        let limits = self.limits?;
        let hidden = self.hidden_at.map(|at| at + limits.hidden_ms);
        let away = self.input_at + limits.away_ms;
        Some((self.input_at + limits.idle_ms, hidden.map_or(away, |at| at.min(away))))
    }

    /// Look again, now. Returns whether it is another one.
    pub(super) fn look(&mut self, now: Millis) -> bool {
        let is = match self.ends() {
            Some((_, away)) if away <= now => Activity::Away,
            Some((idle, _)) if idle <= now => Activity::Idle,
            _ => Activity::Active,
        };
        core::mem::replace(&mut self.said, is) != is
    }

    /// When it is another one, if nothing happens.
    pub(super) fn due_at(&self) -> Option<Millis> {
        let (idle, away) = self.ends()?;
        match self.said {
            Activity::Active => Some(idle.min(away)),
            Activity::Idle => Some(away),
            Activity::Away => None,
        }
    }

    /// A state, with what others are to know beside it. What the page says itself comes later in
    /// it, and counts.
    pub(super) fn beside(&self, state: &str) -> String {
        let said = match self.said {
            Activity::Active => return state.to_owned(),
            Activity::Idle => "idle",
            Activity::Away => "away",
        };
        let Some(rest) = state.trim_start().strip_prefix('{') else { return state.to_owned() };
        let comma = if rest.trim_start().starts_with('}') { "" } else { "," };
        format!("{{\"activity\":\"{said}\"{comma}{rest}")
    }
}

impl Replica {
    /// Tell peers whether somebody is at work, by what [`super::Input::Noticed`] says from now on.
    pub fn watch_activity(&mut self, now: Millis, limits: ActivityLimits) {
        let attention = &mut self.presence.attention;
        (attention.limits, attention.input_at) = (Some(limits), now);
    }

    pub(super) fn noticed(&mut self, now: Millis, hidden: bool) {
        self.presence.attention.noticed(now, hidden);
        self.presence.look(now);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    const LIMITS: ActivityLimits = ActivityLimits { idle_ms: 60, away_ms: 300, hidden_ms: 30 };

    fn watched() -> Attention {
        Attention { limits: Some(LIMITS), ..Attention::default() }
    }

    fn states(attention: &mut Attention, times: &[u64]) -> Vec<Activity> {
        let look = |&at: &u64| (attention.look(Millis(at)), attention.said).1;
        times.iter().map(look).collect()
    }

    #[test]
    fn who_does_nothing_is_idle_and_then_away() {
        use Activity::{Active, Away, Idle};
        let mut attention = watched();
        assert_eq!(
            states(&mut attention, &[0, 59, 60, 299, 300]),
            [Active, Active, Idle, Idle, Away]
        );
        assert_eq!(attention.due_at(), None);
        attention.noticed(Millis(1_000), false);
        assert_eq!(states(&mut attention, &[1_000, 1_060]), [Active, Idle]);
        assert_eq!(attention.due_at(), Some(Millis(1_300)));
    }

    #[test]
    fn who_looks_at_something_else_is_away() {
        use Activity::{Active, Away};
        let mut attention = watched();
        attention.noticed(Millis(10), true);
        // Hidden is hidden since the first time.
        attention.noticed(Millis(20), true);
        assert_eq!(attention.due_at(), Some(Millis(40)));
        assert_eq!(states(&mut attention, &[39, 40]), [Active, Away]);
        attention.noticed(Millis(50), false);
        assert_eq!(states(&mut attention, &[50]), [Active]);
        assert_eq!(attention.due_at(), Some(Millis(110)));
    }

    #[test]
    fn where_nobody_tells_of_input_all_are_active() {
        let mut attention = Attention::default();
        assert_eq!(states(&mut attention, &[u64::MAX]), [Activity::Active]);
        assert_eq!(attention.due_at(), None);
    }

    #[test]
    fn it_stands_in_front_of_what_the_page_says() {
        let mut attention = watched();
        assert_eq!(attention.beside("{}"), "{}");
        attention.look(Millis(60));
        for (state, expected) in [
            ("{}", r#"{"activity":"idle"}"#),
            (" { } ", r#"{"activity":"idle" } "#),
            (r#"{"at":1}"#, r#"{"activity":"idle","at":1}"#),
            ("null", "null"),
            ("[{}]", "[{}]"),
        ] {
            assert_eq!(attention.beside(state), expected);
            assert!(crate::update::is_json(&attention.beside(state)));
        }
    }
}
