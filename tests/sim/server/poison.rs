//! A change on which the room traps, as no change is known to do.

use selvedge::protocol::{Close, FromRoom, Limit, native};
use selvedge::room::{Input, Output, Room, Suspect};

use super::{Live, Server};
use crate::env::Env;

/// What such a change holds.
pub const POISON: &str = "(poison)";

/// Where the room traps: on the frame that holds it, or when it commits it.
pub struct Poison {
    in_frame: bool,
    /// What the machine notes: since the last commit, and for the next room.
    gathered: Vec<Suspect>,
    failed: Option<Vec<Suspect>>,
}

impl Poison {
    pub fn new(env: &mut Env) -> Self {
        // Of its own, so that a seed goes on as it did before there was any.
        let in_frame = env.rng.clone().bool();
        Self { in_frame, gathered: Vec::new(), failed: None }
    }
}

impl Server {
    pub(super) fn begin(&mut self, room: &Room, input: &Input<'_>) {
        if let Input::Frame { session, bytes } = *input {
            self.poison.gathered.extend(room.suspect(session, bytes));
        }
    }

    pub(super) fn committed(&mut self) {
        self.poison.gathered.clear();
    }

    pub(super) fn end(&mut self, input: &Input<'_>) {
        if matches!(input, Input::Commit) {
            self.poison.gathered.clear();
        }
    }

    pub(super) fn traps(&self, input: &Input<'_>, outputs: &[Output]) -> bool {
        match input {
            Input::Frame { bytes, .. } if self.poison.in_frame => {
                is_in(bytes) && !outputs.iter().any(refuses)
            }
            _ => outputs.iter().any(|output| match output {
                Output::Append(row) => is_in(&row.update),
                _ => false,
            }),
        }
    }

    /// The instance is gone, and with it what other rooms had in hand; nothing of this was done.
    pub(super) fn trap(&mut self, env: &mut Env, input: &Input<'_>) {
        env.count("poisoned");
        env.note(format_args!("the room traps"));
        let gathered = std::mem::take(&mut self.poison.gathered);
        self.poison.failed = Some(match input {
            Input::Frame { .. } => gathered.last().copied().into_iter().collect(),
            _ => gathered,
        });
        self.reset(env);
        if !matches!(input, Input::Frame { .. }) {
            self.close_all(env, Close::Restarted);
        }
    }

    /// A room that is loaded after a failure is told what that was about.
    pub(super) fn tell_failure(&mut self, env: &mut Env, live: &mut Live) {
        self.poison.gathered.clear();
        let Some(in_hand) = self.poison.failed.take() else { return };
        let input = Input::Failed { in_hand: &in_hand };
        for output in live.room.handle(env.now, input, &self.disk.current) {
            // What cannot be written is counted at the next failure.
            let _ = self.perform(env, live, output);
        }
    }
}

fn refuses(output: &Output) -> bool {
    let Output::Send { frame, .. } = output else { return false };
    match native::decode_from_room(frame) {
        Ok(Some(FromRoom::Refused { refusal, .. })) => refusal.limit == Limit::Failures,
        _ => frame.starts_with(&[2, 0]),
    }
}

fn is_in(bytes: &[u8]) -> bool {
    bytes.windows(POISON.len()).any(|window| window == POISON.as_bytes())
}
