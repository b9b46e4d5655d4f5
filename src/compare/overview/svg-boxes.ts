/** What stands in a picture at the nodes of a figure: each box with its size, and how it is drawn at a place. */

import type { InnerNorm, NormChip, SectionNode, ValueNode } from "./figure.js";
import { shortened } from "./paint.js";
import { escaped, groupClass, normClass, textWidth } from "./svg-style.js";

export interface Box {
  readonly width: number;
  readonly height: number;
  readonly draw: (x: number, y: number) => string;
}

/** The indexes of groups and norms, which their colours go by. */
export interface Coding {
  readonly group: (name: string) => number;
  readonly norm: (name: string | undefined) => number;
}

interface TextOptions {
  readonly classes?: string;
  readonly anchor?: "start" | "middle" | "end";
}

export function textAt(text: string, x: number, y: number, { classes = "", anchor = "start" }: TextOptions = {}): string {
  return `<text x="${round(x)}" y="${round(y)}"${classes === "" ? "" : ` class="${classes}"`}${anchor === "start" ? "" : ` text-anchor="${anchor}"`}>${escaped(text)}</text>`;
}

export function rectangle(x: number, y: number, width: number, height: number, classes: string, radius = 5): string {
  return `<rect x="${round(x)}" y="${round(y)}" width="${round(width)}" height="${round(height)}" rx="${radius}" class="${classes}"/>`;
}

export function round(value: number): number {
  return Math.round(value * 10) / 10;
}

/** An input, a named value, a loss: its name, what computes it, its shape, its norms. */
export function valueBox(node: ValueNode, coding: Coding): Box {
  if (node.kind === "sum") return sumBox;
  const calls = node.kind === "report" && node.calls.at(-1) === node.label ? "" : node.kind === "parameter" ? "parameter" : node.calls.join(", ");
  const isCalls = node.kind === "given" || calls === node.label || calls === "";
  const lines = [
    { text: shortened(node.kind === "loss" ? `loss ${node.calls.at(-1) ?? node.label}` : node.kind === "report" ? `report ${node.label}` : node.label, 34), size: 12, classes: "name" },
    ...(isCalls || node.kind === "loss" ? [] : [{ text: shortened(calls, 42), size: 10.5, classes: "small" }]),
    ...(node.shape === undefined ? [] : [{ text: node.shape, size: 10.5, classes: "small quiet" }]),
  ];
  const chips = node.norms.map((norm) => innerChip(norm, coding));
  const chipsWidth = chips.reduce((sum, chip) => sum + chip.width + 4, -4);
  const width = Math.max(60, chipsWidth + 16, ...lines.map(({ text, size, classes }) => textWidth(text, size, classes === "name") + 20));
  const height = 10 + lines.length * 15 + (chips.length > 0 ? 20 : 0);
  const look = node.kind === "loss" ? "loss" : node.kind === "parameter" || node.kind === "given" ? "open" : "box";
  return {
    width,
    height,
    draw: (x, y) => {
      const parts = [rectangle(x, y, width, height, look, node.kind === "input" ? height / 2 : 5)];
      lines.forEach(({ text, classes }, i) => parts.push(textAt(text, x + width / 2, y + 17 + 15 * i, { classes: `${classes}${node.kind === "loss" ? " onloss" : ""}`, anchor: "middle" })));
      let left = x + (width - chipsWidth) / 2;
      for (const chip of chips) {
        parts.push(chip.draw(left, y + height - 23));
        left += chip.width + 4;
      }
      return parts.join("");
    },
  };
}

const sumBox: Box = {
  width: 18,
  height: 18,
  draw: (x, y) => `<circle cx="${round(x + 9)}" cy="${round(y + 9)}" r="8" class="joint"/><path d="M${round(x + 4.5)} ${round(y + 9)}h9m-4.5 -4.5v9" class="joint"/>`,
};

/** A small chip in a box: the name by which a layer calls the norm, and the norm. */
function innerChip({ name, policy, norm }: InnerNorm, coding: Coding): Box {
  const text = shortened(name === norm || name === policy ? policy : `${name.split(".").at(-1)!}: ${policy}`, 34);
  const width = textWidth(text, 10.5) + 12;
  return { width, height: 17, draw: (x, y) => rectangle(x, y, width, 17, `chip ${normClass(coding.norm(norm))}`, 8) + textAt(text, x + width / 2, y + 12.5, { classes: `small ${norm === undefined ? "onnone" : "onchip"}`, anchor: "middle" }) };
}

