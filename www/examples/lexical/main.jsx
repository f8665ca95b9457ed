// Lexical with its plugin for collaboration.

import { LexicalCollaboration } from "@lexical/react/LexicalCollaborationContext";
import { CollaborationPlugin } from "@lexical/react/LexicalCollaborationPlugin";
import { LexicalComposer } from "@lexical/react/LexicalComposer";
import { ContentEditable } from "@lexical/react/LexicalContentEditable";
import { LexicalErrorBoundary } from "@lexical/react/LexicalErrorBoundary";
import { RichTextPlugin } from "@lexical/react/LexicalRichTextPlugin";
import { createRoot } from "react-dom/client";
import { Provider } from "selvedge/yjs";
import { Awareness } from "y-protocols/awareness";
import * as Y from "yjs";
import { open, user } from "../page.js";

const doc = await open();
const root = createRoot(document.getElementById("root"));
show(1);

function show(copy) {
  /** Lexical asks for a Y.Doc under its name, and connects the provider when it shows it. */
  function provider(name, ydocs) {
    const ydoc = new Y.Doc();
    ydocs.set(name, ydoc);
    // A copy that cannot go on makes way for a new one.
    return new Provider(doc, ydoc, new Awareness(ydoc), { onDetach: () => show(copy + 1) });
  }
  root.render(<Page key={copy} provider={provider} />);
}

function Page({ provider }) {
  const config = { namespace: "selvedge", editorState: null, onError: console.error };
  return (
    <LexicalCollaboration>
      <LexicalComposer initialConfig={config}>
        <RichTextPlugin
          contentEditable={<ContentEditable id="editor" aria-label="Page" />}
          ErrorBoundary={LexicalErrorBoundary}
        />
        <CollaborationPlugin
          id="page"
          providerFactory={provider}
          shouldBootstrap
          username={user.name}
          cursorColor={user.color}
        />
      </LexicalComposer>
    </LexicalCollaboration>
  );
}
