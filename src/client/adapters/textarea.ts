/**
 * Binds a field of the page to a shared text: what is typed is written into the text, what others
 * write shows in the field, and the selection stays where it was.
 *
 * @module
 */

import { deltaOf, difference, moveIndex, perform, plain, transform } from "./delta.js";
import type { SharedText, TextDelta } from "./selvedge.js";

export { moveIndex } from "./delta.js";

/** Ends the binding. The field keeps what it shows. */
export type Unbind = () => void;

/** What a binding tells. */
export interface BindOptions {
  /**
   * Called after each change of what the field shows. `delta` says what changed, in UTF-16 units;
   * it is absent at the beginning. `here`: whether this field was typed into.
   */
  readonly onChange?: (shown: string, delta: readonly TextDelta[] | undefined, here: boolean) => void;
  /**
   * Called with what the text threw when it did not take what was typed, a `SelvedgeError` as a
   * rule: the field shows the text again. By default it goes to the console.
   */
  readonly onRefused?: (error: unknown) => void;
}

/** Those whose value is what was typed, and which have a selection. */
const INPUT_TYPES = ["text", "search", "tel", "password"];

/**
 * Binds a field to a text. Any number of fields may be bound to one text.
 *
 * The field shows what it cannot hold as something of the same length: an embed as U+FFFC, a
 * carriage return as U+200B, and a line break in a field of one line as U+2424. Whether a field may
 * be typed into is the page's to say (`readOnly`, `disabled`).
 *
 * @throws TypeError if the field is an input of another type than text, search, tel or password.
 */
export function bind(
  text: SharedText,
  field: HTMLTextAreaElement | HTMLInputElement,
  options: BindOptions = {},
): Unbind {
  const isInput = field.localName === "input";
  if (isInput && !INPUT_TYPES.includes(field.type)) {
    throw new TypeError(`a field of type ${field.type} cannot be bound to a text`);
  }
  const report = options.onRefused ?? ((error) => console.error(error));
  let shown = "";
  let composing = false;
  // What came in while an input method composes: to write into the field then would end it.
  let held: TextDelta[][] = [];
  // Changes of the text that this field makes and has not heard of.
  let unheard = 0;
  let writing = false;
  // The field shows something else than the text, and will be made to show that.
  let isBehind = false;

  function fits(string: string): string {
    const onOneLine = isInput ? string.replaceAll("\n", "\u2424") : string;
    return onOneLine.replaceAll("\r", "\u200b");
  }

  function whole(): string {
    return fits(plain(text.toDelta()));
  }

  function typed(): void {
    const change = difference(shown, field.value, field.selectionEnd ?? 0);
    if (!change) return;
    shown = field.value;
    let delta = deltaOf(change);
    options.onChange?.(shown, delta, true);
    // The field does not show what is held, the text has it: bring each to the other's terms.
    held = held.map((theirs) => {
      const moved = transform(delta, theirs, false);
      delta = transform(theirs, delta, true);
      return moved;
    });
    writing = true;
    try {
      write(delta);
    } catch (error) {
      isBehind = true;
      report(error);
    }
    writing = false;
    // Inside `transact`, or inside a callback of the document: it tells of this later.
    if (unheard > 0) isBehind = true;
    // All that is late is told before this.
    if (isBehind) queueMicrotask(resume);
  }

  function write(delta: readonly TextDelta[]): void {
    const once = (change: () => void) => {
      unheard += 1;
      change();
    };
    perform(
      delta,
      (index, string) => once(() => text.insert(index, string)),
      (index, length) => once(() => text.delete(index, length)),
    );
  }

  function changed(delta: TextDelta[]): void {
    if (isBehind) return;
    if (unheard > 0) {
      unheard -= 1;
    } else if (writing) {
      // A callback of the page wrote into the text between two steps.
      isBehind = true;
    } else if (composing) {
      held.push(delta);
    } else {
      show(delta);
    }
  }

  /** Brings the field up to date with the text, whatever was told. */
  function resume(): void {
    if (ended) return;
    isBehind = false;
    unheard = 0;
    held = [];
    const change = difference(shown, whole(), 0);
    if (change) show(deltaOf(change));
  }

  /** Changes what the field shows, and leaves the selection at the same letters. */
  function show(delta: readonly TextDelta[]): void {
    const isFocused = field.ownerDocument.activeElement === field;
    const start = moveIndex(delta, field.selectionStart ?? 0, false);
    const end = moveIndex(delta, field.selectionEnd ?? 0, false);
    const direction = field.selectionDirection ?? "none";
    perform(
      delta,
      (index, string) => field.setRangeText(fits(string), index, index),
      (index, length) => field.setRangeText("", index, index + length),
    );
    // Only where it is seen: some browsers take setting a selection as a reason to focus.
    if (isFocused) field.setSelectionRange(start, end, direction);
    shown = field.value;
    options.onChange?.(shown, delta, false);
  }

  function composes(): void {
    composing = true;
  }

  function composed(): void {
    composing = false;
    typed();
    for (const delta of held.splice(0)) show(delta);
  }

  let ended = false;
  field.addEventListener("input", typed);
  field.addEventListener("compositionstart", composes);
  field.addEventListener("compositionend", composed);
  const unobserve = text.observe((event) => changed(event.delta));
  field.value = shown = whole();
  options.onChange?.(shown, undefined, false);

  return () => {
    ended = true;
    unobserve();
    field.removeEventListener("input", typed);
    field.removeEventListener("compositionstart", composes);
    field.removeEventListener("compositionend", composed);
  };
}
