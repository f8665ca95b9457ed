/** A value without structure of its own: what JSON can say, `undefined`, and bytes. */
export type Json =
  | undefined
  | null
  | boolean
  | number
  | string
  | Uint8Array
  | readonly Json[]
  | { readonly [key: string]: Json };

/** What JSON can say. */
export type JsonValue =
  | null
  | boolean
  | number
  | string
  | readonly JsonValue[]
  | { readonly [key: string]: JsonValue };

/** A shared type: part of the document, with a structure that is merged. */
export type Shared =
  | SharedText
  | SharedMap
  | SharedArray
  | SharedXmlFragment
  | SharedXmlElement;

/**
 * What a map or an array holds. A `bigint` is a number of a stock Yjs client that a double cannot
 * hold. `undefined` also stands for what this client does not show, a subdocument for example.
 */
export type Value = Json | bigint | Shared;

/** Formats of a piece of text, by name. In a change, `null` takes a format away. */
export type Attributes = { readonly [name: string]: Json };

/** Ends what returned it. */
export type Unsubscribe = () => void;

/** One step of a change of a text, or of its content. Lengths are UTF-16 units. */
export type TextDelta =
  | { insert: string | Value; attributes?: Attributes; retain?: never; delete?: never }
  | { retain: number; attributes?: Attributes; insert?: never; delete?: never }
  | { delete: number; insert?: never; retain?: never };

/** One step of a change of an array, or of XML nodes. */
export type ListDelta<Item = Value> =
  | { insert: Item[]; retain?: never; delete?: never }
  | { retain: number; insert?: never; delete?: never }
  | { delete: number; insert?: never; retain?: never };

/** What happened to a key. The old value of a shared type is `undefined`: it is gone. */
export type KeyChange =
  | { action: "add"; value: Value }
  | { action: "update"; value: Value; oldValue: Value }
  | { action: "delete"; oldValue: Value };

/** What all events tell. */
export interface ChangeEvent<Target> {
  /** What changed. */
  readonly target: Target;
  /** From what is observed down to `target`: keys and indexes. Empty if they are the same. */
  readonly path: readonly (string | number)[];
  /** Whether this replica did it. */
  readonly local: boolean;
}

/** A text changed. */
export interface TextEvent extends ChangeEvent<SharedText> {
  /** The change, step by step. */
  readonly delta: TextDelta[];
}

/** Elements of an array came or went. */
export interface ArrayEvent extends ChangeEvent<SharedArray> {
  /** The change, step by step. */
  readonly delta: ListDelta[];
}

/** Keys of a map changed. */
export interface MapEvent extends ChangeEvent<SharedMap> {
  /** The change of each key. */
  readonly keys: Map<string, KeyChange>;
}

/** Nodes or attributes of an XML type changed. */
export interface XmlEvent extends ChangeEvent<SharedXmlFragment | SharedXmlElement> {
  /** The change of the nodes, step by step. */
  readonly delta: ListDelta<XmlNode>[];
  /** The change of each attribute; only elements have any. */
  readonly keys?: Map<string, KeyChange>;
}

/** Any change, as `observeDeep` tells it. */
export type DeepEvent = TextEvent | ArrayEvent | MapEvent | XmlEvent;

/** Formatted text. Indexes and lengths are UTF-16 units, as in JavaScript's strings. */
export interface SharedText {
  /** The length. An embed counts 1. */
  readonly length: number;
  /** The string, without formats and embeds. */
  toString(): string;
  /** The same as `toString()`. */
  toJSON(): string;
  /** The content with its formats: insertions only. */
  toDelta(): TextDelta[];
  /** Insert a string. Without `attributes` it takes the formats to its left. */
  insert(index: number, string: string, attributes?: Attributes): void;
  /** Insert one value that is no text: an image, a mention. */
  insertEmbed(index: number, embed: Json, attributes?: Attributes): void;
  /** Delete `length` units. */
  delete(index: number, length: number): void;
  /** Change formats of `length` units. */
  format(index: number, length: number, attributes: Attributes): void;
  /** Change the text as a delta says. */
  applyDelta(delta: readonly TextDelta[]): void;
  /**
   * A position in front of `index` that stays where it is while anybody edits: with the unit at
   * `index`, or with `assoc` below 0 with the one before. It can be sent: it is the JSON of Yjs's
   * relative positions.
   */
  relativePosition(index: number, assoc?: number): RelativePosition;
  /** The index of such a position now; `null` if it is not in this text, or not known here yet. */
  absolutePosition(position: RelativePosition): number | null;
  /** Call back after each change. */
  observe(callback: (event: TextEvent) => void): Unsubscribe;
  /** Free this object now instead of when it is collected. The text stays. */
  free(): void;
}

