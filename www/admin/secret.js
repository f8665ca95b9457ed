// The operator's secret, for as long as the tab is open.

const KEY = "selvedge.operator";
const WHY_KEY = "selvedge.operator.left";
let kept = null;

export function keptSecret() {
  try {
    return sessionStorage.getItem(KEY) ?? kept;
  } catch {
    return kept;
  }
}

export function keepSecret(secret) {
  kept = secret;
  try {
    sessionStorage.setItem(KEY, secret);
  } catch {
    // A browser that keeps nothing for this site: it lasts as long as the page.
  }
}

/** Forgets it, and keeps why for the page that comes next. */
export function forgetSecret(words) {
  kept = null;
  try {
    sessionStorage.removeItem(KEY);
    sessionStorage.setItem(WHY_KEY, words);
  } catch {
    // Nothing was kept.
  }
}

/** Why it was forgotten, told once. */
export function whyForgotten() {
  try {
    const words = sessionStorage.getItem(WHY_KEY) ?? "";
    sessionStorage.removeItem(WHY_KEY);
    return words;
  } catch {
    return "";
  }
}
