// What people read: a table and a plot of each measure. Figures are of one run on one machine, so
// each stands beside its ratio to the first subject's.

import { curvePlot, curveTables } from "./curves.mjs";
import { WIDTH, markdown, picture, short, words } from "./format.mjs";
import { spread } from "./statistics.mjs";

const NONE = "–";

/** A Markdown table: median (least–most) and the ratio to the first subject. */
export function table(measure, result) {
  if (measure.curves) return curveTables(measure, result);
  const [first] = result.subjects;
  const columns = Object.entries(measure.figures).map(([key, title]) => ({
    title,
    cell: ({ name }) =>
      cell(spreadOf(named(result, name), key), spreadOf(first, key), measure.isExact),
  }));
  return ofSubjects(result.subjects, columns);
}

/**
 * One table of the medians of several measures of servers, given as `{ measure, text }`: what a page
 * says of each, so that both say the same.
 */
export function summary(parts) {
  const head = ["server", "durable before it is shown"];
  const [heads, rows] = [[...head], new Map()];
  for (const { measure, text } of parts) {
    const [titles, ...servers] = cellsOf(text);
    if (titles?.[0] !== head[0]) continue;
    for (const key of measure.summary ?? Object.keys(measure.figures ?? {})) {
      const column = titles.indexOf(measure.figures[key]);
      for (const cells of servers) {
        if (!rows.has(cells[0])) rows.set(cells[0], cells.slice(0, head.length));
        const row = rows.get(cells[0]);
        while (row.length < heads.length) row.push(NONE);
        row.push(cells[column]?.split(/ \(|, ×/)[0] ?? NONE);
      }
      heads.push(measure.figures[key]);
    }
  }
  const whole = [...rows.values()].map((row) => heads.map((_, column) => row[column] ?? NONE));
  return markdown([heads, ...whole], head.length);
}

/** The cells of a Markdown table, its titles first. */
function cellsOf(text) {
  const lines = text.split("\n").filter((line) => line.startsWith("| "));
  return lines.map((line) => line.slice(2, -2).split(" | "));
}

function ofSubjects(subjects, columns) {
  // Of clients there is no such thing to say.
  const head = areServers(subjects) ? ["server", "durable before it is shown"] : ["client"];
  const rows = [[...head, ...columns.map(({ title }) => title)]];
  for (const subject of subjects) {
    const { title, version, durable } = subject;
    const cells = columns.map(({ cell }) => cell(subject));
    const own = [`${title} ${version}`, durable ? "yes" : "no"];
    rows.push([...own.slice(0, head.length), ...cells]);
  }
  return markdown(rows, head.length);
}

function areServers(subjects) {
  return subjects.every(({ durable }) => durable !== undefined);
}

function named(result, name) {
  return result.subjects.find((subject) => subject.name === name);
}

/** A measure may not apply to a subject. */
function spreadOf(subject, key) {
  return spread((subject?.repetitions ?? []).map((figures) => figures[key]));
}

function cell(own, first, isExact) {
  if (own === undefined) return NONE;
  // Of nothing, nothing is so many times as much.
  const ratio = !(first?.median > 0) ? "" : `, ×${short(own.median / first.median)}`;
  const range = isExact ? "" : ` (${short(own.min)}–${short(own.max)})`;
  return `${short(own.median)}${range}${ratio}`;
}

const LABEL = 190;
const VALUE = 150;
const ROW = 24;
const HEAD = 30;

/** Bars of the medians, for each figure on a scale of its own, with a line from least to most. */
export function plot(measure, result) {
  if (measure.curves) return curvePlot(measure, result);
  const parts = [];
  let y = 0;
  for (const [key, title] of Object.entries(measure.figures)) {
    parts.push(words(0, y + 20, title, 'font-weight="bold"'));
    y += HEAD;
    const rows = result.subjects.map((subject) => ({ subject, figure: spreadOf(subject, key) }));
    // Where all is zero, so are the bars.
    const most = Math.max(...rows.map(({ figure }) => figure?.max ?? 0)) || 1;
    const scale = (number) => Math.round((Math.max(0, number) / most) * (WIDTH - LABEL - VALUE));
    rows.forEach(({ subject, figure }, index) => {
      parts.push(...bar(subject, figure, { y, scale, fill: index === 0 ? "#2f6f4f" : "#9aa7b0" }));
      y += ROW;
    });
    y += 10;
  }
  return picture(parts, y);
}

function bar(subject, figure, { y, scale, fill }) {
  const label = words(0, y + 15, subject.title);
  if (figure === undefined) return [label, words(LABEL, y + 15, NONE)];
  const [from, to] = [LABEL + scale(figure.min), LABEL + scale(figure.max)];
  const width = Math.max(1, scale(figure.median));
  return [
    label,
    `<rect x="${LABEL}" y="${y + 3}" width="${width}" height="16" fill="${fill}"/>`,
    `<path d="M${from} ${y + 11}H${to}" stroke="#222222" stroke-width="2"/>`,
    words(to + 8, y + 15, short(figure.median)),
  ];
}