/** The name of one unit: who made it, and its number there. */
export type UnitId = { readonly client: number; readonly clock: number };

/** A position in a text that survives edits, as Yjs writes it. */
export type RelativePosition = {
  /** The unit that it stays with. */
  readonly item?: UnitId | null;
  /** Without one: the text at the root at an end of which it is. */
  readonly tname?: string | null;
  /** Without one: the text inside of something else. */
  readonly type?: UnitId | null;
  /** Below 0 if it stays with what is before it. */
  readonly assoc?: number;
};

/** Values by key. */
export interface SharedMap {
  /** The number of keys. */
  readonly size: number;
  /** The value of a key; `undefined` if there is none. */
  get(key: string): Value;
  /** Whether there is a key. */
  has(key: string): boolean;
  /** The keys, sorted. */
  keys(): string[];
  /** Set a key to a plain value. */
  set(key: string, value: Json): void;
  /** Set a key to a new, empty text. */
  setText(key: string): SharedText;
  /** Set a key to a new, empty map. */
  setMap(key: string): SharedMap;
  /** Set a key to a new, empty array. */
  setArray(key: string): SharedArray;
  /** Set a key to a new, empty XML fragment. */
  setXml(key: string): SharedXmlFragment;
  /** Delete a key. Nothing happens if there is none. */
  delete(key: string): void;
  /** Everything in it as plain values: texts and XML are strings. */
  toJSON(): { [key: string]: Json };
  /** Call back after each change of its keys. */
  observe(callback: (event: MapEvent) => void): Unsubscribe;
  /** Call back after each change in it or inside it. */
  observeDeep(callback: (events: DeepEvent[]) => void): Unsubscribe;
  /** Free this object now instead of when it is collected. The map stays. */
  free(): void;
}

/** Values in order. */
export interface SharedArray {
  /** The number of elements. */
  readonly length: number;
  /** One element; `undefined` if there is none. */
  get(index: number): Value;
  /** All elements. */
  toArray(): Value[];
  /** Insert plain values. */
  insert(index: number, values: readonly Json[]): void;
  /** Append plain values. */
  push(...values: Json[]): void;
  /** Insert a new, empty text. */
  insertText(index: number): SharedText;
  /** Insert a new, empty map. */
  insertMap(index: number): SharedMap;
  /** Insert a new, empty array. */
  insertArray(index: number): SharedArray;
  /** Delete `length` elements. */
  delete(index: number, length: number): void;
  /** Everything in it as plain values: texts and XML are strings. */
  toJSON(): Json[];
  /** Call back after elements came or went. */
  observe(callback: (event: ArrayEvent) => void): Unsubscribe;
  /** Call back after each change in it or inside it. */
  observeDeep(callback: (events: DeepEvent[]) => void): Unsubscribe;
  /** Free this object now instead of when it is collected. The array stays. */
  free(): void;
}

/** A node of an XML type. */
export type XmlNode = SharedXmlElement | SharedText;

/** XML nodes in order. */
export interface SharedXmlFragment {
  /** Only elements have a name. */
  readonly name?: string;
  /** The number of nodes. */
  readonly length: number;
  /** One node; `undefined` if there is none. */
  get(index: number): XmlNode | undefined;
  /** All nodes. */
  toArray(): XmlNode[];
  /** The markup. */
  toString(): string;
  /** The same as `toString()`. */
  toJSON(): string;
  /** Insert a new element. */
  insertElement(index: number, name: string): SharedXmlElement;
  /** Insert a new text. */
  insertText(index: number, string?: string): SharedText;
  /** Delete `length` nodes. */
  delete(index: number, length: number): void;
  /** Call back after each change of its nodes and attributes. */
  observe(callback: (event: XmlEvent) => void): Unsubscribe;
  /** Call back after each change in it or inside it. */
  observeDeep(callback: (events: DeepEvent[]) => void): Unsubscribe;
  /** Free this object now instead of when it is collected. The nodes stay. */
  free(): void;
}

