// The page itself: what a visitor meets, at any width, in light and dark, and from the keyboard;
// and that the client that it embeds can be closed without a trace.

import assert from "node:assert/strict";
import test, { after } from "node:test";
import * as demo from "./page.mjs";

const { addTask, assertQuiet, leave, newDocument, note, online, others, saved, tasks, until } =
  demo;
const site = await demo.startDemo();
const { visit } = site;

after(() => site.end());

test("a visitor without a document gets a new one, with a link that leads back to it", async () => {
  const ada = await visit(undefined, { permissions: ["clipboard-read", "clipboard-write"] });
  const address = new URL(ada.url());
  assert.match(address.searchParams.get("doc"), /^[a-z]+-[a-z]+-\d+$/);
  await ada.click("#copy");
  await until("copied", async () => (await ada.textContent("#copy")) === "Copied");
  const link = await ada.evaluate(() => navigator.clipboard.readText());
  assert.equal(link, address.href);
  await ada.fill("#note", "follow the link");
  await saved(ada);
  const bo = await visit(address.searchParams.get("doc"));
  await until("the same note", async () => (await note(bo)) === "follow the link");
  assertQuiet([ada, bo]);
  await leave(ada, bo);
});

test("any name that a document may have works in the address", async () => {
  for (const name of ["Übergröße & more?", "a/b%2Fc", "日本 🧵", "x".repeat(512)]) {
    const ada = await visit(name);
    await ada.fill("#note", `in ${name}`);
    await saved(ada);
    await ada.reload();
    await online(ada);
    await until(name, async () => (await note(ada)) === `in ${name}`);
    assertQuiet([ada]);
    await leave(ada);
  }
});

test("a name that no document can have is refused in words, and a new note is offered", async () => {
  const ada = await visit(newDocument("refused"));
  for (const name of ["..", "a\u0000b", "x".repeat(513)]) {
    await ada.goto(demo.addressOf(site.server, name));
    await ada.waitForSelector("#notice >> text=No note can have the name in this address.");
  }
  await ada.click("#notice >> text=start a new note");
  await online(ada);
  assert.equal(await ada.isVisible("#notice"), false);
  assertQuiet([ada]);
  await leave(ada);
});

test("everything can be done from the keyboard", async () => {
  const ada = await visit(newDocument("keys"));
  const focused = () => ada.evaluate(() => document.activeElement.id);
  const tabTo = async (id) => {
    const plain = await ada.evaluate(focusLook, id);
    for (let presses = 0; presses < 30 && (await focused()) !== id; presses += 1) {
      await ada.keyboard.press("Tab");
    }
    assert.equal(await focused(), id);
    assert.notEqual(await ada.evaluate(focusLook, id), plain, `one sees that ${id} has the focus`);
  };
  await tabTo("cut");
  await ada.keyboard.press("Enter");
  await demo.offline(ada);
  assert.equal(await focused(), "mend");
  await ada.keyboard.press("Space");
  await online(ada);
  await tabTo("note");
  await ada.keyboard.type("no mouse");
  await tabTo("add-title");
  await ada.keyboard.type("a task");
  await ada.keyboard.press("Enter");
  await until("it is listed", async () => (await tasks(ada)).length === 1);
  await ada.keyboard.press("Shift+Tab");
  await ada.keyboard.press("Enter");
  await until("it is deleted", async () => (await tasks(ada)).length === 0);
  assert.equal(await focused(), "add-title");
  await saved(ada);
  assert.equal(await note(ada), "no mouse");
  assertQuiet([ada]);
  await leave(ada);
});

/** What shows where the focus is: an outline, and around the note its card's border. */
function focusLook(id) {
  const control = document.getElementById(id);
  const { outlineStyle, outlineColor } = getComputedStyle(control);
  return `${outlineStyle} ${outlineColor} ${getComputedStyle(control.closest(".note") ?? control).borderColor}`;
}

