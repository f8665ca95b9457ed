// The list of rooms: sorted, filtered, and each one a link to its page.

import { byId, keptRows, make, setAttribute, write } from "./element.js";
import { sum } from "./growth.js";
import { warnings } from "./health.js";
import { roomAddress } from "./route.js";
import { ago, atMost, bytes, count, decimal, nameWords } from "./words.js";

/** Name, what it is sorted by and what it shows; `up` is the way that it is sorted at first. */
const COLUMNS = [
  { title: "Document", of: (room) => room.document, up: true },
  { title: "Sessions", of: (room) => room.sessions, words: count },
  { title: "Backlog", of: (room) => room.backlog_updates, words: count },
  { title: "Updates/min", of: ({ perMinute }) => perMinute ?? -1, words: rateWords },
  { title: "Commit p95", of: ({ commit_delay: { p95_ms: ms } }) => ms ?? -1, words: delayWords },
  { title: "Catch-ups", of: (room) => sum(room.catch_ups), words: count },
  { title: "Stored", of: (room) => room.log_bytes + room.snapshot_bytes, words: bytes },
  { title: "Last told", of: (room) => room.at, words: (at, now) => ago(now - at) },
  { title: "Warnings", of: (room) => warnings(room).length },
];

/** A room with news tells once a minute. */
const QUIET_MS = 120_000;

const collator = new Intl.Collator("en", { numeric: true });

/** Returns a function that shows what the registry answered. */
export function bindRooms() {
  let sorted = { column: COLUMNS[1], up: false };
  let answer = null;
  const follow = bindRates();
  const filter = byId("filter");
  const showRows = keptRows(byId("rooms-body"), { key: (room) => room.document, makeRow, fill });
  const heads = COLUMNS.map((column) => {
    const button = make("button", { type: "button" }, column.title);
    button.addEventListener("click", () => sortBy(column));
    const head = make("th", { scope: "col", className: isNumber(column) ? "number" : "" }, button);
    head.setAttribute("role", "columnheader");
    byId("rooms-head").append(head);
    return { column, head };
  });

  function sortBy(column) {
    const up = sorted.column === column ? !sorted.up : column.up === true;
    sorted = { column, up };
    show();
  }

  function fill({ cells, link, warned }, room) {
    COLUMNS.forEach(({ of, words }, index) => {
      if (words) write(cells[index], words(of(room), answer.now));
    });
    write(link, nameWords(room.document));
    link.title = room.document;
    const warning = warnings(room);
    write(warned, warning.join(", "));
    cells.at(-1).classList.toggle("warned", warning.length > 0);
  }

  function show() {
    for (const { column, head } of heads) {
      const way = sorted.up ? "ascending" : "descending";
      setAttribute(head, "aria-sort", column === sorted.column ? way : null);
    }
    if (!answer) return;
    const { rooms, total } = answer;
    const wanted = filter.value.trim();
    const kept = rooms.filter(({ document }) => contains(document, wanted));
    showRows(kept.sort(order(sorted)));
    byId("rooms").hidden = kept.length === 0;
    write(byId("rooms-count"), counted(rooms.length, total.rooms, wanted && kept.length));
    const empty = byId("rooms-empty");
    empty.hidden = kept.length > 0;
    write(empty, rooms.length > 0 ? "No room in this list has such a name." : "No room yet.");
    // The list may not have it, and a room that told nothing is there all the same.
    const other = wanted !== "" && !rooms.some(({ document }) => document === wanted);
    byId("rooms-other").hidden = !other;
    if (!other) return;
    byId("rooms-other-link").href = roomAddress(wanted);
    write(byId("rooms-other-link"), `Look at the room of “${wanted}”`);
  }

  filter.addEventListener("input", show);
  show();
  return (answered) => {
    answer = { ...answered, rooms: follow(answered) };
    show();
  };
}

/** Returns a function that adds to each room how many updates it took in a minute. */
function bindRates() {
  const told = new Map();
  return ({ now, rooms }) =>
    rooms.map((room) => {
      const { document, at, updates } = room;
      const before = told.get(document);
      if (before?.at !== at) {
        const perMinute = before ? ((updates - before.updates) / (at - before.at)) * 60_000 : null;
        told.set(document, { at, updates, perMinute });
      }
      // It would have told of more.
      const isQuiet = now - at > QUIET_MS;
      return { ...room, perMinute: isQuiet ? 0 : told.get(document).perMinute };
    });
}

function makeRow(room) {
  const link = make("a", { href: roomAddress(room.document), dir: "auto" });
  const warned = make("span");
  const cells = COLUMNS.map((column, index) => {
    const cell = make(index === 0 ? "th" : "td", { className: isNumber(column) ? "number" : "" });
    cell.setAttribute("role", index === 0 ? "rowheader" : "cell");
    cell.dataset.title = column.title;
    return cell;
  });
  cells[0].scope = "row";
  cells[0].append(link);
  cells.at(-1).append(warned);
  const element = make("tr", {}, ...cells);
  element.setAttribute("role", "row");
  return { element, cells, link, warned };
}

/** Below zero is what is not known, so that it is sorted as the least. */
function rateWords(rate) {
  return rate < 0 ? "–" : decimal(rate);
}

function delayWords(ms) {
  return ms < 0 ? "–" : atMost(ms);
}

function isNumber({ words }) {
  return words !== undefined;
}

function contains(document, wanted) {
  return document.toLowerCase().includes(wanted.toLowerCase());
}

function order({ column, up }) {
  return (one, other) => {
    const [a, b] = [column.of(one), column.of(other)];
    const by = typeof a === "string" ? collator.compare(a, b) : a - b;
    return (up ? by : -by) || collator.compare(one.document, other.document);
  };
}

function counted(listed, known, matching) {
  const all = known > listed ? `the last ${count(listed)} of ${count(known)}` : count(listed);
  return matching === "" ? all : `${count(matching)} of ${all}`;
}
