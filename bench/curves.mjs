// Tables and line plots of a measure that has curves: what one subject's figures become as
// something grows.

import { WIDTH, markdown, picture, short, words } from "./format.mjs";
import { spread } from "./statistics.mjs";

const HEIGHT = 220;
const HEAD = 40;
const FOOT = 46;
const LEFT = 60;
/** Leaves room for the names of the lines. */
const RIGHT = 200;
const NAME = 16;
const COLORS = ["#2f6f4f", "#b3541e", "#4a5d8f"];

/** A table for each curve: median (least–most) of the repetitions. */
export function curveTables(measure, result) {
  const tables = Object.entries(measure.curves).map(([key, curve]) => {
    const titles = [curve.x, ...Object.values(curve.lines).map((line) => `${line}, ${curve.y}`)];
    const cell = ({ median, min, max }) => `${short(median)} (${short(min)}–${short(max)})`;
    const rows = pointsOf(curve, result, key).map(({ x, figures }) => [
      short(x),
      ...figures.map((figure) => (figure === undefined ? "–" : cell(figure))),
    ]);
    return `${curve.title}:\n\n${markdown([titles, ...rows], 0)}`;
  });
  return tables.join("\n\n");
}

/** One picture of all curves, below each other; both axes go by factors, since the values do. */
export function curvePlot(measure, result) {
  const parts = [];
  let y = 0;
  for (const [key, curve] of Object.entries(measure.curves)) {
    const points = pointsOf(curve, result, key);
    parts.push(words(0, y + 20, curve.title, 'font-weight="bold"'));
    if (points.length > 0) parts.push(...axesAndLines(curve, points, y + HEAD));
    y += HEAD + HEIGHT + FOOT;
  }
  return picture(parts, y);
}

/** Each `x` with the spread of each line's figures; of all repetitions. */
function pointsOf(curve, result, key) {
  const all = result.subjects[0].repetitions.flatMap((figures) => figures[key] ?? []);
  const places = [...new Set(all.map(({ x }) => x))].sort((a, b) => a - b);
  return places.map((x) => {
    const here = all.filter((point) => point.x === x);
    const figures = Object.keys(curve.lines).map((line) => spread(here.map((it) => it[line])));
    return { x, figures };
  });
}

function axesAndLines(curve, points, top) {
  const known = points.flatMap(({ figures }) => figures.filter((figure) => figure !== undefined));
  const across = scale(points.map(({ x }) => x), LEFT, WIDTH - RIGHT);
  const up = scale(known.flatMap(({ min, max }) => [min, max]), top + HEIGHT, top);
  const bottom = top + HEIGHT;
  const parts = [
    `<path d="M${LEFT} ${top}V${bottom}H${WIDTH - RIGHT}" stroke="#9aa7b0" fill="none"/>`,
    words(LEFT, top - 6, curve.y, 'text-anchor="end"'),
    words(WIDTH - RIGHT + 24, bottom + 20, curve.x),
    ...points.map(({ x }) => words(across(x), bottom + 20, short(x), 'text-anchor="middle"')),
  ];
  for (const y of ticks(known)) {
    parts.push(words(LEFT - 8, up(y) + 4, short(y), 'text-anchor="end"'));
    parts.push(`<path d="M${LEFT} ${up(y)}H${WIDTH - RIGHT}" stroke="#e4e8eb"/>`);
  }
  const names = [];
  Object.values(curve.lines).forEach((name, index) => {
    const at = points.filter(({ figures }) => figures[index] !== undefined);
    if (at.length === 0) return;
    const color = COLORS[index % COLORS.length];
    const line = at.map(({ x, figures }) => `${across(x)} ${up(figures[index].median)}`);
    parts.push(`<path d="M${line.join("L")}" stroke="${color}" stroke-width="2" fill="none"/>`);
    for (const { x, figures } of at) {
      const { median, min, max } = figures[index];
      parts.push(`<path d="M${across(x)} ${up(min)}V${up(max)}" stroke="${color}"/>`);
      parts.push(`<circle cx="${across(x)}" cy="${up(median)}" r="3" fill="${color}"/>`);
    }
    names.push({ name, color, y: up(at.at(-1).figures[index].median) + 4 });
  });
  return [...parts, ...besides(names)];
}

/** The names of the lines where these end, but not on top of each other. */
function besides(names) {
  let free = -Infinity;
  return names
    .sort((a, b) => a.y - b.y)
    .map(({ name, color, y }) => {
      const at = Math.max(y, free);
      free = at + NAME;
      return words(WIDTH - RIGHT + 24, at, name, `fill="${color}"`);
    });
}

/** Where a value is between `from` and `to`, by its logarithm. */
function scale(values, from, to) {
  const logs = values.map((value) => Math.log(least(value)));
  const [low, high] = [Math.min(...logs), Math.max(...logs)];
  const range = high - low || 1;
  return (value) => Math.round(from + ((Math.log(least(value)) - low) / range) * (to - from));
}

/** The powers of ten, and their halves and doubles, within what is shown; at least its ends. */
function ticks(figures) {
  const [low, high] = [
    Math.min(...figures.map(({ min }) => least(min))),
    Math.max(...figures.map(({ max }) => least(max))),
  ];
  const found = [];
  for (let power = Math.floor(Math.log10(low)); power <= Math.log10(high); power++) {
    for (const step of [1, 2, 5]) {
      const value = step * 10 ** power;
      if (value >= low && value <= high) found.push(value);
    }
  }
  return found.length > 1 ? found : [low, high];
}

/** A logarithm needs something above zero. */
function least(value) {
  return Math.max(value, 0.01);
}
