// What people read: a table and a plot of each measure. Figures are of one run on one machine, so
// each stands beside its ratio to the first subject's.

import { spread } from "./statistics.mjs";

const NONE = "–";

/** A Markdown table: median (least–most) and the ratio to the first subject. */
export function table(measure, result) {
  const [first] = result.subjects;
  const columns = Object.entries(measure.figures).map(([key, title]) => ({
    title,
    cell: ({ name }) => cell(spreadOf(named(result, name), key), spreadOf(first, key)),
  }));
  return markdown(result.subjects, columns);
}

/** One table of the medians of several measures, given as `{ measure, result }`. */
export function summary(parts) {
  const columns = parts.flatMap(({ measure, result }) =>
    Object.entries(measure.figures).map(([key, title]) => ({
      title,
      cell: ({ name }) => {
        const figure = spreadOf(named(result, name), key);
        return figure === undefined ? NONE : short(figure.median);
      },
    })),
  );
  return markdown(parts[0].result.subjects, columns);
}

function markdown(subjects, columns) {
  const rows = [["server", "durable before it is shown", ...columns.map(({ title }) => title)]];
  for (const subject of subjects) {
    const { title, version, durable } = subject;
    const cells = columns.map(({ cell }) => cell(subject));
    rows.push([`${title} ${version}`, durable ? "yes" : "no", ...cells]);
  }
  const lines = rows.map((cells) => `| ${cells.join(" | ")} |`);
  lines.splice(1, 0, `|-|-|${columns.map(() => "-:|").join("")}`);
  return lines.join("\n");
}

function named(result, name) {
  return result.subjects.find((subject) => subject.name === name);
}

function spreadOf(subject, key) {
  return spread(subject.repetitions.map((figures) => figures[key]));
}

function cell(own, first) {
  if (own === undefined) return NONE;
  // Of nothing, nothing is so many times as much.
  const ratio = !(first?.median > 0) ? "" : `, ×${short(own.median / first.median)}`;
  return `${short(own.median)} (${short(own.min)}–${short(own.max)})${ratio}`;
}

/** Three digits, and thousands with commas. */
export function short(number) {
  if (number >= 100) return Math.round(number).toLocaleString("en-US");
  return String(Number(number.toPrecision(number >= 1 ? 3 : 2)));
}

const WIDTH = 720;
const LABEL = 190;
const VALUE = 150;
const ROW = 24;
const HEAD = 30;

/** Bars of the medians, for each figure on a scale of its own, with a line from least to most. */
export function plot(measure, result) {
  const parts = [];
  let y = 0;
  for (const [key, title] of Object.entries(measure.figures)) {
    parts.push(`<text x="0" y="${y + 20}" font-weight="bold">${escape(title)}</text>`);
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
  const size = `width="${WIDTH}" height="${y}" viewBox="0 0 ${WIDTH} ${y}"`;
  const head = `<svg xmlns="http://www.w3.org/2000/svg" ${size} font-family="sans-serif"`;
  const paper = `<rect width="${WIDTH}" height="${y}" fill="#ffffff"/>`;
  return `${head} font-size="13" fill="#222222">\n${[paper, ...parts].join("\n")}\n</svg>\n`;
}

function bar(subject, figure, { y, scale, fill }) {
  const label = `<text x="0" y="${y + 15}">${escape(subject.title)}</text>`;
  if (figure === undefined) return [label, `<text x="${LABEL}" y="${y + 15}">${NONE}</text>`];
  const [from, to] = [LABEL + scale(figure.min), LABEL + scale(figure.max)];
  const width = Math.max(1, scale(figure.median));
  return [
    label,
    `<rect x="${LABEL}" y="${y + 3}" width="${width}" height="16" fill="${fill}"/>`,
    `<path d="M${from} ${y + 11}H${to}" stroke="#222222" stroke-width="2"/>`,
    `<text x="${to + 8}" y="${y + 15}">${short(figure.median)}</text>`,
  ];
}

function escape(text) {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
}
