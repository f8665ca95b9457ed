// What the page shares, in the page's words. The only module that knows the client.

import { bind } from "./selvedge/textarea.js";

/**
 * Opens the document `name` and connects; `token` gives tokens, if any are needed, and `profile` says
 * whose copy in this browser it is. Throws if the client cannot be loaded.
 */
export async function openShared(name, token, profile) {
  const { default: init, connect } = await import("./selvedge/selvedge.js");
  await init();
  const doc = connect({ url: location.origin, document: name, token, profile, guard: true });
  const refused = new Set();
  /** Makes an edit. What the rules forbid is told to those who show it, and not made. */
  const edit = (change) => {
    try {
      return change();
    } catch (error) {
      if (error.code !== "rule") throw error;
      for (const told of refused) told(error);
      return undefined;
    }
  };
  return {
    note: sharedText(doc.text("note"), refused),
    tasks: sharedTasks(doc, doc.array("tasks"), edit),
    presence: sharedPresence(doc, doc.text("note")),
    connection: sharedConnection(doc, refused),
    access: sharedAccess(doc),
    history: sharedHistory(doc, name, token),
    undo: sharedUndo(doc, doc.text("note"), edit),
    close: () => doc.close(),
  };
}

function sharedText(text, refused) {
  return {
    /** Binds a field; `onChange(shown, delta, here)` hears of each change of what it shows. */
    bind: (field, onChange) => bind(text, field, { onChange, onRefused }),
  };

  function onRefused(error) {
    if (error.code !== "rule") return console.error(error);
    for (const told of refused) told(error);
  }
}

function sharedTasks(doc, array, edit) {
  const observers = [];
  /** What was not made is shown as it is. */
  const orShow = (change) => edit(change) ?? observers.forEach((changed) => changed());
  return {
    list: () => array.toJSON(),
    add: (title) =>
      orShow(() =>
        doc.transact(() => {
          const task = array.insertMap(array.length);
          task.set("title", title);
          task.set("done", false);
        }),
      ),
    set: (index, key, value) => orShow(() => array.get(index)?.set?.(key, value)),
    remove: (index) => orShow(() => array.delete(index, 1)),
    /** Calls `moved(delta)` when tasks come and go, and `changed()` after any change. */
    observe: (moved, changed) => {
      array.observe((event) => moved(event.delta));
      array.observeDeep(changed);
      observers.push(changed);
    },
  };
}

function sharedPresence(doc, text) {
  /** A cursor with the letters that it is beside, so that it is right wherever these are by then. */
  const pinned = (cursor) => ({
    ...cursor,
    beside: [cursor.anchor, cursor.head].map((index) =>
      text.relativePosition(Math.min(index, text.length), -1),
    ),
  });
  const found = (cursor) => {
    try {
      const [anchor, head] = cursor.beside.map((position) => text.absolutePosition(position));
      return anchor === null || head === null ? cursor : { anchor, head };
    } catch {
      // Somebody with another client: what they say is all there is.
      return cursor;
    }
  };
  const withCursor = (state, change) =>
    state?.cursor ? { ...state, cursor: change(state.cursor) } : state;
  return {
    say: (state) => doc.presence.set(withCursor(state, pinned)),
    /** Everyone else, by client id. */
    others: () =>
      new Map(
        [...doc.presence.peers]
          .filter(([id]) => id !== doc.clientId)
          .map(([id, state]) => [id, withCursor(state, found)]),
      ),
    observe: (changed) => doc.presence.observe(changed),
  };
}

function sharedUndo(doc, text, edit) {
  const positions = (...indexes) =>
    indexes.map((index) => text.relativePosition(Math.min(index, text.length), -1));
  const back = (change) => edit(() => doc.access?.mayWrite !== false && change()) ?? false;
  return {
    state: () => ({ canUndo: doc.canUndo, canRedo: doc.canRedo }),
    undo: () => back(() => doc.undo()),
    redo: () => back(() => doc.redo()),
    /** What is selected in the note: it is again when what is written next is undone. */
    selected: (start, end) => doc.undoMeta(positions(start, end)),
    /** Calls `changed()` when there is more or less to undo, `select(start, end)` after undoing. */
    observe: (changed, select) => {
      doc.on("undo", changed);
      doc.on("undone", ({ meta }) => {
        if (!Array.isArray(meta)) return;
        const [start, end] = meta.map((position) => text.absolutePosition(position));
        if (start !== null && end !== null) select(start, end);
      });
    },
  };
}

function sharedAccess(doc) {
  return {
    /** `{ role, mayWrite }`, or `null` before the room has said so. */
    now: () => doc.access,
    observe: (changed) => doc.on("access", changed),
  };
}

function sharedConnection(doc, refused) {
  return {
    /** `state` is connecting, behind, live, offline or refused; refused has a `reason`. */
    status: () => doc.status,
    /** `pending` changes the room has not acknowledged, `pendingHere` this browser has not either. */
    saved: () => doc.saved,
    isKept: () => doc.storage.state === "kept",
    observe: (changed) => {
      doc.on("status", changed);
      doc.on("saved", changed);
      doc.on("storage", changed);
    },
    /** Calls `rejected({ path, rule })` when the note's rules forbid something, here or there. */
    observeRejections: (rejected) => {
      refused.add(rejected);
      doc.on("rejected", rejected);
    },
    /** Calls `lost({ content, pending, reason })` when this tab's copy could not go on. */
    observeAsides: (lost) => {
      doc.on("aside", lost);
      // Also one of an earlier visit, which is there once the browser said what it kept.
      doc.on("storage", () => doc.asides.slice(-1).forEach(lost));
    },
    discard: (aside) => doc.discardAside(aside),
    /** Calls `lost({ kind, path, ours, by })` when something written here lost to somebody. */
    observeConflicts: (lost) => doc.on("conflict", lost),
    /** Writes again what lost; whether that changed anything. */
    restore: (conflict) => {
      try {
        return conflict.restore();
      } catch (error) {
        if (!["gone", "rule", "not-allowed"].includes(error.code)) throw error;
        return false;
      }
    },
    cut: () => doc.disconnect(),
    mend: () => doc.connect(),
  };
}

/** What the room knows of the past. Those who may not ask are told so. */
function sharedHistory(doc, name, token) {
  async function ask(path) {
    const headers = token ? { authorization: `Bearer ${await token()}` } : {};
    const answer = await fetch(`/documents/${encodeURIComponent(name)}/${path}`, { headers });
    const said = await answer.json();
    if (!answer.ok) throw new Error(said.detail);
    return said;
  }
  return {
    /** The parts of the note, and who wrote each. */
    authors: () => doc.blame("note"),
    /** What was decided behind a sequence number. */
    decisions: (since) => ask(`audit?since=${since}`),
  };
}
