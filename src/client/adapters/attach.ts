// Binds a stock `Y.Doc`, and the awareness of y-protocols, to an open document.

import { applyUpdate, encodeStateAsUpdate, encodeStateVectorFromUpdate } from "yjs";
import type { Doc } from "yjs";
import type { Awareness } from "y-protocols/awareness";
import type { Aside, JsonValue, SelvedgeError, SharedDocument } from "./selvedge.js";

/** Ends what `attach` began. Both documents stay as they are. */
export type Detach = () => void;

/**
 * Why an attached `Y.Doc` was detached: it holds something that the document does not, and would
 * never be equal to it again.
 */
export type Detached =
  /** The document's copy was put aside, as `on("aside")` tells, and it goes on with another. */
  | { readonly reason: "aside"; readonly aside: Aside }
  /**
   * The document did not take what was written into the `Y.Doc`: a reader may not write
   * (`not-allowed`), it was closed (`closed`), or the content is none that it can hold.
   */
  | { readonly reason: "refused"; readonly error: SelvedgeError };

/** What an attached document tells. */
export interface AttachOptions {
  /**
   * Called when the `Y.Doc` was detached for good. The page makes a new `Y.Doc` and attaches that;
   * what was written in the old one is still in it. By default it goes to the console.
   */
  readonly onDetach?: (why: Detached) => void;
}

/**
 * Keeps `ydoc` and `doc` equal: what either holds now, and each change of either from now on. What
 * comes from `doc` is applied with a transaction origin of its own, so that undo managers leave it
 * alone.
 *
 * `awareness` says what this replica says about itself (`doc.presence`, which it then owns), and is
 * told what others say, each under its own client id. They stay as long as they are here: the 30
 * seconds after which y-protocols forgets who is silent are the room's to count.
 *
 * @throws SelvedgeError if the document does not take what `ydoc` holds. Then nothing is attached.
 */
export function attach<State extends JsonValue>(
  doc: SharedDocument<State>,
  ydoc: Doc,
  awareness?: Awareness,
  options: AttachOptions = {},
): Detach {
  /** Whose copy this is; the document has another id after it was put aside. */
  const { clientId } = doc;
  const origin = Symbol("selvedge");
  const ends: (() => void)[] = [];
  let isAttached = true;

  function detach(): void {
    if (!isAttached) return;
    isAttached = false;
    for (const end of ends.splice(0)) end();
  }

  function giveUp(why: Detached): void {
    if (!isAttached) return;
    detach();
    if (options.onDetach) options.onDetach(why);
    else console.error("selvedge: a Y.Doc was detached", why);
  }

  function written(update: Uint8Array, by: unknown): void {
    // The document was put aside, and says so next.
    if (by === origin || doc.clientId !== clientId) return;
    try {
      doc.applyUpdate(update);
    } catch (error) {
      if (!isSelvedgeError(error)) throw error;
      giveUp({ reason: "refused", error });
    }
  }

  ends.push(doc.on("update", (update) => applyUpdate(ydoc, update, origin)));
  ends.push(doc.on("aside", (aside) => giveUp({ reason: "aside", aside })));
  try {
    const held = doc.toUpdate();
    applyUpdate(ydoc, held, origin);
    doc.applyUpdate(encodeStateAsUpdate(ydoc, encodeStateVectorFromUpdate(held)));
  } catch (error) {
    detach();
    throw error;
  }
  ydoc.on("update", written);
  ydoc.on("destroy", detach);
  ends.push(() => {
    ydoc.off("update", written);
    ydoc.off("destroy", detach);
  });
  if (awareness) ends.push(present(doc, awareness, origin));
  return detach;
}

/** Binds presence and awareness. Returns what ends that. */
function present<State extends JsonValue>(
  doc: SharedDocument<State>,
  awareness: Awareness,
  origin: symbol,
): () => void {
  const { presence } = doc;
  const shown = new Set<number>();

  function say(state: object | null): void {
    try {
      // What an awareness says is not checked, neither here nor there.
      presence.set(state as State | null);
    } catch (error) {
      // Nobody is there any more to hear it.
      if (!isSelvedgeError(error) || error.code !== "closed") throw error;
    }
  }

  function changed({ added, updated, removed }: Changes): void {
    const ids = [...added, ...updated, ...removed];
    if (ids.includes(awareness.clientID)) say(awareness.getLocalState());
  }

  /** Tells the awareness what others say, as it tells itself what it hears from a provider. */
  function tell({ added, updated, removed }: Changes): void {
    // One of them cannot have the id of our own Y.Doc.
    const mine = (id: number) => id === awareness.clientID;
    const { peers } = presence;
    const heard: Heard = { added: [], updated: [], removed: [] };
    for (const id of [...added, ...updated]) {
      const state = peers.get(id);
      if (state === undefined || state === null || mine(id)) continue;
      const isNew = !awareness.states.has(id);
      // A state of y-protocols is an object; somebody may say something else.
      awareness.states.set(id, typeof state === "object" ? { ...state } : { state });
      awareness.meta.set(id, { clock: clockOf(awareness, id) + 1, lastUpdated: Infinity });
      shown.add(id);
      (isNew ? heard.added : heard.updated).push(id);
    }
    for (const id of removed) {
      if (!shown.delete(id)) continue;
      awareness.states.delete(id);
      awareness.meta.set(id, { clock: clockOf(awareness, id) + 1, lastUpdated: Date.now() });
      heard.removed.push(id);
    }
    if (heard.added.length + heard.updated.length + heard.removed.length === 0) return;
    awareness.emit("change", [heard, origin]);
    awareness.emit("update", [heard, origin]);
  }

  say(awareness.getLocalState());
  awareness.on("update", changed);
  tell({ added: [...presence.peers.keys()], updated: [], removed: [] });
  const unobserve = presence.observe(tell);
  return () => {
    unobserve();
    awareness.off("update", changed);
    tell({ added: [], updated: [], removed: [...shown] });
    say(null);
  };
}

/** Client ids, as both sides tell them. */
interface Changes {
  readonly added: readonly number[];
  readonly updated: readonly number[];
  readonly removed: readonly number[];
}

interface Heard extends Changes {
  readonly added: number[];
  readonly updated: number[];
  readonly removed: number[];
}

function clockOf(awareness: Awareness, id: number): number {
  return awareness.meta.get(id)?.clock ?? 0;
}

function isSelvedgeError(error: unknown): error is SelvedgeError {
  return error instanceof Error && error.name === "SelvedgeError";
}
