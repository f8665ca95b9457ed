// Single figures with their names, in a description list.

import { make, write } from "./element.js";

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
