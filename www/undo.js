// Undo and redo: two buttons and the keys that everybody knows, of all that this visitor did.

/** Binds the buttons to `undo`, and the keys within `area`, whose selection goes with each step. */
export function bindUndo(undo, area, announce) {
  const buttons = { undo: document.getElementById("undo"), redo: document.getElementById("redo") };

  function show() {
    const { canUndo, canRedo } = undo.state();
    buttons.undo.disabled = !canUndo;
    buttons.redo.disabled = !canRedo;
  }

  function act(action) {
    if (!undo[action]()) announce(action === "undo" ? "Nothing to undo" : "Nothing to redo");
  }

  for (const [action, button] of Object.entries(buttons)) {
    button.addEventListener("click", () => act(action));
  }
  document.addEventListener("keydown", (event) => {
    const action = actionOf(event);
    // Other fields have an undo of their own.
    const isField = event.target !== area && event.target.closest?.("input, textarea, select");
    if (!action || isField) return;
    event.preventDefault();
    act(action);
  });
  // A browser's own undo, from its menu for example, knows nothing of what others wrote.
  area.addEventListener("beforeinput", (event) => {
    if (!["historyUndo", "historyRedo"].includes(event.inputType)) return;
    event.preventDefault();
    act(event.inputType === "historyUndo" ? "undo" : "redo");
  });
  document.addEventListener("selectionchange", () => {
    if (document.activeElement !== area) return;
    undo.selected(area.selectionStart, area.selectionEnd);
  });
  undo.observe(show, (start, end) => {
    area.focus();
    area.setSelectionRange(start, end);
  });
  show();
}

function actionOf({ key, ctrlKey, metaKey, shiftKey, altKey, isComposing }) {
  if (isComposing || altKey || ctrlKey === metaKey) return null;
  const letter = key.toLowerCase();
  if (letter === "z") return shiftKey ? "redo" : "undo";
  return letter === "y" && ctrlKey && !shiftKey ? "redo" : null;
}
