// A Y.Doc for an editor that has a binding for Yjs.

import { attach } from "selvedge/yjs";
import { Awareness } from "y-protocols/awareness";
import * as Y from "yjs";
import { user } from "./page.js";

/**
 * Has `make(ydoc, awareness)` make an editor on a `Y.Doc` that is kept equal to `doc`; it returns
 * what destroys it. Should that copy be one that cannot go on, there is a new one in its place.
 */
export function withYDoc(doc, make) {
  const ydoc = new Y.Doc();
  const awareness = new Awareness(ydoc);
  awareness.setLocalStateField("user", user);
  const destroy = make(ydoc, awareness);
  attach(doc, ydoc, awareness, {
    onDetach() {
      destroy();
      ydoc.destroy();
      withYDoc(doc, make);
    },
  });
}
