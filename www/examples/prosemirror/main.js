// ProseMirror with its binding for Yjs.

import { baseKeymap } from "prosemirror-commands";
import { keymap } from "prosemirror-keymap";
import { schema } from "prosemirror-schema-basic";
import { EditorState } from "prosemirror-state";
import { EditorView } from "prosemirror-view";
import { redo, undo, yCursorPlugin, ySyncPlugin, yUndoPlugin } from "y-prosemirror";
import { withYDoc } from "../attached.js";
import { open } from "../page.js";

const place = document.getElementById("editor");

withYDoc(await open(), (ydoc, awareness) => {
  const view = new EditorView(place, {
    state: EditorState.create({
      schema,
      plugins: [
        ySyncPlugin(ydoc.getXmlFragment("page")),
        yCursorPlugin(awareness),
        yUndoPlugin(),
        keymap({ "Mod-z": undo, "Mod-y": redo, "Mod-Shift-z": redo }),
        keymap(baseKeymap),
      ],
    }),
  });
  return () => view.destroy();
});
