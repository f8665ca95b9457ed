// What is typed: Yjs updates of one letter each, written and read as bytes.

import { Cursor, varUint } from "./lib0.mjs";

/** The update of one letter that `author` types behind its last, in the root text `t`. */
export function keystroke(author, clock) {
  if (clock === 0) return firstLetter(author);
  return letter(author, clock, 0x84, [clock - 1]);
}

/**
 * The update of one letter that `author` types behind its first, in front of its last. It follows
 * on nothing that is stored behind another letter, so no two of them ever become one run.
 */
export function scattered(author, clock) {
  if (clock === 0) return firstLetter(author);
  // The first of all: in front of it there is nothing yet.
  if (clock === 1) return letter(author, clock, 0x84, [0]);
  return letter(author, clock, 0xc4, [0, clock - 1]);
}

function firstLetter(author) {
  return Buffer.from([1, 1, ...varUint(author), 0, 4, 1, 1, 116, 1, 97, 0]);
}

/** `info` says which neighbours are given: those of the same author with these clocks. */
function letter(author, clock, info, neighbours) {
  const id = varUint(author);
  const ids = neighbours.flatMap((neighbour) => [...id, ...varUint(neighbour)]);
  return Buffer.from([1, 1, ...id, ...varUint(clock), info, ...ids, 1, 97 + (clock % 26), 0]);
}

/** Calls `take(author, clock, length)` for each run in an update of text. */
export function eachRun(update, take) {
  const cursor = new Cursor(update);
  for (let authors = cursor.varUint(); authors > 0; authors--) {
    let structs = cursor.varUint();
    const author = cursor.varUint();
    for (let clock = cursor.varUint(); structs > 0; structs--) {
      const info = cursor.bytes[cursor.at++];
      const content = info & 31;
      if (content !== 0 && content !== 10) skipNeighbours(cursor, info);
      const length = lengthOf(cursor, content);
      if (content !== 10) take(author, clock, length);
      clock += length;
    }
  }
}

/** Left and right origin, and without either the parent and its key. */
function skipNeighbours(cursor, info) {
  const ids = (info & 0x80 ? 1 : 0) + (info & 0x40 ? 1 : 0);
  for (let i = 0; i < 2 * ids; i++) cursor.varUint();
  if (ids > 0) return;
  if (cursor.varUint() === 1) cursor.varBytes();
  else for (let i = 0; i < 2; i++) cursor.varUint();
  if (info & 0x20) cursor.varBytes();
}

function lengthOf(cursor, content) {
  if (content === 0 || content === 1 || content === 10) return cursor.varUint();
  if (content !== 4) throw new Error(`content ${content} in an update of typed text`);
  // Only ASCII is typed: bytes are UTF-16 units.
  return cursor.varBytes().length;
}
