// How things are, in a few words, and what is of concern.

import { more, sum } from "./growth.js";
import { count, plural, span } from "./words.js";

/**
 * The health of all rooms: `{ level, words, concerns, past }`. `first` is what was counted when
 * this page was opened: counters only grow, and what went wrong last year is no news.
 */
export function healthOfAll({ total, first, isReady }) {
  const since = "since this page was opened";
  const grown = (name) => total[name] - first[name];
  const broken = [
    !isReady && "Rooms cannot be reached, or cannot write (/readyz).",
    ...lost(total),
    grown("failures") > 0 && `Rooms failed: ${plural(grown("failures"), "time")} ${since}.`,
  ];
  const look = [...behind(total), refused(more(total.refusals, first.refusals), since)];
  const before = [
    first.failures > 0 && plural(first.failures, "failure"),
    first.quarantines > 0 && `${count(first.quarantines)} found damaged`,
    sum(first.refusals) > 0 && plural(sum(first.refusals), "refusal"),
  ].filter(Boolean);
  const past = before.length > 0 ? `Before this page was opened: ${before.join(", ")}.` : "";
  return { ...judged(broken, look), past };
}

/** The health of one room, which counts from when it woke. */
export function healthOfOne(room) {
  const since = "since it woke";
  const failed = `It failed before it was loaded: ${plural(room.failures, "time")}.`;
  const broken = [...lost(room), room.failures > 0 && failed];
  return judged(broken, [...behind(room), refused(room.refusals, since)]);
}

/** What a row of the list warns of, in a few words each. */
export function warnings(room) {
  return [
    room.quarantined_rows > 0 && plural(room.quarantined_rows, "row damaged", "rows damaged"),
    room.failures > 0 && plural(room.failures, "failure"),
    room.sessions_behind > 0 && `${count(room.sessions_behind)} behind`,
    sum(room.refusals) > 0 && plural(sum(room.refusals), "refusal"),
  ].filter(Boolean);
}

/** What there is to say while there is no answer. */
export function silence(why, silentMs) {
  const concerns = [why];
  if (silentMs !== null) concerns.push(`What is shown below is ${span(silentMs)} old.`);
  return { level: "broken", words: "No answer", concerns, past: "" };
}

function judged(broken, look) {
  const [worst, rest] = [broken.filter(Boolean), look.filter(Boolean)];
  const found = { concerns: [...worst, ...rest], past: "" };
  if (worst.length > 0) return { level: "broken", words: "Something is broken", ...found };
  if (rest.length > 0) return { level: "look", words: "Worth a look", ...found };
  return { level: "well", words: "All is well", ...found };
}

function lost({ quarantined_rows: rows }) {
  return [rows > 0 && `${plural(rows, "row is", "rows are")} damaged, kept and not served.`];
}

function behind({ sessions_behind: sessions }) {
  return [sessions > 0 && `${plural(sessions, "session does", "sessions do")} not keep up.`];
}

function refused(refusals, since) {
  const all = sum(refusals);
  if (all === 0) return false;
  const limits = Object.entries(refusals).map(([limit, times]) => `${limit} ${count(times)}`);
  return `${plural(all, "refusal")} ${since}: ${limits.join(", ")}.`;
}
