// The operators' dashboard in Chromium, with rooms that really run.

import assert from "node:assert/strict";
import test, { after } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { startServer } from "../harness.mjs";
import { NativeClient } from "../worker/support/native_client.mjs";
import { closeAll } from "../worker/support/opened.mjs";
import { connect } from "../worker/support/our_client.mjs";
import { PollLine } from "../worker/support/poll_line.mjs";
import { native } from "../worker/support/wire.mjs";
import * as demo from "./page.mjs";

const { assertQuiet, leave, newDocument, picture, until } = demo;
const SECRET = "a secret of operators, schön 🧵";
const UPDATE_BYTES_MAX = 2000;
/** Little, so that who does not confirm what arrives is soon behind. */
const WINDOW_BYTES = 4000;
const vars = { OPERATOR_SECRET: SECRET, UPDATE_BYTES_MAX, WINDOW_BYTES };
/** What the browser itself prints for an answer that is a refusal. */
const REFUSED = /status of 401/;
const site = await demo.startDemo({ vars });
const clients = [];

after(async () => {
  // Those of a test that failed, too.
  closeClients();
  closeAll();
  await site.end();
});

/** A client of `document` that wrote something. */
async function writer(document, words = "warp and weft") {
  const client = connect({ url: site.server.url, document });
  clients.push(client);
  client.text("note").insert(0, words);
  await client.whenSaved();
  return client;
}

function closeClients() {
  for (const client of clients.splice(0)) client.close();
}

/** The dashboard as an operator has it who signed in. */
async function signedIn(options) {
  const page = await site.open(options);
  await page.goto(`${site.server.url}/admin`);
  await signIn(page, SECRET);
  await page.waitForSelector("#overview:not([hidden])");
  return page;
}

async function signIn(page, secret) {
  await page.fill("#secret", secret);
  await page.press("#secret", "Enter");
}

function goTo(page, document) {
  return page.goto(`${site.server.url}/admin/#/room/${encodeURIComponent(document)}`);
}

const listed = (page) => page.locator("#rooms-body a").allTextContents();

/** Figures by name, of the list `id`. */
function figures(page, id) {
  return page.locator(`#${id} > div`).evaluateAll((all) => {
    const pairs = all.map((one) => [one.firstChild.textContent, one.lastChild.textContent]);
    return Object.fromEntries(pairs);
  });
}

/** What plots say of their newest values, by title. */
async function plotted(page, id) {
  const plots = page.locator(`#${id} [role=img]`);
  const said = await plots.evaluateAll((all) => all.map((plot) => plot.ariaLabel));
  return Object.fromEntries(said.map((words) => words.split(": ")));
}

/** What is counted in a card, by what it is called. */
function counted(page, id, title) {
  const card = page.locator(`#${id} section`, { has: page.locator("h2", { hasText: title }) });
  return card.locator("tbody tr").evaluateAll((rows) => {
    const nameOf = (row) => row.cells[0].firstChild.textContent.trim();
    return Object.fromEntries(rows.map((row) => [nameOf(row), row.cells[1].textContent]));
  });
}

/** Waits until `look` resolves to what `wanted` has, of all that it has. */
async function shows(look, wanted) {
  let last;
  const isShown = async () => {
    last = await look();
    return Object.entries(wanted).every(([name, words]) => last[name] === words);
  };
  const what = () => `${JSON.stringify(wanted)} in ${JSON.stringify(last)}`;
  await until(what, isShown);
}

/**
 * Whether `pattern` was in what the element `id` says, or in what its plots say, at any time since:
 * a function. What is shown only for a moment is not missed.
 */
async function showing(page, id, pattern) {
  const watched = await page.evaluateHandle(([id, source]) => {
    const place = document.getElementById(id);
    const found = { isSeen: false };
    const look = () => {
      const plots = [...place.querySelectorAll("[role=img]")].map((plot) => plot.ariaLabel);
      const wanted = new RegExp(source);
      found.isSeen ||= [place.textContent, ...plots].some((words) => wanted.test(words));
    };
    const kinds = { subtree: true, childList: true, characterData: true, attributes: true };
    new MutationObserver(look).observe(place, kinds);
    return found;
  }, [id, pattern.source]);
  return () => watched.evaluate((found) => found.isSeen);
}

async function assertFits(page) {
  const { width, inner } = await page.evaluate(() => ({
    width: document.documentElement.scrollWidth,
    inner: innerWidth,
  }));
  assert.ok(width <= inner, `the page is ${width} wide in a window of ${inner}`);
}

test("without a secret there is no dashboard", async () => {
  const server = await startServer();
  try {
    for (const path of ["/admin", "/admin/", "/admin/main.js", "/admin/api/rooms"]) {
      const answer = await fetch(server.url + path, { redirect: "manual" });
      assert.equal(answer.status, 404, path);
    }
  } finally {
    await server.stop();
  }
});

