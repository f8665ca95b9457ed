// How wrangler is run here: always the one of the lock file, under the Node that npm installed.

import { join } from "node:path";
import { environment, root } from "./shell.mjs";

/** Program and first argument of a wrangler command. */
export const wrangler = {
  node: join(root, "node_modules/.bin/node"),
  script: join(root, "node_modules/wrangler/bin/wrangler.js"),
};

/**
 * An environment in which wrangler sends nothing anywhere and writes into `folder` what would
 * otherwise go to the user's configuration. (A deploy by hand needs the login that is there.)
 */
export function wranglerEnvironment(folder, more = {}) {
  return environment([join(root, "node_modules/.bin")], {
    WRANGLER_SEND_METRICS: "false",
    WRANGLER_HIDE_BANNER: "true",
    WRANGLER_LOG_PATH: join(folder, "logs"),
    WRANGLER_REGISTRY_PATH: join(folder, "registry"),
    WRANGLER_CACHE_DIR: join(folder, "cache"),
    XDG_CONFIG_HOME: join(folder, "config"),
    // Traces every frame of every socket: with it a room takes a tenth of the updates.
    X_LOCAL_OBSERVABILITY: "false",
    ...more,
  });
}
