// Single figures with their names, in a description list.

import { make, write } from "./element.js";
import { bytes, count, decimal } from "./words.js";

/** What one room and all rooms say of themselves. */
export const OF_SESSIONS = [
  ["sessions_behind", "Behind", count, "Connections that do not keep up"],
  ["backlog_updates", "Backlog", count, "Updates that these were not sent yet"],
  ["polls_held", "Polls", count, "Connections of clients that no WebSocket reaches"],
  ["event_streams_open", "Event streams", count, "Connections that only listen"],
  ["present", "Present", count, "Clients whose presence is shown"],
];
export const OF_COMMITS = [
  ["updateRate", "Updates/s", decimal],
  ["batch", "Batch", decimal, "Updates in a commit"],
  ["fanOut", "Fan-out", decimal, "Sessions that a commit goes to"],
];
export const OF_FRAMES = [
  ["framesIn", "Frames in/s", decimal],
  ["framesOut", "Frames out/s", decimal],
  ["bytesIn", "Bytes in/s", bytes],
  ["bytesOut", "Bytes out/s", bytes],
];

/**
 * Makes a figure for each `[name, label, words, meaning]` and returns a function that shows
 * numbers by name, in `words`; what it is not given is not known.
 */
export function makeFigures(list, described) {
  const figures = described.map(([name, label, words, title = ""]) => {
    const figure = make("dd");
    list.append(make("div", { title }, make("dt", {}, label), figure));
    return (numbers) => write(figure, words(numbers[name]));
  });
  const show = (numbers) => figures.forEach((figure) => figure(numbers));
  show({});
  return show;
}
