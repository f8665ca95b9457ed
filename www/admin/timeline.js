// What happened in a room, the newest first.

import { byId, keptRows, make, setAttribute, write } from "./element.js";
import { makeCells, makeHeads, makeTime } from "./rows.js";
import { count, fieldWords } from "./words.js";

const LEVELS = ["error", "warn", "info", "debug"];
const COLUMNS = ["Time", "Level", "Event", "Session", "Trace", "Details"];
/** A room remembers 64. This page keeps what it has seen for longer. */
const KEPT_MAX = 500;
const MARKS = { error: "✕", warn: "!", info: "·", debug: "·" };

/** Returns `{ add(events), clear() }`. */
export function bindTimeline() {
  let kept = [];
  const known = new Set();
  const least = byId("level");
  const kind = { key: ({ id }) => id, makeRow, fill: () => {} };
  const showRows = keptRows(byId("timeline-body"), kind);

  makeHeads(byId("timeline-head"), COLUMNS);

  function show() {
    const worst = least.value === "" ? LEVELS.length : LEVELS.indexOf(least.value);
    // A level that a later build brings is shown with everything only.
    const shown = kept.filter(({ event }) => !least.value || rank(event.level) <= worst);
    showRows(shown.toReversed());
    byId("timeline").hidden = shown.length === 0;
    const empty = byId("timeline-empty");
    empty.hidden = shown.length > 0;
    write(empty, kept.length > 0 ? "Nothing of that level." : "Nothing happened since it woke.");
    const all = count(kept.length);
    write(byId("timeline-count"), least.value ? `${count(shown.length)} of ${all}` : all);
  }

  least.addEventListener("change", show);
  return {
    /** Takes what the room remembers, in order; most of it is known already. */
    add(events) {
      const times = new Map();
      for (const event of events) {
        // Two that look the same are told apart by which of them it is.
        const words = JSON.stringify(event);
        times.set(words, (times.get(words) ?? 0) + 1);
        const id = `${times.get(words)} ${words}`;
        if (known.has(id)) continue;
        known.add(id);
        kept.push({ id, event });
      }
      for (const { id } of kept.splice(0, kept.length - KEPT_MAX)) known.delete(id);
      show();
    },
    clear() {
      kept = [];
      known.clear();
      show();
    },
  };
}

function makeRow({ event }) {
  const { at, level, event: name, session, trace, traces, ...fields } = event;
  const badge = make("span", { className: "badge" }, make("i", {}, MARKS[level] ?? "·"), level);
  badge.dataset.level = level;
  badge.firstChild.ariaHidden = "true";
  const visits = [trace, ...(traces ?? [])].filter(Boolean).join(" ");
  const contents = [makeTime(at), badge, name, session ?? "", visits, fieldsOf(fields)];
  const { row, cells } = makeCells(COLUMNS, contents);
  cells[4].classList.add("trace");
  setAttribute(cells[4], "title", visits || null);
  return { element: row };
}

/** What there is to say beside that, as words. */
export function fieldsOf(fields) {
  return Object.entries(fields).map(([field, value]) => {
    const words = typeof value === "object" ? JSON.stringify(value) : shownAs(value);
    return make("span", { className: "field-of" }, `${fieldWords(field)} `, make("b", {}, words));
  });
}

function shownAs(value) {
  return typeof value === "number" ? count(value) : String(value);
}

function rank(level) {
  const at = LEVELS.indexOf(level);
  return at < 0 ? LEVELS.length + 1 : at;
}
