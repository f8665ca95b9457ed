// Who is here: the visitor's own name, everyone else's, and what each is at.

import { freeColour, initials, inkOn, keepMyName, myName, person } from "./names.js";

const PLACES = { note: "in the note", tasks: "at the tasks" };

/**
 * Shows everyone and says who and where the visitor is. `onCursors` is called with the others who
 * have a cursor in the note, by client id.
 */
export function bindPeople(presence, onCursors) {
  const area = document.getElementById("note");
  const field = document.getElementById("my-name");
  const list = document.getElementById("people");
  const items = new Map();
  const colour = freeColour([...presence.others().values()].map((state) => person(state).colour));
  let name = myName();
  let said = "";
  let frame = 0;

  function say() {
    frame = 0;
    const place =
      document.activeElement === area
        ? "note"
        : document.activeElement?.closest(".tasks")
          ? "tasks"
          : null;
    const state = {
      user: { name, color: colour },
      place,
      cursor: place === "note" ? cursor() : null,
    };
    const words = JSON.stringify(state);
    if (words !== said) presence.say(state);
    said = words;
  }

  function cursor() {
    const { selectionStart: start, selectionEnd: end, selectionDirection } = area;
    return selectionDirection === "backward"
      ? { anchor: end, head: start }
      : { anchor: start, head: end };
  }

  // A hidden tab draws no frames, and has no one at the keyboard either.
  const saySoon = () => {
    frame ||= requestAnimationFrame(say);
  };

  function showMe() {
    paint(document.getElementById("my-patch"), name, colour);
    if (document.activeElement !== field) field.value = name;
  }

  function showOthers() {
    const others = presence.others();
    for (const [id, item] of items) {
      if (others.has(id)) continue;
      item.remove();
      items.delete(id);
    }
    const cursors = new Map();
    for (const [id, state] of others) {
      const { name, colour } = person(state);
      show(item(id), name, colour, PLACES[state?.place] ?? "looking");
      const { anchor, head } = state?.cursor ?? {};
      if (isIndex(anchor) && isIndex(head))
        cursors.set(id, { name, colour, cursor: { anchor, head } });
    }
    document.getElementById("people-count").textContent = String(others.size + 1);
    document.getElementById("alone").hidden = others.size > 0;
    onCursors(cursors);
  }

  function item(id) {
    if (items.has(id)) return items.get(id);
    const made = document.createElement("li");
    for (const className of ["patch", "name", "place"]) {
      made.append(Object.assign(document.createElement("span"), { className }));
    }
    made.firstChild.ariaHidden = "true";
    items.set(id, made);
    list.append(made);
    return made;
  }

  field.addEventListener("input", () => {
    const typed = field.value.trim();
    if (typed === "") return;
    name = typed;
    keepMyName(name);
    showMe();
    saySoon();
  });
  field.addEventListener("blur", showMe);
  field.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && !event.isComposing) field.blur();
  });
  for (const event of ["selectionchange", "focusin", "focusout", "input"]) {
    document.addEventListener(event, saySoon);
  }
  // Firefox reports a textarea's selection on the textarea itself.
  area.addEventListener("selectionchange", saySoon);
  presence.observe(showOthers);
  showMe();
  showOthers();
  say();
  return saySoon;
}

function isIndex(value) {
  return Number.isSafeInteger(value) && value >= 0;
}

function show(element, name, colour, place) {
  const [patch, nameWords, placeWords] = element.children;
  paint(patch, name, colour);
  nameWords.textContent = name;
  placeWords.textContent = place;
}

function paint(patch, name, colour) {
  patch.textContent = initials(name);
  patch.style.setProperty("--colour", colour);
  patch.style.setProperty("--ink-on", inkOn(colour));
}
