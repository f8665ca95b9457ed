// The bindings that need no Yjs, in Chromium: plain fields, CodeMirror, React. What happens in one
// page; editors.test.mjs has two people in each.

import assert from "node:assert/strict";
import { join } from "node:path";
import test, { after, before } from "node:test";
import { build } from "esbuild";
import { theClient } from "../../tools/examples.mjs";
import { root } from "../../tools/shell.mjs";
import { assertQuiet, leave, newDocument, startDemo, until } from "./page.mjs";

const site = await startDemo();
let bundle;

after(() => site.end());

before(async () => {
  const contents = `
    export { default as init, connect } from "selvedge";
    export { bind } from "selvedge/textarea";
    export { selvedge } from "selvedge/codemirror";
    export * from "selvedge/react";
    export { history, undo } from "@codemirror/commands";
    export { EditorState } from "@codemirror/state";
    export { EditorView } from "@codemirror/view";
    export { Component, StrictMode, createElement, useState } from "react";
    export { createRoot } from "react-dom/client";`;
  const { outputFiles } = await build({
    stdin: { contents, resolveDir: root },
    bundle: true,
    format: "esm",
    write: false,
    define: { "process.env.NODE_ENV": '"development"' },
    nodePaths: [join(root, "node_modules")],
    plugins: [theClient],
  });
  bundle = outputFiles[0].text;
});

/** A page with nothing in it but `it`: everything of the bundle, and `open()` for a document. */
async function blank(document) {
  const page = await site.open();
  await page.route("**/bundle.js", (route) =>
    route.fulfill({ contentType: "text/javascript", body: bundle }),
  );
  // A page that the server really sent: any other may not connect to one's own machine.
  await page.goto(`${site.server.url}/healthz`);
  await page.evaluate(async (name) => {
    document.body.replaceChildren(Object.assign(document.createElement("div"), { id: "root" }));
    const it = await import("/bundle.js");
    await it.init();
    const options = { url: location.origin, document: name };
    const open = () => it.connect(options);
    const ruled = async () => {
      const doc = open();
      doc.text("note").insert(0, "x");
      doc.text("note").delete(0, 1);
      // What the room says at first has come before this.
      await doc.whenSaved();
      return doc;
    };
    globalThis.it = { ...it, options, open, ruled };
  }, document);
  return page;
}

test("two fields of one page show one text, and what a page writes", async () => {
  const page = await blank(newDocument("fields"));
  const shown = await page.evaluate(() => {
    const text = it.open().text("note");
    text.insert(0, "a🧵");
    const [area, input] = ["textarea", "input"].map((name) => {
      const field = document.body.appendChild(document.createElement(name));
      it.bind(text, field);
      return field;
    });
    const shown = () => [text.toString(), area.value, input.value];
    const all = [shown()];
    const typed = (field, value) => {
      field.value = value;
      field.dispatchEvent(new InputEvent("input"));
      all.push(shown());
    };
    typed(area, "a🧵\nb");
    // Half of the thread is the same as half of the needle.
    typed(input, "a🪡\u2424b");
    area.focus();
    area.setSelectionRange(3, 4, "backward");
    text.insert(0, "\r>");
    text.insertEmbed(0, { image: "x" });
    all.push(shown(), [area.selectionStart, area.selectionEnd, area.selectionDirection]);
    text.delete(0, text.length);
    all.push(shown());
    return all;
  });
  assert.deepEqual(shown, [
    ["a🧵", "a🧵", "a🧵"],
    ["a🧵\nb", "a🧵\nb", "a🧵\u2424b"],
    ["a🪡\nb", "a🪡\nb", "a🪡\u2424b"],
    ["\r>a🪡\nb", "\ufffc\u200b>a🪡\nb", "\ufffc\u200b>a🪡\u2424b"],
    [6, 7, "backward"],
    ["", "", ""],
  ]);
  assertQuiet([page]);
  await leave(page);
});

test("what is typed while the text tells nothing yet is written once", async () => {
  const page = await blank(newDocument("late"));
  const shown = await page.evaluate(async () => {
    const doc = it.open();
    const text = doc.text("note");
    const field = document.body.appendChild(document.createElement("textarea"));
    it.bind(text, field);
    doc.transact(() => {
      text.insert(0, "by the page ");
      field.value = "typed ";
      field.dispatchEvent(new InputEvent("input"));
    });
    await undefined;
    const first = [text.toString(), field.value];
    // A callback of the page that writes into what is being typed.
    text.observe(({ delta }) => delta.some((it) => it.delete) && text.insert(0, "!"));
    field.value = "TYPED by the page ";
    field.dispatchEvent(new InputEvent("input"));
    await undefined;
    return [first, text.toString() === field.value, field.value.includes("TYPED")];
  });
  assert.deepEqual(shown, [["typed by the page ", "typed by the page "], true, true]);
  assertQuiet([page]);
  await leave(page);
});

