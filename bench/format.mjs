// Numbers, Markdown and SVG, as tables and plots write them.

/** Three digits, and thousands with commas. */
export function short(number) {
  if (number >= 100) return Math.round(number).toLocaleString("en-US");
  return String(Number(number.toPrecision(number >= 1 ? 3 : 2)));
}

/** Rows of cells as a Markdown table: the first has the titles; `left` columns hold words. */
export function markdown(rows, left) {
  const lines = rows.map((cells) => `| ${cells.join(" | ")} |`);
  const rule = rows[0].map((_, index) => (index < left ? "-|" : "-:|")).join("");
  lines.splice(1, 0, `|${rule}`);
  return lines.join("\n");
}

export const WIDTH = 720;

/** A picture of `parts`, on white. */
export function picture(parts, height) {
  const size = `width="${WIDTH}" height="${height}" viewBox="0 0 ${WIDTH} ${height}"`;
  const head = `<svg xmlns="http://www.w3.org/2000/svg" ${size} font-family="sans-serif"`;
  const paper = `<rect width="${WIDTH}" height="${height}" fill="#ffffff"/>`;
  return `${head} font-size="13" fill="#222222">\n${[paper, ...parts].join("\n")}\n</svg>\n`;
}

/** Words at a place; `more` are further attributes. */
export function words(x, y, content, more = "") {
  return `<text x="${x}" y="${y}"${more && ` ${more}`}>${escape(content)}</text>`;
}

function escape(text) {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
}
