// A text area that shows a shared text, and when it did. In a page, beside a client.

/** Milliseconds on a clock that all pages of a browser share. */
const clock = (ms) => performance.timeOrigin + ms;

/**
 * Binds the page's text area to a text: `insert(at, string)`, `observe(callback)`, `toString()`.
 * `window.typed` has the time of each key that was pressed here, `window.shown` the time at which
 * the frame with each letter of the text was made.
 */
export function bind(text) {
  const area = document.querySelector("textarea");
  const typed = [];
  const shown = [];
  Object.assign(window, { typed, shown });
  // What is posted in a frame arrives once that frame is made. (A frame's own time is when it
  // began, which can be before the key was pressed.)
  const { port1: after, port2: frame } = new MessageChannel();
  after.onmessage = ({ data: letters }) => {
    while (shown.length < letters) shown.push(clock(performance.now()));
  };
  let pressed;
  area.addEventListener("keydown", ({ timeStamp }) => (pressed = clock(timeStamp)));
  area.addEventListener("input", ({ data }) => {
    typed.push(pressed);
    text.insert(area.selectionStart - data.length, data);
  });
  text.observe(() => {
    const now = text.toString();
    if (area.value === now) return;
    area.value = now;
    requestAnimationFrame(() => frame.postMessage(now.length));
  });
  area.focus();
}
