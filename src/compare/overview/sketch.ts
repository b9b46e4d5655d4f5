/** The architecture in a terminal: what goes in, each stack with its norms where they stand, what comes out. */

import type { Figure, InnerNorm, ModelEdge, ModelNode, Section, SectionNode, StackItem, StackNode, ValueNode } from "./figure.js";
import { trunkOf } from "./trunk.js";
import { type Paint, padded, shortened, width } from "./paint.js";

/** Columns that a sketch takes at most, where no single word is longer. */
const columns = 80;

export function sketch(figure: Figure, paint: Paint): readonly string[] {
  const values = figure.nodes.filter((node): node is ValueNode => node.kind !== "stack" && node.kind !== "sum" && node.kind !== "given");
  const names = Math.max(...values.map(({ label, kind }) => titleOf(kind, label).length), 0);
  return figure.nodes.flatMap((node) => {
    if (node.kind === "stack") return stackLines(node, figure, paint);
    return node.kind === "sum" || node.kind === "given" ? [] : [valueLine(node, names, paint)];
  });
}

function titleOf(kind: ModelNode["kind"], label: string): string {
  return kind === "loss" ? "loss" : kind === "report" ? `report ${label}` : label;
}

function valueLine({ kind, label, expression, shape, norms }: ValueNode, names: number, paint: Paint): string {
  const title = padded(titleOf(kind, label), Math.min(names, 20));
  const right = shape ?? "";
  const room = columns - width(title) - 4 - (right === "" ? 0 : right.length + 2);
  const own = kind === "input" ? "input" : (kind === "report" ? expression?.replace(/^report (\w+: )?/, "") : expression) ?? kind;
  const marks = norms.map((norm) => ` ${innerText(norm.name === label ? { ...norm, name: norm.policy } : norm, paint)}`).join("");
  const text = shortened(own, Math.max(8, room - width(marks)));
  const middle = kind === "input" || kind === "parameter" ? paint.quiet(text) : text;
  return `  ${kind === "loss" ? paint.title(title) : title}  ${padded(middle + marks, room)}${right === "" ? "" : `  ${paint.quiet(right)}`}`.trimEnd();
}

function innerText({ name, policy, norm }: InnerNorm, paint: Paint): string {
  return `[${name === policy || name === norm ? "" : `${name} `}${paint.norm(norm, policy)}]`;
}

function stackLines(node: StackNode, figure: Figure, paint: Paint): readonly string[] {
  const title = `╭─ ${node.label}${node.name === undefined || node.name === node.label ? "" : ` → ${node.name}`} `;
  const inside = node.groups.map(({ name, extent }, i) => {
    const lanes = node.groups.map((group, lane) => (lane <= i ? paint.group(group.name, "┃") : " ")).join("");
    const from = sourcesText(node.id, name, figure);
    const text = `${name} ${extent}`;
    return `${lanes} ${paint.group(name, text)}${from === "" ? "" : ` ◂ ${shortened(from, columns - 8 - node.groups.length - text.length)}`}`;
  });
  const given = figure.edges.flatMap(({ from, to, into }) => (to === node.id && into !== undefined && "argument" in into ? [`${into.argument} ◂ ${labelOf(figure, from)}`] : []));
  const blank = " ".repeat(node.groups.length);
  const items = node.items.flatMap((item) => itemLines(item, node, paint, columns - 4)).map((line) => line.join(""));
  return [
    `  ${title}${"─".repeat(Math.max(1, columns - 4 - width(title) - node.shape.length - 2))} ${paint.quiet(node.shape)}`,
    ...[...inside, ...given.map((text) => `${blank} ${text}`), ...items].map((line) => `  │ ${line}`),
    `  ╰${"─".repeat(columns - 4)}`,
  ];
}

/** Where a group comes from: a name, a sum, or an expression. */
function sourcesText(stack: string, group: string, figure: Figure): string {
  const edges = figure.edges.filter(({ to, into }) => to === stack && into !== undefined && "group" in into && into.group === group);
  const [values, masks] = [edges.filter(({ isMask }) => isMask !== true), edges.filter(({ isMask }) => isMask === true)].map((some) => some.map((edge) => fromText(figure, edge)).join(", "));
  return masks === "" ? values! : `${values}, valid by ${masks}`;
}

function fromText(figure: Figure, { from, groups }: ModelEdge): string {
  return [labelOf(figure, from), ...(groups === undefined ? [] : [groups.join("+")])].join(".");
}

