// Rows of long tables, which are cards on a phone.

import { make } from "./element.js";
import { clock } from "./words.js";

/** The heads. What is no table on a phone has to say that it is one. */
export function makeHeads(row, titles) {
  for (const title of titles) {
    const head = make("th", { scope: "col" }, title);
    head.setAttribute("role", "columnheader");
    row.append(head);
  }
}

/** `{ row, cells }`; what is empty is left out on a phone. */
export function makeCells(titles, contents) {
  const cells = contents.map((content, index) => {
    const cell = make("td", {}, ...[content].flat());
    cell.setAttribute("role", "cell");
    cell.dataset.title = titles[index];
    if (content === "" || content.length === 0) cell.className = "nothing";
    return cell;
  });
  const row = make("tr", {}, ...cells);
  row.setAttribute("role", "row");
  return { row, cells };
}

export function makeTime(at) {
  const date = new Date(at);
  return make("time", { dateTime: date.toISOString(), title: date.toString() }, clock(at));
}