/** An XML element: nodes in order, and attributes by name. */
export interface SharedXmlElement extends SharedXmlFragment {
  /** Its name. */
  readonly name: string;
  /** The value of an attribute; `undefined` if there is none. */
  getAttribute(name: string): Value;
  /** The names of its attributes, sorted. */
  attributeNames(): string[];
  /** Set an attribute. Stock Yjs clients expect strings. */
  setAttribute(name: string, value: Json): void;
  /** Take an attribute away. */
  removeAttribute(name: string): void;
}

/** Who came, who said something else, who went: client ids. */
export interface PeersChange {
  readonly added: number[];
  readonly updated: number[];
  readonly removed: number[];
}

/**
 * Who the room knows that a peer is, where tokens say who people are. Nobody can say this of
 * themselves.
 */
export interface Identity {
  /** The subject of its token. */
  readonly subject: string;
  /** What to call them, if the token says so. */
  readonly name?: string;
}

/**
 * Whether somebody is at work. `idle`: they did nothing on their page for a while. `away`: for a long
 * while, or it is hidden. What does not tell, a bot or a stock Yjs client, is `active`.
 */
export type Activity = "active" | "idle" | "away";

/** After how long somebody is not at work any more, in milliseconds; `Infinity`: never. */
export interface ActivityOptions {
  /** Idle, after so long without a key or a pointer; 60,000 if absent. */
  idleMs?: number;
  /** Away, after so long without; 300,000 if absent. */
  awayMs?: number;
  /** Away, after the page was hidden for so long; 30,000 if absent. */
  hiddenMs?: number;
}

/**
 * What a peer says about itself. If that is an object, the room adds who it is, and a `user.name` in
 * it is the name in its token, if that has one; the peer's client adds its `activity`.
 */
export type PeerState<State extends JsonValue = JsonValue> = State extends {
  readonly [key: string]: JsonValue;
}
  ? Omit<State, "identity" | "activity"> & {
      readonly identity?: Identity;
      readonly activity: Activity;
    }
  : State;

/** Who is here. `State` is what they say about themselves; what peers send is not checked. */
export interface Presence<State extends JsonValue = JsonValue> {
  /** Say something about this replica, at most 8 KiB of JSON. `null`: be gone for others. */
  set(state: State | null): void;
  /** What this replica says about itself. */
  readonly local: State | null;
  /**
   * What others say about themselves, by client id. While there is no connection, only those in
   * other tabs of this browser: of nobody else could it be heard that they are gone.
   */
  readonly peers: Map<number, PeerState<State>>;
  /** Call back when others come, go, say something else, or are at work or not any more. */
  observe(callback: (change: PeersChange) => void): Unsubscribe;
}

/** What carries a connection: requests over HTTP, in networks that block WebSockets. */
export type Transport = "websocket" | "http";

/** How the connection stands. */
export type Status = {
  /** What carries the connection; undefined while there is none. */
  readonly transport?: Transport;
} & (
  /** Connecting. */
  | { readonly state: "connecting" }
  /** Connected, and receiving what was missed. */
  | { readonly state: "behind" }
  /** Connected, with everything that the room had when the connection began. */
  | { readonly state: "live" }
  /** Not connected: cut off by the page, or between two attempts. */
  | { readonly state: "offline" }
  /** The room refuses, and trying again will not help. The document stays readable. */
  | { readonly state: "refused"; readonly code: number; readonly reason: string }
  /** The page closed the document. */
  | { readonly state: "closed"; readonly code: number; readonly reason: string }
);

/** What is saved, and where. */
export interface Saved {
  /** How many changes the room has not acknowledged: they are not saved *there*. */
  readonly pending: number;
  /**
   * How many of these this browser's storage does not have either: they are not saved *here*, and
   * are gone with the page. All of them, if nothing is kept.
   */
  readonly pendingHere: number;
}

