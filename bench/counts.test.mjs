// What is said of instruction counts, without counting any.

import assert from "node:assert/strict";
import { test } from "node:test";
import { compare, counted, lines } from "./core/compare.mjs";

test("the count is read from what callgrind wrote, and nothing counted is no count", () => {
  assert.equal(counted("events: Ir\nfn=(1) x\n0 5\ntotals: 1234\n"), 1234);
  assert.equal(counted("totals: 0\n"), undefined);
  assert.equal(counted("summary: 12\n"), undefined);
});

test("a count that grew by more than it may is found, and one that fell is told", () => {
  const before = { a: 1_000, b: 1_000, c: 1_000, d: 1_000 };
  const now = { a: 1_050, b: 1_051, c: 949, e: 7 };
  const verdicts = compare(before, now, 0.05).map(({ name, verdict }) => `${name} ${verdict}`);
  assert.deepEqual(verdicts, ["a same", "b grew", "c fell", "e new", "d gone"]);
});

test("each piece of work has a line", () => {
  const compared = compare({ walk: 1_000, gone: 1 }, { walk: 2_000, admit: 5 }, 0.05);
  assert.deepEqual(lines(compared), [
    "walk         2,000 +100.0 %  grew",
    "admit            5  new",
    "gone             –  gone",
  ]);
});