test("only the secret opens it, and only in this tab", async () => {
  const page = await site.open();
  await page.goto(`${site.server.url}/admin`);
  assert.equal(new URL(page.url()).pathname, "/admin/");
  await signIn(page, "not the secret of operators");
  await page.waitForSelector("text=That is not the secret of this deployment.");
  assert.equal(await page.getAttribute("#secret", "aria-invalid"), "true");
  assert.equal(await page.isVisible("#overview"), false);
  await signIn(page, SECRET);
  await page.waitForSelector("#health >> text=All is well");
  await page.reload();
  await page.waitForSelector("#health >> text=All is well");
  const other = await page.context().newPage();
  await other.goto(page.url());
  await other.waitForSelector("#sign-in:not([hidden])");
  await page.click("#sign-out");
  await page.waitForSelector("text=Signed out.");
  const kept = await page.evaluate(() => [{ ...sessionStorage }, { ...localStorage }]);
  assert.deepEqual(kept, [{}, {}]);
  page.complaints = page.complaints.filter((text) => !REFUSED.test(text));
  assertQuiet([page]);
  await leave(page);
});

test("rooms appear, whatever they are called, and are filtered and sorted", async () => {
  const word = newDocument("many");
  const long = "-long".repeat(90);
  const names = [`${word} plan/2`, `${word} עברית 🧵 <b>x</b>`, `${word}${long}`];
  for (const name of names) await writer(name);
  const page = await signedIn();
  await until("all are listed", async () => {
    const all = await listed(page);
    return names.every((name) => all.includes(name));
  });
  await page.fill("#filter", word);
  await until("only they are", async () => (await listed(page)).length === names.length);
  await page.click("#rooms-head button >> text=Document");
  assert.equal(await page.getAttribute("#rooms-head [aria-sort]", "aria-sort"), "ascending");
  const up = await listed(page);
  // Who reads a row keeps it, also when rows change places and figures change.
  await page.locator("#rooms-body a").last().focus();
  await page.evaluate(() => {
    window.focusedBefore = document.activeElement;
    document.querySelector("#rooms-head button").click();
  });
  assert.deepEqual(await listed(page), up.toReversed());
  const told = () => page.locator("#rooms-body tr").first().textContent();
  const before = await told();
  await until("figures change", async () => (await told()) !== before);
  assert.ok(await page.evaluate(() => document.activeElement === window.focusedBefore));
  await page.fill("#filter", `${word} nobody`);
  await page.waitForSelector("text=No room in this list has such a name.");
  await page.click("#rooms-other-link");
  await page.waitForSelector("text=This room holds nothing and nobody is in it.");
  await page.goBack();
  await page.fill("#filter", "עברית");
  await page.click("#rooms-body a");
  await until("its name is the title", async () => (await page.textContent("#title")) === names[1]);
  assertQuiet([page]);
  closeClients();
  await leave(page);
});

test("a room's page moves while people write, and tells what was refused", async (t) => {
  const document = newDocument("live");
  const ada = await writer(document);
  const bo = await writer(document);
  await writer(document);
  const page = await signedIn();
  await goTo(page, document);
  const writing = setInterval(() => ada.text("note").insert(0, "word "), 30);
  t.after(() => clearInterval(writing));
  const now = () => figures(page, "room-now");
  await until("updates come in", async () => Number((await now())["Updates/s"]) > 5);
  await until("frames go out", async () => Number((await now())["Frames out/s"]) > 5);
  assert.equal((await now()).Sessions, "3");
  await page.waitForSelector("#health >> text=All is well");
  const rows = async () => Number((await now())["Log rows"]);
  const before = await rows();
  await until("the log grows", async () => (await rows()) > before);
  const plots = await plotted(page, "plots");
  assert.equal(Object.keys(plots).length, 8);
  for (const words of Object.values(plots)) assert.match(words, / \d/);
  // A commit goes to the two that did not write it.
  await shows(now, { "Fan-out": "2" });
  assert.ok(Number((await now()).Batch) >= 1);

  const rate = await showing(page, "room-now", /Errors\/s[\d.]*[1-9]/);
  const line = await showing(page, "plots", /Errors per second: refused [\d.]*[1-9]/);
  bo.text("note").insert(0, "x".repeat(UPDATE_BYTES_MAX));
  await until("an error is among the figures", rate);
  await until("an error is plotted", line);
  await page.waitForSelector("#timeline-body >> text=update-bytes");
  await page.waitForSelector("#health >> text=Worth a look");
  await until("it is said", async () => (await page.textContent("#announce")) === "Worth a look");
  assert.match(await page.textContent("#concerns"), /1 refusal since it woke: update-bytes 1/);
  const events = () => page.locator("#timeline-body td:nth-child(3)").allTextContents();
  assert.ok((await events()).includes("opened"));
  await page.selectOption("#level", "warn");
  assert.deepEqual(await events(), ["refused"]);
  await page.selectOption("#level", "error");
  await page.waitForSelector("text=Nothing of that level.");
  clearInterval(writing);
  assertQuiet([page]);
  closeClients();
  await leave(page);
});

