// Who is here, where their carets are, and whether they are at work.

import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { behindNetworks, load, settled } from "./blank.mjs";
import { newDocument } from "./page.mjs";

const site = behindNetworks();

/** Somebody with a browser and a network of their own, and the tabs that they open. */
async function somebody() {
  const network = await site.network();
  const first = await site.demo.open();
  let isUsed = false;
  const tab = async (options) => {
    const page = isUsed ? await first.context().newPage() : first;
    isUsed = true;
    await load(page, network);
    await page.evaluate((options) => globalThis.open(options), options);
    await settled(page, `doc.status.state === "live"`);
    return page;
  };
  return { tab, network };
}

const sees = (...names) =>
  `[...doc.presence.peers.values()].map(({ name }) => name).sort().join() === "${names.sort()}"`;

test("v1: a caret stays at its letter while two people type", async () => {
  const document = newDocument("carets");
  const people = [await somebody(), await somebody()];
  const [ada, bo] = await Promise.all(people.map(({ tab }, index) =>
    tab({ document, presence: { name: ["Ada", "Bo"][index], caret: null } })));
  await ada.evaluate(() => text.insert(0, "warp weft"));
  await settled(bo, `text.length === 9`);
  // What Ada sees at Bo's caret, whenever something changes.
  await ada.evaluate(() => {
    globalThis.seen = [];
    const look = () => {
      for (const { caret } of doc.presence.peers.values()) {
        const index = caret && text.absolutePosition(caret);
        if (index !== null) seen.push(text.toString().slice(index));
      }
    };
    doc.presence.observe(look);
    text.observe(look);
  });
  const typing = (page, letter, where) =>
    page.evaluate(async ([letter, where]) => {
      for (let stroke = 0; stroke < 60; stroke += 1) {
        const index = where ? text.toString().indexOf(where) : 0;
        text.insert(index, letter);
        const caret = text.relativePosition(index + letter.length);
        doc.presence.set({ ...doc.presence.local, caret });
        await new Promise((later) => setTimeout(later, 10));
      }
    }, [letter, where]);
  await Promise.all([typing(ada, "a🧵", ""), typing(bo, "b", "weft")]);
  const expected = `${"a🧵".repeat(60)}warp ${"b".repeat(60)}weft`;
  for (const page of [ada, bo]) await settled(page, `text.toString() === ${JSON.stringify(expected)}`);
  const seen = await ada.evaluate(() => seen);
  assert.ok(seen.length > 60, `${seen.length}`);
  assert.deepEqual([...new Set(seen)], ["weft"]);
  // And Bo sees where Ada is: behind what she wrote last, in front of what she wrote before.
  const place = `[...doc.presence.peers.values()].map(({ caret }) => text.absolutePosition(caret)).join()`;
  await settled(bo, `${place} === "3"`);
});

test("c3: carets that move with every frame are at most twenty messages a second", async () => {
  const { tab } = await somebody();
  const page = await tab({ document: newDocument("frames"), presence: { at: 0 } });
  const { frames, ms, sent } = await page.evaluate(async () => {
    const { send } = WebSocket.prototype;
    let sent = 0;
    WebSocket.prototype.send = function (message) {
      sent += 1;
      return send.call(this, message);
    };
    const began = performance.now();
    let frames = 0;
    while (performance.now() - began < 1_000) {
      await new Promise(requestAnimationFrame);
      doc.presence.set({ at: (frames += 1) });
    }
    return { frames, ms: performance.now() - began, sent };
  });
  console.log(`# ${sent} messages for ${frames} moves in ${Math.round(ms)} ms`);
  assert.ok(sent > 1 && sent <= Math.ceil(ms / 50) + 1);
});

