// Plots as SVG drawn here: no library, nothing fetched, colours by the page's style.

import { plainWord, svg } from "./elements.js";

const WIDTH = 560;
const LABEL = 150;
const ROW = 26;

// A little line over equal steps, as high as the greatest value.
export function line(values) {
  const most = Math.max(1, ...values);
  const points = values.map((value, index) => `${(index * 100) / (values.length - 1)},${40 - (36 * value) / most}`).join(" ");
  return svg(
    "svg", { viewBox: "0 0 100 42", preserveAspectRatio: "none", role: "img" },
    svg("polygon", { class: "area", points: `0,42 ${points} 100,42` }),
    svg("polyline", { class: "line", points, "vector-effect": "non-scaling-stroke" }),
  );
}

// Columns over days, thinned labels below.
export function columns(rows, key, value) {
  const height = 190;
  const foot = 24;
  const most = Math.max(1, ...rows.map((row) => row[value]));
  const step = WIDTH / Math.max(rows.length, 8);
  const every = Math.ceil(rows.length / 8);
  const parts = rows.flatMap((row, index) => {
    const tall = ((height - foot - 20) * row[value]) / most;
    const x = index * step;
    const y = height - foot - tall;
    const bar = svg("rect", { class: "bar", x: x + step * 0.15, y, width: step * 0.7, height: tall, rx: 2 }, svg("title", {}, `${row[key]}: ${row[value]}`));
    const label = index % every ? [] : [svg("text", { x: x + step / 2, y: height - 7, "text-anchor": "middle" }, row[key].slice(5))];
    const count = rows.length > 12 ? [] : [svg("text", { class: "value", x: x + step / 2, y: y - 5, "text-anchor": "middle" }, row[value])];
    return [bar, ...label, ...count];
  });
  const axis = svg("line", { class: "axis", x1: 0, x2: WIDTH, y1: height - foot, y2: height - foot });
  return svg("svg", { class: "plot", viewBox: `0 0 ${WIDTH} ${height}`, role: "img" }, axis, ...parts);
}

// Lying bars, one a row. Of shares the whole is drawn behind, and the target as a line.
export function bars(rows, { name, value, share = false, target = null }) {
  const room = WIDTH - LABEL - 80;
  const most = share ? 1 : Math.max(1, ...rows.map((row) => row[value] ?? 0));
  const height = rows.length * ROW + 6;
  const parts = rows.flatMap((row, index) => {
    const y = index * ROW + 6;
    const long = (room * (row[value] ?? 0)) / most;
    const told = row[value] == null ? "–" : share ? `${(100 * row[value]).toFixed(1)} %` : String(row[value]);
    return [
      svg("text", { x: LABEL - 10, y: y + 14, "text-anchor": "end" }, clipped(name(row)), svg("title", {}, name(row))),
      ...(share ? [svg("rect", { class: "rest", x: LABEL, y, width: room, height: 18, rx: 3 })] : []),
      svg("rect", { class: "bar", x: LABEL, y, width: Math.max(long, 1), height: 18, rx: 3 }),
      svg("text", { class: "value", x: LABEL + (share ? room : long) + 8, y: y + 14 }, told),
    ];
  });
  if (target != null) parts.push(svg("line", { class: "target", x1: LABEL + room * target, x2: LABEL + room * target, y1: 0, y2: height }));
  return svg("svg", { class: "plot", viewBox: `0 0 ${WIDTH} ${height}`, role: "img" }, ...parts);
}

export const named = (table, key) => (row) => plainWord(table, row[key]);

function clipped(text) {
  const wide = [...text].map((sign) => (sign.charCodeAt(0) > 255 ? 2 : 1));
  let room = 20;
  const kept = [...text].filter((_, index) => (room -= wide[index]) >= 0);
  return kept.length < [...text].length ? `${kept.join("")}…` : text;
}
