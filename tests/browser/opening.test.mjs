// A page that opens a large document for the first time.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { load, startSite } from "./blank.mjs";
import { assertQuiet, leave, newDocument, startDemo, until } from "./page.mjs";

let demo, network;
before(async () => {
  demo = await startDemo();
  network = await startSite(demo.server);
});
after(async () => {
  await network.stop();
  await demo.end();
});

const count = () => {
  globalThis.inflations = 0;
  const { DecompressionStream } = globalThis;
  globalThis.DecompressionStream = function (format) {
    globalThis.inflations += 1;
    return new DecompressionStream(format);
  };
};

/** A page that has opened `document`, with all of `length` in it. */
async function opened(document, length, prepare = () => {}) {
  const page = await demo.open({}, (context) => context.addInitScript(prepare));
  await load(page, network);
  await page.evaluate((document) => {
    globalThis.open({ document, offline: false });
    globalThis.states = [];
    doc.on("status", ({ state }) => states.push(state));
  }, document);
  const isThere = (length) => settled(() => text.length === length && doc.status.state === "live");
  await page.evaluate(`(${isThere})(${length})`);
  return page;
}

test("O2: a document comes deflated, or as it is where a browser cannot inflate", async () => {
  const document = newDocument("large");
  const words = "all work and no play ".repeat(2_000);
  const writer = await opened(document, 0);
  for (let at = 0; at < 10; at++) {
    await writer.evaluate((words) => {
      text.insert(0, words);
      return doc.whenSaved();
    }, words);
  }
  const length = 10 * words.length;
  // Compacted by an alarm, a second later.
  const page = await until("a deflated document", async () => {
    const page = await opened(document, length, count);
    if (await page.evaluate(() => inflations === 1)) return page;
    await leave(page);
    return undefined;
  });
  assert.equal(await page.evaluate(() => text.toString()), words.repeat(10));
  assert.deepEqual(await page.evaluate(() => states), ["connecting", "behind", "live"]);
  await page.evaluate(() => text.insert(0, "and then "));

  const old = await opened(document, length + 9, () => delete globalThis.DecompressionStream);
  assert.equal(await old.evaluate(() => text.toString()), `and then ${words.repeat(10)}`);
  await old.evaluate(() => text.delete(0, 9));
  await page.evaluate((length) => settled(() => text.length === length), length);
  // It said once that it cannot.
  assert.deepEqual(await old.evaluate(() => states.filter((it) => it === "live")), ["live"]);
  assertQuiet([writer, page, old]);
});
