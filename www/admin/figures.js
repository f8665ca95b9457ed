// Single figures with their names, in a description list.

import { make, write } from "./element.js";

/** Makes a figure for each `[name, meaning]` and returns a function that shows them by name. */
export function makeFigures(list, described) {
  const shown = new Map();
  for (const [name, words, title = ""] of described) {
    const figure = make("dd", {}, "–");
    shown.set(name, figure);
    list.append(make("div", { title }, make("dt", {}, words), figure));
  }
  return (figures) => {
    for (const [name, words] of Object.entries(figures)) write(shown.get(name), words);
  };
}

/** Where nothing is known. */
export function forget(show, described) {
  show(Object.fromEntries(described.map(([name]) => [name, "–"])));
}
