// The arithmetic on changes of a text that bindings of plain fields do. No browser needed.

import assert from "node:assert/strict";
import test from "node:test";
import {
  deltaOf,
  difference,
  moveIndex,
  perform,
  plain,
  transform,
} from "../../dist/selvedge/delta.js";

const ROUNDS = 20_000;
const LETTERS = ["a", "b", "\n", "é", "😀", "😁", "👩‍🌾"];

test("a difference turns one text into the other and splits no surrogate pair", () => {
  const random = randomFrom(1);
  for (let round = 0; round < ROUNDS; round += 1) {
    const [before, after] = [randomText(random, 8), randomText(random, 8)];
    const caret = random(after.length + 1);
    const delta = changed(before, after, caret);
    assert.equal(apply(before, delta), after, JSON.stringify({ before, after, caret }));
    assert.equal(delta.length === 0, before === after);
    assert.ok(
      delta.every(({ insert = "" }) => insert.isWellFormed()),
      JSON.stringify(delta),
    );
    assert.ok(deleted(before, delta).isWellFormed(), JSON.stringify({ before, after, delta }));
  }
});

test("the caret tells which of several equal letters was typed or removed", () => {
  assert.deepEqual(changed("aaaa", "aaaaa", 2), [{ retain: 1 }, { insert: "a" }]);
  assert.deepEqual(changed("aaaa", "aaa", 2), [{ retain: 2 }, { delete: 1 }]);
  assert.deepEqual(changed("😀😀", "😀😀😀", 2), [{ insert: "😀" }]);
  assert.deepEqual(changed("x😀", "x😁", 3), [{ retain: 1 }, { delete: 2 }, { insert: "😁" }]);
});

test("two changes made at once end equal, whichever is transformed", () => {
  const random = randomFrom(2);
  for (let round = 0; round < ROUNDS; round += 1) {
    const text = randomText(random, 10);
    const [mine, theirs] = [randomDelta(random, text), randomDelta(random, text)];
    assert.equal(
      apply(apply(text, mine), transform(mine, theirs, true)),
      apply(apply(text, theirs), transform(theirs, mine, false)),
      JSON.stringify({ text, mine, theirs }),
    );
  }
});

test("an index keeps its place between its neighbours", () => {
  const random = randomFrom(3);
  for (let round = 0; round < ROUNDS; round += 1) {
    const text = randomText(random, 10);
    const index = random(text.length + 1);
    const delta = randomDelta(random, text);
    // A mark put there first, on the side that the index sticks to, says where it ends.
    const mark = [...(index > 0 ? [{ retain: index }] : []), { insert: "|" }];
    const marked = transform(mark, delta, true);
    const before = apply(text.slice(0, index) + "|" + text.slice(index), marked).indexOf("|");
    assert.equal(moveIndex(delta, index, false), before, JSON.stringify({ text, index, delta }));
    const behind = transform(mark, delta, false);
    const after = apply(text.slice(0, index) + "|" + text.slice(index), behind).indexOf("|");
    assert.equal(moveIndex(delta, index, true), after, JSON.stringify({ text, index, delta }));
  }
});

test("what a plain text cannot hold is shown unit for unit", () => {
  const shown = plain([{ insert: "a\r\nb" }, { insert: { image: "x" } }, { insert: "c" }]);
  assert.equal(shown, "a\r\nb\ufffcc");
});

function changed(before, after, caret) {
  const change = difference(before, after, caret);
  return change ? deltaOf(change) : [];
}

function apply(text, delta) {
  perform(
    delta,
    (index, content) => (text = text.slice(0, index) + content + text.slice(index)),
    (index, length) => (text = text.slice(0, index) + text.slice(index + length)),
  );
  return text;
}

function deleted(text, delta) {
  let removed = "";
  perform(
    delta,
    (index, content) => (text = text.slice(0, index) + content + text.slice(index)),
    (index, length) => {
      removed += text.slice(index, index + length);
      text = text.slice(0, index) + text.slice(index + length);
    },
  );
  return removed;
}

function randomText(random, lettersMax) {
  return Array.from({ length: random(lettersMax + 1) }, () => LETTERS[random(LETTERS.length)]).join(
    "",
  );
}

function randomDelta(random, text) {
  const delta = [];
  for (let left = text.length; left > 0 && random(6) > 0;) {
    const length = 1 + random(left);
    const kind = random(3);
    if (kind === 0) delta.push({ retain: length });
    if (kind === 1) delta.push({ delete: length });
    if (kind === 2) delta.push({ insert: "xyz".slice(random(3)) });
    else left -= length;
  }
  return delta;
}

/** Small numbers that are the same in each run. */
function randomFrom(seed) {
  return (below) => {
    seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
    return Math.floor((seed / 2 ** 32) * below);
  };
}
