// A Worker with one class of objects, in workerd without wrangler's proxy in front of it.

import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import installed from "workerd";

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
