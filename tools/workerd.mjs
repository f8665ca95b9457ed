// A Worker with one class of objects in workerd by itself: without wrangler, whose proxies and
// inspector would be measured with it.

import { copyFile, mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import installed from "workerd";
import { root } from "./shell.mjs";

/** How to run the Worker of this repository as it is built, with these settings. */
export async function ourWorkerd({ folder, port, variables }) {
  variables = { OPEN_ON_LOCALHOST: "true", ...variables };
  for (const file of ["index.js", "index_bg.wasm"]) {
    await copyFile(join(root, "build", file), join(folder, file));
  }
  const deployment = await readFile(join(root, "wrangler.toml"), "utf8");
  return workerd({
    folder,
    port,
    modules: [
      '(name = "index.js", esModule = embed "index.js")',
      '(name = "index_bg.wasm", wasm = embed "index_bg.wasm")',
    ],
    compatibilityDate: deployment.match(/^compatibility_date = "(.+)"$/m)[1],
    binding: "ROOMS",
    className: "Room",
    variables,
  });
}

/** Writes the configuration into `folder` and returns how to run it. */
export async function workerd(worker) {
  const { folder, port, modules, compatibilityDate, binding, className, variables = {} } = worker;
  await mkdir(join(folder, "rooms"), { recursive: true });
  const bindings = [`(name = "${binding}", durableObjectNamespace = "${className}")`];
  for (const [name, text] of Object.entries(variables)) {
    bindings.push(`(name = "${name}", text = "${text}")`);
  }
  const config = `using Workerd = import "/workerd/workerd.capnp";

const config :Workerd.Config = (
  services = [
    (name = "main", worker = .worker),
    (name = "rooms", disk = (path = "${join(folder, "rooms")}", writable = true)),
  ],
  sockets = [(name = "http", address = "127.0.0.1:${port}", http = (), service = "main")],
);

const worker :Workerd.Worker = (
  modules = [${modules.join(", ")}],
  compatibilityDate = "${compatibilityDate}",
  durableObjectNamespaces = [
    (className = "${className}", uniqueKey = "${className}", enableSql = true),
  ],
  durableObjectStorage = (localDisk = "rooms"),
  bindings = [${bindings.join(", ")}],
);
`;
  const file = join(folder, "config.capnp");
  await writeFile(file, config);
  return { program: installed.default, args: ["serve", "--experimental", file] };
}
