//! What there is in the place of a WebSocket where those are blocked: an answer that is held, for
//! what the room says, and requests for what is said to it. docs/api.md says how they look.

use std::rc::Rc;

use js_sys::Uint8Array;
use wasm_bindgen::prelude::*;

use super::shell::Shell;
use crate::protocol::records::{ALIVE, CLOSED, FRAME};
use crate::replica::{Input, Way};

/// Beside the kinds of records: it is time for hello, and the answer has ended.
const OPENED: u8 = 254;
const OVER: u8 = 255;

#[wasm_bindgen(module = "/src/client/poll.js")]
extern "C" {
    type Line;

    #[wasm_bindgen(constructor)]
    fn new(url: &str, token: Option<&str>, tell: &JsValue) -> Line;

    #[wasm_bindgen(method)]
    fn show(this: &Line, token: Option<&str>);

    #[wasm_bindgen(method)]
    fn renew(this: &Line, query: &str);

    #[wasm_bindgen(method)]
    fn send(this: &Line, kind: u8, bytes: &[u8]);

    #[wasm_bindgen(method)]
    fn close(this: &Line) -> js_sys::Promise;
}

type Tell = dyn FnMut(u8, Option<Uint8Array>, Option<u16>, Option<String>);

pub(super) struct Poll {
    line: Line,
    _tell: Closure<Tell>,
}

impl Poll {
    /// `url` is where to ask about the document.
    pub(super) fn open(url: &str, token: Option<&str>, way: Way, shell: &Rc<Shell>) -> Self {
        let shell = Rc::clone(shell);
        let tell = Closure::<Tell>::new(
            move |kind, bytes: Option<Uint8Array>, code: Option<u16>, reason: Option<String>| {
                let reason = reason.unwrap_or_default();
                match kind {
                    FRAME => {
                        shell.input(Input::Frame(&bytes.map_or(Vec::new(), |it| it.to_vec())));
                    }
                    ALIVE => shell.input(Input::Alive),
                    OPENED => shell.input(Input::Opened),
                    OVER => shell.input(Input::Over),
                    CLOSED => shell.socket_closed(code.unwrap_or_default(), &reason),
                    _ => {}
                }
            },
        );
        let line = Line::new(url, token, tell.as_ref());
        line.renew(&query(way));
        Self { line, _tell: tell }
    }

    pub(super) fn show(&self, token: Option<&str>) {
        self.line.show(token);
    }

    pub(super) fn renew(&self, way: Way) {
        self.line.renew(&query(way));
    }

    pub(super) fn send(&self, frame: &[u8]) {
        self.line.send(FRAME, frame);
    }
}

fn query(way: Way) -> String {
    match way {
        Way::Brief { hold_s } => format!("&brief&hold={hold_s}"),
        Way::Socket | Way::Stream => String::new(),
    }
}

impl Drop for Poll {
    fn drop(&mut self) {
        // It goes on by itself until it has said what waits.
        drop(self.line.close());
    }
}
