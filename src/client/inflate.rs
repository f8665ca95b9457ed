//! Inflating by the browser's own code, which costs a page nothing to load.

use js_sys::{ArrayBuffer, Promise, Uint8Array};
use wasm_bindgen::prelude::*;
use web_sys::{ReadableWritablePair, Response};

use super::token;

#[wasm_bindgen]
extern "C" {
    type DecompressionStream;
    #[wasm_bindgen(constructor, catch)]
    fn new(format: &str) -> Result<DecompressionStream, JsValue>;
}

/// Inflate `bytes` (RFC 1951, without a head); `then` is given nothing if that does not work here.
pub(super) fn inflate(bytes: &[u8], then: impl FnOnce(Option<&[u8]>) + 'static) {
    let Ok(inflated) = promise(bytes) else { return then(None) };
    // An error is no buffer either.
    let done = Closure::once_into_js(move |buffer: JsValue| {
        let inflated = buffer.dyn_ref::<ArrayBuffer>().map(|it| Uint8Array::new(it).to_vec());
        then(inflated.as_deref());
    });
    let _ = token::then(&inflated, &done, &done);
}

fn promise(bytes: &[u8]) -> Result<Promise, JsValue> {
    let stream = DecompressionStream::new("deflate-raw")?;
    let whole = Response::new_with_opt_js_u8_array(Some(&Uint8Array::from(bytes)))?;
    let deflated = whole.body().ok_or(JsValue::UNDEFINED)?;
    let inflated = deflated.pipe_through(stream.unchecked_ref::<ReadableWritablePair>());
    Response::new_with_opt_readable_stream(Some(&inflated))?.array_buffer()
}
