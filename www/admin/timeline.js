// What happened in a room, the newest first.

import { byId, keptRows, make, setAttribute, write } from "./element.js";
import { clock, count, fieldWords } from "./words.js";

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

  for (const title of COLUMNS) {
    const head = make("th", { scope: "col" }, title);
    head.setAttribute("role", "columnheader");
    byId("timeline-head").append(head);
  }

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
  const time = make("time", { dateTime: iso(at), title: new Date(at).toString() }, clock(at));
  const badge = make("span", { className: "badge" }, make("i", {}, MARKS[level] ?? "·"), level);
  badge.dataset.level = level;
  badge.firstChild.ariaHidden = "true";
  const details = Object.entries(fields).map(([field, value]) => {
    const words = typeof value === "number" ? count(value) : String(value);
    return make("span", { className: "field-of" }, `${fieldWords(field)} `, make("b", {}, words));
  });
  const visits = [trace, ...(traces ?? [])].filter(Boolean).join(" ");
  const contents = [time, badge, name, session ?? "", visits, details];
  const cells = contents.map((content, index) => {
    const cell = make("td", {}, ...[content].flat());
    cell.setAttribute("role", "cell");
    cell.dataset.title = COLUMNS[index];
    if (content === "" || content.length === 0) cell.className = "nothing";
    return cell;
  });
  cells[4].classList.add("trace");
  setAttribute(cells[4], "title", visits || null);
  const element = make("tr", {}, ...cells);
  element.setAttribute("role", "row");
  return { element };
}

function rank(level) {
  const at = LEVELS.indexOf(level);
  return at < 0 ? LEVELS.length + 1 : at;
}

function iso(at) {
  return new Date(at).toISOString();
}
