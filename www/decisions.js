// What the room decided, as a timeline: for owners, who are answered.

const AGAIN_MS = 3_000;
const SHOWN_MAX = 60;

const REASONS = {
  role: "the role may not do it",
  author: "the client id is somebody else's",
  rules: "it breaks the rules",
  limit: "it is over a limit",
  unreadable: "it cannot be read",
  poison: "it made the room fail",
};

/** Asks for what is new while the timeline is open. `ask(since)` resolves to a page of the audit. */
export function bindDecisions(ask) {
  const panel = document.getElementById("decisions");
  const list = document.getElementById("decisions-list");
  const state = document.getElementById("decisions-state");
  let since = 0;
  let timer = 0;

  async function more() {
    clearTimeout(timer);
    if (!panel.open) return;
    try {
      let page;
      do {
        page = await ask(since);
        since = page.sequence;
        for (const entry of page.entries) add(entry);
        state.textContent =
          page.breaks.length > 0
            ? `The chain breaks at number ${page.breaks[0].sequence}.`
            : `The chain holds up to number ${since}.`;
      } while (page.hasMore);
    } catch (error) {
      state.textContent = error.message;
    }
    timer = setTimeout(more, AGAIN_MS);
  }

  function add(entry) {
    const item = document.createElement("li");
    const time = item.appendChild(document.createElement("time"));
    time.dateTime = new Date(entry.at).toISOString();
    time.textContent = new Date(entry.at).toLocaleTimeString();
    item.append(` ${sentence(entry)}`);
    item.className = entry.kind;
    list.prepend(item);
    while (list.childElementCount > SHOWN_MAX) list.lastChild.remove();
  }

  panel.addEventListener("toggle", more);
}

function sentence(entry) {
  const who = entry.name ?? entry.subject ?? (entry.number > 0 ? "somebody" : "everyone");
  switch (entry.kind) {
    case "accepted":
      return `${who} wrote${entry.updates > 1 ? `, ${entry.updates} times` : ""}`;
    case "compensated": {
      const broken = entry.violations.map(({ path, rule }) => `${path} (${rule})`).join(", ");
      return `a change by ${who} was taken back: ${broken}`;
    }
    case "refused":
      return `a change by ${who} was refused: ${REASONS[entry.why] ?? entry.why}`;
    case "compacted":
      return "the log was made shorter to read";
    case "schema":
      return `the rules have version ${entry.version} now`;
    case "epoch":
      return "the document begins";
    case "revoked":
      return `what ${who} was given before is over`;
    default:
      return entry.kind;
  }
}
