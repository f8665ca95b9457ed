// Who may do what, as people see it: roles, rules that forbid something, who wrote what, and what
// the room decided.

import assert from "node:assert/strict";
import test, { after } from "node:test";
import * as demo from "./page.mjs";

const { assertQuiet, leave, newDocument, note, online, saved, tasks, until } = demo;
const site = await demo.startDemo({ vars: { TOKEN_SECRET: "a secret that is at least 32 bytes" } });

after(() => site.end());

/** Opens `document` as somebody of this role; without one, as its owner. */
async function visitAs(document, name, role) {
  const page = await site.open({}, (context) =>
    context.addInitScript((name) => localStorage.setItem("selvedge.name", name), name),
  );
  const query = new URLSearchParams(role ? { doc: document, as: role } : { doc: document });
  await page.goto(`${site.server.url}/?${query}`);
  await online(page);
  return page;
}

/** A note with rules. */
const ruled = (word) => `ruled/${newDocument(word)}`;

test("s3: a reader reads, sees who is here, and changes nothing", async () => {
  const document = newDocument("reader");
  const ada = await visitAs(document, "Ada");
  await ada.fill("#note", "for all to read");
  await saved(ada);
  const rob = await visitAs(document, "Rob", "reader");
  await until("the note", async () => (await note(rob)) === "for all to read");
  await until("the words", async () => /read this/.test(await rob.textContent("#role-words")));
  assert.equal(await rob.evaluate(() => globalThis.document.getElementById("note").readOnly), true);
  assert.equal(await rob.isDisabled("#add-title"), true);
  await until("Ada is shown", async () => /Ada/.test(await rob.textContent("#people")));
  assert.equal(/Rob/.test(await ada.textContent("#people")), false, "a reader is not shown");
  assertQuiet([ada, rob]);
  await leave(ada, rob);
});

test("s3: who becomes somebody else by the field is that at once", async () => {
  const document = newDocument("becomes");
  const ada = await visitAs(document, "Ada", "reader");
  await until("it is known", () => ada.evaluate(() => globalThis.document.body.classList.contains("reads")));
  await ada.selectOption("#role", "editor");
  await ada.waitForURL(/as=editor/);
  await online(ada);
  await ada.fill("#note", "now I may");
  await saved(ada);
  assertQuiet([ada]);
  await leave(ada);
});

test("s4: what the rules forbid is said kindly and not made, and the rest is", async () => {
  const document = ruled("rules");
  const edda = await visitAs(document, "Edda", "editor");
  await edda.fill("#note", "Edda was here");
  await saved(edda);
  const carl = await visitAs(document, "Carl", "commenter");
  await until("the note", async () => (await note(carl)) === "Edda was here");
  await carl.locator("#note").press("End");
  await carl.locator("#note").pressSequentially("!");
  await until("it is said", () => carl.isVisible("#rejected"));
  assert.match(await carl.textContent("#rejected-words"), /note was not made: your role may not/);
  assert.equal(await note(carl), "Edda was here");
  await carl.click("#rejected-done");
  assert.equal(await carl.isVisible("#rejected"), false);
  await carl.fill("#add-title", "a comment");
  await carl.click("#add-button");
  await saved(carl);
  await until("it is listed", async () => (await tasks(edda)).length === 1);
  // Not even an editor writes a title that is too long.
  await edda.fill("#add-title", "x".repeat(81));
  await edda.click("#add-button");
  await until("it is said", () => edda.isVisible("#rejected"));
  assertQuiet([edda, carl]);
  await leave(edda, carl);
});

test("s5 s6: who wrote what shows under the pointer, and owners see what was decided", async () => {
  const document = ruled("history");
  const edda = await visitAs(document, "Edda", "editor");
  await edda.fill("#note", "Edda wrote this");
  await saved(edda);
  const olga = await visitAs(document, "Olga");
  await until("the note", async () => (await note(olga)) === "Edda wrote this");
  const area = await olga.locator("#note").boundingBox();
  await until("the author", async () => {
    await olga.mouse.move(area.x + 40 + Math.random() * 8, area.y + 36);
    await olga.waitForTimeout(500);
    return olga.isVisible("#author");
  });
  assert.equal(await olga.textContent("#author"), "Written by Edda");
  await olga.click("#decisions summary");
  await until("the timeline", async () => /Edda wrote/.test(await olga.textContent("#decisions")));
  assert.match(await olga.textContent("#decisions-state"), /The chain holds/);
  // Others are told that it is not theirs to see.
  await edda.click("#decisions summary");
  await until("the refusal", async () =>
    /not grant/.test(await edda.textContent("#decisions-state")),
  );
  assertQuiet([olga]);
  await leave(olga, edda);
});
