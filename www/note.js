// The note: a textarea that shows a shared text and edits it.

import { difference, moveIndex, perform, transform, visible } from "./delta.js";

/**
 * Binds `area` to `text`. `onText(shown, delta, mine)` is called after each change of what the area
 * shows; `delta` is null at the beginning.
 */
export function bindNote(area, text, onText) {
  let shown = "";
  let editing = false;
  let composing = false;
  // What came in while an input method composes: to write into the area then would end it.
  let held = [];

  function edited() {
    let delta = difference(shown, area.value, area.selectionEnd);
    if (!delta) return;
    shown = area.value;
    onText(shown, delta, true);
    // The area does not show what is held, the text has it: bring each to the other's terms.
    held = held.map((theirs) => {
      const moved = transform(delta, theirs, false);
      delta = transform(theirs, delta, true);
      return moved;
    });
    editing = true;
    try {
      const isAllowed = text.change(() =>
        perform(delta, { insert: text.insert, remove: text.remove }),
      );
      if (!isAllowed) showAll();
    } catch (error) {
      // The text refused it, as it does a pasted book: show what is really there.
      console.error(error);
      showAll();
    } finally {
      editing = false;
    }
  }

  function showAll() {
    held = [];
    area.value = shown = visible(text.toDelta());
    onText(shown, null, false);
  }

  function changed(delta) {
    if (editing) return;
    if (composing) held.push(delta);
    else show(delta);
  }

  function show(delta) {
    const focused = document.activeElement === area;
    const start = moveIndex(delta, area.selectionStart, false);
    const end = moveIndex(delta, area.selectionEnd, false);
    const direction = area.selectionDirection;
    perform(delta, {
      insert: (index, content) => area.setRangeText(visible([{ insert: content }]), index, index),
      remove: (index, length) => area.setRangeText("", index, index + length),
    });
    // Only where it is seen: some browsers take setting a selection as a reason to focus.
    if (focused) area.setSelectionRange(start, end, direction);
    shown = area.value;
    onText(shown, delta, false);
  }

  function composed() {
    composing = false;
    edited();
    for (const delta of held.splice(0)) show(delta);
  }

  area.addEventListener("input", edited);
  area.addEventListener("compositionstart", () => {
    composing = true;
  });
  area.addEventListener("compositionend", composed);
  text.observe(changed);

  showAll();
  area.disabled = false;
}