test("c3: who is idle or away is seen to be, for one message each", async () => {
  const document = newDocument("idle");
  const { tab } = await somebody();
  const activity = { idleMs: 700, awayMs: 2_000, hiddenMs: 200 };
  const bo = await (await somebody()).tab({ document });
  await bo.evaluate(() => {
    globalThis.seen = [];
    doc.presence.observe(({ added, updated }) => {
      for (const id of [...added, ...updated]) seen.push(doc.presence.peers.get(id).activity);
    });
  });
  const ada = await tab({ document, presence: { name: "Ada" }, activity });
  const seen = (...states) => settled(bo, `seen.join() === "${states}"`);
  await seen("active", "idle", "away");
  // Every kind of input brings her back. The page may keep it to itself.
  const expected = ["active", "idle", "away"];
  await ada.evaluate(() =>
    addEventListener("keydown", (event) => event.stopImmediatePropagation(), true));
  for (const act of [
    () => ada.keyboard.press("a"),
    () => ada.mouse.move(20, 20),
    () => ada.mouse.wheel(0, 10),
    () => ada.mouse.click(30, 30),
  ]) {
    await act();
    expected.push("active", "idle");
    await seen(...expected);
  }
  // Hidden, she is away before she would be idle.
  const hide = (hidden) =>
    ada.evaluate((hidden) => {
      Object.defineProperty(document, "hidden", { value: hidden, configurable: true });
      document.dispatchEvent(new Event("visibilitychange", { bubbles: true }));
    }, hidden);
  await ada.keyboard.press("a");
  await hide(true);
  expected.push("active", "away");
  await seen(...expected);
  await delay(2_500);
  await seen(...expected);
  await hide(false);
  expected.push("active", "idle");
  await seen(...expected);
});

test("who does not want it, or says it themselves, is not watched", async () => {
  const document = newDocument("unwatched");
  const bo = await (await somebody()).tab({ document });
  await (await somebody()).tab({ document, presence: { name: "Ada" }, activity: false });
  const own = { name: "Cleo", activity: "dancing" };
  await (await somebody()).tab({ document, presence: own, activity: { idleMs: 50 } });
  await settled(bo, sees("Ada", "Cleo"));
  await delay(300);
  const activities = await bo.evaluate(() =>
    [...doc.presence.peers.values()].map(({ name, activity }) => `${name} ${activity}`).sort());
  assert.deepEqual(activities, ["Ada active", "Cleo dancing"]);
  const codes = await bo.evaluate(() =>
    [{ idleMs: 0 }, { awayMs: "1" }, true, { idle: 5 }].map((activity) => {
      try {
        connect({ url: location.origin, document: "a", activity });
        return "opened";
      } catch ({ code }) {
        return code;
      }
    }));
  assert.deepEqual(codes, ["option", "option", "option", "option"]);
});

test("c3: who never counts as idle costs no timer that comes at once", async () => {
  const { tab, network } = await somebody();
  const document = newDocument("never");
  const page = await tab({ document: newDocument("blank") });
  // No JSON has it, so the page says it.
  await page.evaluate((document) => {
    const never = { idleMs: Infinity, awayMs: Infinity, hiddenMs: Infinity };
    globalThis.open({ document, presence: { name: "Ada" }, activity: never });
  }, document);
  await settled(page, `doc.status.state === "live"`);
  const other = await tab({ document, presence: { name: "other" } });
  await settled(page, sees("other"));
  // Nothing else is due in a page that wants no connection, and is heard by other tabs.
  const timers = await page.evaluate(async () => {
    doc.disconnect();
    // Its timer comes before, and then the next is set.
    doc.presence.set({ name: "Ada", at: 1 });
    const { setTimeout } = globalThis;
    let timers = 0;
    globalThis.setTimeout = (...timer) => ((timers += 1), setTimeout(...timer));
    await new Promise((later) => setTimeout(later, 500));
    globalThis.setTimeout = setTimeout;
    return timers;
  });
  assert.ok(timers < 10, `${timers} timers in half a second`);
  await settled(other, sees("Ada"));
  assert.equal(network.sockets, 2);
});

test("no ghosts: a tab that leads dies, and only who was in it is gone", async () => {
  const document = newDocument("ghosts");
  const { tab, network } = await somebody();
  const one = await tab({ document, presence: { name: "one" } });
  const two = await tab({ document, presence: { name: "two" } });
  const bo = await (await somebody()).tab({ document, presence: { name: "bo" } });
  await settled(bo, sees("one", "two"));
  await settled(two, sees("one", "bo"));
  assert.equal(network.sockets, 1);
  await one.close();
  await settled(bo, sees("two"));
  await settled(two, sees("bo"));
  // Nobody who can be heard by nobody is shown as here.
  const three = await tab({ document, presence: { name: "three" } });
  await settled(bo, sees("two", "three"));
  await two.evaluate(() => {
    globalThis.removed = 0;
    doc.presence.observe((change) => (removed += change.removed.length));
  });
  network.cut();
  await settled(two, sees("three"));
  await settled(three, sees("two"));
  assert.equal(await two.evaluate(() => removed), 1);
  await settled(bo, sees());
  network.mend();
  await two.evaluate(() => doc.connect());
  await settled(bo, sees("two", "three"));
  await settled(three, sees("two", "bo"));
});
