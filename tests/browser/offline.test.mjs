// D3 in a browser: what was written survives the page, whatever ends it.

import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { behindNetworks, load, settled } from "./blank.mjs";
import { launchProfile } from "./launch.mjs";
import { assertQuiet, newDocument } from "./page.mjs";

const site = behindNetworks();

/** A page of somebody with a browser and a network of their own. */
async function somebody(prepare) {
  const network = await site.network();
  const page = await site.demo.open({}, prepare);
  await load(page, network);
  return { page, network };
}

const open = (page, options) => page.evaluate((options) => globalThis.open(options), options);
const write = (page, at, words) =>
  page.evaluate(([at, words]) => text.insert(at, words), [at, words]);
const shown = (page) => page.evaluate(() => text.toString());

test("D3: what was written without a network is there after a reload, and arrives once", async () => {
  const document = newDocument("offline");
  const [ada, bo] = [await somebody(), await somebody()];
  await open(ada.page, { document });
  await open(bo.page, { document });
  await write(ada.page, 0, "one ");
  await settled(bo.page, `text.toString() === "one "`);
  await settled(ada.page, `doc.saved.pending === 0 && doc.storage.state === "kept"`);

  ada.network.cut();
  await settled(ada.page, `doc.status.state !== "live"`);
  await write(ada.page, 4, "two ");
  await settled(ada.page, `doc.saved.pending === 1 && doc.saved.pendingHere === 0`);
  await write(bo.page, 0, "zero ");
  await load(ada.page, ada.network);
  await open(ada.page, { document });
  // No network yet.
  await settled(ada.page, `text.toString() === "one two "`);
  assert.equal(await ada.page.evaluate(() => doc.saved.pending), 1);
  await write(ada.page, 8, "three ");
  await ada.page.evaluate(() => doc.whenSavedHere());
  await load(ada.page, ada.network);
  await open(ada.page, { document });
  await settled(ada.page, `doc.saved.pending === 2`);

  ada.network.mend();
  await ada.page.evaluate(() => doc.connect());
  const all = "zero one two three ";
  await settled(ada.page, `text.toString() === "${all}" && doc.saved.pending === 0`);
  await settled(bo.page, `text.toString() === "${all}"`);
  await load(ada.page, ada.network);
  await open(ada.page, { document });
  assert.deepEqual(await ada.page.evaluate(() => doc.sync), { at: null, rttMs: null });
  await settled(ada.page, `doc.status.state === "live" && doc.saved.pending === 0`);
  assert.equal(await shown(ada.page), all);
  const { ago, rttMs } = await ada.page.evaluate(() => {
    const { at, rttMs } = doc.sync;
    return { ago: Date.now() - at, rttMs };
  });
  assert.ok(ago >= -5 && ago < 20_000 && rttMs >= 0, `${ago} ms ago, ${rttMs} ms`);
  assertQuiet([bo.page]);
});

test("D3: edits that were made before the browser said what it kept come behind that", async () => {
  const document = newDocument("early");
  const { page, network } = await somebody();
  network.cut();
  await open(page, { document });
  await write(page, 0, "first");
  await page.evaluate(() => doc.whenSavedHere());
  await load(page, network);
  await page.evaluate((document) => {
    open({ document });
    text.insert(0, "early ");
  }, document);
  await settled(page, `text.length === 11 && doc.saved.pending === 2 && doc.saved.pendingHere === 0`);
  network.mend();
  await page.evaluate(() => (doc.disconnect(), doc.connect()));
  await settled(page, `doc.saved.pending === 0`);
});

test("D3: where nothing can be kept the page is told, and goes on", async () => {
  const document = newDocument("refused");
  const { page } = await somebody((context) =>
    context.addInitScript(() => {
      Object.defineProperty(globalThis, "indexedDB", { value: undefined });
    }),
  );
  await open(page, { document });
  await settled(page, `doc.storage.state === "memory" && doc.storage.reason === "unavailable"`);
  // In one go: the room answers in a moment.
  const pending = () => (text.insert(0, "all the same"), doc.saved.pendingHere);
  assert.equal(await page.evaluate(pending), 1);
  await settled(page, `doc.saved.pending === 0`);
  const listed = page.evaluate(() => kept().catch((error) => error.code));
  assert.equal(await listed, "storage");
});

