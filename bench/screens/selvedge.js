// Our client, from the package.

import init, { connect } from "./selvedge/selvedge.js";
import { bind } from "./bind.js";

const { url, name } = Object.fromEntries(new URLSearchParams(location.search));
await init();
const doc = connect({ url: new URL(url).origin, document: name });
bind(doc.text("t"));
doc.on("status", ({ state }) => (document.documentElement.dataset.state = state));
document.documentElement.dataset.state = doc.status.state;
