//! A WebSocket, closed and silenced when dropped.

use std::rc::Rc;

use js_sys::{ArrayBuffer, Reflect, Uint8Array, global};
use wasm_bindgen::prelude::*;
use web_sys::{BinaryType, CloseEvent, MessageEvent, WebSocket};

use super::shell::Shell;
use crate::protocol::bearer::TOKEN_PREFIX;
use crate::protocol::{PING, PONG, SUBPROTOCOL};
use crate::replica::Input;

pub(super) struct Socket {
    socket: WebSocket,
    _on_open: Closure<dyn FnMut()>,
    _on_message: Closure<dyn FnMut(MessageEvent)>,
    _on_close: Closure<dyn FnMut(CloseEvent)>,
}

impl Socket {
    /// Whether any can be opened. Node 20 has none, and trying for ever would not bring one.
    pub(super) fn is_known() -> bool {
        Reflect::get(&global(), &"WebSocket".into()).is_ok_and(|class| class.is_function())
    }

    pub(super) fn open(url: &str, token: Option<&str>, shell: &Rc<Shell>) -> Result<Self, JsValue> {
        let protocols = js_sys::Array::of1(&SUBPROTOCOL.into());
        if let Some(token) = token {
            // Browsers let a page set no other header.
            protocols.push(&format!("{TOKEN_PREFIX}{token}").into());
        }
        let socket = WebSocket::new_with_str_sequence(url, &protocols)?;
        socket.set_binary_type(BinaryType::Arraybuffer);
        let on_open = {
            let shell = Rc::clone(shell);
            Closure::<dyn FnMut()>::new(move || shell.input(Input::Opened))
        };
        let on_message = {
            let shell = Rc::clone(shell);
            Closure::<dyn FnMut(MessageEvent)>::new(move |event: MessageEvent| {
                let data = event.data();
                if let Some(frame) = data.dyn_ref::<ArrayBuffer>() {
                    shell.input(Input::Frame(&Uint8Array::new(frame).to_vec()));
                } else if data == PONG {
                    shell.input(Input::Pong);
                }
            })
        };
        let on_close = {
            let shell = Rc::clone(shell);
            Closure::<dyn FnMut(CloseEvent)>::new(move |event: CloseEvent| {
                shell.socket_closed(event.code(), &event.reason());
            })
        };
        socket.set_onopen(Some(on_open.as_ref().unchecked_ref()));
        socket.set_onmessage(Some(on_message.as_ref().unchecked_ref()));
        socket.set_onclose(Some(on_close.as_ref().unchecked_ref()));
        Ok(Self { socket, _on_open: on_open, _on_message: on_message, _on_close: on_close })
    }

    /// One that only tells whether it can be opened. Without a token it is nobody's.
    pub(super) fn tried(url: &str, shell: &Rc<Shell>) -> Result<Self, JsValue> {
        let socket = WebSocket::new_with_str(url, SUBPROTOCOL)?;
        let shell = Rc::clone(shell);
        let on_open = Closure::<dyn FnMut()>::new(move || shell.socket_opens());
        socket.set_onopen(Some(on_open.as_ref().unchecked_ref()));
        let (on_message, on_close) = (Closure::new(|_| {}), Closure::new(|_| {}));
        Ok(Self { socket, _on_open: on_open, _on_message: on_message, _on_close: on_close })
    }

    /// A socket that is not open drops the frame; the replica hears that it is gone.
    pub(super) fn send(&self, frame: &[u8]) {
        let _ = self.socket.send_with_js_u8_array(&Uint8Array::from(frame));
    }

    pub(super) fn ping(&self) {
        let _ = self.socket.send_with_str(PING);
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        self.socket.set_onopen(None);
        self.socket.set_onmessage(None);
        self.socket.set_onclose(None);
        let _ = self.socket.close();
    }
}
