// Elements of the page: found, made, filled, and kept while what they show changes.

export const byId = (id) => document.getElementById(id);

/** Makes an element: `make("td", { className: "number" }, "words", child)`. */
export function make(tag, properties = {}, ...children) {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children);
  return element;
}

/** Only what differs is written: a selection in what stays must stay, too. */
export function write(element, words) {
  if (element.textContent !== words) element.textContent = words;
}

export function setAttribute(element, name, value) {
  if (value === null) element.removeAttribute(name);
  else if (element.getAttribute(name) !== value) element.setAttribute(name, value);
}

/**
 * Shows a list in `parent` and keeps the element of each item from one time to the next, so that
 * nobody loses focus or place. `makeRow(item)` returns an object with an `element`, which
 * `fill(row, item)` is called with each time.
 */
export function keptRows(parent, { key, makeRow, fill }) {
  const rows = new Map();
  return (items) => {
    const focused = document.activeElement;
    const before = new Set(rows.keys());
    const wanted = items.map((item) => {
      const id = key(item);
      before.delete(id);
      if (!rows.has(id)) rows.set(id, makeRow(item));
      const row = rows.get(id);
      fill(row, item);
      return row.element;
    });
    for (const id of before) {
      rows.get(id).element.remove();
      rows.delete(id);
    }
    wanted.forEach((element, index) => {
      const there = parent.children[index] ?? null;
      if (there !== element) parent.insertBefore(element, there);
    });
    // An element that is moved loses the focus.
    if (document.activeElement !== focused && parent.contains(focused)) {
      focused.focus({ preventScroll: true });
    }
  };
}
