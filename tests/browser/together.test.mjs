// Several people in one document at once: what they write, who is here, where their carets are.

import assert from "node:assert/strict";
import test, { after } from "node:test";
import * as Y from "yjs";
import { WebsocketProvider } from "y-websocket";
import WebSocket from "ws";
import * as demo from "./page.mjs";

const {
  addTask,
  assertQuiet,
  caretAt,
  converged,
  leave,
  newDocument,
  note,
  others,
  saved,
  tasks,
  type,
  until,
} = demo;
const site = await demo.startDemo();
const { visit } = site;

after(() => site.end());

test("v1: two people type at once at different places, and neither breaks the other's words", async () => {
  const document = newDocument("type");
  const [ada, bo] = [await visit(document, { name: "Ada" }), await visit(document, { name: "Bo" })];
  const middle = "\nbetween the two 🧵\n";
  await ada.fill("#note", middle);
  await until("the first text arrives", async () => (await note(bo)) === middle);
  const first = "From the top: 😀 quick brown foxes, 🦊🦊, jump. ".repeat(5);
  const last = "From the end: “lazy” dogs 🐕 sleep – naïvely. ".repeat(5);
  await caretAt(ada, 0);
  await caretAt(bo);
  await Promise.all([type(ada, first), type(bo, last)]);
  assert.equal(await converged(ada, bo), first + middle + last);
  // The carets kept their places through each other's edits.
  const carets = [ada, bo].map((page) =>
    page.evaluate(() => document.getElementById("note").selectionEnd),
  );
  assert.deepEqual(await Promise.all(carets), [first.length, (first + middle + last).length]);
  assertQuiet([ada, bo]);
  await leave(ada, bo);
});

test("v1: three people type, delete and replace anywhere at once and end equal", async () => {
  const document = newDocument("scramble");
  const pages = [await visit(document), await visit(document), await visit(document)];
  await pages[0].fill("#note", "warp and weft 😀😁😂 ".repeat(6));
  await until("the first text arrives", async () => (await note(pages[2])).length > 0);
  await Promise.all(pages.map((page, seed) => scramble(page, seed + 1, 80)));
  const text = await converged(...pages);
  assert.ok(text.isWellFormed(), "an emoji was split");
  assertQuiet(pages);
  await leave(...pages);
});

/** Presses keys at places that `seed` chooses; where they fall depends on the others. */
async function scramble(page, seed, strokes) {
  const random = (below) => {
    seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
    return Math.floor((seed / 2 ** 32) * below);
  };
  for (let stroke = 0; stroke < strokes; stroke += 1) {
    const kind = random(8);
    if (kind === 0) await caretAt(page, await page.evaluate(placeBetweenLetters, random(1000)));
    else if (kind === 1) await page.keyboard.press("Backspace");
    else if (kind === 2) await page.keyboard.press("Delete");
    else if (kind === 3) await page.keyboard.press("Shift+ArrowLeft");
    else if (kind === 4) await page.keyboard.press("Enter");
    else if (kind === 5) await page.keyboard.insertText("🪡");
    else await page.keyboard.press("abcdefgh"[random(8)]);
  }
}

function placeBetweenLetters(number) {
  const letters = [...document.getElementById("note").value];
  return letters.slice(0, number % (letters.length + 1)).join("").length;
}

test("an input method's composition survives what others write meanwhile", async () => {
  const document = newDocument("compose");
  const [ada, bo] = [await visit(document), await visit(document)];
  await ada.fill("#note", "one two");
  await until("the first text arrives", async () => (await note(bo)) === "one two");
  await caretAt(ada, 3);
  const method = await ada.context().newCDPSession(ada);
  let written = "";
  for (const text of ["に", "にほ", "にほん"]) {
    await method.send("Input.imeSetComposition", {
      text,
      selectionStart: text.length,
      selectionEnd: text.length,
    });
    await caretAt(bo, 0);
    await type(bo, ">");
    written += ">";
    await until(
      "the composition shows elsewhere",
      async () => (await note(bo)) === `${written}one${text} two`,
    );
    assert.ok((await note(ada)).includes(`one${text} two`));
  }
  await method.send("Input.insertText", { text: "日本" });
  await type(ada, "!");
  assert.equal(await converged(ada, bo), ">>>one日本! two");
  assertQuiet([ada, bo]);
  await leave(ada, bo);
});

test("people, their names and their carets appear, move and vanish", async () => {
  const document = newDocument("people");
  const [ada, bo] = [await visit(document, { name: "Ada" }), await visit(document, { name: "Bo" })];
  await until("Bo is listed", async () => (await others(ada)).join() === "Bo");
  await until("Ada is listed", async () => (await others(bo)).join() === "Ada");
  await caretAt(bo);
  await type(bo, "here I am");
  await ada.waitForSelector(".carets .flag >> text=Bo", { state: "attached" });
  const place = () => ada.locator(".caret").evaluate((bar) => bar.getBoundingClientRect().left);
  await until("the note arrives", async () => (await note(ada)) === "here I am");
  const end = await until(
    "the caret stands behind the words",
    async () => (await place()) > 60 && place(),
  );
  await bo.keyboard.press("Home");
  await until("the caret moves", async () => (await place()) < end);
  await bo.keyboard.press("Shift+End");
  await ada.waitForSelector(".carets .selected", { state: "attached" });
  await bo.fill("#my-name", "Bodil");
  await until("the new name shows", async () => (await others(ada)).join() === "Bodil");
  await until(
    "no caret while Bo is elsewhere",
    async () => (await ada.locator(".caret").count()) === 0,
  );
  assertQuiet([ada, bo]);
  await leave(bo);
  await until("Bo is gone", async () => (await others(ada)).length === 0);
  assert.equal(await ada.locator("#alone").isVisible(), true);
  assertQuiet([ada]);
  await leave(ada);
});

