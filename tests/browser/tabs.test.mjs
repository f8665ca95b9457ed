// D3: several tabs of one browser.

import assert from "node:assert/strict";
import { test } from "node:test";
import { behindNetworks, load, settled } from "./blank.mjs";
import { newDocument, until } from "./page.mjs";

const site = behindNetworks();

/** A browser of somebody with a network of their own: what opens a tab, and the network. */
async function browser(prepare) {
  const network = await site.network();
  const first = await site.demo.open({}, prepare);
  let isUsed = false;
  const tab = async (options) => {
    const page = isUsed ? await first.context().newPage() : first;
    isUsed = true;
    await load(page, network);
    await page.evaluate((options) => globalThis.open(options), options);
    return page;
  };
  return { tab, network };
}

const write = (page, words) => page.evaluate((words) => text.insert(text.length, words), words);
const shown = (page) => page.evaluate(() => text.toString());

test("D3: tabs share one connection and one storage, and see each other without a network", async () => {
  const { tab, network } = await browser();
  const document = newDocument("tabs");
  const one = await tab({ document, presence: { name: "one" } });
  await settled(one, `doc.status.state === "live"`);
  const two = await tab({ document, presence: { name: "two" } });
  await settled(two, `doc.status.state === "live"`);
  assert.equal(network.sockets, 1);
  await write(two, "two ");
  await settled(one, `text.toString() === "two "`);
  await settled(two, `doc.saved.pending === 0 && doc.saved.pendingHere === 0`);

  const { tab: elsewhere } = await browser();
  const bo = await elsewhere({ document, presence: { name: "bo" } });
  const names = (...names) =>
    `[...doc.presence.peers.values()].map(({ name }) => name).sort().join() === "${names.sort()}"`;
  await settled(bo, names("one", "two"));
  await settled(two, names("one", "bo"));
  await settled(one, names("two", "bo"));

  network.cut();
  await settled(two, `doc.status.state !== "live"`);
  await write(one, "three ");
  await settled(two, `text.toString() === "two three "`);
  await write(two, "four ");
  await settled(one, `text.toString() === "two three four "`);
  await settled(two, `doc.saved.pending === 1 && doc.saved.pendingHere === 0`);
  await settled(one, `doc.saved.pending === 2 && doc.saved.pendingHere === 0`);
  network.mend();
  // Any tab connects all.
  await two.evaluate(() => doc.connect());
  await settled(bo, `text.toString() === "two three four "`);
  await settled(two, `doc.saved.pending === 0 && doc.status.state === "live"`);
  await settled(bo, names("one", "two"));
});

test("D3: when the tab that leads dies another one does within a second, nothing lost or doubled", async () => {
  const { tab, network } = await browser();
  const document = newDocument("heir");
  let leader = await tab({ document });
  await settled(leader, `doc.status.state === "live"`);
  let all = "";
  for (let round = 0; round < 4; round += 1) {
    const heir = await tab({ document });
    await settled(heir, `doc.status.state === "live"`);
    if (round % 2 === 1) network.cut();
    for (const [page, word] of [[leader, `<${round}a>`], [heir, `<${round}b>`]]) {
      all += word;
      await write(page, word);
      for (const other of [leader, heir]) await settled(other, `text.toString() === "${all}"`);
    }
    network.mend();
    const before = network.sockets;
    const began = Date.now();
    await leader.close();
    await settled(heir, `doc.status.state === "live"`);
    while (network.sockets === before) await new Promise((later) => setTimeout(later, 5));
    console.log(`# another tab leads after ${Date.now() - began} ms`);
    await settled(heir, `doc.saved.pending === 0`);
    leader = heir;
  }
  const { tab: elsewhere } = await browser();
  const bo = await elsewhere({ document });
  await settled(bo, `doc.status.state === "live"`);
  assert.equal(await shown(bo), all);
  assert.equal(await shown(leader), all);
  await load(leader, network);
  await leader.evaluate((document) => open({ document }), document);
  await settled(leader, `doc.status.state === "live"`);
  assert.equal(await shown(leader), all);
});

