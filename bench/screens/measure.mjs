// From a key in one page to the screen of another.

import { randomUUID } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import { chromium } from "playwright-core";
import { browser } from "../../tools/browser.mjs";
import { startServer } from "../server.mjs";
import { Histogram } from "../statistics.mjs";
import { selvedge } from "../subjects/selvedge.mjs";
import { yWebsocket } from "../subjects/y_websocket.mjs";
import { serveSite } from "./site.mjs";

const WARM_UP_KEYS = 30;
const KEYS = 300;
const QUICK_KEYS = 20;
/** Pauses differ, so that keys fall anywhere between two frames. */
const PAUSE_MS_MIN = 60;
const PAUSE_MS_SPREAD = 53;
const ARRIVE_MS_MAX = 10_000;
/** A page behind another has to be painted too. */
export const FLAGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-dev-shm-usage",
  "--disable-background-timer-throttling",
  "--disable-backgrounding-occluded-windows",
  "--disable-renderer-backgrounding",
];

const pages = (server, title, client) => ({
  title,
  // Not before it is asked for: the peers' packages need not be there.
  get version() {
    return server.version;
  },
  server,
  client,
});

export const screens = {
  title: "From a key to another's screen",
  text:
    `Two pages of one Chromium without a window, over loopback: ${KEYS} keys, some ten a second, ` +
    "in one; from the moment of the key until the other page has made the frame with the letter. " +
    "Frames come every 16.7 ms, so a letter waits half of that on average. The clients are ours, " +
    "and y-websocket's with our Worker and with its own server. Less is better.",
  figures: { p50: "median, ms", p95: "95th percentile, ms", p99: "99th percentile, ms" },
  subjects: {
    selvedge: pages(selvedge, "Selvedge", "selvedge"),
    stock: pages(selvedge, "y-websocket on Selvedge", "yjs"),
    "y-websocket": pages(yWebsocket, "y-websocket", "yjs"),
  },
  run: typing,
};

async function typing(subject, { folder, quick }) {
  const keys = WARM_UP_KEYS + (quick ? QUICK_KEYS : KEYS);
  const { chromium: executablePath } = await browser();
  const server = await startServer(subject.server, folder);
  const site = await serveSite(subject.client);
  const engine = await chromium.launch({ executablePath, args: FLAGS });
  try {
    const name = `typed-${randomUUID()}`;
    const query = new URLSearchParams({ url: server.url(name), name });
    const open = async () => {
      // A context of its own: no process, cache or channel is shared.
      const page = await (await engine.newContext()).newPage();
      await page.goto(`${site.url}/?${query}`);
      await page.waitForSelector('html[data-state="live"]', { state: "attached" });
      return page;
    };
    const [writer, reader] = [await open(), await open()];
    await press(writer, keys);
    const typed = await writer.evaluate(() => window.typed);
    if (typed.length !== keys) throw new Error(`${typed.length} keys were heard`);
    const shown = await arrived(reader, typed.length);
    return quantiles(typed.slice(WARM_UP_KEYS), shown.slice(WARM_UP_KEYS));
  } finally {
    await engine.close();
    await site.stop();
    await server.stop();
  }
}

async function press(page, keys) {
  for (let key = 0; key < keys; key++) {
    await page.keyboard.press("abcdefgh"[key % 8]);
    await delay(PAUSE_MS_MIN + ((key * 29) % PAUSE_MS_SPREAD));
  }
}

/** When each letter was shown, once all are. */
async function arrived(page, count) {
  const all = (count) => window.shown.length >= count && window.shown;
  const found = await page.waitForFunction(all, count, { timeout: ARRIVE_MS_MAX });
  return found.jsonValue();
}

/** The delays between what was typed and what was shown, letter by letter. */
export function quantiles(typed, shown) {
  const delays = new Histogram();
  typed.forEach((at, letter) => delays.record(shown[letter] - at));
  return { p50: delays.quantile(0.5), p95: delays.quantile(0.95), p99: delays.quantile(0.99) };
}