test("a newcomer sees who was here before, and a name is kept", async () => {
  const document = newDocument("names");
  const ada = await visit(document);
  await ada.fill("#my-name", "Ada Lovelace");
  await ada.reload();
  await demo.online(ada);
  assert.equal(await ada.inputValue("#my-name"), "Ada Lovelace");
  const bo = await visit(document);
  await until("Ada is listed once", async () => (await others(bo)).join() === "Ada Lovelace");
  assertQuiet([ada, bo]);
  await leave(ada, bo);
});

test("tasks are added, toggled, renamed and deleted for everyone, also at once", async () => {
  const document = newDocument("tasks");
  const [ada, bo] = [await visit(document), await visit(document)];
  for (const title of ["warp", "weft", "edge"]) await addTask(ada, title);
  const shown = async (page, want) => {
    let seen;
    const what = () => `tasks are ${want}, not ${seen}`;
    await until(what, async () => (seen = list(await tasks(page))) === want);
  };
  await shown(bo, "warp weft edge");
  // One person does one thing after the other: a click takes the focus from a field.
  const bothOfBo = async () => {
    await toggle(bo, 2);
    await addTask(bo, "loom");
  };
  await Promise.all([toggle(ada, 0), bothOfBo()]);
  await Promise.all([shown(ada, "*warp weft *edge loom"), shown(bo, "*warp weft *edge loom")]);
  // Both flip the same one: whatever wins, it is the same for both.
  await Promise.all([toggle(ada, 1), toggle(bo, 1)]);
  await toggle(ada, 0);
  await until(
    "equal",
    async () => list(await tasks(ada)) === list(await tasks(bo)) && !(await tasks(ada))[0].done,
  );
  // A row keeps focus and caret while rows before it come and go.
  const name = bo.locator("#tasks textarea").nth(1);
  await name.focus();
  await name.evaluate((field) => field.setSelectionRange(2, 2));
  await ada.locator("#tasks button").first().click();
  await until("the row is gone", async () => (await tasks(bo)).length === 3);
  await bo.keyboard.type("--");
  await until("renamed", async () => (await tasks(ada))[0].title === "we--ft");
  await Promise.all([saved(ada), saved(bo)]);
  assertQuiet([ada, bo]);
  await leave(ada, bo);
});

function list(all) {
  return all.map(({ title, done }) => (done ? `*${title}` : title)).join(" ");
}

function toggle(page, index) {
  return page.locator('#tasks input[type="checkbox"]').nth(index).click();
}

test("v1: a stock Yjs client shares the document: text, tasks and presence", async (t) => {
  const document = newDocument("stock");
  const ada = await visit(document, { name: "Ada" });
  await ada.fill("#note", "from the page 🧵");
  await addTask(ada, "from the page");
  const doc = new Y.Doc();
  const url = site.server.url.replace("http", "ws") + "/sync";
  const provider = new WebsocketProvider(url, document, doc, {
    WebSocketPolyfill: WebSocket,
    disableBc: true,
  });
  // The document takes its presence along, whose timer would keep this process alive.
  t.after(() => (provider.destroy(), doc.destroy()));
  const text = doc.getText("note");
  await until("the stock client reads", () => text.toString() === "from the page 🧵");
  await until("and sees the task", () => doc.getArray("tasks").length === 1);
  assert.deepEqual(doc.getArray("tasks").toJSON(), [{ title: "from the page", done: false }]);
  provider.awareness.setLocalStateField("user", { name: "Stock", color: "#2e7d4f" });
  await until("Stock is listed", async () => (await others(ada)).join() === "Stock");
  await until("Ada is known", () =>
    [...provider.awareness.getStates().values()].some((s) => s.user?.name === "Ada"),
  );
  await caretAt(ada);
  await Promise.all([type(ada, " and on".repeat(10)), spell(text, "from stock: ")]);
  const want = "from stock: from the page 🧵" + " and on".repeat(10);
  await until("the page has both", async () => (await note(ada)) === want);
  await until("the stock client has both", () => text.toString() === want);
  doc.transact(() => doc.getArray("tasks").get(0).set("done", true));
  await until("done", async () => (await tasks(ada))[0].done);
  provider.disconnect();
  await until("Stock is gone", async () => (await others(ada)).length === 0);
  assertQuiet([ada]);
  await leave(ada);
});

async function spell(text, words) {
  for (let index = 0; index < words.length; index += 1) {
    text.insert(index, words[index]);
    await new Promise(setImmediate);
  }
}