/** Whether the document is kept in this browser. */
export type Storage =
  /** It is not known yet what was kept. */
  | { readonly state: "opening" }
  /** It is, with every change. */
  | { readonly state: "kept" }
  /** It is not, only in the memory of this page. */
  | {
      readonly state: "memory";
      readonly reason:
        /** The page does not want it: `offline: false`, or `forget()` in any tab. */
        | "off"
        /** This browser, or this mode of it, keeps nothing. */
        | "unavailable"
        /** There is no space left. */
        | "full"
        /** It took longer than 5 s to say what it has. */
        | "slow"
        /** It failed, or was taken away. */
        | "failed";
    };

/** How close this copy is to its room. */
export interface Sync {
  /**
   * When it last had everything that the room has, in milliseconds since 1970; `null` if it never
   * had since the page began.
   */
  readonly at: number | null;
  /**
   * How long the room's last answer took, in milliseconds; `null` if there was none, or another tab
   * speaks with the room.
   */
  readonly rttMs: number | null;
}

/** Which copy of which document. */
export interface Place {
  /** Where the Worker is, as in `connect`. */
  readonly url: string;
  /** The document's name. */
  readonly document: string;
  /** Whose copy it is, as in `connect`. */
  readonly profile?: string;
}

/** A document that is kept in this browser. */
export interface KeptDocument extends Place {
  readonly profile: string;
  /** How much is stored, in bytes. */
  readonly bytes: number;
  /** How many of its changes were not saved in the room. */
  readonly pending: number;
  /** When it was stored last, in milliseconds since 1970. */
  readonly usedAt: number;
}

/** What `connect` needs to know. */
export interface ConnectOptions<State extends JsonValue = JsonValue> {
  /** Where the Worker is: an http, https, ws or wss URL, with a path prefix if it has one. */
  url: string;
  /** The document's name: 1 to 512 bytes of UTF-8 without control characters. */
  document: string;
  /**
   * The token that says who this is: a JSON Web Token, or a function that gives one whenever one is
   * needed. It is called before each connection and again before what it granted ends, and may be
   * slow or fail: then it is asked again later. A string cannot be renewed.
   */
  token?: string | (() => string | Promise<string>);
  /** What to say about this replica at first. */
  presence?: State | null;
  /**
   * The trace that this visit belongs to, as in W3C Trace Context. The room's logs name it. By
   * default a new one.
   */
  traceparent?: string;
  /**
   * Whether the room is told, once a minute, how long edits took, and now and then asked when
   * somebody else has one. By default it is not. Nothing of the document is in that.
   */
  telemetry?: boolean;
  /**
   * Whether the document is kept in this browser, so that it opens without a network and nothing is
   * lost when the page ends. By default it is. `"until-closed"`: until `close()`, if everything is
   * saved by then. Whoever uses this browser can read what is kept.
   */
  offline?: boolean | "until-closed";
  /**
   * Whose copy this is, by default the empty string. Copies of different profiles never meet. Tabs of
   * one profile share a connection, and with it the token of the tab that leads: where several people
   * use one browser, each needs a profile.
   */
  profile?: string;
  /** Whether the browser asks before it closes the page while `saved.pendingHere` is above 0. */
  guard?: boolean;
  /**
   * When this replica's peers see that nobody is at work here: one message when it changes, and none
   * otherwise. `false`: never. It needs a page, and a presence that is an object.
   */
  activity?: false | ActivityOptions;
  /** What can be undone: by default everything that is written here. `false`: nothing. */
  undo?: false | UndoOptions;
  /**
   * What becomes of a change that loses to somebody who did not know it, by path: segments with a
   * slash between them as in `Rejection`, where `*` is any one of them: `"tasks/*\/title"`. The
   * first that fits counts. By default `"notify"`.
   */
  conflicts?: { readonly [path: string]: ConflictPolicy };
}

/** What can be undone. */
export interface UndoOptions {
  /** An edit at most so many milliseconds after the one before is part of its step; 500 if absent. */
  groupMs?: number;
  /** Only what is written in the shared types of these names at the root; in all if absent. */
  roots?: readonly string[];
}

/**
 * What becomes of a change that loses. `quiet`: it is gone. `notify`: the page is told. `keep-both`:
 * the value of a key is kept beside the one that won, under `title (conflict 1)` or the next number
 * that is free; anything else comes back where it was. The page is told.
 */
