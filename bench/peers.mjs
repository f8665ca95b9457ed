// The peers' packages: a lock file of their own, and installed only when somebody measures.

import { installIn, versionIn } from "../tools/own_packages.mjs";

export const peers = import.meta.dirname;

export function installedVersion(name) {
  return versionIn(peers, name);
}

export function installPeers() {
  const advice = "Measuring peers needs the network once.";
  return installIn(peers, { what: "the peers' packages", advice });
}
