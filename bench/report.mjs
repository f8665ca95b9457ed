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

/** One table of the medians of several measures, given as `{ measure, result }`. */
export function summary(parts) {
  const columns = parts.flatMap(({ measure, result }) => {
    const keys = measure.summary ?? Object.keys(measure.figures ?? {});
    return keys.map((key) => ({
      title: measure.figures[key],
      cell: ({ name }) => {
        const figure = spreadOf(named(result, name), key);
        return figure === undefined ? NONE : short(figure.median);
      },
    }));
  });
  return ofSubjects(parts[0].result.subjects, columns);
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

export function areServers(subjects) {
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
