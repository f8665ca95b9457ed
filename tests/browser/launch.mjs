// The browser that the tests run in: Chromium, or Firefox if FIREFOX says so.

import { chromium, firefox } from "playwright-core";
import { firefox as firefoxPath } from "../../tools/browser.mjs";

const CHROMIUM = process.env.CHROMIUM ?? "/usr/bin/chromium";
const FLAGS =
  "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking " +
  "--disable-component-update --disable-sync --disable-dev-shm-usage";

/** Whether the tests run in Firefox. */
export const isFirefox = Boolean(process.env.FIREFOX);

/** What to start, and how. */
async function browser() {
  if (!isFirefox) return [chromium, { executablePath: CHROMIUM, args: FLAGS.split(" ") }];
  // A stock Firefox, over WebDriver BiDi.
  return [firefox, { channel: "moz-firefox", executablePath: await firefoxPath() }];
}

/** Starts the browser. */
export async function launch() {
  const [kind, options] = await browser();
  const launched = await kind.launch(options);
  if (isFirefox) forgive(launched);
  return launched;
}

/**
 * Starts another browser, after the first, with a profile that outlives it: `{ context, kill }`.
 * `kill` ends it as a crash does, with all of its processes.
 */
export async function launchProfile(folder) {
  const [kind, options] = await browser();
  const context = await kind.launchPersistentContext(folder, options);
  const { browserProcess } = inside(context)._browser.options;
  return { context, kill: () => browserProcess.kill() };
}

/** Playwright asks every new context for what Firefox ESR does not know yet, and no test needs. */
function forgive(launched) {
  const session = Object.getPrototypeOf(inside(launched)._browserSession);
  const { send } = session;
  session.send = function (method, ...rest) {
    if (method === "emulation.setMediaFeaturesOverride") return Promise.resolve({});
    return send.call(this, method, ...rest);
  };
}

/** What Playwright has behind what it hands out. */
function inside(object) {
  return object._connection.toImpl(object);
}