test("a field that its text refuses shows the text, and one that is unbound is left alone", async () => {
  // Whose schema allows 2,000 characters.
  const page = await blank(`ruled/${newDocument("refused")}`);
  const told = await page.evaluate(async () => {
    const doc = await it.ruled();
    const text = doc.text("note");
    const field = document.body.appendChild(document.createElement("textarea"));
    const refused = [];
    const changes = [];
    const unbind = it.bind(text, field, {
      onRefused: (error) => refused.push(error.code),
      onChange: (shown, delta, here) => changes.push([shown.length, delta?.length ?? null, here]),
    });
    const type = (value) => {
      field.value = value;
      field.dispatchEvent(new InputEvent("input"));
    };
    type("x".repeat(2001));
    await undefined;
    const after = [field.value, text.toString()];
    type("fits");
    unbind();
    type("not written");
    text.insert(0, "not shown: ");
    const email = Object.assign(document.createElement("input"), { type: "email" });
    let thrown;
    try {
      it.bind(text, email);
    } catch (error) {
      thrown = error.name;
    }
    return { refused, changes, after, end: [field.value, text.toString()], thrown };
  });
  assert.deepEqual(told, {
    refused: ["rule"],
    changes: [
      [0, null, false],
      [2001, 1, true],
      [0, 1, false],
      [4, 1, true],
    ],
    after: ["", ""],
    end: ["not written", "not shown: fits"],
    thrown: "TypeError",
  });
  assertQuiet([page]);
  await leave(page);
});

test("CodeMirror shows embeds and returns, splits no character, and begins with the text", async () => {
  const page = await blank(`ruled/${newDocument("mirror")}`);
  const shown = await page.evaluate(async () => {
    const doc = await it.ruled();
    const text = doc.text("note");
    text.insert(0, "one\r\ntwo 🧵");
    text.insertEmbed(0, { image: "x" });
    const parent = document.getElementById("root");
    const refused = [];
    const options = { onRefused: (error) => refused.push(error.code) };
    const extensions = [it.history(), it.selvedge(text, options)];
    const view = new it.EditorView({ parent, doc: "something else", extensions });
    await undefined;
    const shown = () => [view.state.sliceDoc(), text.toString()];
    const all = [shown()];
    // Only the half that differs, as a diff of code units would say.
    const end = view.state.doc.length;
    view.dispatch({ changes: { from: end - 1, to: end, insert: "🪡"[1] } });
    all.push(shown());
    view.dispatch({ changes: [{ from: 0, to: 1 }, { from: 4, insert: "!" }, { from: 5, to: 7 }] });
    all.push(shown());
    text.applyDelta([{ retain: 4 }, { delete: 2 }, { insert: "-" }]);
    all.push(shown());
    it.undo(view);
    all.push(shown());
    view.dispatch({ changes: { from: 0, insert: "x".repeat(2001) } });
    await undefined;
    all.push(shown(), refused);
    doc.transact(() => {
      text.insert(0, "page ");
      view.dispatch({ changes: { from: 0, insert: "typed " } });
    });
    await undefined;
    all.push(shown());
    view.destroy();
    text.delete(0, text.length);
    return all;
  });
  assert.deepEqual(shown, [
    ["\ufffcone\r\ntwo 🧵", "one\r\ntwo 🧵"],
    ["\ufffcone\r\ntwo 🪡", "one\r\ntwo 🪡"],
    ["one!\rwo 🪡", "one!\rwo 🪡"],
    ["one!-o 🪡", "one!-o 🪡"],
    // One's own is undone; an embed that was deleted is its sign then.
    ["\ufffcone\nt-o 🪡", "\ufffcone\nt-o 🪡"],
    ["\ufffcone\nt-o 🪡", "\ufffcone\nt-o 🪡"],
    ["rule"],
    ["typed page \ufffcone\nt-o 🪡", "typed page \ufffcone\nt-o 🪡"],
  ]);
  assertQuiet([page]);
  await leave(page);
});

