// The address of this page says what it shows: `#/` all rooms, `#/room/plan%202` one of them.

const ROOM = "#/room/";

export function roomAddress(document) {
  return ROOM + encodeURIComponent(document.toWellFormed());
}

/** The document whose room the address names, or null. */
export function roomOf(hash) {
  if (!hash.startsWith(ROOM)) return null;
  try {
    return decodeURIComponent(hash.slice(ROOM.length)) || null;
  } catch {
    return null;
  }
}
