// How the client is used, checked by the type checker. Nothing here is run.

import init, { connect, onStatus, status } from "selvedge";
import type {
  Activity,
  Attributes,
  ConnectOptions,
  DeepEvent,
  Json,
  KeyChange,
  SelvedgeError,
  SharedMap,
  SharedText,
  Status,
  Transport,
  TextDelta,
  Value,
} from "selvedge";

type Cursor = { name: string; at: number | null };

export async function open(name: string): Promise<() => void> {
  await init();
  const options: ConnectOptions<Cursor> = {
    url: "https://selvedge.example/app",
    document: name,
    presence: { name: "Ada", at: null },
    traceparent: "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
    telemetry: true,
    activity: { idleMs: 120_000, hiddenMs: 5_000 },
  };
  const doc = connect(options);
  const slowest: number | null = doc.latency.durable.p99Ms;
  console.log(doc.trace.length, slowest, doc.latency.seen.count);

  const note = doc.text("note");
  note.insert(0, "Hello ", { bold: true });
  note.insertEmbed(note.length, { image: "cat.png" });
  note.format(0, 5, { bold: null });
  note.applyDelta([{ retain: 6 }, { insert: "world" }, { delete: 1 }]);
  const ends: (() => void)[] = [note.observe((event) => show(event.target, event.delta))];

  const tasks = doc.array("tasks");
  const task = doc.transact((): SharedMap => {
    const made = tasks.insertMap(tasks.length);
    made.set("title", "Write types");
    made.set("done", false);
    return made;
  });
  tasks.push(1, "two", null, new Uint8Array(3), { four: [4] });
  tasks.delete(0, 1);
  ends.push(tasks.observeDeep((events) => events.forEach(showDeep)));
  ends.push(task.observe((event) => event.keys.forEach(showKey)));

  const page = doc.xml("page");
  const heading = page.insertElement(0, "h1");
  heading.setAttribute("class", "title");
  heading.insertText(0, "Selvedge").insert(8, "!");

  const all: number = status().pending + status().documents;
  ends.push(onStatus(({ state, pendingHere }) => [state === "refused", pendingHere + all]));

  doc.presence.set({ name: "Ada", at: 3 });
  for (const peer of doc.presence.peers.values()) console.log(activityOf(peer.activity));
  for (const [id, cursor] of doc.presence.peers) console.log(id, cursor.name, cursor.at);
  for (const { identity } of doc.presence.peers.values()) console.log(identity?.subject);
  ends.push(doc.presence.observe(({ removed }) => removed.length));
  ends.push(doc.on("status", showStatus), doc.on("saved", ({ pending }) => pending + 1));
  const kept: Uint8Array = doc.toUpdate();
  doc.applyUpdate(kept);
  ends.push(doc.on("update", (update: Uint8Array, local) => [update.length, local ? 1 : 0]));
  ends.push(doc.on("aside", ({ update, content, code }) => [update.length, content.note, code]));
  const lost: number = doc.asides.reduce((sum, { pending }) => sum + pending, 0);
  void lost;
  const { at, rttMs } = doc.sync;
  console.log((at ?? 0) + 1, rttMs ?? 0);
  const last: number = doc.lastChange;
  ends.push(doc.on("rejected", ({ path, rule, value }) => [path.split("/"), rule, value]));
  ends.push(doc.on("rejected", ({ changeId }) => changeId !== undefined && changeId <= last));
  for (const part of await doc.blame("note")) {
    const place: string = part.key === undefined ? `${part.start + part.len}` : part.key;
    console.log(place, part.subject ?? part.name ?? part.number);
  }
  const author = await doc.who("meta", "owner");
  if (author !== null) console.log(author.client, (await doc.who("note", 3))?.name);
  ends.push(doc.on("undo", ({ canUndo, canRedo }) => [canUndo && doc.undo(), canRedo && doc.redo()]));
  ends.push(doc.on("undone", ({ action, meta }) => [action === "undo", meta]));
  ends.push(
    doc.on("conflict", ({ path, kind, ours, theirs, by, at, policy, keptAs, restore }) => {
      const who = by === null ? undefined : doc.presence.peers.get(by)?.identity?.name;
      if (policy === "notify" && kind !== "around" && restore()) console.log(who, keptAs, at + 1);
      return [...path, ours, theirs];
    }),
  );
  const caret = doc.text("note").relativePosition(0, -1);
  doc.undoMeta({ caret, at: doc.text("note").absolutePosition(caret) });
  doc.undoBoundary();
  ends.push(doc.on("refused", ({ limit, retryMs }) => `${limit} ${(retryMs ?? 0) + 1}`));

  try {
    await doc.whenSaved();
  } catch (error) {
    if (isSelvedgeError(error) && error.code === "closed") console.log(error.message);
    if (isSelvedgeError(error) && error.code === "rule") console.log(error.path, error.rule);
  }
  doc.disconnect();
  doc.connect();
  return () => {
    for (const end of ends) end();
    doc.close();
  };
}

function activityOf(activity: Activity): string {
  return { active: "here", idle: "idle", away: "away" }[activity];
}

function show(text: SharedText, delta: TextDelta[]): number {
  let index = 0;
  for (const step of delta) {
    if (step.retain !== undefined) index += step.retain;
    else if (typeof step.insert === "string") index += step.insert.length;
    else if (step.delete === undefined) index += 1;
  }
  const attributes: Attributes | undefined = delta[0]?.delete === undefined ? delta[0]?.attributes : {};
  return index + text.length + Object.keys(attributes ?? {}).length;
}

function showDeep(event: DeepEvent): (string | number)[] {
  return [...event.path, event.local ? "here" : "there"];
}

function showKey(change: KeyChange, key: string): [string, Value] {
  return [key, change.action === "delete" ? change.oldValue : change.value];
}

function showStatus(status: Status): string {
  const transport: Transport | undefined = status.transport;
  if (transport === "http") return "over HTTP";
  return status.state === "refused" ? `${status.code}: ${status.reason}` : status.state;
}

function isSelvedgeError(error: unknown): error is SelvedgeError {
  return error instanceof Error && error.name === "SelvedgeError";
}

export function misuse(): Json {
  const doc = connect({ url: "wss://selvedge.example", document: "a" });
  // @ts-expect-error: an option that does not exist
  connect({ url: "wss://selvedge.example", document: "a", room: "b" });
  // @ts-expect-error: a policy that does not exist
  connect({ url: "wss://selvedge.example", document: "a", conflicts: { "a/*": "mine" } });
  // @ts-expect-error: thresholds have their unit in their name
  connect({ url: "wss://selvedge.example", document: "a", activity: { idle: 5 } });
  // @ts-expect-error: what a page says comes from its documents
  status().pending = 0;
  // @ts-expect-error: what can be undone is read only
  doc.canUndo = true;
  // @ts-expect-error: a date is no value of a document
  doc.map("map").set("now", new Date());
  // @ts-expect-error: a shared type cannot be put somewhere else
  doc.map("map").set("text", doc.text("text"));
  // @ts-expect-error: there is no such event
  doc.on("sync", () => {});
  // @ts-expect-error: fragments have no attributes
  doc.xml("page").setAttribute("class", "a");
  return doc.map("map").toJSON();
}