test("polls, event streams, presence, and who is behind are shown", async (t) => {
  const document = newDocument("lines");
  const { server } = site;
  const ada = await writer(document);
  ada.presence.set({ name: "Ada" });
  const stream = new AbortController();
  t.after(() => stream.abort());
  const { signal } = stream;
  const followed = await fetch(`${server.url}/documents/${document}/events`, { signal });
  assert.equal(followed.status, 200);
  const poll = new PollLine(server, document);
  await poll.poll([native.hello()]);
  const page = await signedIn();
  await goTo(page, document);
  const now = () => figures(page, "room-now");
  const is = { Sessions: "3", Polls: "1", "Event streams": "1", Present: "1", Backlog: "0" };
  await shows(now, is);
  const [held, sessions] = ["Present, and without a socket", "Sessions"];
  await shows(() => plotted(page, "plots"), {
    [held]: "present 1, polls 1, event streams 1",
    [sessions]: "all 3, behind 0",
  });
  await shows(() => counted(page, "room-counts", "Also counted"), {
    Sessions: "3",
    Polls: "1",
    "Event streams": "1",
    Presence: "1",
  });
  for (const carrier of ["socket", "poll", "events"]) {
    await page.waitForSelector(`#timeline-body >> text=carrier ${carrier}`);
  }
  await picture(page, "admin-room-lines");
  poll.abort();
  stream.abort();
  ada.presence.set(null);
  await shows(now, { Sessions: "1", Polls: "0", "Event streams": "0", Present: "0" });

  // It never says what it received.
  const { url } = server;
  const slow = await new NativeClient({ url, ws: url.replace("http", "ws") }, document).connect();

  for (let key = 0; key < 10; key += 1) {
    ada.text("note").insert(0, "x".repeat(UPDATE_BYTES_MAX / 2));
    await ada.whenSaved();
  }
  await until("it is behind", async () => Number((await now()).Backlog) > 3);
  await shows(now, { Behind: "1" });
  await shows(() => plotted(page, "plots"), { [sessions]: "all 2, behind 1" });
  await shows(() => counted(page, "room-counts", "Trouble"), { Lags: "1" });
  await page.waitForSelector("#concerns >> text=1 session does not keep up.");
  const confirmed = until("it catches up", async () => (await now()).Backlog === "0");
  slow.socket.send(native.received(1_000_000));
  await confirmed;

  await slow.close();
  await shows(now, { Sessions: "1", Behind: "0" });
  assertQuiet([page]);
  closeClients();
  await leave(page);
});

test("a room's page tells what was decided, whoever asks for it", async () => {
  const document = newDocument("decided");
  const ada = await writer(document);
  const page = await signedIn();
  await goTo(page, document);
  const kinds = () => page.locator("#decisions-body td:nth-child(2)").allTextContents();
  await until("it is told", async () => (await kinds()).length > 0);
  assert.deepEqual(await kinds(), ["accepted", "epoch"]);
  const [first] = await page.locator("#decisions-body tr").allTextContents();
  assert.match(first, /updates 1/);
  ada.text("note").insert(0, "x".repeat(UPDATE_BYTES_MAX));
  await until("the refusal is told", async () => (await kinds()).includes("refused"));
  assert.match(await page.textContent("#decisions-body"), /why limit/);
  assertQuiet([page]);
  closeClients();
  await leave(page);
});

