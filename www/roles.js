// Whom the visitor writes as. On one's own machine everybody may be anybody: the local server makes
// tokens for it. Deployed, an application's own server says who somebody is.

const ROLES = ["owner", "editor", "commenter", "reader"];

/** The role in the page's address, if it is one to try. */
export function roleFromAddress() {
  const role = new URL(location.href).searchParams.get("as");
  return ROLES.includes(role) ? role : null;
}

/** Whether the server is somebody's own machine. */
function isLocal() {
  return ["localhost", "127.0.0.1", "[::1]"].includes(location.hostname);
}

/** A function that gives a token of this role, or nothing where none is needed. */
export function tokenFor(role, name) {
  if (!role) return undefined;
  const sub = name.toLowerCase().replaceAll(/\P{L}/gu, "") || "someone";
  return async () => {
    const query = new URLSearchParams({ sub, name, role });
    const answer = await fetch(`/local/token?${query}`);
    if (!answer.ok) throw new Error(`the server makes no tokens: ${answer.status}`);
    return await answer.text();
  };
}

/** Shows who the visitor is, and lets them be somebody else. */
export function bindRole(access, announce) {
  const field = document.getElementById("role");
  const words = document.getElementById("role-words");
  if (isLocal()) {
    document.getElementById("role-row").hidden = false;
    field.value = roleFromAddress() ?? "owner";
    field.addEventListener("change", () => {
      const url = new URL(location.href);
      if (field.value === "owner") url.searchParams.delete("as");
      else url.searchParams.set("as", field.value);
      location.assign(url);
    });
  }
  access.observe(show);
  show();

  function show() {
    const { role, mayWrite } = access.now() ?? { role: "", mayWrite: true };
    const reads = mayWrite ? "" : `As ${role} you can read this, and not change it.`;
    if (words.textContent === reads) return;
    words.textContent = reads;
    document.body.classList.toggle("reads", !mayWrite);
    document.getElementById("note").readOnly = !mayWrite;
    document.getElementById("tasks-controls").disabled = !mayWrite;
    if (reads) announce(reads);
  }
}
