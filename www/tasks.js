// The task list: one row for each task. Rows come and go as the list's changes say, so a row keeps
// its task, its focus and its caret whatever happens around it.

import { deltaOf, difference, moveIndex } from "./selvedge/delta.js";

// Where a field does not grow with its text by itself, it is given its height.
const GROWS = CSS.supports("field-sizing", "content");

export function bindTasks(tasks, announce) {
  const list = document.getElementById("tasks");
  const form = document.getElementById("add");
  const title = document.getElementById("add-title");
  const rows = [];

  function moved(delta) {
    let index = 0;
    for (const { insert = [], delete: removed = 0, retain = 0 } of delta) {
      insertRows(index, insert.length);
      removeRows(index, removed);
      index += insert.length + retain;
    }
  }

  function insertRows(index, count) {
    const before = rows[index]?.element ?? null;
    const made = Array.from({ length: count }, newRow);
    rows.splice(index, 0, ...made);
    for (const { element } of made) list.insertBefore(element, before);
  }

  function removeRows(index, count) {
    const removed = rows.splice(index, count);
    const focused = removed.some(({ element }) => element.contains(document.activeElement));
    for (const { element } of removed) element.remove();
    if (focused) (rows[index] ?? rows[index - 1])?.remove.focus() ?? title.focus();
  }

  function newRow() {
    const element = document.createElement("li");
    const done = element.appendChild(document.createElement("input"));
    const name = element.appendChild(document.createElement("textarea"));
    const remove = element.appendChild(document.createElement("button"));
    const row = { element, done, name, remove, composing: false };
    const index = () => rows.indexOf(row);
    done.type = "checkbox";
    done.addEventListener("change", () => tasks.set(index(), "done", done.checked));
    name.rows = 1;
    name.placeholder = "Untitled";
    name.enterKeyHint = "done";
    name.addEventListener("input", () => {
      if (!row.composing) tasks.set(index(), "title", name.value);
    });
    name.addEventListener("compositionstart", () => {
      row.composing = true;
    });
    name.addEventListener("compositionend", () => {
      row.composing = false;
      tasks.set(index(), "title", name.value);
    });
    name.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || event.isComposing) return;
      event.preventDefault();
      title.focus();
    });
    remove.type = "button";
    remove.className = "icon";
    remove.textContent = "×";
    remove.addEventListener("click", () => tasks.remove(index()));
    return row;
  }

  function refresh() {
    const all = tasks.list();
    rows.forEach((row, index) => fill(row, all[index]));
    const open = all.filter((task) => !task?.done).length;
    document.getElementById("tasks-count").textContent = all.length > 0 ? `${open} open` : "";
    document.getElementById("tasks-empty").hidden = all.length > 0;
  }

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const words = title.value.trim();
    if (words === "") return;
    title.value = "";
    tasks.add(words);
    announce(`Added: ${words}`);
  });

  insertRows(0, tasks.list().length);
  tasks.observe(moved, refresh);
  refresh();
  title.disabled = document.getElementById("add-button").disabled = false;
}

function fill({ element, done, name, remove, composing }, task) {
  const words = typeof task?.title === "string" ? task.title : "";
  element.classList.toggle("done", task?.done === true);
  done.checked = task?.done === true;
  done.setAttribute("aria-label", `Done: ${words}`);
  name.setAttribute("aria-label", "Title");
  remove.setAttribute("aria-label", `Delete: ${words}`);
  if (!composing) retitle(name, words);
  if (!GROWS) {
    name.style.height = "auto";
    name.style.height = `${name.scrollHeight}px`;
  }
}

/** Keeps the caret at its letters while someone else renames the task. */
function retitle(field, words) {
  const change = difference(field.value, words, words.length);
  if (!change) return;
  const delta = deltaOf(change);
  const { selectionStart, selectionEnd } = field;
  field.value = words;
  if (document.activeElement !== field) return;
  field.setSelectionRange(
    moveIndex(delta, selectionStart, false),
    moveIndex(delta, selectionEnd, false),
  );
}
