// React: a text, who is here, and how things stand.

import { StrictMode, useEffect, useRef } from "react";
import { createRoot } from "react-dom/client";
import { useDocument, usePresence, useStatus, useText } from "selvedge/react";
import { bind } from "selvedge/textarea";
import { options, show } from "../page.js";

function Page() {
  const doc = useDocument(options());
  const note = useText(doc, "note");
  const peers = usePresence(doc);
  const { connection, pending, access } = useStatus(doc);
  useEffect(() => show(connection.state, pending), [connection, pending]);
  return (
    <>
      {doc && <Field text={doc.text("note")} readOnly={access?.mayWrite === false} />}
      <p id="words">{note.split(/\s+/).filter(Boolean).length} words</p>
      <ul id="people">
        {[...peers].map(([id, { user }]) => (
          <li key={id}>{user?.name}</li>
        ))}
      </ul>
    </>
  );
}

function Field({ text, readOnly }) {
  const field = useRef(null);
  useEffect(() => bind(text, field.current), []);
  return <textarea ref={field} readOnly={readOnly} aria-label="Note" />;
}

createRoot(document.getElementById("root")).render(
  <StrictMode>
    <Page />
  </StrictMode>,
);
