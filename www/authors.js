// Who wrote the letter under the pointer, as the room knows it.

const REST_MS = 250;
/** What was asked is believed for so long while nobody writes. */
const FRESH_MS = 30_000;

/**
 * Shows who wrote what the pointer rests on in `area`. `indexAt(x, y)` is the letter there, or null;
 * `ask()` resolves to the runs of the note, each with its `start`, `len` and `name`.
 */
export function bindAuthors(area, indexAt, ask) {
  const tip = document.getElementById("author");
  let timer = 0;
  let known = null;
  let asked = 0;

  async function rest(x, y) {
    const index = indexAt(x, y);
    if (index === null) return hide();
    const mine = ++asked;
    if (!known || Date.now() - known.at > FRESH_MS) {
      const runs = await ask().catch(() => null);
      if (!runs) return hide();
      known = { at: Date.now(), runs };
    }
    if (mine !== asked) return;
    const run = known.runs.find(({ start, len }) => start <= index && index < start + len);
    if (!run) return hide();
    tip.textContent = `Written by ${run.name ?? run.subject ?? "someone without a name"}`;
    tip.hidden = false;
    const { left, top, width } = area.getBoundingClientRect();
    const across = Math.min(x - left, width - tip.offsetWidth - 8);
    tip.style.translate = `${Math.max(0, across)}px ${y - top + 22}px`;
  }

  function hide() {
    asked += 1;
    tip.hidden = true;
  }

  area.addEventListener("pointermove", ({ clientX, clientY }) => {
    clearTimeout(timer);
    hide();
    timer = setTimeout(rest, REST_MS, clientX, clientY);
  });
  area.addEventListener("pointerleave", () => {
    clearTimeout(timer);
    hide();
  });
  /** The note changed: what is known of it is old. */
  return () => {
    known = null;
    hide();
  };
}
