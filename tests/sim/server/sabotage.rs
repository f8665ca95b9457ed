//! What the machine does wrong on purpose.

use std::rc::Rc;

use selvedge::protocol::{Dialect, FromClient, FromRoom, Hello, Welcome, native};
use selvedge::room::{Input, Output, Row};
use selvedge::update;

use super::Server;
use crate::disk::Write;
use crate::env::{ConnId, Env};
use crate::faults::Sabotage;
use crate::rules::marks_in;

impl Server {
    /// A hello, as if its client had asked for this history.
    pub(super) fn without_epoch(&mut self, conn: ConnId, frame: Vec<u8>) -> Vec<u8> {
        let Some(Sabotage::EpochUnchecked) = self.sabotage else { return frame };
        match native::decode_from_client(&frame) {
            Ok(Some(FromClient::Hello(hello))) if hello.epoch > 0 => {
                self.epochs.insert(conn, hello.epoch);
                let hello = Hello { epoch: self.disk.current.epoch, ..hello };
                native::encode_from_client(&FromClient::Hello(hello)).unwrap_or(frame)
            }
            _ => frame,
        }
    }

    /// A welcome, as if this was the history that its client asked for.
    pub(super) fn with_epoch(&self, conn: ConnId, frame: &[u8]) -> Vec<u8> {
        match (self.epochs.get(&conn), native::decode_from_room(frame)) {
            (Some(&epoch), Ok(Some(FromRoom::Welcome(welcome)))) => {
                native::encode_from_room(&FromRoom::Welcome(Welcome { epoch, ..welcome }))
            }
            _ => frame.to_vec(),
        }
    }

    pub(super) fn append(&mut self, env: &mut Env, mut row: Row) {
        env.note(format_args!("append {} (+{})", row.sequence, row.updates));
        match self.sabotage {
            Some(Sabotage::AppendSkipped) if env.rng.f64() < 0.1 => return,
            Some(Sabotage::RefusedStored | Sabotage::AuthorBelieved) => {
                let refused = std::mem::take(&mut self.refused);
                let parts: Vec<_> =
                    refused.iter().chain([&row.update]).map(|update| &update[..]).collect();
                row.update = update::merge(&parts).unwrap_or(row.update);
            }
            _ => {}
        }
        self.write(env, Write::Append(Rc::new(row)));
    }

    pub(super) fn remember_forbidden(&mut self, input: &Input<'_>) {
        if self.sabotage != Some(Sabotage::AuthorBelieved) {
            return;
        }
        let Input::Frame { bytes, .. } = input else { return };
        for dialect in [Dialect::Native, Dialect::Stock] {
            if let Ok(Some(FromClient::Update { update, .. })) = dialect.decode(bytes)
                && marks_in(update).next().is_some()
            {
                self.refused.push(update.to_vec());
            }
        }
    }

    pub(super) fn remember_refused(&mut self, input: &Input<'_>, outputs: &[Output]) {
        if self.sabotage != Some(Sabotage::RefusedStored) {
            return;
        }
        let Input::Frame { bytes, .. } = input else { return };
        for dialect in [Dialect::Native, Dialect::Stock] {
            let asks = dialect.encode(&FromRoom::SyncStep1(&[])).unwrap_or_default();
            let asked = outputs.iter().any(|output| {
                matches!(output, Output::Send { frame, .. } if frame[0] == asks[0]
                    && (dialect == Dialect::Native || frame[1] == asks[1]))
            });
            if let Ok(Some(FromClient::Update { update, .. })) = dialect.decode(bytes)
                && asked
            {
                self.refused.push(update.to_vec());
            }
        }
    }
}

pub(super) fn is_ack(output: &Output) -> bool {
    let Output::Send { frame, .. } = output else { return false };
    matches!(native::decode_from_room(frame), Ok(Some(FromRoom::Ack { .. })))
}

pub(super) fn is_rejection(output: &Output) -> bool {
    let Output::Send { frame, .. } = output else { return false };
    matches!(native::decode_from_room(frame), Ok(Some(FromRoom::Rejected(_))))
}
