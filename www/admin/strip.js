// The health line: a red thread that is whole, being drawn, or torn, and the same in words.

import { byId, keptRows, make, write } from "./element.js";
import { isLooking, setPaused } from "./watch.js";

/** What the demo's thread shows for each. */
const THREADS = { well: "online", look: "online", broken: "offline", waiting: "connecting" };

const showConcerns = keptRows(byId("concerns"), {
  key: ({ index }) => index,
  makeRow: () => ({ element: make("li") }),
  fill: ({ element }, { words }) => write(element, words),
});
const showStitches = keptRows(byId("stitches"), {
  key: (index) => index,
  makeRow: () => ({ element: make("u") }),
  fill: () => {},
});
let paused = false;
let announced = "";

/** Shows a health as health.js tells it; `asked` is a line about the answer itself. */
export function showHealth({ level, words, concerns, past }, asked) {
  const strip = byId("strip");
  strip.dataset.status = THREADS[level];
  strip.dataset.health = level;
  write(byId("health"), words);
  write(byId("asked"), paused ? "Not asked any more" : asked);
  showConcerns([...concerns, past].filter(Boolean).map((words, index) => ({ words, index })));
  showStitches(level === "look" ? concerns.map((_, index) => index) : []);
  // The numbers in the concerns move all the time. That something is wrong is said once.
  if (words !== announced) byId("announce").textContent = announced = words;
}

export function showWaiting(farEnd) {
  write(byId("far-end"), farEnd);
  showHealth({ level: "waiting", words: "Asking…", concerns: [], past: "" }, "");
}

byId("pause").addEventListener("click", () => {
  paused = !paused;
  setPaused(paused);
  write(byId("pause"), paused ? "Go on looking" : "Stop looking");
  write(byId("asked"), isLooking() ? "Asking…" : "Not asked any more");
});