test("D3: a storage that is full or taken away is left, and the page is told", async () => {
  const document = newDocument("full");
  const { page } = await somebody();
  await open(page, { document });
  await settled(page, `doc.storage.state === "kept"`);
  await page.evaluate(() => {
    globalThis.told = [];
    doc.on("storage", ({ state, reason }) => told.push(reason ?? state));
  });
  // The quota that the protocol of the developer tools sets does not hold for IndexedDB.
  await page.evaluate(() => {
    const { put } = IDBObjectStore.prototype;
    globalThis.mend = () => (IDBObjectStore.prototype.put = put);
    IDBObjectStore.prototype.put = () => {
      throw new DOMException("no space left", "QuotaExceededError");
    };
  });
  await write(page, 0, "x");
  await settled(page, `told.includes("full")`);
  await settled(page, `doc.saved.pending === 0`);
  await page.evaluate(() => (mend(), doc.keep()));
  await settled(page, `doc.storage.state === "kept"`);
  await page.evaluate(() => doc.whenSavedHere());

  await page.evaluate(() => fetch("/clear"));
  await write(page, 0, "y");
  await settled(page, `told.includes("failed")`);
  await settled(page, `doc.saved.pending === 0`);
});

test("what is kept is listed, forgotten, and makes way, but not what is not saved", async () => {
  const { page, network } = await somebody();
  const names = ["oldest", "unsaved", "newest"].map(newDocument);
  for (const document of names) {
    if (document === names[1]) network.cut();
    await open(page, { document });
    // Written before, it would be stored twice: in the document, and as what is not saved.
    await settled(page, `doc.storage.state === "kept"`);
    await page.evaluate(() => text.insert(0, "x".repeat(10_000)));
    await page.evaluate(() => doc.whenSavedHere());
    if (document === names[1]) network.mend();
    else await page.evaluate(() => doc.whenSaved());
    await page.evaluate(() => doc.close());
  }
  const listed = () =>
    page.evaluate(async () => (await kept()).map(({ document, pending }) => [document, pending]));
  const all = () => listed().then((list) => new Map(list));
  assert.deepEqual(await all(), new Map([[names[0], 0], [names[1], 1], [names[2], 0]]));
  const bytes = await page.evaluate(async () => (await kept()).map(({ bytes }) => bytes));
  assert.ok(bytes.every((bytes) => bytes > 10_000), String(bytes));

  await page.evaluate(() => keepAtMost(25_000));
  const has = async (...names) => {
    for (let attempt = 0; attempt < 200; attempt += 1) {
      const now = await all();
      if (now.size === names.length && names.every((name) => now.has(name))) return true;
      await page.waitForTimeout(10);
    }
    return assert.fail(`has ${[...(await all()).keys()]}`);
  };
  await has(names[1], names[2]);
  await page.evaluate(() => keepAtMost(0));
  await has(names[1]);

  await open(page, { document: names[1] });
  await settled(page, `doc.storage.state === "kept"`);
  const forget = (document) =>
    page.evaluate(
      (document) => forget({ url: location.origin, document }).then(() => "gone", (it) => it.code),
      document,
    );
  assert.equal(await forget(names[1]), "open");
  await page.evaluate(() => doc.whenSaved());
  await page.evaluate(() => doc.close());
  for (let attempt = 0; (await forget(names[1])) !== "gone"; attempt += 1) {
    assert.ok(attempt < 200, "it is closed");
  }
  assert.deepEqual(await listed(), []);
});

test("D3: what makes way holds nothing that is nowhere else, also after a crash", async () => {
  const { page, network } = await somebody();
  const document = newDocument("crashed");
  await open(page, { document });
  await settled(page, `doc.storage.state === "kept" && doc.status.state === "live"`);
  network.cut();
  await write(page, 0, "unsent");
  await page.evaluate(() => doc.whenSavedHere());
  // Without a close: as a crash leaves it.
  await load(page, network);
  const pending = () => page.evaluate(async () => (await kept()).map(({ pending }) => pending));
  assert.deepEqual(await pending(), [1]);
  await page.evaluate(() => keepAtMost(0));
  await open(page, { document });
  await settled(page, `text.toString() === "unsent" && doc.saved.pending === 1`);

  // A copy that could not go on outlives its document's making way.
  await page.evaluate(
    ([url, document]) =>
      new Promise((done) => {
        indexedDB.open("selvedge").onsuccess = ({ target: { result } }) => {
          const transaction = result.transaction(["asides"], "readwrite");
          const aside = { update: new Uint8Array(), content: {}, pending: 1, code: 4409, reason: "" };
          transaction.objectStore("asides").put(aside, [url, document, "", 1000]);
          transaction.oncomplete = () => done(result.close());
        };
      }),
    [network.url.replace("http", "ws"), document],
  );
  network.mend();
  await page.evaluate(() => doc.connect());
  await page.evaluate(() => doc.whenSaved());
  await page.evaluate(() => doc.close());
  await page.evaluate(async () => {
    while ((await kept()).length > 0) {
      keepAtMost(0);
      await new Promise((later) => setTimeout(later, 10));
    }
  });
  await open(page, { document });
  await settled(page, `doc.storage.state === "kept"`);
  assert.equal(await page.evaluate(() => doc.asides.length), 1);
});

