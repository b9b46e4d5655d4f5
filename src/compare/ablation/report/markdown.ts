/** The report as Markdown, of the kind with tables (GitHub's). */

import { type Block, blocksOf } from "./blocks.js";
import type { Summary } from "./summary.js";
import type { Table, TableCell } from "./tables.js";

/** The report as Markdown. */
export function reportMarkdown(summary: Summary): string {
  return `${blocksOf(summary).map(blockText).join("\n\n")}\n`;
}

function blockText(block: Block): string {
  switch (block.kind) {
    case "title":
      return `# ${escaped(block.text)}`;
    case "section":
      return `## ${escaped(block.text)}`;
    case "subsection":
      return `### ${escaped(block.text)}`;
    case "paragraph":
      return block.text.split("\n").map((line) => paragraph(line)).join("\n");
    case "facts":
      return block.facts.map(({ name, text }) => `- ${escaped(name)}: ${escaped(text)}`).join("\n");
    case "list":
      return block.items.map(({ name, text }) => `- ${code(name)}: ${escaped(text)}`).join("\n");
    case "table":
      return tableText(block.table);
    case "command":
      return `\`\`\`sh\n${oneLine(block.text)}\n\`\`\``;
  }
}

function tableText({ columns, rows }: Table): string {
  const lines = [
    columns.map(({ head }) => escaped(head)),
    columns.map(({ isNumber }) => (isNumber ? "---:" : ":---")),
    ...rows.map(({ cells, isBase }) => cells.map((cell, i) => cellText(cell, isBase && i === 0))),
  ];
  return lines.map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}

function cellText({ text, tone }: TableCell, isBase: boolean): string {
  return isBase || tone === "best" || tone === "better" ? `**${escaped(text)}**` : escaped(text);
}

function oneLine(text: string): string {
  return text.replaceAll(/\s+/g, " ").trim();
}

/** Text in which nothing is markup, on one line. Intervals, which no link can begin with, stay readable. */
function escaped(text: string): string {
  return oneLine(text)
    .replaceAll("&", "&amp;")
    .replaceAll(/\[[-+.\de]+, [-+.\de]+\](?![[(:])|[\\`*_[\]<>|~]/g, (found) => (found.length > 1 ? found : `\\${found}`));
}

/** The same, as a paragraph of its own: nor does it begin a heading, a list or a rule. */
function paragraph(text: string): string {
  return escaped(text).replace(/^(?=[#+=-])|^(\d+)(?=[.)])/, "$1\\");
}

/** Text as code, in more backticks than it has itself. */
function code(text: string): string {
  const longest = Math.max(0, ...[...text.matchAll(/`+/g)].map(([run]) => run.length));
  const fence = "`".repeat(longest + 1);
  const space = longest > 0 ? " " : "";
  return `${fence}${space}${oneLine(text)}${space}${fence}`;
}
