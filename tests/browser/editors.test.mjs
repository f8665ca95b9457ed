// The example pages: in each editor two people write at once, also while one of them is cut off.

import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import test, { after } from "node:test";
import { root } from "../../tools/shell.mjs";
import { startNetwork } from "./network.mjs";
import { assertQuiet, leave, newDocument, startDemo, until } from "./page.mjs";

const site = await startDemo();

after(() => site.end());

/** Where each editor is typed into. */
const EDITORS = {
  textarea: "textarea",
  codemirror: ".cm-content",
  "codemirror-yjs": ".cm-content",
  prosemirror: ".ProseMirror",
  tiptap: ".ProseMirror",
  quill: ".ql-editor",
  lexical: "#editor",
  monaco: ".view-lines",
  react: "textarea",
};

/** What editors draw into the text where others are. */
const CARETS = ".cm-selvedge-caret, .cm-ySelectionCaret, .ProseMirror-yjs-cursor, .cm-widgetBuffer";

async function visit(editor, document, url = site.server.url) {
  const page = await site.open();
  await page.goto(`${url}/examples/${editor}/?${new URLSearchParams({ doc: document })}`);
  await page.waitForSelector('body[data-state="live"]');
  page.field = page.locator(EDITORS[editor]).first();
  await page.field.waitFor();
  // Monaco is typed into beside what it shows.
  page.focused = editor === "monaco" ? page.getByRole("textbox") : page.field;
  return page;
}

/** What an editor shows, as one string. */
function shown(page) {
  return page.field.evaluate((field, carets) => {
    if (field.value !== undefined) return field.value;
    const copy = field.cloneNode(true);
    for (const caret of copy.querySelectorAll(carets)) caret.remove();
    // Monaco shows spaces as such that do not break.
    const isMonaco = field.classList.contains("view-lines");
    return isMonaco ? copy.textContent.replaceAll("\u00a0", " ") : copy.textContent;
  }, CARETS);
}

async function shows(expected, ...pages) {
  const seen = async () => Promise.all(pages.map(shown));
  let last;
  await until(
    () => `${JSON.stringify(last)} are ${JSON.stringify(expected)}`,
    async () => (last = await seen()).every((text) => text === expected),
  );
}

async function caretTo(page, key) {
  await page.focused.focus();
  await page.keyboard.press(key);
}

for (const editor of Object.keys(EDITORS)) {
  test(`v1: two people write at once in ${editor}, also while one is cut off`, async (t) => {
    const network = await startNetwork(site.server.port);
    t.after(() => network.end());
    const document = newDocument(editor);
    const ada = await visit(editor, document);
    await ada.field.click();
    await ada.keyboard.type(" in between 🧵 ");
    const bo = await visit(editor, document, network.url);
    await shows(" in between 🧵 ", ada, bo);

    const [first, last] = ["Ada writes at the front", "Bo 🦊 writes at the end"];
    await caretTo(ada, "Control+Home");
    await caretTo(bo, "Control+End");
    await Promise.all([ada.keyboard.type(first), bo.keyboard.type(last)]);
    const both = `${first} in between 🧵 ${last}`;
    await shows(both, ada, bo);

    network.cut();
    await bo.waitForSelector('body:not([data-state="live"])');
    await Promise.all([ada.keyboard.type(", online"), bo.keyboard.type(", offline")]);
    await bo.keyboard.press("Backspace");
    await bo.waitForSelector('body:not([data-pending="0"])');
    network.restore();
    await bo.waitForSelector('body[data-state="live"][data-pending="0"]');
    await shows(`${first}, online in between 🧵 ${last}, offlin`, ada, bo);

    // Who comes later sees it too, and it is the Worker that has it.
    const late = await visit(editor, document);
    await shows(`${first}, online in between 🧵 ${last}, offlin`, late);
    assertQuiet([ada, late]);
    assertQuiet([bo], { serverAway: true });
    await leave(ada, bo, late);
  });
}

for (const editor of ["codemirror", "codemirror-yjs", "prosemirror", "tiptap", "lexical", "monaco"]) {
  test(`what others write is not undone in ${editor}`, async () => {
    const document = newDocument(`undo-${editor}`);
    const bo = await visit(editor, document);
    await bo.field.click();
    await bo.keyboard.type("theirs");
    const ada = await visit(editor, document);
    await shows("theirs", ada);
    await caretTo(ada, "Control+Home");
    await ada.keyboard.type("mine ");
    await shows("mine theirs", ada, bo);
    await bo.keyboard.type(" too");
    await shows("mine theirs too", ada, bo);
    await ada.keyboard.press("Control+z");
    await shows("theirs too", ada, bo);
    assertQuiet([ada, bo]);
    await leave(ada, bo);
  });
}

for (const [editor, caret] of [
  ["codemirror", ".cm-selvedge-caret"],
  ["codemirror-yjs", ".cm-ySelectionCaret"],
  ["prosemirror", ".ProseMirror-yjs-cursor"],
  ["quill", ".ql-cursor:not(.hidden)"],
  ["monaco", ".yRemoteSelectionHead"],
]) {
  test(`carets of others show in ${editor} and go with them`, async () => {
    const document = newDocument(`carets-${editor}`);
    const [ada, bo] = [await visit(editor, document), await visit(editor, document)];
    await ada.field.click();
    await ada.keyboard.type("here I am");
    await bo.waitForSelector(caret, { state: "attached" });
    await shows("here I am", bo);
    await leave(ada);
    await bo.waitForSelector(caret, { state: "detached" });
    assertQuiet([bo]);
    await leave(bo);
  });
}

test("react shows words and people over one connection", async () => {
  const document = newDocument("react");
  const ada = await visit("react", document);
  const bo = await visit("react", document);
  await bo.field.click();
  await bo.keyboard.type("three words here");
  await until("the words are counted", async () => (await ada.textContent("#words")) === "3 words");
  await until("Bo is listed", async () => (await ada.locator("#people li").count()) === 1);
  await leave(bo);
  await until("Bo is gone", async () => (await ada.locator("#people li").count()) === 0);
  assert.equal(ada.sockets.length, 1);
  assertQuiet([ada]);
  await leave(ada);
});

test("what the guides show is what the examples do", () => {
  const folder = join(root, "www/examples");
  const files = readdirSync(folder, { recursive: true }).filter((file) => /\.jsx?$/.test(file));
  const code = files.map((file) => readFileSync(join(folder, file), "utf8"));
  for (const guide of ["editors", "react"]) {
    const page = readFileSync(join(root, `docs/guides/${guide}.md`), "utf8");
    const snippets = [...page.matchAll(/```jsx?\n([^]*?)```/g)].map(([, snippet]) => snippet);
    assert.ok(snippets.length >= 3);
    for (const snippet of snippets) {
      assert.ok(code.some((source) => source.includes(snippet)), `${guide}: ${snippet}`);
    }
  }
});
