// Names and colours: of new notes, and of the visitor.

const ADJECTIVES =
  "amber bright calm clear coral dusty early fair gentle golden hazel idle ivory keen late light linen lively loose madder mellow misty muted olive pale plain quiet russet sandy silver slate slow soft still sunny tidal umber warm woven".split(
    " ",
  );
const NOUNS =
  "alder badger bobbin brook cedar cloud cotton crane curlew dune fern finch flax harbour hare heron kestrel lark loom maple marten meadow mill moth otter pebble plover reed river robin shuttle sparrow spindle swift thistle thread willow wool wren".split(
    " ",
  );
const PEOPLE =
  "Ada Amina Anouk Arlo Aya Bela Bo Cleo Dara Edda Eero Elif Enzo Finn Freya Gus Hana Ida Imre Ines Jun Kaya Kofi Lark Leo Lior Lotte Maren Mika Mina Nils Noor Odile Omar Pia Quinn Ravi Remy Rosa Sami Selma Suri Tove Uma Vito Wren Yara Zeno".split(
    " ",
  );

// White letters are readable on each, and each stands out on light and on dark cloth.
const COLOURS = [
  "#b5473c",
  "#2f74c0",
  "#2e7d4f",
  "#a0569c",
  "#a8641b",
  "#1f7d85",
  "#c2407a",
  "#6b62c4",
  "#71752a",
  "#8a6a55",
];

/** A readable name that nobody is likely to have used: some 15 million of them. */
export function newDocumentName() {
  return `${pick(ADJECTIVES)}-${pick(NOUNS)}-${10 + random(9990)}`;
}

/** The document's name in this address, or null. */
export function documentName(address) {
  return new URL(address).searchParams.get("doc");
}

/** Whether a document can have this name. A browser would drop `.` and `..` from its address. */
export function isDocumentName(name) {
  const bytes = new TextEncoder().encode(name).length;
  const dots = name.split("/").some((part) => part === "." || part === "..");
  return bytes > 0 && bytes <= 512 && !dots && !/\p{Cc}/u.test(name);
}

/** The address of a document's page. */
export function documentAddress(address, name) {
  const url = new URL(address);
  url.search = new URLSearchParams({ doc: name }).toString();
  url.hash = "";
  return url.href;
}

/** As a title: `quiet-heron-42` is "Quiet heron 42". */
export function documentTitle(name) {
  const ruled = /^ruled\/(.+)$/.exec(name);
  if (ruled) return `${documentTitle(ruled[1])}, with rules`;
  const words = /^[a-z]+(-[a-z0-9]+)*$/.test(name) ? name.replaceAll("-", " ") : name;
  return words.charAt(0).toUpperCase() + words.slice(1);
}

const NAME_KEY = "selvedge.name";

/**
 * The visitor's name: the one that was typed, in all tabs, or else a friendly one that this tab
 * keeps, so that two fresh tabs can be told apart.
 */
export function myName() {
  const known = stored("localStorage") || stored("sessionStorage");
  if (known) return known;
  const name = pick(PEOPLE);
  store("sessionStorage", name);
  return name;
}

export function keepMyName(name) {
  store("localStorage", name);
}

/** A colour that nobody here has, while there are any. */
export function freeColour(taken) {
  const free = COLOURS.filter((colour) => !taken.includes(colour));
  return pick(free.length > 0 ? free : COLOURS);
}

/** Who a peer says to be. Peers can say anything, so nothing is taken as it comes. */
export function person(state) {
  const { name, color } = state?.user ?? {};
  return {
    name: typeof name === "string" && name.trim() ? name.trim().slice(0, 40) : "Someone",
    colour: /^#[0-9a-f]{6}$/i.test(color) ? color : "#6b7280",
  };
}

/** Black or white, whichever can be read on `colour`. */
export function inkOn(colour) {
  const [red, green, blue] = [1, 3, 5].map(
    (at) => (parseInt(colour.slice(at, at + 2), 16) / 255) ** 2.2,
  );
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue > 0.3 ? "#111" : "#fff";
}

/** One or two letters that stand for a name. */
export function initials(name) {
  const words = name.split(/\s+/);
  const letters = words.length > 1 ? [words[0], words.at(-1)] : [words[0]];
  return letters
    .map((word) => [...word][0])
    .join("")
    .toUpperCase();
}

function pick(list) {
  return list[random(list.length)];
}

function random(below) {
  return crypto.getRandomValues(new Uint32Array(1))[0] % below;
}

// A browser that keeps nothing for this site throws already when it is asked for its storage.
function stored(kind) {
  try {
    return window[kind].getItem(NAME_KEY);
  } catch {
    return null;
  }
}

function store(kind, name) {
  try {
    window[kind].setItem(NAME_KEY, name);
  } catch {
    // The name lasts as long as the page.
  }
}
