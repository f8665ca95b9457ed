// Changes of a text as arithmetic. Pure functions; nothing here knows the page. Lengths and indexes
// are UTF-16 units, as in all deltas of the client.

import type { TextDelta } from "./selvedge.js";

/** What takes the place of an embed, which a plain text cannot show. */
const EMBED = "\ufffc";

/** How many units of the text a step takes up. */
function size(step: TextDelta): number {
  if (step.insert !== undefined) return typeof step.insert === "string" ? step.insert.length : 1;
  return step.retain ?? step.delete ?? 0;
}

/** The text of a delta as a plain string, unit for unit. */
export function plain(delta: readonly TextDelta[]): string {
  return delta.map((step) => inserted(step) ?? "").join("");
}

/** What a step inserts as a plain string; nothing if it inserts nothing. */
export function inserted({ insert }: TextDelta): string | undefined {
  return typeof insert === "string" || insert === undefined ? insert : EMBED;
}

/**
 * What changed from `before` to `after`, as one replacement; `undefined` if nothing did. `caret` is
 * where the caret stands in `after`: it tells which of several equal letters was typed or removed.
 * Never begins or ends inside a surrogate pair.
 */
export function difference(
  before: string,
  after: string,
  caret: number,
): Replacement | undefined {
  if (before === after) return undefined;
  const shorter = Math.min(before.length, after.length);
  let suffix = 0;
  const suffixMax = Math.min(shorter, after.length - caret);
  while (suffix < suffixMax && before.at(-1 - suffix) === after.at(-1 - suffix)) suffix += 1;
  let prefix = 0;
  while (prefix < shorter - suffix && before[prefix] === after[prefix]) prefix += 1;
  // What is the same behind the caret's own letters is no part of the change either.
  while (suffix < shorter - prefix && before.at(-1 - suffix) === after.at(-1 - suffix)) suffix += 1;
  if (insidePair(before, prefix) || insidePair(after, prefix)) prefix -= 1;
  if (insidePair(before, before.length - suffix) || insidePair(after, after.length - suffix)) {
    suffix -= 1;
  }
  const removed = before.length - suffix - prefix;
  return { index: prefix, removed, inserted: after.slice(prefix, after.length - suffix) };
}

/** `removed` units from `index` on make way for `inserted`. */
export interface Replacement {
  readonly index: number;
  readonly removed: number;
  readonly inserted: string;
}

/** Whether an index lies between the two halves of a character. */
function insidePair(text: string, index: number): boolean {
  return /[\ud800-\udbff]/.test(text[index - 1] ?? "") && /[\udc00-\udfff]/.test(text[index] ?? "");
}

/** A replacement as a delta. */
export function deltaOf({ index, removed, inserted }: Replacement): TextDelta[] {
  const delta: TextDelta[] = [];
  if (index > 0) delta.push({ retain: index });
  if (removed > 0) delta.push({ delete: removed });
  if (inserted !== "") delta.push({ insert: inserted });
  return delta;
}

/** Calls `remove(index, length)` and `insert(index, string)` so that a text changes by `delta`. */
export function perform(
  delta: readonly TextDelta[],
  insert: (index: number, string: string) => void,
  remove: (index: number, length: number) => void,
): void {
  let index = 0;
  for (const step of delta) {
    if (step.delete !== undefined) {
      remove(index, step.delete);
      continue;
    }
    const string = inserted(step);
    if (string !== undefined) insert(index, string);
    index += size(step);
  }
}

/**
 * Where `index` lies after `delta`. `follow` says what happens where something is inserted exactly
 * there: true moves behind it, false stays before it.
 */
export function moveIndex(delta: readonly TextDelta[], index: number, follow: boolean): number {
  let moved = 0;
  let left = index;
  for (const step of delta) {
    if (step.insert !== undefined) {
      if (left > 0 || follow) moved += size(step);
      continue;
    }
    const passed = Math.min(left, size(step));
    if (step.retain !== undefined) moved += passed;
    left -= passed;
    if (passed < size(step)) return moved;
  }
  return moved + left;
}

/**
 * `delta` as it reads after `over`, where both were made on the same text. Where both insert at one
 * place, `over` comes first if `overFirst`.
 */
export function transform(
  over: readonly TextDelta[],
  delta: readonly TextDelta[],
  overFirst: boolean,
): TextDelta[] {
  const theirs = new Reader(over);
  const mine = new Reader(delta);
  const out: TextDelta[] = [];
  for (;;) {
    const own = mine.kind();
    if (own === "end") return out;
    if (theirs.kind() === "insert" && (overFirst || own !== "insert")) {
      out.push({ retain: theirs.skip() });
    } else if (own === "insert") {
      out.push(mine.takeInsertion());
    } else {
      const length = Math.min(theirs.left(), mine.left());
      const isGone = theirs.kind() === "delete";
      theirs.skip(length);
      mine.skip(length);
      if (!isGone) out.push(own === "delete" ? { delete: length } : { retain: length });
    }
  }
}

/** Reads a delta in pieces. Behind its end it retains without end, as a delta does. */
class Reader {
  private at = 0;
  private used = 0;

  constructor(private readonly delta: readonly TextDelta[]) {}

  kind(): "insert" | "delete" | "retain" | "end" {
    const step = this.delta[this.at];
    if (!step) return "end";
    if (step.insert !== undefined) return "insert";
    return step.delete !== undefined ? "delete" : "retain";
  }

  /** How much is left of the present step. */
  left(): number {
    const step = this.delta[this.at];
    return step ? size(step) - this.used : Infinity;
  }

  /** Passes over `length` units of the present step, and returns that. */
  skip(length = this.left()): number {
    if (this.kind() === "end") return length;
    this.used += length;
    if (this.left() === 0) {
      this.at += 1;
      this.used = 0;
    }
    return length;
  }

  takeInsertion(): TextDelta {
    const step = this.delta[this.at] ?? { retain: 0 };
    this.skip();
    return step;
  }
}