export type ConflictPolicy = "quiet" | "notify" | "keep-both";

/** What can be undone now. */
export interface UndoState {
  readonly canUndo: boolean;
  readonly canRedo: boolean;
}

/** A step was undone, or done again. */
export interface Undone {
  readonly action: "undo" | "redo";
  /** What `undoMeta` had said when the step began, or when it was undone. */
  readonly meta: Json;
}

/**
 * A change of this replica, not acknowledged yet, lost to somebody who did not know it.
 *
 * `key`: another value counts. `format`: another format of the same text does. `inside`: the shared
 * type that it is in was deleted. `around`: it is there, but the text on both sides of it is not.
 */
export interface Conflict {
  readonly kind: "key" | "format" | "inside" | "around";
  /** From a root of the document down to what both changed. */
  readonly path: readonly (string | number)[];
  /** With `format`: its name. */
  readonly format?: string;
  /** What was written here, or all that was in what is gone, as a plain value. */
  readonly ours: Json;
  /** What is there instead; `undefined` if nothing is. */
  readonly theirs: Json;
  /**
   * The client that wrote that; `null` if it is not known, as of deletions. Who that is, presence
   * may tell: `doc.presence.peers.get(by)?.identity`.
   */
  readonly by: number | null;
  /** When this replica learned of it, in milliseconds since 1970. */
  readonly at: number;
  readonly policy: "notify" | "keep-both";
  /** With `keep-both`: under which key ours is kept. */
  readonly keptAs?: string;
  /**
   * Write ours again; with `inside` and `around`: bring back what was deleted. It is an edit like
   * any other. Returns whether anything changed; throws `gone` if what it was in is gone.
   */
  restore(): boolean;
}

/** How long edits took, in milliseconds: upper bounds of what so many of them stayed below. */
export interface Delay {
  /** How many edits these figures are of. */
  readonly count: number;
  /** Half of them took at most so long; `null` of none. */
  readonly p50Ms: number | null;
  /** Of twenty of them nineteen did. */
  readonly p95Ms: number | null;
  /** Of a hundred of them all but one did. */
  readonly p99Ms: number | null;
}

/** How long edits took that were made while there was a connection. */
export interface Latency {
  /** Until the room said that they are durable. */
  readonly durable: Delay;
  /** Until somebody else had them, and the way back. Only with `telemetry`, and of a few. */
  readonly seen: Delay;
}

/** What a replica may do, as far as that is the same in all of the document. */
export interface Access {
  /** `reader`, `commenter`, `editor`, `owner`, or one that the document's schema defines. */
  readonly role: string;
  /** Whether it may change anything. If not, edits throw `not-allowed`. */
  readonly mayWrite: boolean;
  /** Whether others are shown its presence. */
  readonly mayPresent: boolean;
}