test("a document may be kept until it is closed, or not at all", async () => {
  const { page } = await somebody();
  const listed = () => page.evaluate(async () => (await kept()).map(({ document }) => document));
  const document = newDocument("closed");
  await open(page, { document, offline: "until-closed" });
  await write(page, 0, "words");
  await page.evaluate(() => doc.whenSaved());
  await settled(page, `doc.saved.pendingHere === 0 && doc.storage.state === "kept"`);
  assert.deepEqual(await listed(), [document]);
  await page.evaluate(() => doc.close());
  await page.evaluate(async () => {
    while ((await kept()).length > 0) await new Promise((resolve) => setTimeout(resolve, 5));
  });
  await open(page, { document: newDocument("never"), offline: false });
  assert.deepEqual(await page.evaluate(() => doc.storage), { state: "memory", reason: "off" });
  const pending = () => (text.insert(0, "words"), doc.saved.pendingHere);
  assert.equal(await page.evaluate(pending), 1);
  await page.evaluate(() => doc.whenSaved());
  assert.deepEqual(await listed(), []);
  assertQuiet([page]);
});

test("D3: a tab that is killed at any step loses nothing that it said was saved here", async () => {
  const document = newDocument("killed");
  const { page, network } = await somebody();
  const kill = async () => {
    // As a crash: nothing of the page runs any more.
    await load(page, network);
    await open(page, { document });
  };
  await open(page, { document });
  const here = [];
  for (let step = 0; step < 24; step += 1) {
    if (step % 5 === 1) network.cut();
    if (step % 5 === 4) {
      network.mend();
      await page.evaluate(() => doc.connect());
    }
    const words = `<${step}>`;
    await write(page, 0, words);
    if (step % 3 !== 2) {
      await page.evaluate(() => doc.whenSavedHere());
      here.push(words);
    }
    await kill();
  }
  network.mend();
  await page.evaluate(() => doc.connect());
  await settled(page, `doc.status.state === "live" && doc.saved.pending === 0`);
  const last = await shown(page);
  for (const words of here) assert.equal(last.split(words).length, 2, `${words} in ${last}`);
});

test("D3: a browser that is killed loses nothing that any of its tabs said was saved here", async (t) => {
  const document = newDocument("crash");
  const network = await site.network();
  const profile = await mkdtemp(join(tmpdir(), "selvedge-profile-"));
  t.after(() => rm(profile, { recursive: true, force: true, maxRetries: 5 }));
  let all = "";
  for (let round = 0; round < 3; round += 1) {
    const { context, kill } = await launchProfile(profile);
    const tabs = [await context.newPage(), await context.newPage()];
    for (const tab of tabs) {
      await load(tab, network);
      await open(tab, { document });
      await settled(tab, `text.toString() === "${all}" && doc.storage.state === "kept"`);
    }
    // What the first browser wrote is in the room, the second writes without it.
    if (round === 0) await Promise.all(tabs.map((tab) => tab.evaluate(() => doc.whenSaved())));
    else network.cut();
    for (const [index, tab] of tabs.entries()) {
      const words = `<${round}.${index}>`;
      await write(tab, all.length, words);
      all += words;
      for (const other of tabs) await settled(other, `text.toString() === "${all}"`);
    }
    await Promise.all(tabs.map((tab) => tab.evaluate(() => doc.whenSavedHere())));
    await kill();
  }
  const { context, kill } = await launchProfile(profile);
  const tab = await context.newPage();
  await load(tab, network);
  await open(tab, { document });
  await settled(tab, `text.toString() === "${all}" && doc.saved.pending >= 4`);
  network.mend();
  await tab.evaluate(() => (doc.connect(), doc.whenSaved()));
  const { page: bo } = await somebody();
  await open(bo, { document });
  await settled(bo, `text.toString() === "${all}"`);
  await kill();
});
