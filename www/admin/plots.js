// Plots over time. uPlot draws; here is how, in the page's colours, and what a plot says to those
// who do not see it. What is drawn is in plotted.js.

import uPlot from "./uplot.js";
import { make } from "./element.js";
import { clock } from "./words.js";

const KEPT_MS = 15 * 60_000;
const HEIGHT = 150;
/** Lines differ in their dashes, too: not everyone sees colours. */
const LINES = [
  { colour: "--yarn", dash: [], marker: "solid" },
  { colour: "--plot-2", dash: [7, 4], marker: "dashed" },
  { colour: "--plot-3", dash: [2, 3], marker: "dotted" },
];

/**
 * Makes plots in `parent`. Between two samples that are more than `gapMs` apart is a gap: nobody
 * saw what was there. Returns `{ add(sample), clear() }`.
 */
export function makePlots(parent, plotted, gapMs) {
  let samples = [];
  const plots = plotted.map((plot) => makePlot(parent, plot));

  function draw() {
    for (const plot of plots) plot.draw(samples);
  }

  // Colours are looked up when a plot is drawn.
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
  return {
    /** `sample.at` is in milliseconds; what it lacks is a gap. */
    add(sample) {
      samples = samples.filter(({ at }) => sample.at - at < KEPT_MS);
      const last = samples.at(-1)?.at ?? sample.at;
      if (sample.at - last > gapMs) samples.push({ at: last + 1 });
      samples.push(sample);
      draw();
    },
    clear() {
      samples = [];
      draw();
    },
  };
}

function makePlot(parent, { title, words, lines, times = 1, isWhole, isBytes }) {
  const place = make("div", { className: "plot" });
  const figure = make("figure", {}, make("figcaption", {}, title), place);
  parent.append(figure);
  const shown = (value) => (Number.isFinite(value) ? words(value) : "–");
  // Without a pointer on the plot, the legend has the newest.
  const newest = ({ data }, index, at) => shown(data[index][at ?? data[index].length - 1]);
  const series = lines.map(([, label], index) => ({
    label,
    stroke: () => colour(LINES[index].colour),
    dash: LINES[index].dash,
    width: 2,
    points: { show: false },
    value: (plot, _, index, at) => newest(plot, index, at),
  }));
  const axis = {
    stroke: () => colour("--soft"),
    font: "12px system-ui, sans-serif",
    grid: { stroke: () => colour("--line"), width: 1 },
    ticks: { show: false },
  };
  const upright = {
    ...axis,
    size: 62,
    values: (_, splits) => splits.map((value) => (value === null ? "" : words(value))),
    ...(isWhole && { incrs: wholeSteps(10) }),
    ...(isBytes && { incrs: wholeSteps(2) }),
  };
  const options = {
    width: widthOf(place),
    height: HEIGHT,
    series: [{}, ...series],
    axes: [{ ...axis, space: 80, size: 26, values: (_, times) => times.map(timeOfDay) }, upright],
    scales: {
      x: { range: (_, first, last) => span(first, last) },
      y: { range: (_, _least, most) => [0, Math.max(1, (most ?? 0) * 1.1)] },
    },
    cursor: { drag: { x: false, y: false }, points: { size: 7 }, sync: { key: parent.id } },
    legend: { markers: { dash: (_, index) => LINES[index - 1]?.marker ?? "solid" } },
    select: { show: false },
  };
  const drawn = new uPlot(options, [[], ...lines.map(() => [])], place);
  drawn.root.querySelector(".u-wrap").setAttribute("role", "img");
  new ResizeObserver(() => {
    if (place.clientWidth > 0) drawn.setSize({ width: widthOf(place), height: HEIGHT });
  }).observe(place);

  /** What is not known is a gap. */
  const valueOf = (value) => (Number.isFinite(value) ? value * times : null);

  function draw(samples) {
    const values = lines.map(([name]) => samples.map((sample) => valueOf(sample[name])));
    drawn.setData([samples.map(({ at }) => at / 1000), ...values]);
    const now = lines.map(([, label], index) => `${label} ${shown(values[index].at(-1))}`);
    drawn.root.querySelector(".u-wrap").setAttribute("aria-label", `${title}: ${now.join(", ")}`);
  }

  draw([]);
  return { draw };
}

/** Steps of an axis on which there is nothing between whole numbers. */
function wholeSteps(base) {
  if (base === 2) return Array.from({ length: 42 }, (_, power) => 2 ** power);
  return Array.from({ length: 13 }, (_, power) => [1, 2, 5].map((by) => by * 10 ** power)).flat();
}

/** From and to when: a minute at least, so that what is there at first does not fill it all. */
function span(first, last) {
  const to = last ?? Date.now() / 1000;
  return [Math.min(first ?? to, to - 60), to];
}

function timeOfDay(seconds) {
  return clock(seconds * 1000).slice(0, 8);
}

function widthOf(place) {
  return Math.max(place.clientWidth, 120);
}

function colour(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}
