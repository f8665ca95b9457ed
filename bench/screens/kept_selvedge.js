// Our client, from the package.

import init, { connect } from "./selvedge/selvedge.js";
import { opened, say } from "./opened.js";

const { url, name } = Object.fromEntries(new URLSearchParams(location.search));
await init();
const began = performance.now();
const doc = connect({ url: new URL(url).origin, document: name });
const text = doc.text("t");
// It is restored in one piece, or comes from the room in one.
const end = text.observe(() => {
  end();
  opened(text, began);
  say("open");
  const look = () => {
    if (doc.storage.state === "kept" && doc.status.state === "live") say("kept");
    else setTimeout(look, 10);
  };
  look();
});
