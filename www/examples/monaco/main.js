// Monaco with its binding for Yjs.

import "monaco-editor/features/codeEditor/register.js";
import "./carets.css";
import * as monaco from "monaco-editor/editor.js";
import { MonacoBinding } from "y-monaco";
import { UndoManager } from "yjs";
import { withYDoc } from "../attached.js";
import { open } from "../page.js";

const { CtrlCmd, Shift } = monaco.KeyMod;
const { KeyY, KeyZ } = monaco.KeyCode;

withYDoc(await open(), (ydoc, awareness) => {
  const text = ydoc.getText("note");
  const editor = monaco.editor.create(document.getElementById("editor"), {
    automaticLayout: true,
    minimap: { enabled: false },
  });
  const model = editor.getModel();
  const binding = new MonacoBinding(text, model, new Set([editor]), awareness);
  // Indexes count a line's end as one.
  model.setEOL(monaco.editor.EndOfLineSequence.LF);
  // Monaco's own history would take back what others wrote.
  const history = new UndoManager(text, { trackedOrigins: new Set([binding]) });
  editor.addCommand(CtrlCmd | KeyZ, () => history.undo());
  editor.addCommand(CtrlCmd | Shift | KeyZ, () => history.redo());
  editor.addCommand(CtrlCmd | KeyY, () => history.redo());
  return () => {
    binding.destroy();
    editor.dispose();
    model.dispose();
  };
});
