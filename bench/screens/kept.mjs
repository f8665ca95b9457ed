// Opening a large document that the browser keeps, without a network, and typing in it.

import { randomUUID } from "node:crypto";
import { chromium } from "playwright-core";
import { browser } from "../../tools/browser.mjs";
import { generate } from "../generate.mjs";
import { startServer } from "../server.mjs";
import { median } from "../statistics.mjs";
import { yIndexeddb } from "../subjects/y_indexeddb.mjs";
import { selvedge } from "../subjects/selvedge.mjs";
import { serveSite } from "./site.mjs";
import { FLAGS } from "./measure.mjs";

const RELOADS = 10;
const KEYS = 2_000;
const QUICK = { reloads: 2, keys: 100 };

export const kept = {
  title: "Opening a document that the browser keeps",
  text:
    "A document of some 300 KB, 260,000 keystrokes, that Chromium keeps for a page in IndexedDB " +
    `and the network does not reach: from opening it to its text, in ${RELOADS} loads of the page, ` +
    `without the load of the page and of its code. Then ${KEYS.toLocaleString("en-US")} keys, one ` +
    "after the other at one place in the middle, and as many at places all over it: from the key " +
    "until an observer was told, the 99th percentile. Less is better.",
  figures: {
    open: "opening, ms",
    typed: "a key in the middle, ms",
    scattered: "a key anywhere, ms",
  },
  subjects: {
    selvedge: {
      title: "Selvedge's client",
      get version() {
        return selvedge.version;
      },
      client: "kept_selvedge",
    },
    "y-indexeddb": yIndexeddb,
  },
  run: opening,
};

async function opening({ client }, { folder, large, quick }) {
  const { reloads, keys } = quick ? QUICK : { reloads: RELOADS, keys: KEYS };
  const { chromium: executablePath } = await browser();
  const server = await startServer(selvedge, folder);
  const site = await serveSite(client);
  const engine = await chromium.launch({ executablePath, args: FLAGS });
  try {
    const name = `kept-${randomUUID()}`;
    await generate(selvedge, server, { kind: "seed", document: name, files: large.files });
    const query = new URLSearchParams({ url: server.url(name), name });
    const page = await (await engine.newContext()).newPage();
    const load = async (state) => {
      await page.goto(`${site.url}/?${query}`);
      await page.waitForSelector(`html[data-state="${state}"]`, { state: "attached" });
    };
    await load("kept");
    const { length } = await page.evaluate(() => window.opened);
    await server.stop();
    const times = [];
    for (let reload = 0; reload < reloads; reload++) {
      await load("open");
      const opened = await page.evaluate(() => window.opened);
      if (opened.length !== length) throw new Error(`${opened.length} letters of ${length}`);
      times.push(opened.ms);
    }
    const type = (scattered) => page.evaluate((it) => window.type(...it), [keys, scattered]);
    return { open: median(times), typed: await type(false), scattered: await type(true) };
  } finally {
    await engine.close();
    await site.stop();
    await server.stop();
  }
}
