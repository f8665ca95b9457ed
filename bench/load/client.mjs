// A client that is synchronized, as every job of the generator uses it.

import { dialect } from "./dialect.mjs";
import { Socket } from "./socket.mjs";

const SYNC_MS_MAX = 20_000;
const CONNECTING_MAX = 25;

/**
 * Connects to a document of `job`, by default to the job's own, and waits until all of it is there:
 * until SyncStep2 came, and at least `bytes` in all, or for a Selvedge client until it has what the
 * welcome names. `known` is what it has already, as its dialect says it.
 * `take(body, client)` is called with every update, `present(body)` with others' presence, and
 * `acked(client)` when the room says that something is stored.
 */
export async function client(job, options = {}) {
  const { document = job.document, known, bytes = 0, take, present, acked } = options;
  const words = dialect(options.dialect ?? job.dialect, document);
  const synced = Promise.withResolvers();
  const self = { words, received: 0, epoch: 0, sequence: known?.sequence ?? 0 };
  const began = performance.now();
  let wanted = Infinity;
  const isThere = () =>
    words.protocol === undefined ? self.received >= bytes : self.sequence >= wanted;
  const timeout = setTimeout(() => synced.reject(new Error("not synchronized")), SYNC_MS_MAX);
  const url = job.url.replace("{document}", document);
  self.socket = await Socket.open(url, words.protocol, (payload, sender) => {
    self.received += payload.length;
    const message = words.read(payload);
    if (message === undefined) return;
    const { kind, sequence } = message;
    if (kind === "presence") return present?.(message.body);
    if (kind === "step1") return sender.send(words.nothing);
    if (kind === "ack") return acked?.(self);
    if (kind === "welcome") {
      self.epoch = message.epoch;
      wanted = sequence;
    } else {
      self.sequence = sequence ?? 0;
      take?.(message.body, self);
    }
    if (isThere()) synced.resolve();
  });
  for (const message of words.hello(known)) self.socket.send(message);
  await synced.promise;
  self.tookMs = performance.now() - began;
  clearTimeout(timeout);
  return self;
}

/** Calls `connect(index)` for each of `count` clients, some at a time; resolves to all of them. */
export async function crowd(count, connect) {
  const everyone = [];
  while (everyone.length < count) {
    const some = { length: Math.min(CONNECTING_MAX, count - everyone.length) };
    const joining = Array.from(some, (_, offset) => connect(everyone.length + offset));
    everyone.push(...(await Promise.all(joining)));
  }
  return everyone;
}
