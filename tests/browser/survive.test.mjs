// D3, told by a model: a session of a few edits, and something that breaks behind each of them. What
// is there afterwards is what was there after some step that the page cannot have been told more of.

import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { startServer } from "../harness.mjs";
import { behindNetworks, load, settled } from "./blank.mjs";
import { launchProfile } from "./launch.mjs";
import { newDocument } from "./page.mjs";

/** What is there before the first step, and after each: the text, and a key of a map. */
const MODEL = [
  ["", null],
  ["zero ", null],
  ["zero ", 1],
  ["zero one ", 1],
  ["one ", 1],
  ["one ", 2],
  ["two one ", 2],
  ["two one ", null],
  ["two three one ", null],
];
const STEPS = MODEL.length - 1;

const site = behindNetworks();

const take = (page, step) =>
  page.evaluate((step) => {
    const map = doc.map("map");
    const steps = [
      () => text.insert(0, "zero "),
      () => map.set("key", 1),
      () => text.insert(text.length, "one "),
      () => text.delete(0, 5),
      () => map.set("key", 2),
      () => text.insert(0, "two "),
      () => map.delete("key"),
      () => text.insert(4, "three "),
    ];
    steps[step]();
  }, step);
const look = (page) => page.evaluate(() => [text.toString(), doc.map("map").get("key") ?? null]);

async function openIn(page, network, document) {
  await load(page, network);
  await page.evaluate((document) => globalThis.open({ document }), document);
}

/** After which step this is. */
function stepOf(found) {
  const at = MODEL.findIndex((state) => JSON.stringify(state) === JSON.stringify(found));
  assert.notEqual(at, -1, `after no step: ${JSON.stringify(found)}`);
  return at;
}

/**
 * A session for each step. Behind that one `breaks` is called, and resolves to the page in which it
 * goes on. The page waits for what it did to be saved `here`, `there` or not at all, in turn.
 */
async function atEachStep({ begin, breaks, waits, isWhole = false, end = () => {} }) {
  for (let broken = 0; broken < STEPS; broken++) {
    const network = await site.network();
    const document = newDocument("survives");
    let page = await begin(network, document);
    await settled(page, `doc.storage.state === "kept"`);
    let saved = 0;
    for (let step = 0; step <= broken; step++) {
      await take(page, step);
      const wait = waits[(step + broken) % waits.length];
      if (wait) await page.evaluate((wait) => doc[wait](), wait);
      if (wait) saved = step + 1;
    }
    page = await breaks(page, network, document);
    const found = stepOf(await look(page));
    const told = `broken behind step ${broken}: ${found} steps are there, ${saved} were saved`;
    assert.ok(found >= (isWhole ? broken + 1 : saved) && found <= broken + 1, told);
    for (let step = found; step < STEPS; step++) await take(page, step);
    network.mend();
    await page.evaluate(() => (doc.connect(), doc.whenSaved()));
    const other = await site.demo.open();
    await openIn(other, network, document);
    await settled(other, `doc.status.state === "live"`);
    assert.deepEqual([await look(page), await look(other)], [MODEL[STEPS], MODEL[STEPS]]);
    await other.context().close();
    await end(page);
  }
}

const inATab = async (network, document) => {
  const page = await site.demo.open();
  await openIn(page, network, document);
  return page;
};
const close = (page) => page.context().close();
const HERE = "whenSavedHere";
const THERE = "whenSaved";

test("D3: a tab that is killed behind any step has what it was told is saved", () =>
  atEachStep({
    begin: inATab,
    waits: [HERE, undefined, THERE, undefined],
    async breaks(page, network, document) {
      await openIn(page, network, document);
      await settled(page, `doc.status.state === "live" && doc.storage.state === "kept"`);
      return page;
    },
    end: close,
  }));

test("D3: a tab without a network that is killed behind any step has what is saved here", () =>
  atEachStep({
    async begin(network, document) {
      const page = await inATab(network, document);
      await settled(page, `doc.status.state === "live"`);
      network.cut();
      return page;
    },
    waits: [HERE, undefined],
    async breaks(page, network, document) {
      await openIn(page, network, document);
      await settled(page, `doc.storage.state === "kept"`);
      return page;
    },
    end: close,
  }));

test("D3: a network that is cut behind any step costs nothing", () =>
  atEachStep({
    begin: inATab,
    waits: [THERE, undefined, HERE],
    async breaks(page, network) {
      network.cut();
      await settled(page, `doc.status.state !== "live"`);
      return page;
    },
    isWhole: true,
    end: close,
  }));

test("D2, D3: a server that is killed behind any step costs nothing", () =>
  atEachStep({
    begin: inATab,
    waits: [THERE, undefined, HERE],
    async breaks(page) {
      const { port, persistTo } = site.demo.server;
      await site.demo.server.kill();
      site.demo.server = await startServer({ port, persistTo });
      return page;
    },
    isWhole: true,
    end: close,
  }));

test("D3: a browser that is killed behind any step has what it was told is saved", async (t) => {
  const profiles = [];
  t.after(() =>
    Promise.all(profiles.map((it) => rm(it, { recursive: true, force: true, maxRetries: 5 }))),
  );
  let running;
  const start = async (network, document) => {
    running = await launchProfile(profiles.at(-1));
    const page = await running.context.newPage();
    await openIn(page, network, document);
    return page;
  };
  await atEachStep({
    async begin(network, document) {
      profiles.push(await mkdtemp(join(tmpdir(), "selvedge-profile-")));
      return start(network, document);
    },
    waits: [HERE, undefined, THERE, undefined],
    async breaks(_page, network, document) {
      await running.kill();
      const page = await start(network, document);
      await settled(page, `doc.status.state === "live" && doc.storage.state === "kept"`);
      return page;
    },
    end: () => running.kill(),
  });
});
