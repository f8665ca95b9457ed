//! What connects a replica with its room, and what comes over that.

use std::rc::Rc;

use super::Shell;
use crate::client::inflate::inflate;
use crate::client::line::Line;
use crate::client::poll::Poll;
use crate::client::socket::Socket;
use crate::replica::{Input, Way};

impl Shell {
    pub(in crate::client) fn socket_closed(self: &Rc<Self>, code: u16, reason: &str) {
        if let Some(open) = self.open.borrow_mut().as_mut() {
            (open.line, open.inflating) = (None, None);
        }
        self.input(Input::Closed { code, reason });
    }

    /// Open a socket, or what there is instead; it may fail at once, as it does for a blocked port.
    pub(super) fn connect(self: &Rc<Self>, token: Option<&str>) {
        let addresses = self.with(|open| (open.endpoint.clone(), open.api.clone()));
        let Some((endpoint, api)) = addresses else { return };
        let line = match self.way() {
            Way::Socket => Socket::open(&endpoint, token, self).map(Line::Socket),
            way => Ok(Line::Poll(Poll::open(&api, token, way, self))),
        };
        match line {
            Ok(line) => drop(self.with(|open| open.line.replace(line))),
            Err(_) => self.input(Input::Closed { code: 1006, reason: "" }),
        }
    }

    pub(super) fn inflate(self: &Rc<Self>, bytes: &[u8]) {
        let line = Rc::new(());
        let (shell, from) = (Rc::downgrade(self), Rc::downgrade(&line));
        self.with(|open| open.inflating = Some(line));
        inflate(bytes, move |update| {
            if from.upgrade().is_some()
                && let Some(shell) = shell.upgrade()
            {
                shell.input(Input::Inflated(update));
            }
        });
    }

    pub(in crate::client) fn socket_opens(self: &Rc<Self>) {
        // That it can be opened is all that it was for.
        drop(self.with(|open| open.tried.take()));
        self.input(Input::SocketOpens);
    }

    pub(super) fn try_socket(self: &Rc<Self>) {
        let Some(endpoint) = self.with(|open| open.endpoint.clone()) else { return };
        let tried = Socket::tried(&endpoint, self).ok();
        drop(self.with(|open| std::mem::replace(&mut open.tried, tried)));
    }

    pub(super) fn way(&self) -> Way {
        self.replica().map_or(Way::Socket, |replica| replica.way())
    }

    pub(super) fn with_line(&self, act: impl FnOnce(&Line)) {
        if let Some(line) = self.open.borrow().as_ref().and_then(|open| open.line.as_ref()) {
            act(line);
        }
    }
}
