// How the adapters are used, checked by the type checker. Nothing here is run.

import type { EditorView } from "@codemirror/view";
import { connect } from "selvedge";
import type { PageStatus, PeerState, SelvedgeError, SharedDocument, SharedText } from "selvedge";
import { fromText, selvedge } from "selvedge/codemirror";
import type { CodemirrorOptions } from "selvedge/codemirror";
import { useDocument, usePageStatus, usePresence, useStatus, useText } from "selvedge/react";
import { bind, moveIndex } from "selvedge/textarea";
import type { Unbind } from "selvedge/textarea";
import { Provider, attach } from "selvedge/yjs";
import type { Detach, Detached } from "selvedge/yjs";
import { Awareness } from "y-protocols/awareness";
import * as Y from "yjs";

type Person = { user: { name: string; color: string } };

export function editors(doc: SharedDocument<Person>, field: HTMLInputElement): (() => void)[] {
  const ydoc = new Y.Doc();
  const awareness = new Awareness(ydoc);
  const detach: Detach = attach(doc, ydoc, awareness, { onDetach: explain });
  attach(connect({ url: "wss://selvedge.example", document: "a" }), ydoc);
  const provider = new Provider(doc, ydoc, awareness);
  provider.on("sync", (isSynced: boolean) => isSynced);
  provider.on("status", ({ status }) => status.length);
  // @ts-expect-error: there is no such event
  provider.on("synced", () => {});
  const unbind: Unbind = bind(doc.text("note"), field, {
    onChange: (shown, delta, here) => (here && delta ? moveIndex(delta, shown.length, true) : 0),
    onRefused: (error) => console.error(error),
  });
  const options: CodemirrorOptions = { presence: doc.presence, field: "caret" };
  const extension = selvedge(doc.text("note"), options);
  // @ts-expect-error: a map is no text
  bind(doc.map("note"), field);
  return [detach, unbind, () => [extension, provider.synced, provider.destroy()]];
}

function explain(why: Detached): string {
  if (why.reason === "aside") return `${why.aside.pending} of ${why.aside.update.length}`;
  const error: SelvedgeError = why.error;
  return error.code;
}

export function isTheirs(view: EditorView): boolean {
  return view.state.update({ annotations: fromText.of(true) }).annotation(fromText) ?? false;
}

export function Page(): string {
  const doc = useDocument<Person>({ url: "/", document: "a", presence: null });
  const note: string = useText(doc, "note");
  const inner: SharedText | undefined = doc?.text("inner");
  const people: PeerState<Person>[] = [...usePresence(doc).values()];
  const { connection, pending, access } = useStatus(doc);
  const why = connection.state === "refused" ? connection.reason : (access?.role ?? "");
  // @ts-expect-error: a document has many texts
  useText(doc);
  const { state, documents }: PageStatus = usePageStatus();
  if (state === "offline" && documents > 1) return people[0]?.activity ?? "";
  return [note, useText(inner), people[0]?.user.name, pending.toFixed(), why].join();
}
