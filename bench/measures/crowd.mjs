// A keystroke's way when a thousand look on.

import {
  FLOOR_TEXT,
  TYPISTS,
  WARM_UP_MS,
  TYPING_MS,
  KEYS_PER_SECOND,
  ordinaryTyping,
} from "./latency.mjs";

const CLIENTS = 1_000;

export const crowd = {
  title: "A keystroke's way to a crowd",
  text:
    `${CLIENTS.toLocaleString("en-US")} clients in one document, of which ${TYPISTS} type ` +
    `${KEYS_PER_SECOND} keys a second each, for ${TYPING_MS / 1000} s after ` +
    `${WARM_UP_MS / 1000} s of warm-up: from sending until each other client has it. ` +
    `${FLOOR_TEXT} Less is better.`,
  figures: {
    p50: "keystroke in a crowd, median ms",
    p99: "keystroke in a crowd, 99th percentile ms",
    floor50: "an empty object, median ms",
    floor99: "an empty object, 99th percentile ms",
  },
  summary: ["p99"],
  run: (subject, options) => ordinaryTyping(subject, CLIENTS, options),
};
