/**
 * Binds CodeMirror 6 to a shared text, without yjs: what is typed is written into the text, what
 * others write comes as transactions that are marked as theirs, and their carets show.
 *
 * @module
 */

import { Annotation, EditorState, StateEffect, Transaction } from "@codemirror/state";
import type { ChangeSpec, Extension, Range, Text } from "@codemirror/state";
import { Decoration, EditorView, ViewPlugin, WidgetType } from "@codemirror/view";
import type { DecorationSet, PluginValue, ViewUpdate } from "@codemirror/view";
import { difference, inserted, plain } from "./delta.js";
import type { JsonValue, Presence, SharedText, TextDelta } from "./selvedge.js";

/** What a binding needs to know and tells. */
export interface CodemirrorOptions {
  /**
   * Who is here. The extension then says where this caret is, in a field of what this replica says
   * about itself, and shows where the carets of others are. What it reads of others is
   * `{ user: { name, color }, [field]: { anchor, head } }`, where `color` is a CSS colour.
   */
  readonly presence?: Presence;
  /** The field that carets are in. Editors of several texts want several. By default `"caret"`. */
  readonly field?: string;
  /**
   * Called with what the text threw when it did not take what was typed, a `SelvedgeError` as a
   * rule: the editor shows the text again. By default it goes to the console.
   */
  readonly onRefused?: (error: unknown) => void;
}

/** Marks transactions that bring what was written elsewhere, or what is in the text. */
export const fromText = Annotation.define<boolean>();

/** Others moved, came or went. */
const moved = StateEffect.define<null>();

/**
 * An extension that keeps an editor and a text equal. The editor need not begin with what the text
 * holds. It shows an embed as U+FFFC; lines end at line feeds only, so that indexes are the text's.
 *
 * What others write is not in the editor's undo history. Whether it may be typed into is the page's
 * to say (`EditorState.readOnly`).
 */
export function selvedge(text: SharedText, options: CodemirrorOptions = {}): Extension {
  const plugin = ViewPlugin.define((view) => new Binding(view, text, options), {
    decorations: (binding) => binding.decorations,
  });
  return [EditorState.lineSeparator.of("\n"), plugin, theme];
}

class Binding implements PluginValue {
  decorations: DecorationSet = Decoration.none;
  private readonly ends: (() => void)[] = [];
  private readonly field: string;
  /** The editor writes into the text: what the text tells meanwhile cannot be shown at once. */
  private writing = false;
  /** The text tells what the editor wrote so many times. */
  private unheard = 0;
  private resuming = false;
  private ended = false;
  private said = "";

  constructor(
    private readonly view: EditorView,
    private readonly text: SharedText,
    private readonly options: CodemirrorOptions,
  ) {
    this.field = options.field ?? "caret";
    this.ends.push(text.observe((event) => this.changed(event.delta)));
    const { presence } = options;
    if (presence) {
      this.ends.push(presence.observe(() => this.later(() => this.look())));
      this.decorations = this.carets(view.state.doc.length);
    }
    // An editor cannot be changed while it is made.
    if (stringOf(view.state.doc) !== plain(text.toDelta())) this.resume();
  }

  update(update: ViewUpdate): void {
    for (const transaction of update.transactions) {
      if (transaction.docChanged && !transaction.annotation(fromText)) this.write(transaction);
    }
    const { presence } = this.options;
    if (!presence) return;
    if (update.docChanged) this.decorations = this.decorations.map(update.changes);
    const looks = update.transactions.some(({ effects }) => effects.some((it) => it.is(moved)));
    if (looks) this.decorations = this.carets(update.state.doc.length);
    if (update.docChanged || update.selectionSet || update.focusChanged) {
      this.later(() => this.say(presence));
    }
  }

  destroy(): void {
    this.ended = true;
    for (const end of this.ends.splice(0)) end();
    const { presence } = this.options;
    if (presence && this.said !== "") this.sayCaret(presence, null);
  }

  /** Writes what was typed into the text. */
  private write(transaction: Transaction): void {
    if (this.resuming) return;
    const [before, after] = [transaction.startState.doc, transaction.newDoc];
    this.writing = true;
    try {
      transaction.changes.iterChanges((fromA, toA, fromB, toB) => {
        // No half of a character is written or deleted.
        const left = Number(splits(before, fromA) || splits(after, fromB));
        const right = Number(splits(before, toA) || splits(after, toB));
        const at = fromB - left;
        const string = after.sliceString(at, toB + right, "\n");
        this.step(toA + right - (fromA - left), (length) => this.text.delete(at, length));
        this.step(string.length, () => this.text.insert(at, string));
      });
    } catch (error) {
      this.unheard = 0;
      const report = this.options.onRefused ?? ((thrown) => console.error(thrown));
      report(error);
      this.resume();
    } finally {
      this.writing = false;
    }
    // Inside `transact`, or inside a callback of the document: it tells of this later.
    if (this.unheard > 0) this.resume();
  }

  private step(length: number, change: (length: number) => void): void {
    if (length === 0) return;
    this.unheard += 1;
    change(length);
  }

  private changed(delta: readonly TextDelta[]): void {
    if (this.resuming) return;
    if (this.unheard > 0) {
      this.unheard -= 1;
    } else if (this.writing) {
      this.resume();
    } else {
      this.show(changesOf(delta));
    }
  }

  /** Has the carets of others drawn anew. */
  private look(): void {
    this.view.dispatch({ effects: moved.of(null) });
  }

