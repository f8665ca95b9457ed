// What was counted, in small tables: delays, refusals, closes, catch-ups, and all the rest.

import { keptRows, make, write } from "./element.js";
import { CATCH_UPS, CLOSES, atMost, bytes, count } from "./words.js";

const DELAYS = [
  ["commit_delay", "Commit", "from its first frame"],
  ["edit_durable", "Edit durable", "until its client knows"],
  ["edit_seen", "Edit seen", "until another client has it"],
];

const TROUBLE = [
  ["slow_durable", "Durable late", "later than the budget"],
  ["slow_seen", "Seen late", "later than the budget"],
  ["lags", "Lags", "too much on the way to a session"],
  ["denials", "Denials", "not the session's to do"],
  ["compensations", "Undone", "against a document's rules"],
  ["conflicts", "Lost", "to somebody who did not know them"],
  ["failures", "Failures", "of rooms that trapped"],
  ["abandons", "Dropped", "rooms whose storage failed"],
  ["quarantines", "Quarantines", "of damaged parts"],
];
const ALSO = [
  ["sessions_opened", "Sessions", "opened"],
  ["polls", "Polls", "of them: no WebSocket gets through"],
  ["event_streams", "Event streams", "of them: they only listen"],
  ["presence_updates", "Presence", "updates of it"],
  ["commits", "Commits", "rows written"],
  ["relays", "Relays", "of rows to sessions"],
  ["asks", "Asks", "for what a room lacks"],
  ["wakes", "Wakes", "loaded from storage"],
  ["compactions", "Compactions", "of logs"],
  ["compaction_read_bytes", "Read", "by compactions", bytes],
  ["compaction_written_bytes", "Written", "by compactions", bytes],
  ["revocations", "Revocations", "of what was granted"],
  ["deletions", "Deletions", "of documents"],
];

let made = 0;

/** Makes the cards in `parent` and returns a function that shows figures in them. */
export function makeCounts(parent, since) {
  const shows = [
    delays(card(parent, "Delays", "at most"), since),
    kinds(card(parent, "Refusals", since), "Limit", "refusals", {}),
    kinds(card(parent, "Closed by rooms", since), "Code", "closes", CLOSES),
    kinds(card(parent, "Catch-ups", since), "How", "catch_ups", CATCH_UPS),
    named(card(parent, "Trouble", since), TROUBLE),
    named(card(parent, "Also counted", since), ALSO),
  ];
  return (figures) => {
    for (const show of shows) show(figures);
  };
}

function card(parent, title, note) {
  const id = `counts-${(made += 1)}`;
  const head = make("h2", { id }, `${title} `, make("span", { className: "count" }, note));
  const table = make("table", { className: "small" });
  table.setAttribute("aria-labelledby", id);
  const section = make("section", { className: "card" }, head, table);
  section.setAttribute("aria-labelledby", id);
  parent.append(section);
  return table;
}

function delays(table, since) {
  table.append(make("thead", {}, headRow(["Delay", "p50", "p95", "p99", "Count"])));
  table.after(make("p", { className: "empty" }, `Upper bounds of buckets, ${since}.`));
  const body = table.appendChild(make("tbody"));
  const rows = DELAYS.map(([name, words, meaning]) => {
    const cells = Array.from({ length: 4 }, () => make("td", { className: "number" }));
    body.append(make("tr", {}, rowHead(words, meaning), ...cells));
    return { name, cells };
  });
  return (figures) => {
    for (const { name, cells } of rows) {
      const { count: all, p50_ms: p50, p95_ms: p95, p99_ms: p99 } = figures[name];
      const quantiles = [p50, p95, p99].map((ms) => (ms === null ? "–" : atMost(ms)));
      [...quantiles, count(all)].forEach((words, index) => write(cells[index], words));
    }
  };
}

/** Counts by kind, of which only those are told that happened. */
function kinds(table, kind, name, meanings) {
  table.append(make("thead", {}, headRow([kind, "Count"])));
  const none = make("p", { className: "empty" }, "None.");
  table.after(none);
  const show = keptRows(table.appendChild(make("tbody")), {
    key: ([of]) => of,
    makeRow: ([of]) => countRow(of, meanings[of]),
    fill: ({ cell }, [, times]) => write(cell, count(times)),
  });
  return (figures) => {
    const entries = Object.entries(figures[name]);
    show(entries);
    table.hidden = entries.length === 0;
    none.hidden = entries.length > 0;
  };
}

function named(table, described) {
  table.append(make("thead", {}, headRow(["What", "Count"])));
  const body = table.appendChild(make("tbody"));
  const rows = described.map(([name, head, meaning, words = count]) => {
    const { element, cell } = countRow(head, meaning);
    body.append(element);
    return (figures) => write(cell, words(figures[name]));
  });
  return (figures) => rows.forEach((show) => show(figures));
}

function countRow(words, meaning) {
  const cell = make("td", { className: "number" });
  return { element: make("tr", {}, rowHead(words, meaning), cell), cell };
}

function rowHead(words, meaning) {
  const head = make("th", { scope: "row" }, words);
  if (meaning) head.append(" ", make("span", { className: "meaning" }, meaning));
  return head;
}

function headRow([first, ...rest]) {
  const heads = rest.map((words) => make("th", { scope: "col", className: "number" }, words));
  return make("tr", {}, make("th", { scope: "col" }, first), ...heads);
}
