//! What the replica asks for, done as a browser does it.

use selvedge::protocol::native::decode_from_client;
use selvedge::protocol::{Dialect, FromClient};
use selvedge::replica::{Output, Rejected};

use super::Native;
use crate::env::{Env, Event, Signal};

impl Native {
    pub(super) fn perform(&mut self, env: &mut Env, outputs: Vec<Output>) {
        let mut before = None;
        for output in outputs {
            match output {
                Output::Connect => self.conn = Some(env.open(self.index, Dialect::Native)),
                Output::Renew => {
                    env.count("polled");
                    before = self.conn.replace(env.open(self.index, Dialect::Native));
                }
                Output::Disconnect => {
                    if let Some(conn) = self.conn.take() {
                        env.up(conn, Signal::Close(1000));
                    }
                }
                Output::Send(frame) => {
                    if let Some(conn) = self.conn {
                        match decode_from_client(&frame) {
                            Ok(Some(FromClient::Part { .. })) => env.count("parts"),
                            Ok(Some(FromClient::Received { .. })) => env.count("confirmed"),
                            _ => {}
                        }
                        env.trace(|| format!("native {} says {frame:?}", self.index));
                        env.up(conn, Signal::Binary(frame));
                    }
                }
                Output::SendPing => {
                    if let Some(conn) = self.conn {
                        env.up(conn, Signal::Probe);
                    }
                }
                Output::SetTimer(at) => {
                    self.timers += 1;
                    self.timer = self.timers;
                    let in_ms = at.since(self.now(env));
                    env.schedule(in_ms, Event::Timer { client: self.index, timer: self.timer });
                }
                Output::Inflate(deflated) => {
                    env.count("inflated");
                    let Some(conn) = self.conn else { continue };
                    let in_ms = env.keep_rng.u64(0..20);
                    let client = self.index;
                    env.schedule(in_ms, Event::Inflated { client, conn, deflated });
                }
                Output::Status(status) => {
                    env.note(format_args!("native {} is {status:?}", self.index));
                }
                Output::Refused(refusal) => {
                    env.count("refused");
                    env.note(format_args!("native {} is refused: {refusal}", self.index));
                }
                Output::SetAside(aside) => {
                    env.count("aside");
                    self.put_aside = self.edits.len();
                    env.note(format_args!("native {} puts a copy aside", self.index));
                    self.check_aside(env, &aside);
                }
                Output::Rejected(rejected) => {
                    assert!(env.rules.is_some(), "the document has no rules");
                    env.count("rejected");
                    for Rejected { rejection, .. } in rejected {
                        env.note(format_args!("native {} is told of {rejection:?}", self.index));
                        let place = rejection.path.split('/').next().unwrap_or_default();
                        self.rejected.insert(place.to_owned());
                    }
                }
                Output::RenewToken => {
                    env.count("renewed");
                    let in_ms = env.rng.u64(1..300);
                    env.schedule(in_ms, Event::Token(self.index));
                }
                Output::Access(grant) => {
                    env.note(format_args!("native {} may now: {grant:?}", self.index));
                }
                Output::Keep(record) => self.write(env, record, false),
                Output::KeepAll(record) => self.write(env, record, true),
                Output::StopKeeping => env.oracle.violated("the storage was in time".to_owned()),
                // No other tab is there.
                Output::Tell { .. } | Output::Watch(_) | Output::KeptElsewhere(_) => {}
                Output::PageKeeps(_) | Output::Forgotten(_) => {}
                Output::Saved(_)
                | Output::Changed(_)
                | Output::Updated { .. }
                | Output::Peers(_) => {}
                Output::TrySocket | Output::Undo(_) | Output::Undone(_) | Output::Conflict(_) => {}
            }
        }
        // What a poll begins with is handed over, and the one before it is over.
        if let Some(before) = before {
            self.conn.into_iter().for_each(|conn| env.up(conn, Signal::Over));
            env.up(before, Signal::Close(1000));
        }
    }
}
