// CodeMirror 6 on a shared text, without Yjs.

import { defaultKeymap, history, historyKeymap } from "@codemirror/commands";
import { EditorView, keymap } from "@codemirror/view";
import { selvedge } from "selvedge/codemirror";
import { open } from "../page.js";

const doc = await open();
new EditorView({
  parent: document.getElementById("editor"),
  extensions: [
    history(),
    keymap.of([...defaultKeymap, ...historyKeymap]),
    EditorView.lineWrapping,
    selvedge(doc.text("note"), { presence: doc.presence }),
  ],
});
