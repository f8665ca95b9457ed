// What README and the guides show does what they say: their snippets run in Chromium as they stand,
// one behind the other, between what a guide takes for granted and a look at what came of it.
// (The guides for editors and React show what is in the examples, which have tests of their own.)

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { root } from "../../tools/shell.mjs";
import { load, startSite } from "./blank.mjs";
import { assertQuiet, leave, newDocument, startDemo } from "./page.mjs";

let demo, network;
before(async () => {
  demo = await startDemo();
  network = await startSite(demo.server);
});
after(async () => {
  await network.stop();
  await demo.end();
});

/** The snippets of a page that `fits` accepts, with imports as they work in a function. */
function snippets(file, fits = () => true) {
  const page = readFileSync(join(root, file), "utf8");
  const found = [...page.matchAll(/```js\n([^]*?)```/g)].map(([, snippet]) => snippet).filter(fits);
  assert.ok(found.length > 0, `${file} shows nothing`);
  const imports = /^import (?:(\w+), )?(\{[^}]*\}) from ("[^"]*");$/gm;
  return found.map((snippet) =>
    snippet.replace(imports, (_, main, rest, from) => {
      const names = main ? rest.replace("{", `{ default: ${main},`) : rest;
      return `const ${names} = await import(${from});`;
    }),
  );
}

/** Runs code in a page that has the client, and settles with what it returns. */
async function run(code, { document = newDocument("guide"), replace = {} } = {}) {
  const page = await demo.open();
  await page.route("**/my-token", (route) => route.fulfill({ body: "a.b.c" }));
  await load(page, network);
  const all = Object.entries({ "https://selvedge.example.workers.dev": network.url, ...replace });
  const body = all.reduce((code, [from, to]) => code.replaceAll(from, to), code.join("\n"));
  const returned = await page.evaluate(
    ([body, url, name]) => {
      const ran = new (async () => {}).constructor("url", "name", body)(url, name);
      const late = (_, reject) => setTimeout(() => reject(new Error("it never ends")), 30_000);
      return Promise.race([ran, new Promise(late)]);
    },
    [body, network.url, document],
  );
  return { page, document, returned };
}

test("README: ten lines connect, tell what changes and what is saved", async () => {
  const lines = snippets("README.md", (it) => it.includes("selvedge.js"));
  const { page, document, returned } = await run(
    [
      "const said = []; console.log = (...it) => said.push(it);",
      ...lines,
      "const { state } = doc.status; return { said, state, saved: doc.saved };",
    ],
    { replace: { '"plan"': `"${newDocument("plan")}"`, "./selvedge/": "/selvedge/" } },
  );
  assert.deepEqual(returned.saved, { pending: 0, pendingHere: 0 });
  assert.equal(returned.state, "live");
  const [delta] = returned.said.filter(([who]) => who === "me");
  assert.deepEqual(delta, ["me", [{ insert: "Hello" }]]);
  assert.ok(returned.said.some(([state]) => state === "live"));
  assert.ok(document);
  assertQuiet([page]);
  await leave(page);
});

test("tokens: the page is told what it may do", async () => {
  const lines = snippets("docs/tokens.md", (it) => it.includes("connect("));
  const { page, returned } = await run(
    [...lines, "await doc.whenSaved(); await settled(() => doc.access); return doc.access;"],
    { replace: { '"team/plan"': `"${newDocument("plan")}"` } },
  );
  // The server of these tests is open to everyone, who owns it.
  assert.deepEqual(returned, { role: "owner", mayWrite: true, mayPresent: true });
  await leave(page);
});

test("undo: buttons, and a selection with each step", async () => {
  const { page, returned } = await run([
    `const [undoButton, redoButton] = [0, 1].map(() => document.createElement("button"));
     const area = document.body.appendChild(document.createElement("textarea"));
     let text;`,
    snippets("docs/guides/undo.md")[0],
    `text = doc.text("note");`,
    ...snippets("docs/guides/undo.md").slice(1),
    `const seen = () => [text.toString(), undoButton.disabled, redoButton.disabled];
     const later = () => new Promise((done) => setTimeout(done));
     text.insert(0, "one two"); area.value = "one two";
     area.focus(); area.setSelectionRange(3, 3); document.onselectionchange();
     doc.undoBoundary(); text.delete(3, 4); area.value = "one";
     await later(); const before = seen();
     area.setSelectionRange(0, 0);
     undoButton.onclick(); area.value = text.toString(); await later();
     const undone = [...seen(), area.selectionStart];
     redoButton.onclick(); await later();
     return { before, undone, redone: seen() };`,
  ]);
  assert.deepEqual(returned.before, ["one", false, true]);
  assert.deepEqual(returned.undone.slice(0, 3), ["one two", false, false]);
  assert.deepEqual(returned.redone, ["one", false, true]);
  assertQuiet([page]);
  await leave(page);
});

test("conflicts: who lost is asked, and can restore", async () => {
  const [told, options] = snippets("docs/guides/conflicts.md");
  const { page, returned } = await run([
    `const asked = [];
     const confirm = (question) => { asked.push(question); return true; };
     // Of two values the one of the higher client id counts.
     const [doc, other] = [0, 1]
       .map((id) => connect({ url, document: name, offline: false, profile: "conflicts" + id }))
       .sort((a, b) => a.clientId - b.clientId);
     await settled(() => [doc, other].every((it) => it.status.state === "live"));
     other.disconnect();`,
    told,
    `other.map("board").set("title", "theirs");
     doc.disconnect(); doc.map("board").set("title", "ours");
     other.connect(); await other.whenSaved(); doc.connect(); await doc.whenSaved();
     await settled(() => doc.status.state === "live" && other.status.state === "live");
     await settled(() => other.map("board").get("title") === doc.map("board").get("title"));
     return { asked, title: doc.map("board").get("title") };`,
  ]);
  assert.deepEqual(returned.asked, ["Somebody changed board › title to theirs. Restore ours?"]);
  assert.equal(returned.title, "ours");
  await page.evaluate(
    ([options, url]) => new Function("connect", "url", options)(globalThis.connect, url),
    [options, network.url],
  );
  assertQuiet([page]);
  await leave(page);
});

test("offline: what is saved where, and what is kept", async () => {
  const [opened, kept] = snippets("docs/guides/offline.md");
  const document = newDocument("offline");
  const { page, returned } = await run(
    [
      "const shown = []; const show = (words) => shown.push(words);",
      "const listed = []; console.log = (...it) => listed.push(it);",
      opened,
      `doc.text("note").insert(0, "x"); await doc.whenSaved(); await settled(() => shown.includes("Saved"));
       await settled(() => doc.storage.state === "kept");
       doc.close(); await new Promise((done) => setTimeout(done, 300));`,
      kept,
      "return { shown, listed, left: (await globalThis.kept()).length };",
    ],
    { replace: { '"notes/1"': `"${document}"` } },
  );
  assert.equal(returned.listed[0][0], document);
  assert.equal(returned.left, 0);
  assertQuiet([page]);
  await leave(page);
});
