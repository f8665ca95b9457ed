// What the measures of clients compute by themselves, without any package of a peer.

import assert from "node:assert/strict";
import { test } from "node:test";
import { lines, verdict } from "./bundle/check.mjs";
import { sizeOf } from "./bundle/size.mjs";
import { table } from "./report.mjs";

test("the size of several files is that of each by itself", () => {
  const file = Buffer.alloc(10_000, "selvedge ");
  const [one, two] = [sizeOf([file]), sizeOf([file, file])];
  assert.equal(one.raw, 10_000);
  assert.ok(one.brotli < one.gzip && one.gzip < 200);
  for (const name of Object.keys(one)) assert.equal(two[name], 2 * one[name]);
});

test("a client that grew by more than three percent is found", () => {
  const before = { raw: 1_000, gzip: 500, brotli: 400 };
  assert.equal(verdict(before, { ...before, raw: 2_000, brotli: 412 }), undefined);
  assert.match(verdict(before, { ...before, brotli: 414 }), /grew by 3.5 %, to 414 bytes/);
  assert.deepEqual(lines(before, { raw: 1_100, gzip: 500, brotli: 300 }), [
    "the client, raw: 1,100 bytes (+10.0 %)",
    "the client, gzip: 500 bytes (+0.0 %)",
    "the client, brotli: 300 bytes (-25.0 %)",
  ]);
});

test("a table of clients is silent on durability, one of exact figures has no spread", () => {
  const result = {
    subjects: [
      { name: "a", title: "A", version: "1", repetitions: [{ raw: 2_000 }] },
      { name: "b", title: "B", version: "2", repetitions: [{ raw: 1_000 }] },
    ],
  };
  assert.deepEqual(table({ figures: { raw: "bytes" }, isExact: true }, result).split("\n"), [
    "| client | bytes |",
    "|-|-:|",
    "| A 1 | 2,000, ×1 |",
    "| B 2 | 1,000, ×0.5 |",
  ]);
});
