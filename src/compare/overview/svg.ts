/** The architecture as a picture for pages and papers: one SVG file that needs nothing else. */

import type { Overview } from "./overview.js";
import { groupNames, normNames } from "./paint.js";
import { type Coding, rectangle, round, textAt } from "./svg-boxes.js";
import { type PlacedEdge, type PlacedFrame, type Point, layout } from "./svg-layout.js";
import { escaped, groupClass, normClass, style, textWidth } from "./svg-style.js";

const margin = 20;

/** Draws an overview's figure. Texts stay texts; colours follow the reader's light or dark page. */
export async function architectureSvg(overview: Overview): Promise<string> {
  const groups = groupNames(overview);
  const norms = normNames(overview);
  const coding: Coding = { group: (name) => groups.indexOf(name), norm: (name) => (name === undefined ? -1 : norms.indexOf(name)) };
  const placed = await layout(overview.figure, coding);
  const title = overview.recipe === undefined ? overview.model : `${overview.name} of ${overview.model}`;
  const width = Math.max(placed.width, textWidth(title, 15, true), 260) + 2 * margin;
  const head = headLines(overview, width - 2 * margin);
  const top = margin + 24 + 15 * head.length + 8;
  const left = (width - placed.width) / 2;
  const legend = legendOf(groups, norms, width - 2 * margin, coding);
  const height = top + placed.height + 18 + legend.height + margin;
  const streams = placed.edges.filter(({ isStream }) => isStream);
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${Math.ceil(width)} ${Math.ceil(height)}" width="${Math.ceil(width)}" height="${Math.ceil(height)}" role="img" aria-labelledby="title desc">`,
    `<title id="title">${escaped(title)}</title>`,
    `<desc id="desc">${escaped(description(overview))}</desc>`,
    `<style>${style}</style>`,
    `<rect width="100%" height="100%" class="page"/>`,
    textAt(title, margin, margin + 12, { classes: "title" }),
    ...head.map((line, i) => textAt(line, margin, margin + 31 + 15 * i, { classes: "small quiet" })),
    `<g transform="translate(${round(left)} ${round(top)})">`,
    ...placed.frames.map(frame),
    ...placed.edges.filter(({ isStream }) => !isStream).map((edge) => thin(edge, coding)),
    ...streams.map(halo),
    ...streams.map((edge) => stream(edge, coding)),
    ...placed.boxes.map(({ x, y, box }) => box.draw(x, y)),
    ...placed.frames.map(badge),
    "</g>",
    `<g transform="translate(${margin} ${round(top + placed.height + 18)})">${legend.text}</g>`,
    "</svg>",
    "",
  ].join("\n");
}

/** What a reader who does not see the picture should know. */
function description({ sites, settings }: Overview): string {
  const given = settings.map(({ name, value }) => `${name} ${value}`).join(", ");
  const stacks = sites.map(({ stack, rows }) => `${stack}: ${rows.map(({ path, landings }) => `${path} ${landings.map((landing) => `${landing.groups.join(" and ")} ${landing.policy}`).join(", ")}`).join("; ")}`);
  return [given, ...stacks].filter((text) => text !== "").join(". ");
}

function headLines({ settings, batch }: Overview, width: number): readonly string[] {
  const lines: string[] = [];
  for (const word of [...settings.map(({ name, value }) => `${name} ${value}`), `batch ${batch}`]) {
    const last = lines.at(-1);
    if (last !== undefined && textWidth(`${last} · ${word}`, 10.5) <= width) lines[lines.length - 1] = `${last} · ${word}`;
    else lines.push(word);
  }
  return lines;
}

function frame({ kind, x, y, width, height }: PlacedFrame): string {
  return rectangle(x, y, width, height, kind, 9);
}

/** How often a repeat runs, on its upper edge. */
function badge({ x, y, width, count }: PlacedFrame): string {
  if (count === undefined) return "";
  const text = `× ${count}`;
  const own = textWidth(text, 12, true) + 14;
  return rectangle(x + width - own - 8, y - 9, own, 18, "badge", 9) + textAt(text, x + width - 8 - own / 2, y + 4, { classes: "name onbadge", anchor: "middle" });
}

/** A value that is no sequence of a stack; one group alone has its colour. */
function thin({ points, groups, isMask, label }: PlacedEdge, coding: Coding): string {
  const own = groups.length === 1 ? ` lane ${groupClass(coding.group(groups[0]!))}` : "";
  const end = points.at(-1)!;
  const name = label === undefined ? "" : textAt(label, end.x + 6, end.y - 6, { classes: "small quiet" });
  return `<path d="${path(cutShort(points, 5))}" class="edge${own}${isMask ? " mask" : ""}"/>${arrow(points, own === "" ? "head" : `lanehead${own.replace(" lane", "")}`)}${name}`;
}

