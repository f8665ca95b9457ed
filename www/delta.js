// Changes of a text, as the client reports them: a list of {retain: n}, {insert: string or embed}
// and {delete: n}, counted in UTF-16 units. Pure functions; nothing here knows the page.

/** How many units of the text an operation takes up. */
function size(op) {
  if (op.insert === undefined) return op.retain ?? op.delete;
  return typeof op.insert === "string" ? op.insert.length : 1;
}

/**
 * The text of a delta as a textarea can hold it, unit for unit: a textarea drops carriage returns,
 * which would shift every index behind them, and cannot show an embed.
 */
export function visible(delta) {
  return delta
    .map(({ insert }) => (typeof insert === "string" ? shownString(insert) : "\ufffc"))
    .join("");
}

function shownString(string) {
  return string.replaceAll("\r", "\u200b");
}

/**
 * What changed from `before` to `after`, as one replacement; null if nothing did. `caret` is where
 * the caret stands in `after`: it tells which of several equal letters was typed or removed.
 * Never begins or ends inside a surrogate pair.
 */
export function difference(before, after, caret) {
  if (before === after) return null;
  const shorter = Math.min(before.length, after.length);
  let suffix = 0;
  const suffixMax = Math.min(shorter, after.length - caret);
  while (suffix < suffixMax && before.at(-1 - suffix) === after.at(-1 - suffix)) suffix += 1;
  let prefix = 0;
  while (prefix < shorter - suffix && before[prefix] === after[prefix]) prefix += 1;
  if (insidePair(before, prefix) || insidePair(after, prefix)) prefix -= 1;
  if (insidePair(before, before.length - suffix) || insidePair(after, after.length - suffix))
    suffix -= 1;
  return replacement(
    prefix,
    before.length - suffix - prefix,
    after.slice(prefix, after.length - suffix),
  );
}

function insidePair(text, index) {
  return /[\ud800-\udbff]/.test(text[index - 1] ?? "") && /[\udc00-\udfff]/.test(text[index] ?? "");
}

function replacement(index, removed, inserted) {
  const delta = [];
  if (index > 0) delta.push({ retain: index });
  if (removed > 0) delta.push({ delete: removed });
  if (inserted !== "") delta.push({ insert: inserted });
  return delta;
}

/** Calls `remove(index, length)` and `insert(index, content)` so that a text changes by `delta`. */
export function perform(delta, { insert, remove }) {
  let index = 0;
  for (const op of delta) {
    if (op.delete !== undefined) {
      remove(index, op.delete);
      continue;
    }
    if (op.insert !== undefined) insert(index, op.insert);
    index += size(op);
  }
}

/**
 * Where `index` lies after `delta`. `follow` says what happens where something is inserted exactly
 * there: true moves behind it, false stays before it.
 */
export function moveIndex(delta, index, follow) {
  let moved = 0;
  let left = index;
  for (const op of delta) {
    if (op.insert !== undefined) {
      if (left > 0 || follow) moved += size(op);
      continue;
    }
    const passed = Math.min(left, size(op));
    if (op.retain !== undefined) moved += passed;
    left -= passed;
    if (passed < size(op)) return moved;
  }
  return moved + left;
}

/**
 * `delta` as it reads after `over`, where both were made on the same text. Where both insert at one
 * place, `over` comes first if `overFirst`.
 */
export function transform(over, delta, overFirst) {
  const theirs = reader(over);
  const mine = reader(delta);
  const out = [];
  while (mine.kind() !== "end") {
    if (theirs.kind() === "insert" && (overFirst || mine.kind() !== "insert")) {
      out.push({ retain: size(theirs.take()) });
    } else if (mine.kind() === "insert") {
      out.push(mine.take());
    } else {
      const length = Math.min(theirs.left(), mine.left());
      const removed = theirs.kind() === "delete";
      theirs.take(length);
      const op = mine.take(length);
      if (!removed) out.push(op);
    }
  }
  return out;
}

/** Reads a delta in pieces. Behind its end it retains without end, as a delta does. */
function reader(delta) {
  let next = 0;
  let used = 0;
  const op = () => delta[next];
  const kind = () => (op() ? Object.keys(op()).find((key) => key !== "attributes") : "end");
  const left = () => (op() ? size(op()) - used : Infinity);
  function take(length = left()) {
    if (!op()) return { retain: length };
    const taken = kind() === "insert" ? op() : { [kind()]: length };
    used += length;
    if (left() === 0) {
      next += 1;
      used = 0;
    }
    return taken;
  }
  return { kind, left, take };
}
