// What was written here and lost to somebody else: said quietly, and brought back if it is wanted.

const SHOWN_MS = 30_000;

/** Shows each conflict that `connection` tells of, until it is restored, put away or old. */
export function bindConflicts(connection, nameOf, announce) {
  const notice = document.getElementById("conflict");
  const restore = document.getElementById("conflict-restore");
  let timer = 0;
  let shown = null;

  function show(conflict) {
    shown = conflict;
    document.getElementById("conflict-words").textContent = wordsOf(conflict, nameOf(conflict.by));
    notice.hidden = false;
    announce(document.getElementById("conflict-words").textContent);
    clearTimeout(timer);
    timer = setTimeout(putAway, SHOWN_MS);
  }

  function putAway() {
    notice.hidden = true;
    shown = null;
  }

  restore.addEventListener("click", () => {
    const isBack = connection.restore(shown);
    putAway();
    announce(isBack ? "Yours is back" : "It cannot be brought back");
  });
  document.getElementById("conflict-done").addEventListener("click", putAway);
  connection.observeConflicts(show);
}

function wordsOf({ kind, path, ours }, name) {
  const who = name ?? "Somebody";
  const what = path[0] === "note" ? "the note" : "a task";
  if (kind === "inside") return `${who} deleted ${what} that you changed meanwhile.`;
  if (kind === "around") return `${who} deleted the text around what you wrote.`;
  if (path.at(-1) === "title") return `${who} changed a task that you had named “${ours}”.`;
  return `${who} changed ${what} that you changed meanwhile.`;
}