/** An open document. Edits show at once; they are sent when there is a connection. */
export interface SharedDocument<State extends JsonValue = JsonValue> {
  /** The text `name` at the root. It need not be created. */
  text(name: string): SharedText;
  /** The map `name` at the root. It need not be created. */
  map(name: string): SharedMap;
  /** The array `name` at the root. It need not be created. */
  array(name: string): SharedArray;
  /** The XML fragment `name` at the root. It need not be created. */
  xml(name: string): SharedXmlFragment;
  /** Make several edits. They are sent together, and callbacks hear of them afterwards. */
  transact<Result>(change: () => Result): Result;
  /** Who is here. */
  readonly presence: Presence<State>;
  /** The id of this replica, a random number of 32 bits. Another one after `"aside"`. */
  readonly clientId: number;
  /** How the connection stands. */
  readonly status: Status;
  /** How close this copy is to its room. */
  readonly sync: Sync;
  /** What is saved, and where. */
  readonly saved: Saved;
  /** Whether the document is kept in this browser. */
  readonly storage: Storage;
  /**
   * The number of the last edit: each call that changed something counts, from 1 on, also within
   * `transact`. 0 before the first. It goes on counting after `"aside"`, and begins anew with the
   * page.
   */
  readonly lastChange: number;
  /** The id of the trace that this visit belongs to: 32 digits, as in the room's logs. */
  readonly trace: string;
  /** How long edits took. */
  readonly latency: Latency;
  /** What this replica may do; `null` before the room has said so. */
  readonly access: Access | null;
  /**
   * Who wrote which part of a shared type at the root: of a map each key, of the others runs of
   * UTF-16 units, elements or nodes, in order. `path` is its name, written as in `Rejection.path`,
   * and it has to have been asked for with `text`, `map`, `array` or `xml`. The room is asked over
   * HTTP, with the token: it answers commenters and more, and of what it has, which may be ahead of
   * this copy or lack what is not saved yet. Rejects with a `SelvedgeError`: `denied`, `network`,
   * `argument`, `closed`.
   */
  blame(path: string): Promise<Blame[]>;
  /**
   * Who wrote what is at one place: an index, or of a map a key. `null` if there is nothing. The same
   * as `blame` otherwise.
   */
  who(path: string, position: number | string): Promise<Author | null>;
  /**
   * Resolves when the room has acknowledged every change. Rejects when the document is closed
   * before that, or its copy put aside.
   */
  whenSaved(): Promise<void>;
  /** Resolves when every change is saved in the room or in this browser. Rejects as `whenSaved`. */
  whenSavedHere(): Promise<void>;
  /** Keep the document in this browser, if it is not kept. `"storage"` tells whether that works. */
  keep(): void;
  /**
   * Keep it no longer in any tab, and throw away what is kept, with copies that were put aside. What
   * is not saved in the room stays in the tabs only that have the document open. Rejects with the
   * code `storage`.
   */
  forget(): Promise<void>;
  /**
   * The whole document as an encoded Yjs update (version 1), with what is not saved. This is how to
   * keep what was written when the document is closed for good.
   */
  toUpdate(): Uint8Array;
  /**
   * Take in an encoded Yjs update (version 1) as an edit of this replica, all of it or nothing, as
   * a stock `Y.Doc` makes them. Nothing is sent of what is here already. Throws `malformed`,
   * `unreadable`, `missing` or `not-allowed`. The rules of the document's schema are not asked
   * before, as they are for edits: the room undoes what breaks them, see `"rejected"`.
   */
  applyUpdate(update: Uint8Array): void;
  /** Call back when the status changes. */
  on(event: "status", callback: (status: Status) => void): Unsubscribe;
  /** Call back when what is saved changes. */
  on(event: "saved", callback: (saved: Saved) => void): Unsubscribe;
  /** Call back when it changes whether the document is kept in this browser. */
  on(event: "storage", callback: (storage: Storage) => void): Unsubscribe;
  /**
   * Call back when the room did not take something because it is over a limit. Nothing is lost:
   * with `retryMs` it is sent again then; without, the document is closed with code 4413 and stays
   * readable (presence aside, without which the room goes on).
   */
  on(event: "refused", callback: (refusal: Refusal) => void): Unsubscribe;
  /**
   * Call back when the room undid some of what was written here, since it breaks the rules of the
   * document's schema: once for each part. The edit that undoes it comes next, or has come already
   * if it happened while this replica was away; what else was written stays.
   */
  on(event: "rejected", callback: (rejection: Rejection) => void): Unsubscribe;
  /**
   * Call back when what this replica may do changes. Edits that it may not make any more are in the
   * copy that `aside` tells of.
   */
  on(event: "access", callback: (access: Access) => void): Unsubscribe;
  /**
   * Call back when this copy could not go on: it holds changes that it may not make, the document's
   * history was replaced, or a change in it made its room fail. It is put aside, and the document
   * goes on with what the room has, under another `clientId`; shared types at the root stay valid
   * and report the change.
   */
  on(event: "aside", callback: (aside: Aside) => void): Unsubscribe;
  /**
   * Call back with each update that this replica takes in, as encoded Yjs updates (version 1):
   * edits made here (`local`) and what the room sends. A copy that is put aside is told of by
   * `"aside"` alone.
   */
  on(event: "update", callback: (update: Uint8Array, local: boolean) => void): Unsubscribe;
  /** Call back when what can be undone changes. */
  on(event: "undo", callback: (state: UndoState) => void): Unsubscribe;
  /** Call back after a step was undone or done again: an editor sets its selection then. */
  on(event: "undone", callback: (undone: Undone) => void): Unsubscribe;
  /** Call back when a change of this replica lost to somebody else's: once for each. */
  on(event: "conflict", callback: (conflict: Conflict) => void): Unsubscribe;
  /**
   * Undo the last step of this replica of which anything is left to undo. Steps are kept with the
   * document. What others changed since
   * stays as they have it. Returns whether there was one.
   */
  undo(): boolean;
  /** Do again what was undone last. Nothing is left of that once something else is written. */
  redo(): boolean;
  /** Whether there is a step to undo. */
  readonly canUndo: boolean;
  /** Whether there is a step to do again. */
  readonly canRedo: boolean;
  /** The next edit begins a step, whenever it is made. */
  undoBoundary(): void;
  /** Each step that begins from now on carries this, a selection for example: see `"undone"`. */
  undoMeta(meta: Json): void;
  /**
   * The copies that could not go on, oldest first. They are kept with the document until they are
   * discarded, and as long as the page lives.
   */
  readonly asides: readonly Aside[];
  /** Throw away one of `asides`: it was exported, or nobody needs it. */
  discardAside(aside: Aside): void;
  /** Connect again after `disconnect()`, or after the connection was closed. */
  connect(): void;
  /** Cut the connection. Edits are kept and sent later. */
  disconnect(): void;
  /** Free everything: the socket, timers, callbacks, the document. What is kept stays kept. */
  close(): void;
}