  /** Brings the editor up to date with the text, whatever was told. */
  private resume(): void {
    if (this.resuming) return;
    this.resuming = true;
    this.later(() => {
      const { doc } = this.view.state;
      const change = difference(stringOf(doc), plain(this.text.toDelta()), 0);
      this.unheard = 0;
      if (change) {
        const { index: from, removed, inserted: insert } = change;
        this.show([{ from, to: from + removed, insert }]);
      }
      this.resuming = false;
    });
  }

  private show(changes: ChangeSpec[]): void {
    const remote = [fromText.of(true), Transaction.remote.of(true)];
    const annotations = [...remote, Transaction.addToHistory.of(false)];
    this.view.dispatch({ changes, annotations });
  }

  /** Does something when the editor may be changed again, if it is still there. */
  private later(act: () => void): void {
    queueMicrotask(() => {
      if (!this.ended) act();
    });
  }

  /** Says where the caret is; that there is none while the editor has no focus. */
  private say(presence: Presence): void {
    const { anchor, head } = this.view.state.selection.main;
    this.sayCaret(presence, this.view.hasFocus ? { anchor, head } : null);
  }

  private sayCaret(presence: Presence, caret: Caret | null): void {
    const now = JSON.stringify(caret);
    if (now === this.said) return;
    this.said = now;
    const { local } = presence;
    const others = isRecord(local) ? local : {};
    try {
      presence.set({ ...others, [this.field]: caret && { ...caret } });
    } catch (error) {
      // A document that was closed has no presence.
      if (!(error instanceof Error && "code" in error && error.code === "closed")) throw error;
    }
  }

  /** Where others are, in an editor with so many units. */
  private carets(length: number): DecorationSet {
    const ranges: Range<Decoration>[] = [];
    for (const state of this.options.presence?.peers.values() ?? []) {
      const caret = isRecord(state) ? caretOf(state[this.field]) : undefined;
      if (!caret || !isRecord(state)) continue;
      const [anchor, head] = [Math.min(caret.anchor, length), Math.min(caret.head, length)];
      const user = isRecord(state["user"]) ? state["user"] : {};
      const color = colorOf(user["color"]);
      const name = typeof user["name"] === "string" ? user["name"] : "";
      const [from, to] = [Math.min(anchor, head), Math.max(anchor, head)];
      if (from < to) {
        const style = `background-color: color-mix(in srgb, ${color} 25%, transparent)`;
        ranges.push(Decoration.mark({ attributes: { style } }).range(from, to));
      }
      const side = head < anchor ? -1 : 1;
      ranges.push(Decoration.widget({ widget: new CaretWidget(name, color), side }).range(head));
    }
    return Decoration.set(ranges, true);
  }
}

/** A delta as CodeMirror has it: indexes before the change. */
function changesOf(delta: readonly TextDelta[]): ChangeSpec[] {
  const changes: ChangeSpec[] = [];
  let from = 0;
  for (const step of delta) {
    const insert = inserted(step);
    if (insert !== undefined) changes.push({ from, insert });
    else if (step.delete !== undefined) changes.push({ from, to: from + step.delete });
    from += step.retain ?? step.delete ?? 0;
  }
  return changes;
}

function stringOf(doc: Text): string {
  return doc.sliceString(0, doc.length, "\n");
}

/** What somebody says is a colour, if it is one. */
function colorOf(said: JsonValue | undefined): string {
  return typeof said === "string" && CSS.supports("color", said) ? said : "#888";
}

/** Whether an index lies between the two halves of a character. */
function splits(doc: Text, index: number): boolean {
  if (index === 0 || index === doc.length) return false;
  const around = doc.sliceString(index - 1, index + 1, "\n");
  return /^[\ud800-\udbff][\udc00-\udfff]$/.test(around);
}

interface Caret {
  readonly anchor: number;
  readonly head: number;
}

function caretOf(said: JsonValue | undefined): Caret | undefined {
  if (!isRecord(said)) return undefined;
  const { anchor, head } = said;
  return isIndex(anchor) && isIndex(head) ? { anchor, head } : undefined;
}

function isIndex(said: JsonValue | undefined): said is number {
  return typeof said === "number" && Number.isInteger(said) && said >= 0;
}

function isRecord(said: unknown): said is { readonly [key: string]: JsonValue } {
  return typeof said === "object" && said !== null && !Array.isArray(said);
}

class CaretWidget extends WidgetType {
  constructor(
    private readonly name: string,
    private readonly color: string,
  ) {
    super();
  }

  override eq(other: CaretWidget): boolean {
    return other.name === this.name && other.color === this.color;
  }

  override toDOM(): HTMLElement {
    const caret = document.createElement("span");
    caret.className = "cm-selvedge-caret";
    caret.style.setProperty("--color", this.color);
    const flag = document.createElement("span");
    flag.className = "cm-selvedge-name";
    flag.textContent = this.name;
    // Between two joiners: a line would break at the caret otherwise.
    caret.append("\u2060", flag, "\u2060");
    return caret;
  }

  override ignoreEvent(): boolean {
    return true;
  }
}

const theme = EditorView.baseTheme({
  ".cm-selvedge-caret": {
    position: "relative",
    borderLeft: "2px solid var(--color)",
    marginLeft: "-1px",
    marginRight: "-1px",
  },
  ".cm-selvedge-name": {
    position: "absolute",
    left: "-1px",
    bottom: "100%",
    padding: "0 4px",
    color: "white",
    backgroundColor: "var(--color)",
    font: "small sans-serif",
    whiteSpace: "nowrap",
    userSelect: "none",
    pointerEvents: "none",
  },
});