function labelOf(figure: Figure, id: string): string {
  const node = figure.nodes.find((own) => own.id === id)!;
  if (node.kind !== "sum") return node.kind === "stack" ? (node.name ?? node.label) : node.label;
  return figure.edges.filter(({ to }) => to === id).map((edge) => fromText(figure, edge)).join(" + ");
}

/** A line inside of a stack: the lanes of its groups, and what stands beside them. */
type Line = readonly [lanes: string, rest: string];

function itemLines(item: StackItem, stack: StackNode, paint: Paint, room: number): readonly Line[] {
  if (item.kind === "section") return sectionLines(item, stack, paint, room);
  const lanes = stack.groups.map(({ name }) => paint.group(name, "┃")).join("");
  const title = ` ╭─ × ${item.count} `;
  const rule = (before: string) => before + "─".repeat(Math.max(0, room - before.length - stack.groups.length));
  const inside = item.items.flatMap((inner) => itemLines(inner, stack, paint, room - 2));
  return [[lanes, rule(title)], ...inside.map(([own, rest]): Line => [own, ` │${rest}`]), [lanes, rule(" ╰")]];
}

/** A sublayer: the stream goes down at the left, and what branches off it stands beside, until it is joined again. */
function sectionLines(section: Section, stack: StackNode, paint: Paint, room: number): readonly Line[] {
  const { nodes, edges } = section;
  const trunk = trunkOf(section);
  const lanes = (bar: string, last = bar) => stack.groups.map(({ name }, i) => paint.group(name, i === stack.groups.length - 1 ? last : bar)).join("");
  const lines: Line[] = [];
  const drawn = new Set<string>(trunk);
  const text = (own: SectionNode, indent: number) => nodeLines(own, section, paint, room - indent - stack.groups.length);
  for (const id of trunk.slice(1)) {
    const own = nodes.find((node) => node.id === id);
    const branch = nodes.filter((other) => !drawn.has(other.id) && reaches(edges, other.id, id));
    if (branch.length > 0) {
      if (edges.some(([from, to]) => trunk.includes(from) && branch.some((other) => other.id === to))) lines.push([lanes("┃"), "╶─╮"]);
      for (const other of branch) {
        const [first, ...more] = text(other, 6);
        lines.push([lanes("┃"), `  ├ ${first}`], ...more.map((line): Line => [lanes("┃"), `  │   ${line}`]));
        drawn.add(other.id);
      }
      lines.push([lanes("┃", own?.kind === "sum" ? "⊕" : own?.kind === "form" ? "▣" : "┃"), `◂─╯${own?.kind === "form" ? ` ${own.label}` : ""}`]);
    }
    if (own !== undefined && own.kind !== "sum" && (branch.length === 0 || own.kind !== "form")) {
      const [first, ...more] = text(own, 3);
      lines.push([lanes(own.kind === "norm" ? "╪" : own.kind === "scale" ? "┃" : "╫"), ` ${first}`], ...more.map((line): Line => [lanes("┃"), `   ${line}`]));
    }
  }
  return lines;
}

function reaches(edges: readonly (readonly [string, string])[], from: string, to: string): boolean {
  return edges.some(([a, b]) => a === from && (b === to || (b !== "out" && reaches(edges, b, to))));
}

function nodeLines(node: SectionNode, { carries, placement }: Section, paint: Paint, room: number): readonly string[] {
  switch (node.kind) {
    case "norm":
      return normLines(node, paint, room);
    case "layer":
      return [[paint.title(node.label), ...node.norms.map((norm) => innerText(norm, paint)), ...(carries.length > 0 ? [`→ ${carries.join(", ")}`] : []), paint.quiet(`placed ${placement}`)].join(" ")];
    case "scale":
      return [`× ${node.by}`];
    case "sum":
      return ["⊕"];
    case "part":
    case "form":
    case "carried":
      return [node.label];
  }
}

function normLines({ site, chips, exceptions }: SectionNode & { kind: "norm" }, paint: Paint, room: number): readonly string[] {
  const own = chips.map(({ groups, policy, norm }) => `${groups.map((group) => paint.group(group, group)).join(", ")}: ${paint.norm(norm, policy)}`);
  const one = `${paint.quiet(site)} ${own.join(" · ")}`;
  return [...(width(one) <= room ? [one] : [paint.quiet(site), ...own]), ...exceptions.flatMap((text) => (text.length <= room - 4 ? [text] : text.split(" · ").map((part, i) => (i === 0 ? part : `  ${part}`)))).map(paint.quiet)];
}
