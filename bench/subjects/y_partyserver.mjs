// y-partyserver in bare workerd, with the persistence that its README shows.

import { join } from "node:path";
import { build } from "esbuild";
import { installedVersion } from "../peers.mjs";
import { workerd } from "../../tools/workerd.mjs";

export const yPartyserver = {
  title: "y-partyserver",
  get version() {
    return installedVersion("y-partyserver");
  },
  durable: false,
  persists: true,
  isInWorkerd: true,
  /** How many rows were written. */
  rows: (query) => query("SELECT saves FROM document")[0].saves,
  path: (document) => `/parties/document/${document}`,
  async command({ folder, port }) {
    await build({
      entryPoints: [join(import.meta.dirname, "y_partyserver_worker.js")],
      outfile: join(folder, "index.js"),
      bundle: true,
      format: "esm",
      external: ["cloudflare:*", "node:*"],
      conditions: ["workerd", "worker", "browser"],
      logLevel: "error",
    });
    return workerd({
      folder,
      port,
      modules: ['(name = "index.js", esModule = embed "index.js")'],
      compatibilityDate: "2026-11-01",
      binding: "Document",
      className: "Document",
    });
  },
};
