//! The client's API, as JavaScript uses it. Runs in Node, and in headless Chromium:
//! `wasm-pack test --node -- --features client --test client`, the same with `--headless --chrome`.
//!
//! No server is needed: a document that was never connected is a document like any other.
#![cfg(all(target_arch = "wasm32", feature = "client"))]
// A test that cannot go on has failed.
#![allow(clippy::unwrap_used)]

use js_sys::{Array, Function, Promise, Reflect, Uint8Array};
use selvedge::client::connect;
use selvedge::protocol::native::encode_from_room;
use selvedge::protocol::{FromRoom, Granted, Rejection, Rejections, Welcome};
use wasm_bindgen::prelude::*;
use wasm_bindgen_test::wasm_bindgen_test;

/// What `body` returns, as JSON; `doc` is an open document in it.
fn js(doc: &JsValue, body: &str) -> String {
    match Function::new_with_args("doc", body).call1(&JsValue::UNDEFINED, doc) {
        Ok(value) => js_sys::JSON::stringify(&value)
            .ok()
            .and_then(|json| json.as_string())
            .unwrap_or_else(|| "undefined".to_owned()),
        Err(error) => format!("threw {}", code(&error)),
    }
}

fn code(error: &JsValue) -> String {
    let code = Reflect::get(error, &"code".into()).ok().and_then(|code| code.as_string());
    code.unwrap_or_else(|| format!("{error:?}"))
}

