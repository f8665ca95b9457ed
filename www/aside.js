// A copy of the note that could not go on: what was in it can be taken away.

/** Shows each copy that `connection` puts aside until the visitor puts it away. */
export function bindAsides(connection) {
  const notice = document.getElementById("aside");
  const link = document.getElementById("aside-link");

  let shown;

  function show(aside) {
    if (shown === aside) return;
    shown = aside;
    const { content, pending, reason } = aside;
    const words = pending === 1 ? "1 change was" : `${pending} changes were`;
    document.getElementById("aside-words").textContent =
      `This note starts over from what its room has: ${reason}. ` +
      `The copy that was here is kept for you${pending > 0 ? `; ${words} only in it` : ""}.`;
    URL.revokeObjectURL(link.href);
    const text = JSON.stringify(content, null, 2);
    link.href = URL.createObjectURL(new Blob([text], { type: "application/json" }));
    link.download = "note.json";
    notice.hidden = false;
  }

  document.getElementById("aside-done").addEventListener("click", () => {
    notice.hidden = true;
    connection.discard(shown);
  });
  connection.observeAsides(show);
}
