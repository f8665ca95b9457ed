// Tiptap with its extension for collaboration.

import { Editor } from "@tiptap/core";
import { Collaboration } from "@tiptap/extension-collaboration";
import { StarterKit } from "@tiptap/starter-kit";
import { withYDoc } from "../attached.js";
import { open } from "../page.js";

const element = document.getElementById("editor");

withYDoc(await open(), (ydoc) => {
  const editor = new Editor({
    element,
    extensions: [
      // What is undone is one's own, which the extension for collaboration sees to.
      StarterKit.configure({ undoRedo: false }),
      Collaboration.configure({ document: ydoc }),
    ],
  });
  return () => editor.destroy();
});
