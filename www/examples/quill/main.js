// Quill with its binding for Yjs.

import "quill/dist/quill.snow.css";
import Quill from "quill";
import QuillCursors from "quill-cursors";
import { QuillBinding } from "y-quill";
import { withYDoc } from "../attached.js";
import { open } from "../page.js";

Quill.register("modules/cursors", QuillCursors);

withYDoc(await open(), (ydoc, awareness) => {
  const place = document.createElement("div");
  document.getElementById("editor").replaceChildren(place);
  const quill = new Quill(place, {
    theme: "snow",
    modules: { cursors: true, history: { userOnly: true } },
  });
  const binding = new QuillBinding(ydoc.getText("note"), quill, awareness);
  return () => binding.destroy();
});
