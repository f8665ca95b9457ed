// What a room decided lately, as its log has it. Asked when there is more, and seldom: the room has
// to read rows for it.

import { NoAnswer, askDecisions } from "./ask.js";
import { byId, keptRows, write } from "./element.js";
import { makeCells, makeHeads, makeTime } from "./rows.js";
import { fieldsOf } from "./timeline.js";
import { count } from "./words.js";

const EVERY_MS = 10_000;
const ROWS = 50;
const COLUMNS = ["Time", "Decision", "Who", "Session", "Details"];

/** Returns `{ look(secret, room, signal), clear() }`. */
export function bindDecisions() {
  const kind = { key: ({ id }) => id, makeRow, fill: () => {} };
  const showRows = keptRows(byId("decisions-body"), kind);
  makeHeads(byId("decisions-head"), COLUMNS);
  let askedAt;
  let known;

  function show(entries, words) {
    showRows(entries);
    byId("decisions").hidden = entries.length === 0;
    write(byId("decisions-count"), count(entries.length));
    byId("decisions-empty").hidden = entries.length > 0;
    write(byId("decisions-empty"), words);
  }

  /** `room` is as it was told just now. */
  async function look(secret, { document, sequence, now }, signal) {
    if (sequence === known || now - askedAt < EVERY_MS) return;
    [askedAt, known] = [now, sequence];
    try {
      const since = Math.max(0, sequence - ROWS);
      const { entries } = await askDecisions(document, { since, limit: ROWS }, secret, signal);
      show(numbered(entries).toReversed(), "Nothing was decided yet.");
    } catch (error) {
      if (!(error instanceof NoAnswer)) throw error;
      known = undefined;
      show([], error.message);
    }
  }

  return {
    look,
    clear() {
      askedAt = known = undefined;
      show([], "Not asked yet.");
    },
  };
}

/** Several may have one sequence number. */
function numbered(entries) {
  const times = new Map();
  return entries.map((entry) => {
    const { sequence } = entry;
    times.set(sequence, (times.get(sequence) ?? 0) + 1);
    return { id: `${sequence} ${times.get(sequence)}`, entry };
  });
}

function makeRow({ entry }) {
  const { at, kind, number, subject, name, session, ...fields } = entry;
  const who = name ?? subject ?? (number > 0 ? `number ${number}` : "");
  const contents = [makeTime(at), kind, who, session ?? "", fieldsOf(fields)];
  return { element: makeCells(COLUMNS, contents).row };
}
