// CodeMirror 6 with its binding for Yjs.

import { defaultKeymap } from "@codemirror/commands";
import { EditorView, keymap } from "@codemirror/view";
import { yCollab, yUndoManagerKeymap } from "y-codemirror.next";
import { withYDoc } from "../attached.js";
import { open } from "../page.js";

const parent = document.getElementById("editor");

withYDoc(await open(), (ydoc, awareness) => {
  const text = ydoc.getText("note");
  const view = new EditorView({
    parent,
    doc: text.toString(),
    extensions: [
      keymap.of([...yUndoManagerKeymap, ...defaultKeymap]),
      EditorView.lineWrapping,
      yCollab(text, awareness),
    ],
  });
  return () => view.destroy();
});
