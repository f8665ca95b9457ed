// The operators' dashboard in Chromium, with rooms that really run.

import assert from "node:assert/strict";
import test, { after } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { startServer } from "../harness.mjs";
import { connect } from "../worker/support/our_client.mjs";
import * as demo from "./page.mjs";

const { assertQuiet, leave, newDocument, picture, until } = demo;
const SECRET = "a secret of operators, schön 🧵";
const UPDATE_BYTES_MAX = 2000;
const vars = { OPERATOR_SECRET: SECRET, UPDATE_BYTES_MAX };
/** What the browser itself prints for an answer that is a refusal. */
const REFUSED = /status of 401/;
const site = await demo.startDemo({ vars });
const clients = [];

after(() => site.end());

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
  const page = await signedIn();
  await goTo(page, document);
  const writing = setInterval(() => ada.text("note").insert(0, "word "), 30);
  t.after(() => clearInterval(writing));
  const now = () => figures(page, "room-now");
  await until("updates come in", async () => Number((await now())["Updates/s"]) > 5);
  await until("frames go out", async () => Number((await now())["Frames out/s"]) > 5);
  assert.equal((await now()).Sessions, "2");
  await page.waitForSelector("#health >> text=All is well");
  const rows = async () => Number((await now())["Log rows"]);
  const before = await rows();
  await until("the log grows", async () => (await rows()) > before);
  const plots = await page
    .locator("#plots [role=img]")
    .evaluateAll((all) => all.map((plot) => plot.getAttribute("aria-label")));
  assert.equal(plots.length, 6);
  for (const plot of plots) assert.match(plot, /: .* \d/);

  bo.text("note").insert(0, "x".repeat(UPDATE_BYTES_MAX));
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
