// A plain field, with nothing but the client.

import { bind } from "selvedge/textarea";
import { open } from "../page.js";

const doc = await open();
bind(doc.text("note"), document.querySelector("textarea"));
