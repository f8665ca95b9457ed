// The connection goes and comes back: cut by the visitor, by the network, by the server's death.

import assert from "node:assert/strict";
import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import test, { after } from "node:test";
import { startServer } from "../harness.mjs";
import { isFirefox } from "./launch.mjs";
import { startNetwork } from "./network.mjs";
import * as demo from "./page.mjs";

const {
  addTask,
  assertQuiet,
  caretAt,
  converged,
  leave,
  newDocument,
  note,
  offline,
  online,
  others,
  pending,
  saved,
  tasks,
  type,
  until,
} = demo;
const site = await demo.startDemo();
const { visit } = site;

after(() => site.end());

test("d3: both edit while one has cut the connection; brought back, both have all", async () => {
  const document = newDocument("cut");
  const [ada, bo] = [await visit(document, { name: "Ada" }), await visit(document, { name: "Bo" })];
  await ada.fill("#note", "base");
  await until("the first text arrives", async () => (await note(bo)) === "base");
  await ada.click("#cut");
  await offline(ada);
  await until("Ada is gone for Bo", async () => (await others(bo)).length === 0);
  await caretAt(ada, 0);
  await type(ada, "offline 😀 ");
  await addTask(ada, "kept here");
  await caretAt(bo);
  await type(bo, " online");
  await saved(bo);
  assert.ok((await pending(ada)) > 0);
  assert.match(await ada.textContent("#saved"), /^\d+ changes? kept in this browser$/);
  assert.equal(await note(ada), "offline 😀 base");
  assert.equal(await ada.isVisible(".people .unknown"), true);
  assert.equal(await ada.isVisible("#alone"), false);
  assert.equal(await note(bo), "base online");
  await demo.picture(ada, "cut");
  await ada.click("#mend");
  await online(ada);
  assert.equal(await converged(ada, bo), "offline 😀 base online");
  await until("the task arrives", async () => (await tasks(bo))[0]?.title === "kept here");
  assert.equal(await pending(ada), 0);
  assert.equal(await ada.textContent("#saved"), "Saved");
  await until("Ada is back", async () => (await others(bo)).join() === "Ada");
  assertQuiet([ada, bo]);
  await leave(ada, bo);
});

test("d3: the buttons can be used over and over while typing goes on", async () => {
  const document = newDocument("flap");
  const [ada, bo] = [await visit(document), await visit(document)];
  await ada.fill("#note", "\n");
  await until("the first text arrives", async () => (await note(bo)) === "\n");
  let want = "\n";
  for (let round = 0; round < 8; round += 1) {
    await ada.click("#cut");
    await caretAt(ada);
    await type(ada, `a${round} `);
    await ada.click("#mend");
    await caretAt(bo, 0);
    await type(bo, `b${round} `);
    want = `b${round} ${want}a${round} `;
  }
  assert.equal(await converged(ada, bo), want);
  // Cut while it was still connecting, which the browser remarks on.
  assertQuiet([ada, bo], { serverAway: true });
  await leave(ada, bo);
});

test("d3: the network goes and comes back, and the page reconnects by itself", async (t) => {
  const document = newDocument("network");
  const network = await startNetwork(site.server.port);
  t.after(() => network.end());
  const [ada, bo] = [await visit(document, { over: network }), await visit(document)];
  network.cut();
  await ada.context().setOffline(true);
  await offline(ada);
  await caretAt(ada);
  await type(ada, "under ground");
  await caretAt(bo);
  await type(bo, "above it, ");
  await saved(bo);
  assert.ok((await pending(ada)) > 0);
  network.restore();
  await ada.context().setOffline(false);
  await online(ada);
  const text = await converged(ada, bo);
  assert.ok(text.includes("under ground") && text.includes("above it, "), text);
  assertQuiet([ada, bo], { serverAway: true });
  await leave(ada, bo);
});

test("d3: a connection that died without a word is noticed when the network changes", async (t) => {
  const document = newDocument("silence");
  const network = await startNetwork(site.server.port);
  t.after(() => network.end());
  const [ada, bo] = [await visit(document, { over: network }), await visit(document)];
  network.silence();
  await caretAt(ada);
  await type(ada, "into the void");
  await type(bo, "unheard, ");
  await saved(bo);
  assert.match(await ada.textContent("#saved"), /^Saving… \(\d+\)$/);
  assert.equal(await note(bo), "unheard, ");
  // As when a laptop wakes in another place: the browser says that it is online.
  await ada.context().setOffline(true);
  await ada.context().setOffline(false);
  const text = await converged(ada, bo);
  assert.ok(text.includes("into the void") && text.includes("unheard, "), text);
  assertQuiet([ada, bo], { serverAway: true });
  await leave(ada, bo);
});

