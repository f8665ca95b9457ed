// What is plotted, of one room and of all: titles, and the lines by what samples call them.

import { atMost, bytes, count, decimal } from "./words.js";

const UPDATES = {
  title: "Updates per second",
  words: decimal,
  lines: [["updateRate", "updates/s"]],
};
const SESSIONS = {
  title: "Sessions",
  words: count,
  isWhole: true,
  lines: [
    ["sessions", "all"],
    ["sessions_behind", "behind"],
  ],
};
const DELAYS = {
  title: "Commit delay, at most",
  words: atMost,
  isWhole: true,
  lines: [
    ["p50", "p50"],
    ["p95", "p95"],
    ["p99", "p99"],
  ],
};
const ERRORS = {
  title: "Errors per second",
  words: decimal,
  lines: [
    ["refused", "refused"],
    ["ended", "closed"],
    ["failed", "failed"],
  ],
};

/** Averages over two minutes: in a second little goes wrong. */
export const OF_ALL = [
  UPDATES,
  SESSIONS,
  DELAYS,
  { ...ERRORS, title: "Errors per minute", times: 60 },
];

export const OF_ROOM = [
  UPDATES,
  {
    title: "Frames per second",
    words: decimal,
    lines: [
      ["framesIn", "in"],
      ["framesOut", "out"],
    ],
  },
  SESSIONS,
  {
    title: "Present, and without a socket",
    words: count,
    isWhole: true,
    lines: [
      ["present", "present"],
      ["polls_held", "polls"],
      ["event_streams_open", "event streams"],
    ],
  },
  DELAYS,
  ERRORS,
  { title: "Log rows", words: count, isWhole: true, lines: [["log_rows", "rows"]] },
  { title: "Log bytes", words: bytes, isBytes: true, lines: [["log_bytes", "bytes"]] },
];
