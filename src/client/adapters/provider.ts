// What editors ask for that want a provider, as y-websocket is one.

import type { Doc } from "yjs";
import type { Awareness } from "y-protocols/awareness";
import { attach } from "./attach.js";
import type { AttachOptions, Detach } from "./attach.js";
import type { JsonValue, SharedDocument, Unsubscribe } from "./selvedge.js";

/** What a provider tells, with what its listeners are given. */
export interface ProviderEvents {
  /** Everything that the room had is here (`true`), or the connection is gone. */
  sync: (isSynced: boolean) => void;
  /** The connection's status in y-websocket's words. */
  status: (event: { status: "connecting" | "connected" | "disconnected" }) => void;
  /** Never told: for editors that ask. */
  update: (update: unknown) => void;
  /** Never told: for editors that ask. */
  reload: (ydoc: Doc) => void;
}

/**
 * An attached `Y.Doc` in the shape that editors know from y-websocket. It is attached from
 * `connect()` to `disconnect()`; the document's own connection is the page's to end.
 */
export class Provider {
  private readonly listeners = new Map<keyof ProviderEvents, Set<Listener>>();
  private detach: Detach | undefined;
  private unsubscribe: Unsubscribe | undefined;

  constructor(
    private readonly doc: SharedDocument<JsonValue>,
    private readonly ydoc: Doc,
    /** Who is here. */
    readonly awareness: Awareness,
    private readonly options: AttachOptions = {},
  ) {}

  /** Whether everything that the room had is here. */
  get synced(): boolean {
    return this.detach !== undefined && this.doc.status.state === "live";
  }

  /** Attach the `Y.Doc`. Nothing happens if it is. */
  connect(): void {
    if (this.detach) return;
    this.detach = attach(this.doc, this.ydoc, this.awareness, this.options);
    this.unsubscribe = this.doc.on("status", () => this.tell());
    this.tell();
  }

  /** Detach it. Nothing happens if it is not attached. */
  disconnect(): void {
    if (!this.detach) return;
    this.detach();
    this.unsubscribe?.();
    this.detach = this.unsubscribe = undefined;
    this.emit("status", { status: "disconnected" });
    this.emit("sync", false);
  }

  /** The same as `disconnect()`. */
  destroy(): void {
    this.disconnect();
  }

  /** Have `listener` called with each event of this kind. */
  on<Event extends keyof ProviderEvents>(event: Event, listener: ProviderEvents[Event]): void {
    const listeners = this.listeners.get(event) ?? new Set();
    this.listeners.set(event, listeners.add(listener));
  }

  /** And not any more. */
  off<Event extends keyof ProviderEvents>(event: Event, listener: ProviderEvents[Event]): void {
    this.listeners.get(event)?.delete(listener);
  }

  private tell(): void {
    const { state } = this.doc.status;
    const status = WORDS[state] ?? "disconnected";
    this.emit("status", { status });
    this.emit("sync", state === "live");
  }

  private emit<Event extends keyof ProviderEvents>(
    event: Event,
    told: Parameters<ProviderEvents[Event]>[0],
  ): void {
    // Those of this event take what is told of it.
    for (const listener of [...(this.listeners.get(event) ?? [])]) (listener as Tell)(told);
  }
}

type Listener = ProviderEvents[keyof ProviderEvents];
type Tell = (told: unknown) => void;

/** Everything else is no connection. */
const WORDS: { readonly [state: string]: "connecting" | "connected" } = {
  connecting: "connecting",
  behind: "connecting",
  live: "connected",
};
