// What the note's rules took back, said kindly.

const SHOWN_MS = 12_000;

/** Where a change was, in the page's words. */
const PLACES = [
  [/^note$/, "the note"],
  [/^tasks\/\d+\/title$/, "a task's title"],
  [/^tasks\/\d+\/done$/, "a task's tick"],
  [/^tasks/, "the tasks"],
];

/** What a rule says, in the page's words. */
const RULES = {
  insert: "your role may not add to that",
  change: "your role may not change that",
  delete: "your role may not delete that",
  "max-characters": "it would be too long",
  "max-length": "it would be too long",
  "max-items": "there are as many as there may be",
  type: "nothing of that kind belongs there",
  closed: "nothing of that name belongs there",
};

/** Shows each rejection that `connection` tells of, until the visitor puts it away. */
export function bindRejections(connection, announce) {
  const notice = document.getElementById("rejected");
  const words = document.getElementById("rejected-words");
  let timer = 0;

  function show({ path, rule }) {
    const [, place] = PLACES.find(([pattern]) => pattern.test(path)) ?? [null, "the document"];
    const why = RULES[rule] ?? `it breaks the rule ${rule}`;
    words.textContent = `A change of ${place} was not made: ${why}.`;
    notice.hidden = false;
    announce(words.textContent);
    clearTimeout(timer);
    timer = setTimeout(putAway, SHOWN_MS);
  }

  function putAway() {
    notice.hidden = true;
  }

  document.getElementById("rejected-done").addEventListener("click", putAway);
  connection.observeRejections(show);
}
