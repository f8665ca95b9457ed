// Undo and redo, and what lost to somebody else, as people see them.

import assert from "node:assert/strict";
import test, { after } from "node:test";
import * as Y from "yjs";
import * as demo from "./page.mjs";

const { addTask, assertQuiet, caretAt, converged, leave, newDocument, offline, online } = demo;
const { saved, tasks, type, until } = demo;
const site = await demo.startDemo();
const { visit } = site;

after(() => site.end());

const bothVisit = async (word) => {
  const document = newDocument(word);
  return [await visit(document, { name: "Ada" }), await visit(document, { name: "Bo" })];
};

/** Longer than what counts as one step. */
const pause = (page) => page.waitForTimeout(600);

test("undo takes back one's own words and nobody else's, and puts the caret where it was", async () => {
  const [ada, bo] = await bothVisit("undo");
  assert.equal(await ada.isDisabled("#undo"), true);
  await type(ada, "one ");
  await pause(ada);
  await type(ada, "two ");
  await converged(ada, bo);
  await caretAt(bo, 4);
  await type(bo, "and a half ");
  assert.equal(await converged(ada, bo), "one and a half two ");
  await ada.click("#undo");
  assert.equal(await converged(ada, bo), "one and a half ");
  await caretAt(ada, 0);
  await ada.press("#note", "Control+z");
  assert.equal(await converged(ada, bo), "and a half ");
  assert.equal(await ada.isDisabled("#undo"), true);
  await ada.press("#note", "Control+Shift+z");
  await ada.click("#redo");
  assert.equal(await converged(ada, bo), "one and a half two ");
  assert.equal(await ada.isDisabled("#redo"), true);
  await pause(ada);
  await ada.evaluate(() => globalThis.document.getElementById("note").setSelectionRange(4, 15));
  await ada.press("#note", "Delete");
  assert.equal(await converged(ada, bo), "one two ");
  await caretAt(ada, 0);
  await ada.click("#undo");
  assert.equal(await converged(ada, bo), "one and a half two ");
  const selected = () =>
    ada.evaluate(() => {
      const { selectionStart, selectionEnd } = globalThis.document.getElementById("note");
      return [selectionStart, selectionEnd];
    });
  assert.deepEqual((await selected())[0], 4);
  assertQuiet([ada, bo]);
  await leave(ada, bo);
});

test("who loses a change to somebody else is told once, and can bring it back", async () => {
  const [ada, bo] = await bothVisit("conflict");
  await addTask(ada, "a task");
  await saved(ada);
  await until("it is listed", async () => (await tasks(bo)).length === 1);
  // Of two values of one key that of the larger client id counts, whoever comes first. The one who
  // comes last has not been told that theirs is saved, so one of these two loses something.
  let loser;
  let title;
  for (const [first, last] of [
    [ada, bo],
    [bo, ada],
  ]) {
    title = (page) => `${page === ada ? "Ada" : "Bo"}'s task, ${page === last ? "late" : "early"}`;
    for (const page of [first, last]) {
      await page.click("#cut");
      await offline(page);
    }
    for (const page of [first, last]) {
      await page.fill("#tasks textarea", title(page));
      await page.locator("#tasks textarea").blur();
    }
    for (const page of [first, last]) {
      await page.click("#mend");
      await online(page);
      await saved(page);
    }
    const same = async () => (await tasks(ada))[0].title === (await tasks(bo))[0].title;
    await until("both show the same", same);
    assert.equal(await first.isVisible("#conflict"), false, "what is saved loses to nobody");
    loser = (await last.isVisible("#conflict")) ? last : undefined;
    if (loser) break;
    assert.equal((await tasks(ada))[0].title, title(last));
  }
  assert.ok(loser, "one of them is told");
  const [mine, theirs] = [title(loser), title(loser === ada ? bo : ada)];
  assert.match(await loser.textContent("#conflict-words"), new RegExp(`“${mine}”`));
  assert.equal((await tasks(loser))[0].title, theirs);
  await demo.picture(loser, "conflict");
  await loser.click("#conflict-restore");
  for (const page of [ada, bo]) {
    await until("mine is back", async () => (await tasks(page))[0].title === mine);
  }
  await saved(loser);
  for (const page of [ada, bo]) assert.equal(await page.isVisible("#conflict"), false);
  assertQuiet([ada, bo]);
  await leave(ada, bo);
});

