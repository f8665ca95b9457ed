// Asks the Worker, and says in words why there is no answer.

const ANSWER_MS_MAX = 15_000;

/** The secret is not the deployment's. */
export class Refused extends Error {}
/** There is no answer to show; the message says why. */
export class NoAnswer extends Error {}

/** All rooms, as they told last. */
export function askRooms(secret, signal) {
  return ask("api/rooms", secret, signal);
}

/** One room, as it is now. */
export function askRoom(document, secret, signal) {
  // A browser takes these out of an address, whichever way they are written.
  if (document === "." || document === "..") {
    throw new NoAnswer("A browser cannot ask for a document of this name.");
  }
  return ask(`api/rooms/${encodeURIComponent(document.toWellFormed())}`, secret, signal);
}

/** What a room decided, as anybody asks for it who may. */
export function askDecisions(document, page, secret, signal) {
  const path = `../documents/${encodeURIComponent(document.toWellFormed())}/audit`;
  return ask(`${path}?${new URLSearchParams(page)}`, secret, signal);
}

/** Whether rooms can be reached and can write. */
export async function askReady(signal) {
  const answer = await send("../readyz", {}, signal);
  return answer.ok;
}

async function ask(path, secret, signal) {
  // A header carries bytes: this is how they are handed to `fetch`.
  const bytes = String.fromCharCode(...new TextEncoder().encode(secret));
  const answer = await send(path, { authorization: `Bearer ${bytes}` }, signal);
  if (answer.status === 401) throw new Refused("That is not the secret of this deployment.");
  if (answer.status === 404) throw new NoAnswer("This deployment has no operator secret any more.");
  const body = await answer.json().catch(() => null);
  signal?.throwIfAborted();
  if (answer.ok && body) return body;
  throw new NoAnswer(body?.detail ?? `The Worker answered ${answer.status}, without a reason.`);
}

async function send(path, headers, signal) {
  const late = AbortSignal.timeout(ANSWER_MS_MAX);
  const either = signal ? AbortSignal.any([signal, late]) : late;
  try {
    return await fetch(path, { headers, signal: either, cache: "no-store" });
  } catch (error) {
    signal?.throwIfAborted();
    if (error.name === "TimeoutError") {
      throw new NoAnswer(`The Worker did not answer within ${ANSWER_MS_MAX / 1000} s.`);
    }
    throw new NoAnswer(
      navigator.onLine ? "The Worker cannot be reached." : "This device is offline.",
    );
  }
}
