// The clients that are measured in Node. `module` is the one that knows how to use one,
// `source` the one that wrote what it loads.

import { subjects as bundles } from "../bundle/subjects.mjs";

const client = (name, module, source) => {
  const { title } = bundles[name];
  return {
    title: title.replace(" + y-websocket", ""),
    get version() {
      return bundles[name].version;
    },
    module,
    source,
  };
};

export const clients = {
  selvedge: client("selvedge", "selvedge", "yjs"),
  yjs: client("yjs", "yjs", "yjs"),
  ywasm: client("ywasm", "ywasm", "yjs"),
  "loro-crdt": client("loro-crdt", "loro", "loro"),
  automerge: client("automerge", "automerge", "automerge"),
};
