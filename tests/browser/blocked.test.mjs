// Networks that block WebSockets: the document works over plain requests, and nobody notices but by
// `doc.status.transport`.

import assert from "node:assert/strict";
import { test } from "node:test";
import { startServer } from "../harness.mjs";
import { behindNetworks, load } from "./blank.mjs";
import { assertQuiet as assertQuietBut, newDocument } from "./page.mjs";

const site = behindNetworks();

/** A page of somebody behind a network like this. */
async function somebody(how) {
  const network = await site.network(how);
  const page = await site.demo.open({});
  await load(page, network);
  return { page, network };
}

/** A POST may overtake the poll that it belongs to, and is said again (docs/api.md): browsers print it. */
const OVERTAKEN = /the server responded with a status of 404/;
function assertQuiet(pages, options) {
  for (const page of pages) page.complaints = page.complaints.filter((it) => !OVERTAKEN.test(it));
  assertQuietBut(pages, options);
}

const open = (page, options) => page.evaluate((options) => globalThis.open(options), options);
const settled = (page, test, ms = 60_000) =>
  page.evaluate(([test, ms]) => settled(new Function(`return ${test}`), ms), [test, ms]);
const write = (page, at, words) =>
  page.evaluate(([at, words]) => text.insert(at, words), [at, words]);
const type = async (page, words) => {
  for (const letter of words) await page.evaluate((letter) => text.insert(text.length, letter), letter);
};
const shown = (page) => page.evaluate(() => text.toString());
const transport = (page) => page.evaluate(() => doc.status.transport);
const OVER_HTTP = `doc.status.state === "live" && doc.status.transport === "http"`;

for (const [sockets, buffers] of [["refused", false], ["hang", false], ["refused", true]]) {
  const what = `sockets are ${sockets === "hang" ? "left hanging" : sockets}`;
  test(`two people write where ${what}${buffers ? ", and answers held back" : ""}`, async () => {
    const document = newDocument("blocked");
    const [ada, bo] = [await somebody({ sockets, buffers }), await somebody({ sockets, buffers })];
    const free = await somebody();
    await open(ada.page, { document, presence: { name: "Ada" } });
    await open(bo.page, { document, presence: { name: "Bo" } });
    await open(free.page, { document });
    for (const { page } of [ada, bo]) await settled(page, OVER_HTTP);
    await settled(free.page, `doc.status.state === "live"`);
    assert.equal(await transport(free.page), "websocket");

    await write(ada.page, 0, "from ada. ");
    await settled(bo.page, `text.toString() === "from ada. "`);
    await type(bo.page, "from bo.");
    for (const { page } of [ada, bo, free]) {
      await settled(page, `text.toString() === "from ada. from bo."`);
      await settled(page, `doc.saved.pending === 0`);
      await settled(page, `[...doc.presence.peers.values()].some((it) => /Ada|Bo/.test(it.name))`);
    }
    assert.deepEqual([ada.network.sockets, bo.network.sockets], [0, 0]);
    assert.ok(ada.network.requests > 1);
    await bo.page.evaluate(() => doc.close());
    await settled(free.page, `![...doc.presence.peers.values()].some((it) => it.name === "Bo")`);
    assertQuiet([ada.page, bo.page, free.page], { serverAway: true });
  });
}

test("D2 D3: over HTTP a server that is killed and comes back loses nothing", async () => {
  const document = newDocument("killed");
  const how = { sockets: "refused" };
  const [ada, bo] = [await somebody(how), await somebody(how)];
  for (const { page } of [ada, bo]) {
    await open(page, { document });
    await settled(page, OVER_HTTP);
  }
  await write(ada.page, 0, "before ");
  await settled(bo.page, `text.toString() === "before "`);
  await settled(ada.page, `doc.saved.pending === 0`);

  await site.demo.server.kill();
  await settled(ada.page, `doc.status.state !== "live"`);
  assert.equal(await transport(ada.page), undefined);
  await write(ada.page, 7, "meanwhile ");
  await write(bo.page, 0, "too ");
  assert.equal(await ada.page.evaluate(() => doc.saved.pending), 1);
  const { port, persistTo } = site.demo.server;
  site.demo.server = await startServer({ port, persistTo });

  for (const { page } of [ada, bo]) {
    await settled(page, `text.toString() === "too before meanwhile " && doc.saved.pending === 0`);
    await settled(page, OVER_HTTP);
  }
  await type(bo.page, "after");
  await settled(ada.page, `text.toString() === "too before meanwhile after"`);
});

test("a page that goes away says last words, and is seen to go", async () => {
  const document = newDocument("last");
  const [ada, bo] = [await somebody({ sockets: "refused" }), await somebody()];
  await open(ada.page, { document, presence: { name: "Ada" } });
  await open(bo.page, { document });
  await settled(ada.page, OVER_HTTP);
  await settled(bo.page, `doc.presence.peers.size === 1`);
  await ada.page.evaluate(() => (text.insert(0, "last words"), doc.close()));
  await settled(bo.page, `text.toString() === "last words" && doc.presence.peers.size === 0`);
});

test("it goes back to a WebSocket once one opens, and loses nothing on the way", async () => {
  const document = newDocument("back");
  const [ada, bo] = [await somebody({ sockets: "refused" }), await somebody()];
  await open(ada.page, { document });
  await open(bo.page, { document });
  await settled(ada.page, OVER_HTTP);
  ada.network.allow();
  for (let round = 0; (await transport(ada.page)) !== "websocket"; round += 1) {
    assert.ok(round < 300, "it stays where it is");
    await write(ada.page, 0, "x");
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  await write(ada.page, 0, "y");
  const all = await shown(ada.page);
  await settled(ada.page, `doc.status.state === "live" && doc.saved.pending === 0`);
  await settled(bo.page, `text.toString() === "${all}"`);
});

test("tabs go over the connection of the one that leads, and are told what carries it", async () => {
  const document = newDocument("tabs");
  const [ada, bo] = [await somebody({ sockets: "refused", buffers: true }), await somebody()];
  await open(ada.page, { document, presence: { name: "one" } });
  await settled(ada.page, OVER_HTTP);
  const second = await ada.page.context().newPage();
  await load(second, ada.network);
  await open(second, { document, presence: { name: "two" } });
  await settled(second, OVER_HTTP);
  await open(bo.page, { document });
  const both = `[...doc.presence.peers.values()].map((it) => it.name).sort().join() === "one,two"`;
  await settled(bo.page, both);
  // Each edit of somebody else ends an answer, and begins a session.
  await type(bo.page, "over and over");
  for (const page of [ada.page, second]) await settled(page, `text.toString() === "over and over"`);
  await write(second, 0, "and back, ");
  await settled(bo.page, `text.toString() === "and back, over and over"`);
  await settled(bo.page, both);
});