test("what was deleted before a reload comes back after it", async () => {
  const name = newDocument("reload");
  const page = await visit(name);
  const open = () =>
    page.evaluate(async (name) => {
      const { default: init, connect } = await import("/selvedge/selvedge.js");
      await init();
      const doc = connect({ url: location.origin, document: name, profile: "undo" });
      globalThis.doc = doc;
      while (doc.status.state !== "live") await new Promise((later) => setTimeout(later, 5));
      return [doc.text("text").toString(), doc.canUndo, doc.canRedo];
    }, name);
  assert.deepEqual(await open(), ["", false, false]);
  await page.evaluate(async () => {
    const { doc } = globalThis;
    const text = doc.text("text");
    for (const change of [() => text.insert(0, "hello world"), () => text.delete(0, 6)]) {
      doc.undoMeta({ at: text.relativePosition(text.length, -1) });
      change();
      doc.undoBoundary();
    }
    await doc.whenSaved();
    doc.close();
    // It is read behind what the close wrote.
    await (await import("/selvedge/selvedge.js")).kept();
  });
  await page.reload();
  await online(page);
  assert.deepEqual(await open(), ["world", true, false]);
  const { shown, first, undone } = await page.evaluate(() => {
    const { doc } = globalThis;
    const [undone, shown] = [[], []];
    doc.on("undone", (it) => undone.push(it));
    while (doc.undo()) shown.push(doc.text("text").toString());
    return { shown, first: doc.redo() && doc.text("text").toString(), undone };
  });
  assert.deepEqual([shown, first], [["hello world", ""], "hello world"]);
  assert.deepEqual(undone.map(({ action }) => action), ["undo", "undo", "redo"]);
  assert.equal(undone[0].meta.at.assoc, -1);
  assertQuiet([page]);
  await leave(page);
});

test("v1: a position means the same to Yjs, whoever made it", async () => {
  const name = newDocument("position");
  const page = await visit(name);
  const [update, positions] = await page.evaluate(async (name) => {
    const { default: init, connect } = await import("/selvedge/selvedge.js");
    await init();
    globalThis.doc = connect({ url: location.origin, document: name });
    const text = globalThis.doc.text("text");
    text.insert(0, "hello world");
    const at = [0, 5, 11].flatMap((index) => [-1, 0].map((assoc) => [index, assoc]));
    const positions = at.map(([index, assoc]) => text.relativePosition(index, assoc));
    text.insert(5, ", dear");
    return [[...globalThis.doc.toUpdate()], positions];
  }, name);
  const theirs = new Y.Doc();
  Y.applyUpdate(theirs, Uint8Array.from(update));
  const text = theirs.getText("text");
  const index = (json) => {
    const position = Y.createRelativePositionFromJSON(json);
    return Y.createAbsolutePositionFromRelativePosition(position, theirs).index;
  };
  assert.deepEqual(positions.map(index), [0, 0, 5, 11, 17, 17]);
  const made = [0, 5, 11, 17].flatMap((at) =>
    [-1, 0].map((assoc) => Y.createRelativePositionFromTypeIndex(text, at, assoc)),
  );
  const found = await page.evaluate(
    ([positions, made]) => {
      const text = globalThis.doc.text("text");
      const index = (position) => text.absolutePosition(position);
      return [positions.map(index), made.map(index)];
    },
    [positions, made.map((position) => Y.relativePositionToJSON(position))],
  );
  assert.deepEqual(found, [
    [0, 0, 5, 11, 17, 17],
    [0, 0, 5, 5, 11, 11, 17, 17],
  ]);
  assertQuiet([page]);
  await leave(page);
});