test("all rooms are plotted over time, from what is asked anyway", async (t) => {
  const word = newDocument("plotted");
  const names = [`${word} one`, `${word} two`];
  const page = await signedIn();
  const asked = new Set();
  page.on("request", (request) => asked.add(new URL(request.url()).pathname));
  const writers = [];
  for (const name of names) writers.push(await writer(name), await writer(name));
  const writing = setInterval(() => {
    for (const client of writers) client.text("note").insert(0, "word ");
  }, 100);
  t.after(() => clearInterval(writing));
  writers[0].presence.set({ name: "Ada" });
  const now = () => figures(page, "overview-now");
  const rates = () => figures(page, "overview-rates");
  const plots = () => plotted(page, "overview-plots");
  const column = (title) => page.locator(`#rooms-body td[data-title="${title}"]`).allTextContents();
  await page.fill("#filter", word);
  assert.equal((await rates())["Updates/s"], "–");
  // Rooms tell once a minute, and rates are over one at least.
  await until("rates are known", async () => Number((await rates())["Updates/s"]) > 1, 150_000);
  const { Batch, "Fan-out": fanOut } = await rates();
  assert.ok(Number(Batch) >= 1 && Number(fanOut) > 0, `${Batch} and ${fanOut}`);
  const haveTwo = async () => `${await column("Sessions")}` === "2,2";
  await until("sessions are", haveTwo, 150_000);
  const said = await plots();
  assert.match(said["Updates per second"], /updates\/s [\d.]*[1-9]/);
  assert.match(said["Commit delay, at most"], /p50 \d+ m?s, p95 \d+ m?s, p99 \d+ m?s/);
  const isSame = async () => (await plots()).Sessions.includes(`all ${(await now()).Sessions},`);
  await until("the plot says the same", isSame);
  assert.ok(Number((await now()).Sessions) >= 4);
  const perMinute = () => column("Updates/min");
  await until("both rooms have told twice", async () => {
    return (await perMinute()).filter((words) => Number(words.replace(",", "")) > 60).length === 2;
  }, 150_000);
  for (const words of await column("Commit p95")) assert.match(words, /^\d+ m?s$/);
  await picture(page, "admin-all-busy");

  const failed = writers[0];
  failed.text("note").insert(0, "x".repeat(UPDATE_BYTES_MAX));
  await until("it is refused", () => failed.status.state === "refused");
  clearInterval(writing);
  // A room tells when the last one leaves.
  closeClients();
  await until("it is an error", async () => Number((await rates())["Errors/min"]) > 0);
  assert.match((await plots())["Errors per minute"], /refused [\d.]*[1-9]/);
  const allowed = ["/admin/api/rooms", "/readyz"];
  assert.deepEqual([...asked].filter((path) => !allowed.includes(path)), []);
  assertQuiet([page]);
  await leave(page);
});

test("nothing is asked while nobody looks", async () => {
  const document = newDocument("hidden");
  await writer(document);
  const page = await signedIn();
  await goTo(page, document);
  await page.waitForSelector("#timeline-body >> text=opened");
  const asked = [];
  page.on("request", (request) => asked.push(request.url()));
  const look = (state) =>
    page.evaluate((state) => {
      Object.defineProperty(document, "visibilityState", { value: state, configurable: true });
      document.dispatchEvent(new Event("visibilitychange"));
    }, state);
  await look("hidden");
  await delay(500);
  asked.length = 0;
  await delay(5000);
  assert.deepEqual(asked, []);
  await look("visible");
  await until("it is asked again", () => asked.length > 0);
  await page.click("#pause");
  await delay(500);
  asked.length = 0;
  await delay(5000);
  assert.deepEqual(asked, []);
  assert.equal(await page.textContent("#asked"), "Not asked any more");
  await page.click("#pause");
  await until("it is asked again", () => asked.length > 0);
  assertQuiet([page]);
  closeClients();
  await leave(page);
});

test("on a phone nothing sticks out, light or dark", async () => {
  const document = newDocument("phone") + "x".repeat(400);
  const ada = await writer(document);
  for (const colorScheme of ["light", "dark"]) {
    const page = await signedIn({ viewport: { width: 360, height: 740 }, colorScheme });
    await until("it is listed", async () => (await listed(page)).includes(document));
    await assertFits(page);
    await picture(page, `admin-phone-${colorScheme}`);
    await goTo(page, document);
    ada.text("note").insert(0, "word ");
    await page.waitForSelector("#timeline-body >> text=opened");
    await assertFits(page);
    await picture(page, `admin-phone-room-${colorScheme}`);
    await page.setViewportSize({ width: 1280, height: 800 });
    await until("plots take the width", () =>
      page.locator("#plots canvas").first().evaluate((canvas) => canvas.clientWidth > 300),
    );
    await picture(page, `admin-room-${colorScheme}`);
    await page.setViewportSize({ width: 360, height: 740 });
    await until("and give it back", () =>
      page.locator("#plots canvas").first().evaluate((canvas) => canvas.clientWidth < 300),
    );
    await assertFits(page);
    assertQuiet([page]);
    await leave(page);
  }
  closeClients();
});

test("a Worker that is away is said in words, and that it is back", async () => {
  const page = await signedIn();
  await page.waitForSelector("#health >> text=All is well");
  const { port, persistTo } = site.server;
  await site.server.kill();
  await page.waitForSelector("#health >> text=No answer");
  assert.match(await page.textContent("#concerns"), /The Worker cannot be reached\..* old\./);
  site.server = await startServer({ port, persistTo, vars });
  await page.waitForSelector("#health >> text=All is well");
  assertQuiet([page], { serverAway: true });
  await leave(page);
});
