/** The report for a terminal or a log. */

import pc from "picocolors";
import { type Block, blocksOf } from "./blocks.js";
import type { Summary } from "./summary.js";
import type { Table, TableCell } from "./tables.js";

export interface TextOptions {
  readonly colors?: boolean;
  /** Characters per line; without it, lines are as long as tables need. */
  readonly width?: number;
}

type Colors = ReturnType<typeof pc.createColors>;

/** Paragraphs are not wider than this, for the eye. */
const paragraphWidth = 100;
const gap = "  ";

/** The report as text. Tables that are too wide are continued below, each part with the numbers of the rows. */
export function reportText(summary: Summary, { colors = false, width = Infinity }: TextOptions = {}): string {
  const paint = pc.createColors(colors);
  return `${blocksOf(summary).map((block) => blockText(block, paint, Math.max(width, 40))).join("\n\n")}\n`;
}

function blockText(block: Block, paint: Colors, width: number): string {
  switch (block.kind) {
    case "title":
    case "section":
      return paint.bold(printable(block.text));
    case "subsection":
      return paint.underline(printable(block.text));
    case "paragraph":
      return block.text.split("\n").flatMap((line) => wrapped(printable(line), Math.min(width, paragraphWidth))).join("\n");
    case "facts": {
      const names = Math.max(...block.facts.map(({ name }) => name.length));
      return block.facts.map(({ name, text }) => hanging(paint.dim(printable(name).padEnd(names)), text, names + gap.length, width)).join("\n");
    }
    case "list":
      return block.items.map(({ name, text }) => `${paint.bold(printable(name))}\n${text.split("\n").map((line) => `  ${printable(line)}`).join("\n")}`).join("\n");
    case "table":
      return tableText(block.table, paint, width);
    case "command":
      return `  ${printable(block.text)}`;
  }
}

function hanging(name: string, text: string, indent: number, width: number): string {
  return `${name}${gap}${wrapped(printable(text), Math.max(width - indent, 20)).join(`\n${" ".repeat(indent)}`)}`;
}

function tableText(table: Table, paint: Colors, width: number): string {
  // Long cells go on below, so that figures have room beside them.
  const most = Math.max(20, Math.floor(width * 0.4));
  const lines = table.rows.map(({ cells }) => cells.map(({ text }) => wrapped(printable(text), most)));
  const widths = table.columns.map(({ head }, i) => Math.max(head.length, ...lines.flatMap((row) => row[i]!.map(({ length }) => length))));
  return parts(widths, width)
    .map((part) => {
      const heads = part.map((i) => paint.dim(padded(table, i, printable(table.columns[i]!.head), widths)));
      const rows = table.rows.flatMap(({ cells, isBase }, row) =>
        Array.from({ length: Math.max(...part.map((i) => lines[row]![i]!.length)) }, (_, line) => part.map((i) => painted(padded(table, i, lines[row]![i]![line] ?? "", widths), cells[i]!, isBase, paint))),
      );
      return [heads, ...rows].map((cells) => cells.join(gap).trimEnd()).join("\n");
    })
    .join("\n\n");
}

/** The columns of each part of a table: as many as fit beside the first one, which names the rows. */
function parts(widths: readonly number[], width: number): number[][] {
  const found: number[][] = [[0]];
  let used = widths[0]!;
  for (let i = 1; i < widths.length; i++) {
    const own = gap.length + widths[i]!;
    if (used + own > width && found.at(-1)!.length > 1) {
      found.push([0]);
      used = widths[0]!;
    }
    found.at(-1)!.push(i);
    used += own;
  }
  return found;
}

function padded({ columns }: Table, i: number, text: string, widths: readonly number[]): string {
  return columns[i]!.isNumber ? text.padStart(widths[i]!) : text.padEnd(widths[i]!);
}

function painted(text: string, { tone }: TableCell, isBase: boolean, paint: Colors): string {
  if (tone === "best" || tone === "better") return paint.green(text);
  if (tone === "worse") return paint.red(text);
  if (tone === "tied") return paint.cyan(text);
  return isBase ? paint.bold(text) : text;
}

/** Text without what moves a terminal's cursor or changes its colours: names and errors come from outside. */
function printable(text: string): string {
  // eslint-disable-next-line no-control-regex
  return text.replaceAll(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]+/g, " ");
}

function wrapped(text: string, width: number): string[] {
  const lines: string[] = [""];
  for (const word of text.split(" ")) {
    const line = lines.at(-1)!;
    if (line === "") lines[lines.length - 1] = word;
    else if (line.length + 1 + word.length <= width) lines[lines.length - 1] = `${line} ${word}`;
    else lines.push(word);
  }
  return lines;
}