test("D3: what a tab had written and the room had not is the next tab's to send", async () => {
  const { tab, network } = await browser();
  const document = newDocument("legacy");
  const one = await tab({ document });
  await settled(one, `doc.status.state === "live"`);
  const two = await tab({ document });
  await settled(two, `doc.status.state === "live"`);
  network.cut();
  await settled(two, `doc.status.state !== "live"`);
  await write(one, "mine ");
  await settled(two, `text.toString() === "mine "`);
  await write(two, "yours ");
  await settled(one, `text.toString() === "mine yours "`);
  await one.evaluate(() => doc.whenSavedHere());
  await one.close();
  await settled(two, `doc.saved.pending === 2 && doc.saved.pendingHere === 0`);
  network.mend();
  await two.evaluate(() => doc.connect());
  await settled(two, `doc.saved.pending === 0`);
  const { tab: elsewhere } = await browser();
  const bo = await elsewhere({ document });
  await settled(bo, `text.toString() === "mine yours "`);
});

test("D3: any tab can have the document forgotten in all, and kept again", async () => {
  const { tab, network } = await browser();
  const document = newDocument("forgotten");
  const tabs = [await tab({ document }), await tab({ document }), await tab({ document })];
  const [one, two, three] = tabs;
  for (const page of tabs) await settled(page, `doc.storage.state === "kept"`);
  await write(one, "mine ");
  for (const page of tabs) await settled(page, `text.toString() === "mine "`);
  const names = () => one.evaluate(async () => (await kept()).map(({ document }) => document));
  const off = `doc.storage.state === "memory" && doc.storage.reason === "off"`;
  await one.evaluate(() => doc.whenSavedHere());
  assert.deepEqual(await names(), [document]);
  const states = await three.evaluateHandle(() => {
    const states = [];
    doc.on("storage", () => states.push(doc.storage));
    return states;
  });
  await two.evaluate(() => doc.forget());
  assert.deepEqual(await names(), [], "it is gone once that resolves");
  for (const page of tabs) await settled(page, off);
  assert.deepEqual(await states.jsonValue(), [{ state: "memory", reason: "off" }]);
  await write(three, "more ");
  await settled(one, `text.toString() === "mine more " && doc.saved.pending === 0`);
  assert.deepEqual(await names(), []);

  await two.evaluate(() => doc.keep());
  await settled(two, `doc.storage.state === "kept"`);
  await settled(one, `doc.storage.state === "kept"`);
  await until("a kept document", async () => (await names()).length === 1);
  // Before it is known which tab leads.
  await three.evaluate(async (document) => {
    doc.close();
    open({ document });
    await doc.forget();
  }, document);
  assert.deepEqual(await names(), []);
  for (const page of tabs) await settled(page, off);
  await two.evaluate(() => doc.keep());
  await until("a kept document", async () => (await names()).length === 1);
  await settled(two, `doc.storage.state === "kept"`);
  // As they come: forgotten is forgotten, and what is kept after that is whole.
  await two.evaluate(() => Promise.all([doc.forget(), doc.forget(), doc.keep()]));
  await settled(two, `doc.storage.state === "kept"`);
  await until("a kept document", async () => (await names()).length === 1);
  await two.evaluate(() => doc.forget());

  // Whoever leads next keeps nothing either.
  await one.close();
  await settled(two, `doc.status.state === "live"`);
  await write(two, "last ");
  await settled(two, `doc.saved.pending === 0`);
  assert.deepEqual(await two.evaluate(() => doc.storage), { state: "memory", reason: "off" });
  assert.deepEqual(await two.evaluate(() => kept()), []);
  network.cut();
  await load(three, network);
  await three.evaluate((document) => open({ document }), document);
  await settled(three, `text.toString() === "mine more last "`);
});

test("tabs go on by themselves where they cannot hear each other", async () => {
  const { tab, network } = await browser((context) =>
    context.addInitScript(() => {
      Object.defineProperty(navigator, "locks", { value: undefined });
    }),
  );
  const document = newDocument("alone");
  const [one, two] = [await tab({ document }), await tab({ document })];
  await write(one, "alone ");
  await settled(two, `text.toString() === "alone "`);
  assert.equal(network.sockets, 2);
  assert.deepEqual(await one.evaluate(() => doc.storage), { state: "memory", reason: "unavailable" });
});

test("other profiles are other copies", async () => {
  const { tab, network } = await browser();
  const document = newDocument("profiles");
  const one = await tab({ document, profile: "ada" });
  const two = await tab({ document, profile: "bo" });
  await settled(one, `doc.status.state === "live"`);
  await settled(two, `doc.status.state === "live"`);
  assert.equal(network.sockets, 2);
  const kept = await one.evaluate(async () => (await kept()).map(({ profile }) => profile).sort());
  assert.deepEqual(kept, ["ada", "bo"]);
});