/** Who wrote something, as the room knows it. */
export interface Author {
  /** Under which client id. */
  readonly client: number;
  /** The number of who that is in this document; 0 is everyone: written without a token. */
  readonly number: number;
  /** The subject of their token; `null` if it was everyone, or who it was is erased. */
  readonly subject: string | null;
  /** The name in their token when they wrote first; `null` if there was none. */
  readonly name: string | null;
}

/** A part of a text, an array or an XML type, and who wrote it. */
export interface BlamedRun extends Author {
  /** Where it begins: in UTF-16 units, elements or nodes. */
  readonly start: number;
  /** How long it is. */
  readonly len: number;
  readonly key?: undefined;
}

/** A key of a map, and who wrote its value. */
export interface BlamedKey extends Author {
  readonly key: string;
  readonly start?: undefined;
  readonly len?: undefined;
}

/** A part of a shared type, and who wrote it. */
export type Blame = BlamedRun | BlamedKey;

/** Something that the room did not take. */
export interface Refusal {
  /** Which limit it is over. */
  readonly limit:
    | "frame-bytes"
    | "update-bytes"
    | "document-bytes"
    | "sessions"
    | "presence-bytes"
    | "session-frames"
    | "session-bytes"
    | "room-frames"
    | "room-bytes"
    | "failures"
    | "update-clients"
    | "other";
  /** What it would have been, in the limit's unit. */
  readonly value: number;
  /** The most that the room takes. */
  readonly max: number;
  /** When trying again helps, in milliseconds; absent if it will not. */
  readonly retryMs?: number;
  /** The same as a sentence in English. */
  readonly message: string;
}

/**
 * The rules that a schema has. `insert`, `change` and `delete` are about who may do that; the others
 * about what a part may hold.
 */
export type Rule =
  | "insert"
  | "change"
  | "delete"
  | "type"
  | "enum"
  | "min"
  | "max"
  | "min-length"
  | "max-length"
  | "pattern"
  | "required"
  | "closed"
  | "max-items"
  | "max-characters"
  | "append-only"
  | "write-once"
  | "other-roots";

/** A part of a change that the room undid. */
export interface Rejection {
  /**
   * Where: keys and indexes with a slash between them, in which `~` is written `~0` and `/` is
   * written `~1` (as in a JSON pointer, RFC 6901). The first is the name of a root.
   */
  readonly path: string;
  /** Which rule it broke. A later room may know more rules. */
  readonly rule: Rule | (string & {});
  /**
   * What stood there until then, as a plain value: texts and XML are strings. `undefined` if nothing
   * did, or nothing below a root that the page asked for.
   */
  readonly value: Json;
  /**
   * Which edit it was part of: what `lastChange` was behind it; of several that broke the rule at
   * this place at once, the first. `undefined` if that is not known: it was made by another page of
   * the same person, or before a reload or `"aside"`; or it only took something away, and was sent
   * together with other edits.
   */
  readonly changeId: number | undefined;
  /** The same as a sentence in English. */
  readonly message: string;
}