/** Groups by their names and numbers of tokens, each with a dot of its colour. */
export function groupChips(groups: readonly { readonly name: string; readonly extent: number }[], coding: Coding): Box & { readonly middles: ReadonlyMap<string, number> } {
  const widths = groups.map(({ name, extent }) => textWidth(`${name} ${extent}`, 12) + 30);
  const width = widths.reduce((sum, own) => sum + own + 8, -8);
  const lefts = widths.map((_, i) => widths.slice(0, i).reduce((sum, own) => sum + own + 8, 0));
  return {
    width,
    height: 24,
    middles: new Map(groups.map(({ name }, i) => [name, lefts[i]! + widths[i]! / 2])),
    draw: (x, y) =>
      groups
        .map(({ name, extent }, i) => {
          const left = x + lefts[i]!;
          return `${rectangle(left, y, widths[i]!, 24, `box ${groupClass(coding.group(name))}`, 12)}<circle cx="${round(left + 13)}" cy="${round(y + 12)}" r="4.5" class="dot ${groupClass(coding.group(name))}"/>${textAt(`${name} ${extent}`, left + 23, y + 16)}`;
        })
        .join(""),
  };
}

/** A norm of a site: a chip for each set of parameters, with the dots of its groups. */
function normChip({ groups, policy, norm }: NormChip, coding: Coding): Box {
  const names = groups.join(", ");
  const width = Math.max(textWidth(policy, 12, true), textWidth(names, 10.5) + 10 * groups.length + 3) + 18;
  return {
    width,
    height: 36,
    draw: (x, y) => {
      const colour = norm === undefined ? "onnone" : "onchip";
      const dots = groups.map((group, i) => `<circle cx="${round(x + 13 + 10 * i)}" cy="${round(y + 10.5)}" r="3.6" class="dot ${groupClass(coding.group(group))}"/>`);
      return [rectangle(x, y, width, 36, `chip ${normClass(coding.norm(norm))}`), ...dots, textAt(names, x + 11 + 10 * groups.length, y + 14, { classes: `small ${colour}` }), textAt(policy, x + 9, y + 29, { classes: `name ${colour}` })].join("");
    },
  };
}

export function sectionBox(node: SectionNode, coding: Coding): Box {
  switch (node.kind) {
    case "norm":
      return normBox(node, coding);
    case "layer":
      return layerBox(node, coding);
    case "sum":
      return sumBox;
    case "scale":
      return labelled(`× ${node.by}`, "box", "small");
    case "part":
      return labelled(node.label, "layer", "");
    case "carried":
      return labelled(node.label, "open", "small");
    case "form":
      return labelled(node.label, "open", "name");
  }
}

function normBox({ chips, exceptions }: SectionNode & { kind: "norm" }, coding: Coding): Box {
  const boxes = chips.map((chip) => normChip(chip, coding));
  const row = boxes.reduce((sum, box) => sum + box.width + 4, -4);
  const width = Math.max(row, ...exceptions.map((text) => textWidth(text, 10.5)));
  const height = 36 + exceptions.length * 14;
  return {
    width,
    height,
    draw: (x, y) => {
      let left = x + (width - row) / 2;
      const parts: string[] = [];
      for (const box of boxes) {
        parts.push(box.draw(left, y));
        left += box.width + 4;
      }
      return [...parts, ...exceptions.map((text, i) => textAt(text, x + width / 2, y + 48 + 14 * i, { classes: "small quiet", anchor: "middle" }))].join("");
    },
  };
}

function layerBox({ label, norms }: SectionNode & { kind: "layer" }, coding: Coding): Box {
  const chips = norms.map((norm) => innerChip(norm, coding));
  const row = chips.reduce((sum, chip) => sum + chip.width + 4, -4);
  const width = Math.max(110, textWidth(label, 12, true) + 28, row + 20);
  const height = chips.length === 0 ? 30 : 51;
  return {
    width,
    height,
    draw: (x, y) => {
      let left = x + (width - row) / 2;
      const parts = [rectangle(x, y, width, height, "layer"), textAt(label, x + width / 2, y + 19.5, { classes: "name", anchor: "middle" })];
      for (const chip of chips) {
        parts.push(chip.draw(left, y + 28));
        left += chip.width + 4;
      }
      return parts.join("");
    },
  };
}

function labelled(text: string, look: string, classes: string): Box {
  const width = textWidth(text, 12, true) + 18;
  return { width, height: 22, draw: (x, y) => rectangle(x, y, width, 22, look) + textAt(text, x + width / 2, y + 15, { classes, anchor: "middle" }) };
}

/** The name of a stack, and the shape of its sequence below. */
export function titleBox(name: string, shape: string): Box {
  const width = Math.max(textWidth(name, 12, true), textWidth(shape, 10.5));
  return { width, height: 30, draw: (x, y) => textAt(name, x, y + 12, { classes: "name" }) + textAt(shape, x, y + 27, { classes: "small quiet" }) };
}
