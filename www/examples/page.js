// What the examples share: a document that the address names, who the visitor is, and a line that
// says how things stand.

import init, { connect } from "selvedge";

const words = ["Ada", "Bo", "Cleo", "Dev", "Eli", "Fay"];
const colors = ["#0b7285", "#a61e4d", "#5f3dc4", "#2b8a3e", "#d9480f", "#364fc7"];
const number = Math.floor(Math.random() * words.length);

/** Whom others see, in the shape that editors expect. */
export const user = { name: words[number], color: colors[number] };

/** What `connect` is told: the server of this page, and `?doc=…` or the example's own document. */
export function options() {
  const example = location.pathname.split("/").at(-2);
  const document = new URLSearchParams(location.search).get("doc") ?? `examples/${example}`;
  return { url: location.origin, document, presence: { user } };
}

/** Opens the document, and shows how the connection stands. */
export async function open() {
  await init();
  const doc = connect(options());
  const tell = () => show(doc.status.state, doc.saved.pending);
  doc.on("status", tell);
  doc.on("saved", tell);
  tell();
  return doc;
}

/** Shows how the connection stands, and how many changes are not saved. */
export function show(state, pending) {
  Object.assign(document.body.dataset, { state, pending });
}
