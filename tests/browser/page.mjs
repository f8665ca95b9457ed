// The demo in Chromium, as one or several people use it, and what the tests look at.

import assert from "node:assert/strict";
import { mkdir } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { startServer } from "../harness.mjs";
import { launch } from "./launch.mjs";

// Longer than the longest pause between two attempts to reconnect, on a machine that is busy.
const WAIT_MS_MAX = 60_000;

/** What the browser itself prints when a socket cannot be opened; tests that see to that expect it. */
const SERVER_AWAY =
  /WebSocket connection to .* failed|net::ERR_|can’t establish a connection to|was interrupted while/;

/**
 * A browser and a server for the tests of one file: `{ server, open, visit, end }`. `server` is
 * replaced by a test that kills it. `options` are the server's.
 */
export async function startDemo(options) {
  const server = await startServer(options);
  const browser = await launch().catch(async (error) => {
    await server.stop();
    throw error;
  });
  const demo = { server, open, visit, end };

  async function end() {
    await browser.close();
    await demo.server.stop();
  }

  /** A page of someone with no storage or cache that others have; it collects complaints. */
  async function open(options, prepare = () => {}) {
    const context = await browser.newContext(options);
    await prepare(context);
    const page = await context.newPage();
    page.complaints = [];
    page.sockets = [];
    page.on("websocket", (socket) => page.sockets.push(socket));
    page.on("pageerror", (error) => page.complaints.push(String(error)));
    page.on("console", (message) => {
      if (["error", "warning"].includes(message.type())) page.complaints.push(message.text());
    });
    page.setDefaultTimeout(WAIT_MS_MAX);
    return page;
  }

  /** Opens `document` as someone of their own. `over` is a network to go through. */
  async function visit(document, { name, over, ...options } = {}) {
    const page = await open(options, (context) => {
      if (!name) return undefined;
      return context.addInitScript((name) => {
        // The page before the first has none.
        if (location.protocol === "http:") localStorage.setItem("selvedge.name", name);
      }, name);
    });
    const { url } = over ?? demo.server;
    await page.goto(document === undefined ? url : addressOf({ url }, document));
    await online(page);
    return page;
  }
  return demo;
}

export function addressOf(server, document) {
  return `${server.url}/?${new URLSearchParams({ doc: document })}`;
}

let documents = 0;

/** A document that no other test uses. */
export function newDocument(word) {
  documents += 1;
  return `${word}-${process.pid}-${documents}`;
}

/** Waits until `condition` resolves to something true, and resolves to that. */
export async function until(what, condition, wait_ms_max = WAIT_MS_MAX) {
  const deadline = Date.now() + wait_ms_max;
  for (;;) {
    const found = await condition();
    if (found) return found;
    if (Date.now() > deadline) {
      const awaited = typeof what === "function" ? what() : what;
      throw new Error(`waited ${wait_ms_max} ms in vain: ${awaited}`);
    }
    await delay(20);
  }
}

export function online(page) {
  return page.waitForSelector('#strip[data-status="live"]');
}

export function offline(page) {
  return page.waitForSelector('#strip:not([data-status="live"])');
}

export async function pending(page) {
  return Number(await page.getAttribute("#strip", "data-pending"));
}

export function saved(page) {
  return page.waitForSelector('#strip[data-status="live"][data-pending="0"]');
}

export function note(page) {
  return page.inputValue("#note");
}

/** Puts the caret at `index`, or at the end. */
export async function caretAt(page, index) {
  await page.evaluate((index) => {
    const area = document.getElementById("note");
    area.focus();
    area.setSelectionRange(index ?? area.value.length, index ?? area.value.length);
  }, index);
}

/** Types key by key, as a person does, only faster. */
export function type(page, text) {
  return page.locator("#note").pressSequentially(text);
}

/** Waits until all is saved and every page shows the same note, and resolves to it. */
export async function converged(...pages) {
  return (await sameNote(pages)).note;
}

async function sameNote(pages) {
  return until("all pages saved and equal", async () => {
    const notes = [];
    for (const page of pages) {
      if ((await pending(page)) !== 0) return null;
      notes.push(await note(page));
    }
    return notes.every((text) => text === notes[0]) ? { note: notes[0] } : null;
  }).catch(async (error) => {
    const shown = await Promise.all(
      pages.map(async (page) => [await pending(page), await note(page)]),
    );
    throw new Error(`${error.message}\n${JSON.stringify(shown)}`);
  });
}

/** The names that `page` lists beside its own. */
export function others(page) {
  return page.locator("#people .name").allTextContents();
}

/** The tasks that `page` shows. */
export function tasks(page) {
  return page.locator("#tasks li").evaluateAll((rows) =>
    rows.map((row) => ({
      title: row.querySelector("textarea").value,
      done: row.querySelector('input[type="checkbox"]').checked,
    })),
  );
}

export async function addTask(page, title) {
  await page.fill("#add-title", title);
  await page.press("#add-title", "Enter");
}

/** No page had anything to complain about; `serverAway` forgives that a server was not there. */
export function assertQuiet(pages, { serverAway = false } = {}) {
  for (const page of pages) {
    const complaints = page.complaints.filter((text) => !(serverAway && SERVER_AWAY.test(text)));
    assert.deepEqual(complaints, []);
  }
}

export function leave(...pages) {
  return Promise.all(pages.map((page) => page.context().close()));
}

/** Keeps a picture in the folder for temporary files if SCREENSHOTS is set. */
export async function picture(page, name) {
  if (!process.env.SCREENSHOTS) return;
  const folder = join(tmpdir(), "selvedge-screenshots");
  await mkdir(folder, { recursive: true });
  await page.screenshot({ path: join(folder, `${name}.png`) });
}