/** A copy of the document that could not go on, with all that was written in it. */
export interface Aside {
  /** All of it as an encoded Yjs update (version 1). */
  readonly update: Uint8Array;
  /** What the page had asked for of it, by name, as plain values: texts and XML are strings. */
  readonly content: { readonly [root: string]: Json };
  /** How many of its changes were not saved. */
  readonly pending: number;
  /**
   * Why: 4405, it holds changes that it may not make; 4409, the history was replaced; 4424, a
   * change in it made the room fail.
   */
  readonly code: number;
  /** The same in English. */
  readonly reason: string;
}

/** What misuse throws, with a `code` that stays the same from version to version. */
export interface SelvedgeError extends Error {
  readonly name: "SelvedgeError";
  readonly code:
    /** The document was closed. */
    | "closed"
    /** The copy with what `whenSaved` waits for was put aside. */
    | "aside"
    /** An option of `connect` is missing, unknown or wrong. */
    | "option"
    /** There is no `WebSocket` here, as in Node 20: set `globalThis.WebSocket` before. */
    | "unsupported"
    /** The browser's storage failed, or there is none. */
    | "storage"
    /** What is to be forgotten is open in some tab. */
    | "open"
    /** An argument is of the wrong type. */
    | "argument"
    /** A value cannot be part of a document. */
    | "value"
    /** A range ends behind the end. */
    | "range"
    /** A range begins or ends inside a character that takes two UTF-16 units. */
    | "surrogate"
    /** The shared type was deleted. */
    | "gone"
    /** The shared type is of another kind. */
    | "kind"
    /** A value is larger than 16 MiB. */
    | "too-large"
    /** A value is nested more than 100 deep. */
    | "too-deep"
    /** The role of this replica may not change the document. */
    | "not-allowed"
    /** The room does not answer this to whoever asks: the token does not hold, or grants less. */
    | "denied"
    /** The room could not be asked, or could not answer now. */
    | "network"
    /** The edit breaks a rule of the document's schema. Nothing is changed and nothing sent. */
    | "rule"
    /** The bytes are no Yjs update of version 1. */
    | "malformed"
    /** An update holds content that this client cannot read, an `XmlHook` for example. */
    | "unreadable"
    /** An update refers to something that is not in the document: one before it is missing. */
    | "missing"
    /** A presence is no JSON or larger than 8 KiB. */
    | "presence";
  /** With the code `rule`: where it would be broken, as in `Rejection`. */
  readonly path?: string;
  /** With the code `rule`: which one. */
  readonly rule?: Rule;
}

/** Open a document and connect to its room. The module must have been initialized. */
export function connect<State extends JsonValue = JsonValue>(
  options: ConnectOptions<State>,
): SharedDocument<State>;

/** How all open documents of a page stand, as one. What `close()` was called on does not count. */
export interface PageStatus {
  /** The worst state that one of them is in, from good to bad; `live` if none is open. */
  readonly state: "live" | "behind" | "connecting" | "offline" | "refused";
  /** How many are open. */
  readonly documents: number;
  /** How many of all their changes are not saved in their rooms. */
  readonly pending: number;
  /** How many of these this browser's storage does not have either. */
  readonly pendingHere: number;
}

/** How all open documents of this page stand. The module must have been initialized. */
export function status(): PageStatus;

/** Call back when that changes. The module must have been initialized. */
export function onStatus(callback: (status: PageStatus) => void): Unsubscribe;

/** The documents that are kept in this browser. Rejects with the code `storage`. */
export function kept(): Promise<KeptDocument[]>;

/**
 * Throw away what is kept of a document that no tab has open, with copies that were put aside.
 * Rejects with the codes `open` and `storage`.
 */
export function forget(place: Place): Promise<void>;

/** Ask the browser not to throw away what is kept when it is short of space. Says whether it agrees. */
export function persist(): Promise<boolean>;

/**
 * Keep at most so many bytes of documents; by default 256 MiB. Beyond that those make way that were
 * not used for longest, but none that is open or has changes that are not saved in its room.
 */
export function keepAtMost(bytes: number): void;
