// What pages tell that open a kept document. In a page, beside a client.

/**
 * Says in the page that `text` is there: how long it took since `began`, and how long it is.
 * `window.type(keys, scattered)` then types, and resolves to the 99th percentile of the delays
 * until an observer was told, in ms.
 */
export function opened(text, began) {
  window.opened = { ms: performance.now() - began, length: text.length };
  let told;
  text.observe(() => (told = performance.now()));
  window.type = async (keys, scattered) => {
    const delays = [];
    const middle = text.length >> 1;
    for (let key = 0; key < keys; key++) {
      // Places far from each other, the same in each run.
      const at = scattered ? (key * 104_729) % text.length : middle + key;
      const pressed = performance.now();
      text.insert(at, "x");
      delays.push(told - pressed);
      if (key % 20 === 0) await new Promise((later) => setTimeout(later));
    }
    delays.sort((a, b) => a - b);
    return delays[Math.floor(delays.length * 0.99)];
  };
}

export function say(state) {
  document.documentElement.dataset.state = state;
}