test("d2: the server is killed in mid-traffic and started again: nothing is lost", async () => {
  const document = newDocument("crash");
  const [ada, bo] = [await visit(document, { name: "Ada" }), await visit(document, { name: "Bo" })];
  await ada.fill("#note", "\n");
  await until("the first text arrives", async () => (await note(bo)) === "\n");
  const before = site.server;
  await caretAt(ada, 0);
  await caretAt(bo);
  const typing = Promise.all([type(ada, "a".repeat(200)), type(bo, "b".repeat(200))]);
  await until(
    "traffic flows",
    async () => /a{20}/.test(await note(bo)) && /b{20}/.test(await note(ada)),
  );
  await before.kill();
  const [seenByBo, seenByAda] = [await note(bo), await note(ada)];
  await typing;
  await Promise.all([offline(ada), offline(bo)]);
  await addTask(bo, "written while it was down");
  site.server = await startServer({ port: before.port, persistTo: before.persistTo });
  await Promise.all([online(ada), online(bo)]);
  assert.equal(await converged(ada, bo), `${"a".repeat(200)}\n${"b".repeat(200)}`);
  // Someone new gets it from the disk alone, what was seen before the crash included.
  const cleo = await visit(document);
  const text = await converged(ada, bo, cleo);
  assert.ok(text.length >= Math.max(seenByBo.length, seenByAda.length));
  await until("the task arrives", async () => (await tasks(cleo)).length === 1);
  await until("everyone is here once", async () => (await others(cleo)).sort().join() === "Ada,Bo");
  assertQuiet([ada, bo, cleo], { serverAway: true });
  await leave(ada, bo, cleo);
});

test("d2: what the page called saved is there after a crash, for someone who was not", async () => {
  const document = newDocument("saved");
  const ada = await visit(document);
  await caretAt(ada);
  await type(ada, "this is saved 😀");
  await saved(ada);
  const before = site.server;
  await before.kill();
  await leave(ada);
  site.server = await startServer({ port: before.port, persistTo: before.persistTo });
  const bo = await visit(document);
  await until("it is there", async () => (await note(bo)) === "this is saved 😀");
  assertQuiet([bo]);
  await leave(bo);
});

test("a reload keeps the note and the tasks", async () => {
  const ada = await visit(newDocument("reload"));
  await caretAt(ada);
  await type(ada, "once\ntwice 😀");
  await addTask(ada, "still here");
  await saved(ada);
  await ada.reload();
  await online(ada);
  await until("the note is back", async () => (await note(ada)) === "once\ntwice 😀");
  await until("the task is back", async () => (await tasks(ada))[0]?.title === "still here");
  assertQuiet([ada]);
  await leave(ada);
});

/** Clicks a link to a download, and resolves to what is in that. */
async function downloaded(page, link) {
  if (!isFirefox) {
    const [download] = await Promise.all([page.waitForEvent("download"), page.click(link)]);
    return readFile(await download.path(), "utf8");
  }
  // Which does not tell of downloads that come from the page itself.
  await page.click(link);
  return page.evaluate(() => globalThis.offered.text());
}

test("o3: when the history is lost the page goes on, and offers the copy that it had", async () => {
  const document = newDocument("lost");
  const ada = await visit(document, { name: "Ada" });
  await caretAt(ada);
  await type(ada, "precious");
  await saved(ada);
  await ada.evaluate(() => {
    const { createObjectURL } = URL;
    URL.createObjectURL = (blob) => {
      globalThis.offered = blob;
      return createObjectURL.call(URL, blob);
    };
  });
  const before = site.server;
  await before.kill();
  await offline(ada);
  await type(ada, " and unsaved");
  await rm(join(before.persistTo, "v3/do"), { recursive: true });
  site.server = await startServer({ port: before.port, persistTo: before.persistTo });
  await until("the notice", async () => ada.isVisible("#aside"));
  await online(ada);
  await demo.picture(ada, "aside");
  assert.match(await ada.textContent("#aside-words"), /the history of this document was replaced/);
  const kept = JSON.parse(await downloaded(ada, "#aside-link"));
  assert.deepEqual(kept, { note: "precious and unsaved", tasks: [] });
  assert.equal(await note(ada), "");
  await caretAt(ada);
  await type(ada, "anew");
  await saved(ada);
  const bo = await visit(document);
  assert.equal(await converged(ada, bo), "anew");
  await ada.click("#aside-done");
  assert.equal(await ada.isVisible("#aside"), false);
  assertQuiet([ada, bo], { serverAway: true });
  await leave(ada, bo);
});