test("react: in strict mode components share one connection, closed when all is saved", async () => {
  const page = await blank(newDocument("shared"));
  await page.evaluate(() => {
    const { createElement, useState, useDocument, useText, StrictMode } = it;
    globalThis.docs = new Set();
    function Note({ options }) {
      const doc = useDocument(options);
      if (doc) docs.add(doc);
      return createElement("p", null, useText(doc, "note"));
    }
    function Page() {
      const [shown, setShown] = useState({ count: 2, document: it.options.document });
      globalThis.setShown = setShown;
      const options = { ...it.options, document: shown.document };
      const notes = Array.from({ length: shown.count }, (_, key) =>
        createElement(Note, { key, options }),
      );
      return createElement("div", null, ...notes);
    }
    const page = createElement(StrictMode, null, createElement(Page));
    it.createRoot(document.getElementById("root")).render(page);
  });
  await until("the document", () => page.evaluate(() => docs.size > 0));
  await page.evaluate(() => [...docs][0].text("note").insert(0, "both"));
  await until("both to show it", async () =>
    (await page.locator("p").allTextContents()).join() === "both,both");
  await page.evaluate(() => [...docs][0].whenSaved());
  assert.equal(page.sockets.length, 1);

  // Gone before it is saved: it stays until it is.
  const document = newDocument("other");
  await page.evaluate((document) => {
    const [doc] = docs;
    doc.disconnect();
    doc.text("note").insert(0, "not yet saved by ");
    setShown({ count: 1, document });
  }, document);
  await until("the other one", () => page.evaluate(() => docs.size === 2));
  assert.equal(await page.evaluate(() => [...docs][0].status.state), "offline");
  await page.evaluate(() => [...docs][0].connect());
  await until("the first to be closed", () =>
    page.evaluate(() => [...docs][0].status.state === "closed"));
  // Chromium complains of a socket that is closed before it is open.
  await until("the second to be live", () =>
    page.evaluate(() => [...docs][1].status.state === "live"));
  await page.evaluate(() => setShown({ count: 0 }));
  await until("the second to be closed", () =>
    page.evaluate(() => [...docs][1].status.state === "closed"));
  await until("no socket to be left", () => page.sockets.every((socket) => socket.isClosed()));
  assertQuiet([page]);
  await leave(page);
});

test("react: a badge for all documents of the page, and who is at work", async () => {
  const document = newDocument("badge");
  const [ada, bo] = [await blank(document), await blank(document)];
  await ada.evaluate((other) => {
    const { createElement, useDocument, usePageStatus, usePresence } = it;
    function Person({ person: { user, activity } }) {
      return createElement("li", null, `${user.name} ${activity}`);
    }
    function Page() {
      const { state, documents, pending } = usePageStatus();
      const doc = useDocument(it.options);
      globalThis.doc = doc;
      useDocument({ ...it.options, document: other });
      const people = [...usePresence(doc)];
      const badge = createElement("p", null, `${state} ${documents} ${pending}`);
      const list = people.map(([key, person]) => createElement(Person, { key, person }));
      return createElement("div", null, badge, createElement("ul", null, ...list));
    }
    const page = createElement(it.StrictMode, null, createElement(Page));
    it.createRoot(globalThis.document.getElementById("root")).render(page);
  }, newDocument("badge-too"));
  const shows = (expected) =>
    until(expected, async () => (await ada.textContent("#root")) === expected);
  await shows("live 2 0");
  await bo.evaluate(() => {
    const presence = { user: { name: "Bo" } };
    it.connect({ ...it.options, presence, activity: { idleMs: 1_000 } });
  });
  await shows("live 2 0Bo active");
  await shows("live 2 0Bo idle");
  await ada.evaluate(() => {
    doc.disconnect();
    doc.text("note").insert(0, "x");
  });
  await shows("offline 2 1");
  await ada.evaluate(() => doc.connect());
  await shows("live 2 0Bo idle");
  assertQuiet([ada, bo]);
  await leave(ada, bo);
});

test("react: what cannot be opened is for an error boundary", async () => {
  const page = await blank(newDocument("boundary"));
  await page.evaluate(() => {
    const { Component, createElement, useDocument } = it;
    class Boundary extends Component {
      state = { code: "" };
      static getDerivedStateFromError = ({ code }) => ({ code });
      render() {
        return createElement("p", null, this.state.code || this.props.children);
      }
    }
    const Wrong = () => useDocument({ url: "ftp://wrong", document: "a" }) && null;
    const page = createElement(Boundary, null, createElement(Wrong));
    const quiet = { onCaughtError: () => {} };
    it.createRoot(document.getElementById("root"), quiet).render(page);
  });
  await until("the code", async () => (await page.textContent("#root")) === "option");
  assertQuiet([page]);
  await leave(page);
});
