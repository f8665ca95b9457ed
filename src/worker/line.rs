//! Sessions whose socket ends in the Worker, which holds polls: what their clients say comes in
//! requests of their own, and goes on in the session of the next poll.

use std::rc::Rc;

use wasm_bindgen::JsValue;
use worker::{Request, Response, Result};

use super::durable_object::Cell;
use super::{entrance, held, platform, refuse};
use crate::protocol::OVER;
use crate::protocol::records::{self, Record};
use crate::protocol::route::{self, Problem};
use crate::room::Input;

/// The names under which the platform keeps the socket of a client's session and poll. None is that
/// of another kind: the platform keeps what is said twice once.
pub(super) fn tags(name: &str, number: &str) -> [String; 2] {
    [format!("line {name}"), format!("poll {number}")]
}

const NO_SESSION: Problem = Problem::Missing("No such poll is held. Poll, and say it then.");

impl Cell {
    /// A client says something in the session of a poll of its own.
    pub(super) async fn say(self: &Rc<Self>, name: &str, mut request: Request) -> Result<Response> {
        let Some(access) = entrance::access_of(&request) else { return refuse(Problem::Token) };
        let url = request.inner().url();
        let number = match route::poll_number(route::query_of(&url).unwrap_or_default()) {
            Ok(number) => number.to_string(),
            Err(problem) => return refuse(problem),
        };
        let body = match held::said(&mut request).await? {
            Ok(body) => body,
            Err(problem) => return refuse(problem),
        };
        let Ok(records) = records::decode(&body) else { return refuse(Problem::BROKEN_RECORDS) };
        let [tag, poll] = tags(name, &number);
        // Nobody waits in between: what is found here is there until all is said.
        let found = self.with(|room| {
            self.state.get_websockets_with_tag(&tag).into_iter().find_map(|socket| {
                let is_it = platform::tag_of(socket.as_ref(), self.state.as_raw(), 1)? == poll;
                let session = self.session(socket.as_ref()).filter(|_| is_it)?;
                room.hears(session, &access).then_some((socket, session))
            })
        });
        let (socket, session) = match found {
            Ok(Some(found)) => found,
            Ok(None) => return refuse(NO_SESSION),
            Err(problem) => return refuse(problem),
        };
        for record in records {
            match record {
                Record::Frame(bytes) => self.take(Input::Frame { session, bytes }),
                Record::Alive => {}
                Record::Closed(_) => self.leave(socket.as_ref()),
            }
        }
        Ok(Response::empty()?.with_status(204))
    }

    /// Whether a text says that a poll has begun, and goes on in the session of this socket. The
    /// earlier ones of its client are over, in the same turn: nobody sees it gone.
    pub(super) fn goes_on(self: &Rc<Self>, socket: &web_sys::WebSocket, text: &JsValue) -> bool {
        let Some(name) = platform::tag_of(socket, self.state.as_raw(), 0) else { return false };
        let Some(session) = self.session(socket).filter(|_| *text == OVER) else { return false };
        for other in self.state.get_websockets_with_tag(&name) {
            let earlier = self.session(other.as_ref()).filter(|other| *other < session);
            let is_its_own = |other| self.with(|room| room.are_of_one(other, session)) == Ok(true);
            if earlier.is_some_and(is_its_own) {
                self.leave(other.as_ref());
            }
        }
        self.take(Input::GoesOn { session });
        true
    }

    fn leave(self: &Rc<Self>, socket: &web_sys::WebSocket) {
        self.disconnect(socket);
        platform::let_go(socket);
    }
}
