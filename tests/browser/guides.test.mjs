// What README and the guides show does what they say: their snippets run in Chromium as they stand,
// one behind the other, between what a guide takes for granted and a look at what came of it.
// (The guides for editors and React show what is in the examples, which have tests of their own.)

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { transformSync } from "esbuild";
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
  const all = [...page.matchAll(/```(?:js|ts)\n([^]*?)```/g)].map(([, snippet]) => snippet);
  const found = all.filter(fits).map((it) => transformSync(it, { loader: "ts" }).code);
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
  const here = {
    "https://selvedge.example.workers.dev": network.url,
    'import("selvedge")': 'import("/selvedge/selvedge.js")',
    ...replace,
  };
  const all = Object.entries(here);
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

test("embed: values, shared types, transactions, observers and errors", async () => {
  const [made, transacted, observed, failed] = snippets("docs/guides/embed.md");
  const { page, returned } = await run(
    [
      `const rendered = [];
       const render = (...it) => rendered.push(it);
       const renderTasks = (...it) => rendered.push(it);`,
      made,
      observed,
      transacted,
      failed,
      `title.insert(6, "!");
       await doc.whenSaved();
       return { rendered, title: title.toDelta(), settings: settings.toJSON() };`,
    ],
    { replace: { '"plan"': "name" } },
  );
  assert.deepEqual(returned.rendered, [
    [[{ title: "Write the guide", done: true }], [[0]]],
    ["Launch!", [{ retain: 6 }, { insert: "!", attributes: { bold: true } }], true],
  ]);
  assert.deepEqual(returned.title, [{ insert: "Launch!", attributes: { bold: true } }]);
  assert.deepEqual(returned.settings, { deadline: "2027-01-31", progress: 1 });
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
  const [opened, kept, badges] = snippets("docs/guides/offline.md");
  const document = newDocument("offline");
  const { page, returned } = await run(
    [
      "const shown = []; const show = (words) => shown.push(words);",
      "const listed = []; console.log = (...it) => listed.push(it);",
      "const badged = []; const badge = (words) => badged.push(words);",
      badges,
      opened,
      `doc.text("note").insert(0, "x"); await doc.whenSaved(); await settled(() => shown.includes("Saved"));
       await settled(() => doc.storage.state === "kept");
       doc.close(); await new Promise((done) => setTimeout(done, 300));`,
      kept,
      "return { shown, listed, badged, left: (await globalThis.kept()).length };",
    ],
    { replace: { '"notes/1"': `"${document}"` } },
  );
  assert.equal(returned.listed[0][0], document);
  assert.equal(returned.left, 0);
  assert.ok(returned.badged.includes("Saving…"));
  assert.equal(returned.badged.at(-1), "All saved");
  assertQuiet([page]);
  await leave(page);
});

test("presence: carets are shown where they are while others write", async () => {
  const { page, returned } = await run(
    [
      "const shown = []; const show = (...it) => shown.push(it);",
      ...snippets("docs/guides/presence.md"),
      `const other = connect({ url, document: name, offline: false, profile: "other" });
       await settled(() => doc.status.state === "live" && other.status.state === "live");
       other.text("note").insert(0, "one two");
       const caret = other.text("note").relativePosition(4);
       other.presence.set({ user: { name: "Bo", color: "red" }, caret });
       moved(0);
       await settled(() => shown.some(([, , index]) => index === 4));
       await settled(() => other.presence.peers.get(doc.clientId)?.user.name === "Ada");
       note.insert(0, ">> ");
       return { last: shown.at(-1), other: other.clientId };`,
    ],
    { replace: { '"plan"': "name" } },
  );
  assert.deepEqual(returned.last, [returned.other, "Bo", 7, "active"]);
  assertQuiet([page]);
  await leave(page);
});

test("networks: the page can tell what carries its document", async () => {
  const { page, returned } = await run(
    [
      "const said = []; console.log = (...it) => said.push(it);",
      ...snippets("docs/guides/networks.md"),
      `await settled(() => doc.status.state === "live"); return said.at(-1);`,
    ],
    { replace: { '"plan"': "name" } },
  );
  assert.deepEqual(returned, ["live", "websocket"]);
  await leave(page);
});