fn options() -> JsValue {
    // A port on which nothing listens.
    js_sys::JSON::parse(r#"{"url":"ws://127.0.0.1:9","document":"a","offline":false}"#).unwrap()
}

fn open() -> JsValue {
    let doc = connect(options()).map_err(|error| code(&error)).unwrap();
    doc.disconnect().unwrap();
    doc.into()
}

fn check(body: &str, expected: &str) {
    let doc = open();
    assert_eq!(js(&doc, body), expected, "{body}");
    js(&doc, "doc.close()");
}

#[wasm_bindgen_test]
fn text_is_edited_in_utf16_units() {
    check(
        "const t = doc.text('t'); t.insert(0, '🧵 ok'); t.insert(3, 'is ', {b: true});
         t.delete(0, 2); t.format(4, 2, {i: 1}); t.insertEmbed(6, {img: 'x'});
         return [t.length, t.toString(), t.toDelta(), `${t}`];",
        r#"[7," is ok",[{"insert":" "},{"insert":"is ","attributes":{"b":true}},{"insert":"ok","attributes":{"i":1}},{"insert":{"img":"x"},"attributes":{"i":1}}]," is ok"]"#,
    );
    check(
        "const t = doc.text('t'); t.insert(0, 'one three');
         t.applyDelta([{retain: 4}, {insert: 'two '}, {delete: 2}, {retain: 1, attributes: {b: 1}}]);
         return t.toDelta();",
        r#"[{"insert":"one two "},{"insert":"r","attributes":{"b":1}},{"insert":"ee"}]"#,
    );
}

#[wasm_bindgen_test]
fn maps_hold_values_and_shared_types() {
    check(
        "const m = doc.map('m'); m.set('a', {b: [1, null, 'x', true]}); m.set('u', undefined);
         m.set('bytes', new Uint8Array([1, 2]));
         m.setText('t').insert(0, 'hi'); m.setMap('m').setArray('l').push(1, 2);
         m.set('gone', 1); m.delete('gone'); m.delete('never');
         return [m.size, m.keys(), m.has('u'), m.has('gone'), m.get('gone') === undefined,
           m.get('bytes') instanceof Uint8Array, m.get('a'),
           m.get('t').toString(), m.get('m').get('l').toArray(), m.get('m').toJSON()];",
        r#"[5,["a","bytes","m","t","u"],true,false,true,true,{"b":[1,null,"x",true]},"hi",[1,2],{"l":[1,2]}]"#,
    );
    // A name like any other, also when a peer chose it.
    check(
        "const m = doc.map('m'); m.set('o', JSON.parse('{\"__proto__\":{\"x\":1}}'));
         const o = m.get('o'); return [o.x === undefined, Object.keys(o)];",
        r#"[true,["__proto__"]]"#,
    );
}

#[wasm_bindgen_test]
fn arrays_hold_values_and_shared_types() {
    check(
        "const a = doc.array('a'); a.push(1, 'two', [3]); a.insert(1, [{x: -0.5}]); a.delete(0, 1);
         a.insertMap(0).set('k', 'v'); a.insertText(a.length).insert(0, 'end'); a.insertArray(0);
         return [a.length, a.toJSON(), a.get(1).get('k'), a.get(99) === undefined];",
        r#"[6,[[],{"k":"v"},{"x":-0.5},"two",[3],"end"],"v",true]"#,
    );
}

#[wasm_bindgen_test]
fn xml_has_elements_texts_and_attributes() {
    check(
        "const x = doc.xml('x'); const p = x.insertElement(0, 'p'); p.setAttribute('class', 'a');
         p.setAttribute('id', 'b'); p.removeAttribute('id');
         p.insertText(0, 'hello').format(0, 2, {b: {}}); x.insertElement(1, 'br');
         return [x.toString(), x.length, x.get(0).name, x.name === undefined,
           x.get(0).getAttribute('class'), x.get(0).attributeNames(), x.get(0).get(0).toString()];",
        r#"["<p class=\"a\"><b>he</b>llo</p><br></br>",2,"p",true,"a",["class"],"<b>he</b>llo"]"#,
    );
}

#[wasm_bindgen_test]
fn observers_hear_what_changed() {
    check(
        "const t = doc.text('t'), heard = []; t.insert(0, '🧵b');
         const end = t.observe(({delta, local, path}) => heard.push([delta, local, path]));
         t.insert(2, 'a'); t.delete(3, 1); end(); t.insert(0, 'x'); end(); return heard;",
        r#"[[[{"retain":2},{"insert":"a"}],true,[]],[[{"retain":3},{"delete":1}],true,[]]]"#,
    );
    check(
        "const m = doc.map('m'), heard = [];
         m.observe(({keys}) => heard.push([...keys])); m.set('a', 1); m.set('a', 2); m.delete('a');
         return heard;",
        r#"[[["a",{"action":"add","value":1}]],[["a",{"action":"update","value":2,"oldValue":1}]],[["a",{"action":"delete","oldValue":2}]]]"#,
    );
    check(
        "const a = doc.array('a'), heard = [], m = (a.push(0), a.insertMap(1));
         a.observe(({delta}) => heard.push(delta));
         a.observeDeep((events) => heard.push(events.map(({path, target}) => [path, target.toJSON()])));
         m.set('k', 'v'); a.push(2); return heard;",
        r#"[[[[1],{"k":"v"}]],[{"retain":2},{"insert":[2]}],[[[],[0,{"k":"v"},2]]]]"#,
    );
    check(
        "const x = doc.xml('x'), heard = [], p = x.insertElement(0, 'p');
         p.observe(({delta, keys}) => heard.push([delta.map((d) => d.insert?.length), [...keys]]));
         p.setAttribute('a', '1'); p.insertText(0, 'b'); return heard;",
        r#"[[[],[["a",{"action":"add","value":"1"}]]],[[1],[]]]"#,
    );
}

#[wasm_bindgen_test]
fn observers_may_edit_end_themselves_and_throw() {
    check(
        "const t = doc.text('t'), u = doc.text('u'), heard = [];
         t.observe(() => { throw new Error('a page has bugs'); });
         const end = t.observe(({delta}) => { heard.push('t'); end(); u.insert(0, 'b'); });
         u.observe(() => { heard.push('u'); if (u.length < 3) u.insert(0, 'b'); });
         t.insert(0, 'a'); t.insert(0, 'a'); return [heard, u.toString()];",
        r#"[["t","u","u","u"],"bbb"]"#,
    );
    check(
        "const t = doc.text('t'); t.observe(() => doc.close()); t.insert(0, 'a');
         try { t.length; } catch ({code}) { return code; }",
        r#""closed""#,
    );
}

#[wasm_bindgen_test]
fn transactions_are_heard_of_afterwards() {
    check(
        "const t = doc.text('t'), heard = []; t.observe(() => heard.push(t.toString()));
         const returned = doc.transact(() => { t.insert(0, 'a'); heard.push('inside');
           doc.transact(() => t.insert(1, 'b')); return heard.length; });
         let thrown; try { doc.transact(() => { t.insert(0, 'c'); throw 'up'; }); } catch (e) { thrown = e; }
         return [returned, heard, thrown, t.toString()];",
        r#"[1,["inside","ab","ab","cab"],"up","cab"]"#,
    );
}

#[wasm_bindgen_test]
fn updates_go_in_and_out_as_bytes() {
    check(
        "const t = doc.text('t'), heard = [];
         const end = doc.on('update', (...said) => heard.push(said));
         t.insert(0, 'ab');
         const [[update, local]] = heard;
         doc.applyUpdate(update);
         // 'x' at the root 't', by client 5.
         doc.applyUpdate(new Uint8Array([1, 1, 5, 0, 4, 1, 1, 116, 1, 120, 0]));
         end();
         t.insert(0, 'c');
         return [update instanceof Uint8Array, local, heard.length, heard[1][0].length,
           t.toString().length, doc.saved.pending];",
        "[true,true,2,11,4,3]",
    );
}

#[wasm_bindgen_test]
fn misuse_throws_a_code_and_changes_nothing() {
    for (body, expected) in [
        ("doc.text('t').insert(1, 'x')", "range"),
        ("doc.text('t').delete(0, 1)", "range"),
        ("doc.text('t').format(4294967295, 1, {})", "range"),
        ("doc.text('t').insert(-1, 'x')", "argument"),
        ("doc.text('t').insert(0.5, 'x')", "argument"),
        ("doc.text('t').insert(NaN, 'x')", "argument"),
        ("doc.text('t').insert()", "argument"),
        ("doc.text('t').insert(0, 5)", "argument"),
        ("doc.text('t').insert(0, 'x', 'bold')", "argument"),
        ("doc.text('t').insert(0, 'x', {f() {}})", "value"),
        ("doc.text('t').applyDelta('x')", "argument"),
        ("doc.text('t').applyDelta([{}])", "argument"),
        ("doc.text('t').applyDelta([{retain: 5}])", "range"),
        ("doc.text('t').observe(5)", "argument"),
        ("doc.text(5)", "argument"),
        ("doc.text('t'); doc.map('t')", "kind"),
        ("doc.map('m').set('k', () => {})", "value"),
        ("doc.map('m').set('k', new Date())", "value"),
        ("doc.map('m').set('k', Symbol())", "value"),
        ("doc.map('m').set('k', 2n)", "value"),
        ("doc.map('m').set('k', doc.text('t'))", "value"),
        ("doc.map('m').set(1, 1)", "argument"),
        ("const o = {}; o.o = o; doc.map('m').set('k', o)", "too-deep"),
        ("doc.array('a').delete(0, 1)", "range"),
        ("doc.array('a').insert(1, [1])", "range"),
        ("doc.array('a').insert(0, 1)", "argument"),
        ("doc.xml('x').setAttribute('a', 'b')", "kind"),
        ("doc.xml('x').delete(0, 1)", "range"),
        ("doc.presence.set(() => {})", "value"),
        ("doc.presence.set('x'.repeat(9000))", "presence"),
        ("doc.on('sync', () => {})", "argument"),
        ("doc.transact()", "argument"),
        ("doc.applyUpdate('x')", "argument"),
        ("doc.applyUpdate(new Uint8Array([9, 9]))", "malformed"),
        // A character of client 5 behind one of client 6, and an XmlHook.
        ("doc.applyUpdate(new Uint8Array([1, 1, 5, 0, 132, 6, 0, 1, 120, 0]))", "missing"),
        ("doc.applyUpdate(new Uint8Array([1, 1, 9, 0, 7, 1, 1, 116, 5, 1, 104, 0]))", "unreadable"),
        ("const t = doc.text('t'); t.insert(0, '🧵'); t.insert(1, 'x')", "surrogate"),
        ("const t = doc.text('t'); t.insert(0, 'a🧵'); t.delete(0, 2)", "surrogate"),
        ("const m = doc.map('m'), t = m.setText('t'); m.delete('t'); t.insert(0, 'x')", "gone"),
        ("doc.close(); doc.close(); doc.text('t')", "closed"),
        ("doc.close(); doc.connect()", "closed"),
    ] {
        let doc = open();
        assert_eq!(js(&doc, body), format!("threw {expected}"), "{body}");
        if expected != "closed" {
            let after = js(&doc, "doc.text('z').insert(0, 'z'); return doc.text('z').length");
            assert_eq!(after, "1", "after {body}");
        }
        js(&doc, "doc.close()");
    }
    for bad in [
        "undefined",
        "5",
        "{}",
        "{url: 'ws://a'}",
        "{url: 'ws://a', document: ''}",
        "{url: 'ws://a', document: 'a/../b'}",
        "{url: 'ws://a', document: 'a\\u0000'}",
        "{url: 'ws://a', document: 'x'.repeat(513)}",
        "{url: 'ftp://a', document: 'a'}",
        "{url: '/relative', document: 'a'}",
        "{url: 'ws://a', document: 'a', room: 'b'}",
    ] {
        let options =
            Function::new_no_args(&format!("return {bad}")).call0(&JsValue::UNDEFINED).unwrap();
        assert_eq!(
            connect(options).err().map(|error| code(&error)),
            Some("option".into()),
            "{bad}"
        );
    }
}

#[wasm_bindgen_test]
async fn d3_the_page_can_tell_what_is_saved() {
    let doc = open();
    let saved = Promise::from(js_value(&doc, "return doc.whenSaved()"));
    assert!(wasm_bindgen_futures::JsFuture::from(saved).await.is_ok());
    assert_eq!(
        js(
            &doc,
            "const heard = []; doc.on('saved', ({pending}) => heard.push(pending));
             doc.text('t').insert(0, 'a'); doc.text('t').insert(0, 'b');
             return [heard, doc.saved, doc.status];"
        ),
        r#"[[1,2],{"pending":2,"pendingHere":2},{"state":"offline"}]"#
    );
    let saved = Promise::from(js_value(&doc, "return doc.whenSaved()"));
    js(&doc, "doc.close()");
    let rejected = wasm_bindgen_futures::JsFuture::from(saved).await;
    assert_eq!(rejected.err().map(|error| code(&error)), Some("closed".into()));
    assert_eq!(js(&doc, "return doc.status.state"), r#""closed""#);
}

/// An open document whose room these tests play: it hears `frames`.
async fn open_in_room(frames: &[FromRoom<'_>]) -> JsValue {
    // In a browser a document first asks for the lock that says which tab leads.
    let played = "return new Promise((found) => {
         const Real = globalThis.WebSocket;
         globalThis.WebSocket = class {
           constructor() { globalThis.WebSocket = Real; found(this); }
           send() {}
           close() {}
         };
       })";
    let played = Function::new_no_args(played).call0(&JsValue::UNDEFINED).unwrap();
    let doc = JsValue::from(connect(options()).map_err(|error| code(&error)).unwrap());
    js(&doc, "globalThis.heard = []; doc.text('note'); doc.on('rejected', (it) => heard.push(it))");
    let room = wasm_bindgen_futures::JsFuture::from(Promise::from(played)).await.unwrap();
    // What opens and hears is set behind the constructor, which the promise waits for.
    js(&room, "doc.onopen()");
    let hear = Function::new_with_args("room, data", "room.onmessage({ data })");
    for frame in frames {
        let bytes = Uint8Array::from(&encode_from_room(frame)[..]);
        hear.call2(&JsValue::UNDEFINED, &room, &bytes.buffer()).unwrap();
    }
    doc
}

const WELCOME: Welcome = Welcome {
    protocol: 1,
    epoch: 7,
    sequence: 0,
    frame_bytes_max: 1 << 20,
    update_bytes_max: 1 << 20,
    window_bytes: 0,
};
const EDITOR: Granted<'_> =
    Granted { role: "editor", may_write: true, may_present: true, left_ms: None };
const SCHEMA: &str = r#"{ "roots": {
    "note": { "type": "text", "maxCharacters": 5 },
    "meta": { "type": "map", "keys": {
      "color": { "value": { "type": "string", "pattern": "^#[0-9a-f]{6}$" } },
      "odd": { "value": { "type": "string", "pattern": "(?i)^a$" } } } } } }"#;

