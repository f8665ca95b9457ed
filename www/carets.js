// Where the others are in the note: their carets, selections and names, drawn over it.

import { moveIndex } from "./selvedge/textarea.js";
import { inkOn } from "./names.js";

const FLAG_MS = 3000;

/**
 * `mirror` lies under the textarea with the same text in the same shape, so that the browser can be
 * asked where a letter is; `layer` lies over it and takes no clicks.
 */
export function drawCarets(mirror, layer) {
  const letters = mirror.appendChild(document.createTextNode(""));
  // A last line break makes a line only if something follows it.
  mirror.append("\u200b");
  const carets = new Map();
  let frame = 0;

  function textChanged(shown, delta, mine) {
    letters.data = shown;
    if (delta) {
      for (const caret of carets.values()) {
        caret.anchor = moveIndex(delta, caret.anchor, !mine);
        caret.head = moveIndex(delta, caret.head, !mine);
      }
    }
    drawSoon();
  }

  /** `others` maps a client id to `{ name, colour, cursor: { anchor, head } }`. */
  function peersChanged(others) {
    for (const [id, caret] of carets) {
      if (others.has(id)) continue;
      clearTimeout(caret.timer);
      caret.element.remove();
      carets.delete(id);
    }
    for (const [id, other] of others) {
      const caret = carets.get(id) ?? newCaret(id);
      const { anchor, head } = other.cursor;
      if (caret.said !== `${anchor} ${head}`) {
        caret.said = `${anchor} ${head}`;
        Object.assign(caret, { anchor, head });
        raiseFlag(caret);
      }
      caret.flag.textContent = other.name;
      caret.element.style.setProperty("--colour", other.colour);
      caret.element.style.setProperty("--ink-on", inkOn(other.colour));
    }
    drawSoon();
  }

  function newCaret(id) {
    const element = document.createElement("div");
    element.className = "peer";
    const selection = element.appendChild(document.createElement("div"));
    const bar = element.appendChild(document.createElement("div"));
    bar.className = "caret";
    const flag = bar.appendChild(document.createElement("span"));
    flag.className = "flag";
    layer.append(element);
    const caret = { element, selection, bar, flag, said: "", anchor: 0, head: 0, timer: 0 };
    carets.set(id, caret);
    return caret;
  }

  function raiseFlag(caret) {
    caret.element.classList.add("moved");
    clearTimeout(caret.timer);
    caret.timer = setTimeout(() => caret.element.classList.remove("moved"), FLAG_MS);
  }

  function drawSoon() {
    frame ||= requestAnimationFrame(draw);
  }

  function draw() {
    frame = 0;
    const origin = layer.getBoundingClientRect();
    for (const caret of carets.values()) {
      drawSelection(caret, origin);
      drawBar(caret, origin);
    }
  }

  function drawBar({ head, bar, flag }, origin) {
    const at = rectangles(head, head).at(-1) ?? rectangles(head, head + 1)[0];
    bar.hidden = !at;
    if (!at) return;
    place(bar, at.left - origin.left, at.top - origin.top, null, at.height);
    const room = origin.right - at.left;
    flag.classList.toggle("left", flag.offsetWidth > room);
    flag.classList.toggle("below", at.top - origin.top < flag.offsetHeight);
  }

  function drawSelection({ anchor, head, selection }, origin) {
    const boxes = anchor === head ? [] : rectangles(Math.min(anchor, head), Math.max(anchor, head));
    while (selection.childElementCount > boxes.length) selection.lastChild.remove();
    while (selection.childElementCount < boxes.length) {
      selection.append(Object.assign(document.createElement("div"), { className: "selected" }));
    }
    boxes.forEach((box, at) => {
      const { left, top, width, height } = box;
      place(
        selection.children[at],
        left - origin.left,
        top - origin.top,
        Math.max(width, 4),
        height,
      );
    });
  }

  function rectangles(start, end) {
    const range = document.createRange();
    range.setStart(...point(start));
    range.setEnd(...point(end));
    return [...range.getClientRects()];
  }

  /** The letter at a point of the window; null if there is none. */
  function indexAt(x, y) {
    let [low, high] = [0, letters.length];
    // Letters stand in lines from the top, and in a line from the left.
    while (low < high) {
      const middle = (low + high) >> 1;
      const box = rectangles(middle, middle + 1).at(-1);
      const isBefore = box && (box.bottom <= y || (box.top <= y && box.right <= x));
      if (isBefore) low = middle + 1;
      else high = middle;
    }
    const box = low < letters.length ? rectangles(low, low + 1).at(-1) : null;
    const isThere = box && box.left <= x && x < box.right && box.top <= y && y < box.bottom;
    return isThere ? low : null;
  }

  function point(index) {
    return index <= letters.length ? [letters, index] : [letters.nextSibling, 0];
  }

  new ResizeObserver(drawSoon).observe(mirror);
  return { textChanged, peersChanged, indexAt };
}

function place(element, left, top, width, height) {
  element.style.translate = `${left}px ${top}px`;
  if (width !== null) element.style.width = `${width}px`;
  element.style.height = `${height}px`;
}