test("every control has a name, and the status is announced", async () => {
  const ada = await visit(newDocument("names"));
  await addTask(ada, "warp");
  await until("listed", async () => (await tasks(ada)).length === 1);
  const tree = await ada.locator("body").ariaSnapshot();
  const nameless = tree
    .split("\n")
    .filter((line) => /^\s*- (button|textbox|checkbox|link|region)(:|$| \[)/.test(line));
  assert.deepEqual(nameless, []);
  for (const part of [
    'textbox "Note"',
    'textbox "New task"',
    'checkbox "Done: warp"',
    'button "Delete: warp"',
    'textbox "Your name"',
  ]) {
    assert.ok(tree.includes(part), `${part} in\n${tree}`);
  }
  await ada.click("#cut");
  await until("the cut is announced", async () =>
    /Offline/.test(await ada.textContent("#announce")),
  );
  assertQuiet([ada]);
  await leave(ada);
});

for (const [shape, viewport] of Object.entries({
  phone: { width: 390, height: 844 },
  desktop: { width: 1280, height: 800 },
})) {
  for (const colorScheme of ["light", "dark"]) {
    test(`nothing overflows on a ${shape} in ${colorScheme}`, async () => {
      const document = newDocument("look");
      const ada = await visit(document, { viewport, colorScheme, name: "Ada" });
      const bo = await visit(document, { name: "Wilhelmina Featherstonehaugh-Cholmondeley" });
      await ada.fill(
        "#note",
        `Saturday at the lake\n\nMeet at eight by the boathouse. ${"unbroken".repeat(30)}\n`,
      );
      await addTask(
        ada,
        "a task with a title that is long enough to need more than one line anywhere",
      );
      await addTask(ada, "unbroken".repeat(20));
      await saved(ada);
      await until("the note arrives", async () => (await note(bo)).length > 20);
      await demo.caretAt(bo, 40);
      await ada.waitForSelector(".caret", { state: "attached" });
      await until("Bo is listed", async () => (await others(ada)).length === 1);
      const { width, wide } = await ada.evaluate(widest);
      assert.equal(width, viewport.width, wide);
      // The mirror has the textarea's shape, or carets would be drawn beside their letters.
      assert.deepEqual(await ada.evaluate(heights), await ada.evaluate(heights, "mirror"));
      await demo.picture(ada, `${shape}-${colorScheme}`);
      assertQuiet([ada, bo]);
      await leave(ada, bo);
    });
  }
}

/** The height of the note's text, and of what it is given. */
function heights(id = "note") {
  const { scrollHeight, clientHeight } = document.getElementById(id);
  return { scrollHeight, clientHeight };
}

function widest() {
  const past = [...document.querySelectorAll("body *")].filter(
    (one) => one.getBoundingClientRect().right > innerWidth,
  );
  return {
    width: document.documentElement.scrollWidth,
    wide: past.map((one) => one.outerHTML.slice(0, 80)).join("\n"),
  };
}

test("a part that does not load is said in words", async () => {
  const ada = await visit(newDocument("broken"));
  await ada.route("**/selvedge.js", (route) => route.abort());
  await ada.reload();
  await ada.waitForSelector("#notice:not([hidden])");
  assert.match(
    await ada.textContent("#notice"),
    /could not be opened: a part of the page did not load/,
  );
  await leave(ada);
});

test("close() frees the socket, the presence and the memory", async () => {
  const [ada, bo] = [await visit(newDocument("close")), await visit(newDocument("close"))];
  const shared = newDocument("closed");
  const own = bo.sockets.length;
  const grown = await bo.evaluate(openAndClose, { shared, times: 30 });
  assert.equal(bo.sockets.length - own, 30);
  await until("no socket is left open", () =>
    bo.sockets.slice(own).every((socket) => socket.isClosed()),
  );
  assert.equal(bo.sockets.filter((socket) => !socket.isClosed()).length, 1);
  assert.ok(grown <= 4 * 65_536, `25 more documents took ${grown} bytes for good`);
  await ada.goto(demo.addressOf(site.server, shared));
  await online(ada);
  await until("what was written is there", async () => (await note(ada)).length === 30 * 1000);
  assert.deepEqual(await others(ada), []);
  assertQuiet([ada, bo]);
  await leave(ada, bo);
});

/** Opens a document, writes, closes, again and again; resolves to how much memory that cost. */
async function openAndClose({ shared, times }) {
  const { default: init, connect } = await import("/selvedge/selvedge.js");
  const { memory } = await init();
  let settled = 0;
  for (let time = 0; time < times; time += 1) {
    if (time === 5) settled = memory.buffer.byteLength;
    const doc = connect({ url: location.origin, document: shared });
    doc.presence.set({ user: { name: `Visitor ${time}`, color: "#2e7d4f" } });
    doc.text("note").insert(0, "x".repeat(1000));
    await doc.whenSaved();
    doc.close();
  }
  return memory.buffer.byteLength - settled;
}