/** Clears the way for a sequence where it crosses frames. */
function halo({ points, groups }: PlacedEdge): string {
  return `<path d="${path(cutShort(points, 5))}" class="halo" stroke-width="${3 * groups.length + 5}"/>`;
}

/** The sequence inside of a stack: a line for each group, beside one another. */
function stream({ points, groups }: PlacedEdge, coding: Coding): string {
  const gap = 3;
  const lanes = groups.map((group, i) => `<path d="${path(shifted(cutShort(points, 5), ((groups.length - 1) / 2 - i) * gap))}" class="lane ${groupClass(coding.group(group))}"/>`);
  return `${lanes.join("")}${arrow(points, "head", 3 + 1.5 * groups.length)}`;
}

function arrow(points: readonly Point[], classes: string, half = 3.5): string {
  const [before, end] = [points.at(-2)!, points.at(-1)!];
  const [dx, dy] = direction(before, end);
  const [x, y] = [end.x - 7 * dx, end.y - 7 * dy];
  return `<path d="M${round(end.x)} ${round(end.y)}L${round(x - half * dy)} ${round(y + half * dx)}L${round(x + half * dy)} ${round(y - half * dx)}Z" class="${classes}"/>`;
}

function direction(a: Point, b: Point): readonly [number, number] {
  const length = Math.hypot(b.x - a.x, b.y - a.y) || 1;
  return [(b.x - a.x) / length, (b.y - a.y) / length];
}

/** The line without its last few pixels, where the head of the arrow is. */
function cutShort(points: readonly Point[], by: number): readonly Point[] {
  const [before, end] = [points.at(-2)!, points.at(-1)!];
  const [dx, dy] = direction(before, end);
  return [...points.slice(0, -1), { x: end.x - by * dx, y: end.y - by * dy }];
}

/** A line beside another, at its right for positive distances seen from its start: at right angles corners move along both sides. */
function shifted(points: readonly Point[], by: number): readonly Point[] {
  const normals = points.slice(1).map((point, i) => {
    const [dx, dy] = direction(points[i]!, point);
    return [-dy, dx] as const;
  });
  return points.map(({ x, y }, i) => {
    const [before, after] = [normals[i - 1], normals[i]];
    const turns = before !== undefined && after !== undefined && Math.abs(before[0] * after[0] + before[1] * after[1]) < 0.5;
    const [nx, ny] = turns ? [before[0] + after[0], before[1] + after[1]] : (after ?? before)!;
    return { x: x + by * nx, y: y + by * ny };
  });
}

/** A line with rounded corners. */
function path(points: readonly Point[]): string {
  const radius = 6;
  const parts = [`M${round(points[0]!.x)} ${round(points[0]!.y)}`];
  for (let i = 1; i < points.length - 1; i++) {
    const [a, corner, b] = [points[i - 1]!, points[i]!, points[i + 1]!];
    const near = (other: Point, share: number) => {
      const length = Math.hypot(other.x - corner.x, other.y - corner.y);
      const [dx, dy] = direction(corner, other);
      const own = Math.min(radius, length * share);
      return `${round(corner.x + own * dx)} ${round(corner.y + own * dy)}`;
    };
    parts.push(`L${near(a, 0.5)}`, `Q${round(corner.x)} ${round(corner.y)} ${near(b, 0.5)}`);
  }
  const end = points.at(-1)!;
  return `${parts.join("")}L${round(end.x)} ${round(end.y)}`;
}

/** The groups and the norms with their colours, in rows. */
function legendOf(groups: readonly string[], norms: readonly string[], width: number, coding: Coding): { text: string; height: number } {
  const items = [
    ...groups.map((name) => ({ name, mark: (x: number, y: number) => `<path d="M${round(x)} ${y}h18" class="lane ${groupClass(coding.group(name))}"/>` })),
    ...norms.map((name) => ({ name, mark: (x: number, y: number) => rectangle(x, y - 6, 18, 12, `chip ${normClass(coding.norm(name))}`, 4) })),
  ];
  let x = 0;
  let y = 8;
  const parts: string[] = [];
  for (const { name, mark } of items) {
    const own = 24 + textWidth(name, 10.5) + 16;
    if (x > 0 && x + own > width) [x, y] = [0, y + 18];
    parts.push(mark(x, y), textAt(name, x + 24, y + 4, { classes: "small" }));
    x += own;
  }
  return { text: parts.join(""), height: y + 8 };
}
