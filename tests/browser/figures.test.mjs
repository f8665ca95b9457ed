// What the dashboard computes and says, without a browser.

import assert from "node:assert/strict";
import test from "node:test";
import { growth, more, quantile } from "../../www/admin/growth.js";
import { healthOfAll, healthOfOne, warnings } from "../../www/admin/health.js";
import { roomAddress, roomOf } from "../../www/admin/route.js";
import { ago, atMost, bytes, decimal, fieldWords, nameWords } from "../../www/admin/words.js";

const quiet = {
  failures: 0,
  quarantines: 0,
  quarantined_rows: 0,
  sessions_behind: 0,
  refusals: {},
};

test("a rate is over the time that was asked for, and unknown before", () => {
  const measure = growth({ overMs: 120_000, leastMs: 60_000 });
  assert.equal(measure.measured(), null);
  for (let at = 0; at < 60_000; at += 5000) measure.add(at, { updates: at / 100 });
  assert.equal(measure.measured(), null);
  for (let at = 60_000; at <= 300_000; at += 5000) measure.add(at, { updates: at / 100 });
  assert.equal(measure.measured().overMs, 120_000);
  assert.equal(measure.measured().perSecond("updates"), 10);
  // A pause of the one who looks is averaged over.
  measure.add(900_000, { updates: 3000 });
  assert.equal(measure.measured().overMs, 600_000);
  assert.equal(measure.measured().perSecond("updates"), 0);
});

test("counters that begin again are not compared with those before", () => {
  const measure = growth({ overMs: 1000, leastMs: 500 });
  measure.add(0, { updates: 100 });
  measure.add(2000, { updates: 3 });
  assert.equal(measure.measured(), null);
  measure.add(4000, { updates: 13 });
  assert.equal(measure.measured().perSecond("updates"), 5);
  measure.add(4000, { updates: 99 });
  assert.equal(measure.measured().grown("updates"), 10);
  assert.deepEqual(more({ a: 3, b: 1, c: 1 }, { a: 1, b: 1 }), { a: 2, c: 1 });
});

test("health is in words, and old troubles are no news", () => {
  const old = { ...quiet, failures: 2, refusals: { "update-bytes": 5 } };
  const well = healthOfAll({ total: old, first: old, isReady: true });
  assert.deepEqual([well.level, well.words], ["well", "All is well"]);
  assert.deepEqual(well.concerns, []);
  assert.equal(well.past, "Before this page was opened: 2 failures, 5 refusals.");
  const more = { ...old, refusals: { "update-bytes": 6, sessions: 1 }, sessions_behind: 1 };
  const look = healthOfAll({ total: more, first: old, isReady: true });
  assert.equal(look.level, "look");
  assert.deepEqual(look.concerns, [
    "1 session does not keep up.",
    "2 refusals since this page was opened: update-bytes 1, sessions 1.",
  ]);
  assert.equal(healthOfAll({ total: quiet, first: quiet, isReady: false }).level, "broken");
  const damaged = { ...quiet, quarantined_rows: 1 };
  assert.equal(healthOfOne(damaged).level, "broken");
  assert.deepEqual(healthOfOne(damaged).concerns, ["1 row is damaged, kept and not served."]);
  assert.deepEqual(warnings(damaged), ["1 row damaged"]);
  assert.deepEqual(warnings(quiet), []);
});

test("numbers and names are readable", () => {
  assert.deepEqual([0, 0.126, 9.99, 12.34, 1234].map(decimal), [
    "0",
    "0.13",
    "9.99",
    "12.3",
    "1,234",
  ]);
  assert.deepEqual([0, 0.4, 1023, 1024, 1536, 5e7].map(bytes), [
    "0 B",
    "0.4 B",
    "1,023 B",
    "1 KiB",
    "1.5 KiB",
    "48 MiB",
  ]);
  assert.equal(bytes(NaN), "–");
  assert.deepEqual([1, 2000, 50_000].map(atMost), ["1 ms", "2 s", "over 50 s"]);
  assert.deepEqual([0, 5000, 300_000, 1e8].map(ago), [
    "just now",
    "5 s ago",
    "5 min ago",
    "28 h ago",
  ]);
  assert.equal(fieldWords("bytes_before"), "bytes before");
  assert.equal(nameWords("plan 2"), "plan 2");
  assert.equal(nameWords(" \u200b"), "U+0020 U+200B");
});

test("every name has an address", () => {
  for (const name of ["plan", "a b/ü?#%", "🧵", ".", "%2F"]) {
    assert.equal(roomOf(roomAddress(name)), name);
  }
  for (const hash of ["", "#/", "#/room/", "#/room/%", "#note"]) assert.equal(roomOf(hash), null);
});

test("quantiles are bounds of buckets", () => {
  const bounds = [1, 2, 5];
  assert.deepEqual([0.5, 0.99].map((q) => quantile([0, 0, 0, 0], bounds, q)), [null, null]);
  assert.deepEqual([0.5, 0.9, 1].map((q) => quantile([6, 3, 0, 1], bounds, q)), [1, 2, 5]);
});
