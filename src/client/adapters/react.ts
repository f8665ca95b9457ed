/**
 * Hooks for React: a document, a text, who is here, and how things stand. On a server they show
 * what there is before a connection: nothing.
 *
 * @module
 */

import { useCallback, useMemo, useSyncExternalStore } from "react";
import init, { connect, onStatus, status } from "./selvedge.js";
import type {
  Access,
  ConnectOptions,
  JsonValue,
  PageStatus,
  PeerState,
  Presence,
  SharedDocument,
  SharedText,
  Status,
  Unsubscribe,
} from "./selvedge.js";

/**
 * Opens a document while a component that asks for it is shown; `undefined` until the client is
 * loaded. Components that ask for the same document of the same server share one, opened with the
 * options of the first. It is closed when the last of them is gone and everything is saved, so
 * that mounting twice, as strict mode does, opens one connection, and leaving loses no edit.
 *
 * Throws while rendering what loading or `connect` threw: for an error boundary to show.
 */
export function useDocument<State extends JsonValue = JsonValue>(
  options: ConnectOptions<State>,
): SharedDocument<State> | undefined {
  const key = JSON.stringify([options.url, options.document]);
  const subscribe = useCallback(
    (changed: () => void) => use(key, options, changed),
    // Other options count when it is opened.
    // eslint-disable-next-line react-hooks/exhaustive-deps
    [key],
  );
  const opened = useSyncExternalStore(subscribe, () => entries.get(key)?.opened, nothing);
  if (opened?.error !== undefined) throw opened.error;
  // Who asks for a document knows what is said in it.
  return opened?.doc as SharedDocument<State> | undefined;
}

/** A text as it is now: the text `name` at the document's root, or one that was found in it. */
export function useText(doc: SharedDocument | undefined, name: string): string;
export function useText(text: SharedText | undefined): string;
export function useText(of: SharedDocument | SharedText | undefined, name?: string): string {
  const text = useMemo(() => textOf(of, name), [of, name]);
  return useNews(
    text,
    (it, changed) => it.observe(changed),
    (it) => it.toString(),
    "",
  );
}

/**
 * What others say about themselves, by client id. What this replica says is set with
 * `doc.presence.set`.
 */
export function usePresence<State extends JsonValue>(
  doc: SharedDocument<State> | undefined,
): ReadonlyMap<number, PeerState<State>> {
  const presence = useMemo<Presence<State> | undefined>(() => doc?.presence, [doc]);
  const nobody = useMemo(() => new Map<number, PeerState<State>>(), []);
  return useNews(
    presence,
    (it, changed) => it.observe(changed),
    (it) => it.peers,
    nobody,
  );
}

/** How things stand. */
export interface Standing {
  /** The connection. */
  readonly connection: Status;
  /** How many changes the room has not acknowledged. */
  readonly pending: number;
  /** What this replica may do; `null` before the room has said so. */
  readonly access: Access | null;
}

/** How things stand with the connection, with what is saved, and with what may be done. */
export function useStatus(doc: SharedDocument | undefined): Standing {
  return useNews(doc, listenToStanding, standingOf, LOADING);
}

/** How all open documents of the page stand, as one: for a badge. */
export function usePageStatus(): PageStatus {
  return useSyncExternalStore(listenToPage, pageNow, pageNow);
}

const EMPTY: PageStatus = { state: "live", documents: 0, pending: 0, pendingHere: 0 };
let page = EMPTY;
const pageUsers = new Set<() => void>();
let listening: Promise<Unsubscribe> | undefined;

function pageNow(): PageStatus {
  return page;
}

function listenToPage(changed: () => void): Unsubscribe {
  const user = () => changed();
  pageUsers.add(user);
  listening ??= init().then(() => {
    const tell = (now: PageStatus) => {
      page = now;
      for (const user of [...pageUsers]) user();
    };
    tell(status());
    return onStatus(tell);
  });
  // What cannot be loaded has no documents; `useDocument` throws it.
  listening.catch(nothing);
  return () => void pageUsers.delete(user);
}

const LOADING: Standing = { connection: { state: "connecting" }, pending: 0, access: null };

function listenToStanding(doc: SharedDocument, changed: () => void): Unsubscribe {
  const ends = [doc.on("status", changed), doc.on("saved", changed), doc.on("access", changed)];
  return () => ends.forEach((end) => end());
}

function standingOf(doc: SharedDocument): Standing {
  const { status } = doc;
  return { connection: status, pending: doc.saved.pending, access: doc.access };
}

function textOf(
  of: SharedDocument | SharedText | undefined,
  name: string | undefined,
): SharedText | undefined {
  return of && "text" in of ? of.text(name ?? "") : of;
}

/**
 * What `read` gives, read again whenever `listen` tells of a change. Read once for each change,
 * since it gives another object each time.
 */
function useNews<Source extends object, Value>(
  source: Source | undefined,
  listen: (source: Source, changed: () => void) => Unsubscribe,
  read: (source: Source) => Value,
  none: Value,
): Value {
  const news = useMemo(() => {
    let value = none;
    let isStale = true;
    return {
      subscribe: (changed: () => void): Unsubscribe => {
        if (!source) return nothing;
        // What changed before this was not told.
        isStale = true;
        return listen(source, () => {
          isStale = true;
          changed();
        });
      },
      snapshot: (): Value => {
        if (source && isStale) [value, isStale] = [read(source), false];
        return value;
      },
    };
    // `listen`, `read` and `none` say the same each time.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [source]);
  return useSyncExternalStore(news.subscribe, news.snapshot, () => none);
}

/** A document that components ask for. */
interface Entry {
  readonly users: Set<() => void>;
  opened?: Opened;
}

/** What came of opening a document. */
interface Opened {
  readonly doc?: SharedDocument;
  readonly error?: unknown;
}

const entries = new Map<string, Entry>();

function use<State extends JsonValue>(
  key: string,
  options: ConnectOptions<State>,
  changed: () => void,
): Unsubscribe {
  let entry = entries.get(key);
  if (!entry) {
    entry = { users: new Set() };
    entries.set(key, entry);
    void open(entry, key, options);
  }
  const { users } = entry;
  // One of its own for each call: a component may ask twice.
  const user = () => changed();
  users.add(user);
  const used = entry;
  return () => {
    users.delete(user);
    void closeUnused(used, key);
  };
}

async function open<State extends JsonValue>(
  entry: Entry,
  key: string,
  options: ConnectOptions<State>,
): Promise<void> {
  try {
    await init();
    if (entries.get(key) !== entry) return;
    entry.opened = { doc: connect(options) };
  } catch (error) {
    entry.opened = { error };
  }
  for (const user of [...entry.users]) user();
}

async function closeUnused(entry: Entry, key: string): Promise<void> {
  // Strict mode, and a component that takes another's place, ask again at once.
  await undefined;
  const isUnused = () => entry.users.size === 0 && entries.get(key) === entry;
  if (!isUnused()) return;
  const doc = entry.opened?.doc;
  if (doc && doc.saved.pending > 0) {
    // Closed for good, or put aside: nothing will be saved any more.
    await doc.whenSaved().catch(nothing);
    if (!isUnused()) return;
  }
  entries.delete(key);
  doc?.close();
}

function nothing(): undefined {
  return undefined;
}