#[wasm_bindgen_test]
async fn s4_an_edit_that_breaks_a_rule_throws_and_changes_nothing() {
    let frames = [FromRoom::Welcome(WELCOME), FromRoom::Access(EDITOR), FromRoom::Schema(SCHEMA)];
    let doc = open_in_room(&frames).await;
    for (body, expected) in [
        ("note.insert(0, 'longer')", r#"["rule","note","max-characters"]"#),
        ("meta.set('color', 'red')", r#"["rule","meta/color","pattern"]"#),
        ("meta.set('color', {})", r#"["rule","meta/color","type"]"#),
        ("other.set('a', 1)", r#"["rule","other/a","other-roots"]"#),
        // What is written otherwise in JavaScript is left to the room.
        ("meta.set('odd', 'b')", "[]"),
        ("meta.set('color', '#00ff00')", "[]"),
        ("note.insert(0, 'short')", "[]"),
    ] {
        let body = format!(
            "const note = doc.text('note'), meta = doc.map('meta'), other = doc.map('other');
             const before = doc.saved.pending;
             try {{ {body}; return []; }} catch ({{ code, path, rule }}) {{
               return doc.saved.pending === before ? [code, path, rule] : 'changed'; }}"
        );
        assert_eq!(js(&doc, &body), expected, "{body}");
    }
    js(&doc, "doc.close()");
}

#[wasm_bindgen_test]
async fn s4_the_page_is_told_what_was_undone() {
    let rejection =
        |path: &str| Rejection { path: path.to_owned(), rule: "insert".to_owned(), id: None };
    let all = vec![rejection("note"), rejection("other/a")];
    let rejections = Rejections { all, number: 0 }.encode();
    let doc = open_in_room(&[
        FromRoom::Welcome(WELCOME),
        FromRoom::Access(EDITOR),
        FromRoom::Rejected(&rejections),
    ])
    .await;
    assert_eq!(
        js(
            &doc,
            "return heard.map(({path, rule, value}) => [path, rule, value === undefined, value])"
        ),
        r#"[["note","insert",false,""],["other/a","insert",true,null]]"#
    );
    js(&doc, "doc.close()");
}

#[wasm_bindgen_test]
fn presence_is_kept_and_nobody_else_is_here() {
    check(
        "doc.presence.set({name: 'Ada', at: [1]}); const first = doc.presence.local;
         doc.presence.set(null);
         return [first, doc.presence.local, [...doc.presence.peers], doc.clientId > 0];",
        r#"[{"name":"Ada","at":[1]},null,[],true]"#,
    );
}

#[wasm_bindgen_test]
async fn a_server_that_is_not_there_is_tried_again() {
    let doc = connect(options()).map_err(|error| code(&error)).unwrap();
    let doc = JsValue::from(doc);
    let heard = Promise::from(js_value(
        &doc,
        "return new Promise((resolve) => { const heard = [doc.status.state];
           doc.on('status', ({state}) => { heard.push(state); if (heard.length === 3) resolve(heard); }); })",
    ));
    let heard = wasm_bindgen_futures::JsFuture::from(heard).await.unwrap();
    let heard: Vec<_> = Array::from(&heard).iter().filter_map(|state| state.as_string()).collect();
    // A blocked port fails before anyone can listen, another one later.
    assert!(heard.windows(2).all(|pair| pair[0] != pair[1]), "{heard:?}");
    assert!(heard.contains(&"connecting".to_owned()), "{heard:?}");
    js(&doc, "doc.close()");
}

fn js_value(doc: &JsValue, body: &str) -> JsValue {
    Function::new_with_args("doc", body).call1(&JsValue::UNDEFINED, doc).unwrap()
}
