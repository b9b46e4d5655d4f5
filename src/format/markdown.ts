/** Markdown as `norm format` sees it: its fenced `norm` blocks are specs, and nothing else of it is touched. */

import type { ParserOptions } from "prettier";
import { parsers } from "prettier/plugins/markdown";
import { FormatError, formatText } from "./format.js";

/** A part of Prettier's tree of a Markdown text: what is used here of it. */
interface MarkdownNode {
  readonly type: string;
  readonly lang?: string | null;
  readonly value?: string;
  readonly position: { readonly start: { readonly line: number } };
  readonly children?: readonly MarkdownNode[];
}

/**
 * The Markdown text with its fenced `norm` blocks in the canonical format; all the rest, line ends among it, stays byte
 * for byte. Blocks with syntax errors stay as they are, as they do in Prettier: pages show parts of specs, and mistakes.
 */
export async function formatMarkdown(text: string): Promise<string> {
  let formatted = text;
  // From below, so that the lines of the blocks above stay where they are.
  for (const { value = "", position } of (await blocksOf(text)).reverse()) {
    const canonical = await formatBlock(value);
    if (canonical === value || canonical === undefined) continue;
    const changed = withBlock(formatted, position.start.line, value, canonical);
    // Containers and indentation have rules beyond what is done here: only what reads back as meant is kept.
    if (changed !== undefined && (await readsAs(changed, formatted, position.start.line, canonical))) formatted = changed;
  }
  return formatted;
}

/** The canonical text of a block, without the line end that the fence is behind, or undefined when it has errors. */
async function formatBlock(text: string): Promise<string | undefined> {
  try {
    return (await formatText(text)).replace(/\n$/, "");
  } catch (error) {
    if (error instanceof FormatError) return undefined;
    throw error;
  }
}

/** The text with the lines of the block whose fence is on a line, from 1, replaced; undefined if they are not as expected. */
function withBlock(text: string, fence: number, value: string, replacement: string): string | undefined {
  // Lines and line ends in turn.
  const parts = text.split(/(\r\n|\r|\n)/);
  const old = value.split("\n");
  // What stands in front of the block's own lines: the indentation of a list, the `>` of a quotation.
  const inside = old.map((line, i) => ({ line, raw: parts[2 * (fence + i)] ?? "" }));
  const whole = inside.find(({ line }) => line.trim() !== "");
  if (whole === undefined || !whole.raw.endsWith(whole.line)) return undefined;
  const prefix = whole.raw.slice(0, whole.raw.length - whole.line.length);
  const lineEnd = parts[2 * fence - 1]!;
  const lines = replacement.split("\n").flatMap((line) => [line === "" ? prefix.trimEnd() : prefix + line, lineEnd]);
  // A block that ends with the text has no line end of its own.
  const end = 2 * (fence + old.length);
  return [...parts.slice(0, 2 * fence), ...(end > parts.length ? lines.slice(0, -1) : lines), ...parts.slice(end)].join("");
}

/** Whether a text is another one but for the text of one block. */
async function readsAs(text: string, other: string, line: number, value: string): Promise<boolean> {
  const outline = async (of: string, replaced?: string) =>
    JSON.stringify(await parsed(of), (key, part: unknown) => {
      if (key === "position") return undefined;
      const node = part as MarkdownNode | null;
      return node?.type === "code" && node.position.start.line === line ? { ...node, type: "code block", value: replaced ?? node.value } : part;
    });
  return (await outline(text)) === (await outline(other, value));
}

async function blocksOf(text: string): Promise<MarkdownNode[]> {
  const find = (node: MarkdownNode): MarkdownNode[] =>
    node.type === "code" && node.lang === "norm" ? [node] : (node.children ?? []).flatMap(find);
  return find(await parsed(text));
}

async function parsed(text: string): Promise<MarkdownNode> {
  const plain = text.replace(/^\uFEFF/, "").replace(/\r\n?/g, "\n");
  return (await parsers.markdown.parse(plain, { originalText: plain } as ParserOptions)) as MarkdownNode;
}
