// Numbers, times and names as people read them.

const whole = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });
const digits = [2, 1, 0].map(
  (maximumFractionDigits) => new Intl.NumberFormat("en", { maximumFractionDigits }),
);
const UNITS = ["B", "KiB", "MiB", "GiB", "TiB"];
const NONE = "–";

export function count(number) {
  return Number.isFinite(number) ? whole.format(number) : NONE;
}

/** With about three digits, as rates come. */
export function decimal(number) {
  if (!Number.isFinite(number)) return NONE;
  return digits[number < 10 ? 0 : number < 100 ? 1 : 2].format(number);
}

export function bytes(number) {
  if (!Number.isFinite(number)) return NONE;
  const step = number < 1 ? 0 : Math.min(Math.floor(Math.log2(number) / 10), UNITS.length - 1);
  const amount = number / 1024 ** step;
  const words = step === 0 ? decimal(amount) : digits[amount < 10 ? 1 : 2].format(amount);
  return `${words} ${UNITS[step]}`;
}

/** A bound that a share of all delays is below; the largest bound is open. */
export function atMost(ms) {
  if (!Number.isFinite(ms)) return NONE;
  const words = ms < 1000 ? `${ms} ms` : `${ms / 1000} s`;
  return ms >= 50_000 ? `over ${words}` : words;
}

/** How long something takes or is ago. */
export function span(ms) {
  const seconds = Math.max(0, Math.round(ms / 1000));
  if (seconds < 120) return `${seconds} s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 120) return `${minutes} min`;
  const hours = Math.round(minutes / 60);
  return hours < 48 ? `${hours} h` : `${whole.format(Math.round(hours / 24))} days`;
}

export function ago(ms) {
  return ms < 1500 ? "just now" : `${span(ms)} ago`;
}

/** `plural(2, "room")` is "2 rooms". */
export function plural(number, one, many = `${one}s`) {
  return `${count(number)} ${number === 1 ? one : many}`;
}

/** The time of day, to the millisecond; the day is the title's. */
export function clock(at) {
  const date = new Date(at);
  const two = (number) => String(number).padStart(2, "0");
  const time = [date.getHours(), date.getMinutes(), date.getSeconds()].map(two).join(":");
  return `${time}.${String(date.getMilliseconds()).padStart(3, "0")}`;
}

/** A document's name; where there would be nothing to see or to click on, its code points. */
export function nameWords(name) {
  if (/[^\p{Z}\p{C}\p{M}\u115f\u1160\u3164\uffa0\u2800]/u.test(name)) return name;
  const points = [...name].map((letter) => letter.codePointAt(0).toString(16).toUpperCase());
  return points.map((point) => `U+${point.padStart(4, "0")}`).join(" ");
}

/** `bytes_before` as words. */
export function fieldWords(name) {
  return name.replaceAll("_", " ");
}

/** Why the room closed a socket. */
export const CLOSES = {
  1012: "the room was restarted",
  1013: "stored by a newer build",
  4400: "a frame could not be read",
  4401: "no token that holds",
  4402: "a token expired",
  4403: "nothing was granted",
  4405: "changes that may not be made",
  4409: "another history",
  4413: "larger than accepted",
  4422: "content the client cannot read",
  4424: "a change made the room fail",
  4426: "no common protocol",
  4500: "storage failed",
  4501: "no keys are set",
  4503: "too many connections",
  4504: "nothing was heard for too long",
  4507: "too far behind",
  4508: "a message stayed unfinished",
  4529: "too much at once",
};

/** How a session was brought up to date. */
export const CATCH_UPS = {
  nothing: "had everything",
  whole: "with the whole document",
  rows: "with the rows it missed",
  "state-vector": "by state vectors",
};
