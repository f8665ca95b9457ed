// What a page shows of all its documents at once, and what it says to who leaves too early.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { load, startSite } from "./blank.mjs";
import { assertQuiet, leave, newDocument, startDemo, until } from "./page.mjs";

let demo;
let network;
before(async () => {
  demo = await startDemo();
  network = await startSite(demo.server);
});
after(async () => {
  await network.stop();
  await demo.end();
});

const standing = (page) => page.evaluate(() => client.status());

async function blank() {
  const page = await demo.open();
  network.mend();
  await load(page, network);
  await page.evaluate(async () => {
    globalThis.client = await import("/selvedge/selvedge.js");
  });
  return page;
}

async function stands(page, expected) {
  let last;
  await until(
    () => `${JSON.stringify(last)} is ${JSON.stringify(expected)}`,
    async () => {
      last = await standing(page);
      return Object.entries(expected).every(([name, value]) => last[name] === value);
    },
  );
}

test("d3: one badge for all documents of a page: the worst of them, and all that is not saved", async () => {
  const page = await blank();
  const nothing = { state: "live", documents: 0, pending: 0, pendingHere: 0 };
  assert.deepEqual(await standing(page), nothing);
  const documents = [newDocument("cut"), newDocument("direct")];
  await page.evaluate(([cut, direct, url]) => {
    globalThis.told = [];
    globalThis.end = client.onStatus((status) => told.push(status));
    // Two that a network is between, and one that it is not.
    globalThis.docs = [
      client.connect({ url: location.origin, document: cut }),
      client.connect({ url: location.origin, document: `${cut}-2`, offline: false }),
      client.connect({ url, document: direct }),
    ];
  }, [...documents, demo.server.url]);
  await stands(page, { state: "live", documents: 3, pending: 0 });

  network.cut();
  await stands(page, { state: "offline", documents: 3 });
  await page.evaluate(() => {
    docs[0].disconnect();
    docs[1].disconnect();
    for (const doc of docs) doc.text("note").insert(0, "x");
  });
  // What is kept is saved here, what goes nowhere is not.
  await stands(page, { state: "offline", documents: 3, pending: 2, pendingHere: 1 });
  network.mend();
  await page.evaluate(() => (docs[1].connect(), docs[1].whenSaved()));
  await stands(page, { state: "offline", documents: 3, pending: 1, pendingHere: 0 });
  await page.evaluate(() => (docs[0].connect(), docs[0].whenSaved()));
  await stands(page, { state: "live", documents: 3, pending: 0, pendingHere: 0 });

  // Each change was told once, in order; what is closed does not count, and is told as well.
  await page.evaluate(() => docs[2].close());
  const told = await page.evaluate(() => told);
  assert.deepEqual(told.at(-1), { state: "live", documents: 2, pending: 0, pendingHere: 0 });
  told.reduce((before, now) => (assert.notDeepEqual(before, now), now), nothing);
  assert.ok(told.some(({ state, pending }) => state === "offline" && pending === 2));
  await page.evaluate(() => {
    end();
    docs[0].close();
    docs[1].close();
  });
  assert.equal(await page.evaluate(() => told.length), told.length);
  assert.deepEqual(await standing(page), nothing);
  assertQuiet([page], { serverAway: true });
  await leave(page);
});

test("a callback of the badge may close documents and end itself, and one that throws stops nothing", async () => {
  const page = await blank();
  const shown = await page.evaluate(async (document) => {
    const [ended, told] = [[], []];
    let doc;
    const ends = [
      client.onStatus(() => { throw new Error("of the page"); }),
      client.onStatus(({ documents, state }) => {
        ended.push(documents);
        if (state !== "live") return;
        ends[1]();
        doc.close();
      }),
      client.onStatus(({ documents }) => told.push(documents)),
    ];
    doc = client.connect({ url: location.origin, document });
    await settled(() => doc.status.state === "closed");
    ends.forEach((end) => end());
    return [ended.at(-1), told.at(-1), client.status().documents];
  }, newDocument("reentrant"));
  assert.deepEqual(shown, [1, 0, 0]);
  assert.ok(page.complaints.length > 0);
  for (const text of page.complaints) assert.match(text, /a callback threw/);
  await leave(page);
});

/** Tries to leave as a user does. Says whether the browser asked, and stays if it did. */
async function tryToLeave(page) {
  // Browsers ask nobody who never touched the page.
  await page.mouse.click(5, 5);
  return new Promise((answer) => {
    page.once("dialog", async (dialog) => {
      await dialog.dismiss();
      answer(dialog.type());
    });
    page.once("close", () => answer("closed"));
    void page.close({ runBeforeUnload: true });
  });
}

test("d3: with `guard` the browser asks before what is saved nowhere is lost, and only then", async () => {
  const open = async (options) => {
    const page = await blank();
    await page.evaluate((options) => globalThis.open(options), options);
    await page.evaluate(() => settled(() => doc.status.state === "live"));
    network.cut();
    await page.evaluate(() => doc.disconnect());
    await page.evaluate(() => text.insert(0, "unsaved"));
    return page;
  };
  const document = newDocument("guard");
  const guarded = await open({ document, guard: true, offline: false });
  assert.equal(await tryToLeave(guarded), "beforeunload");
  network.mend();
  await guarded.evaluate(() => (doc.connect(), doc.whenSaved()));
  assert.equal(await tryToLeave(guarded), "closed");
  await guarded.context().close();

  // What this browser keeps is not lost, and who did not ask for it is not asked.
  const kept = await open({ document, guard: true });
  await kept.evaluate(() => doc.whenSavedHere());
  assert.equal(await tryToLeave(kept), "closed");
  await kept.context().close();
  const careless = await open({ document, offline: false });
  assert.equal(await tryToLeave(careless), "closed");
  await careless.context().close();
  // Nor does a closed document.
  const closed = await open({ document, guard: true, offline: false });
  await closed.evaluate(() => doc.close());
  assert.equal(await tryToLeave(closed), "closed");
  await closed.context().close();
});
