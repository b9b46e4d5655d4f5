/** The outline of a spec, and what of it can be folded. */

import { type DocumentSymbol, type FoldingRange, FoldingRangeKind, SymbolKind } from "vscode-languageserver";
import type { DefinitionKeyword, File, Node, Statement } from "../syntax/ast.js";
import type { SourceFile } from "../diagnostics/source.js";
import { childrenOf } from "../syntax/visit.js";
import { rangeOf } from "./ranges.js";
import type { Spec } from "./spec.js";
import { statementsOf } from "./targets.js";

const kinds: Readonly<Record<DefinitionKeyword, SymbolKind>> = {
  norm: SymbolKind.Function,
  placement: SymbolKind.Function,
  layer: SymbolKind.Class,
  function: SymbolKind.Function,
  objective: SymbolKind.Function,
  optimizer: SymbolKind.Class,
  schedule: SymbolKind.Function,
  initializer: SymbolKind.Function,
  measure: SymbolKind.Function,
  stack: SymbolKind.Module,
  model: SymbolKind.Struct,
  train: SymbolKind.Event,
  ablation: SymbolKind.Event,
};

/** The definitions with the names that they give. */
export function documentSymbols({ main: { file, source } }: Spec): DocumentSymbol[] {
  return file.definitions.filter(({ name }) => name.name !== "").map((definition) => ({
    name: definition.name.name,
    detail: definition.keyword,
    kind: kinds[definition.keyword],
    range: rangeOf(source, definition),
    selectionRange: rangeOf(source, definition.name),
    children: statementsOf(definition.body).flatMap((node) => symbolsOf(node, source)),
  }));
}

function symbolsOf(node: Statement, source: SourceFile): DocumentSymbol[] {
  if (node.kind === "Groups") return node.groups.map(({ name }) => ({ name: name.name, detail: "group", kind: SymbolKind.EnumMember, range: rangeOf(source, name), selectionRange: rangeOf(source, name) }));
  const kind = { Binding: SymbolKind.Variable, Param: SymbolKind.Field, State: SymbolKind.Field, Input: SymbolKind.Property } as const;
  if (node.kind !== "Binding" && node.kind !== "Param" && node.kind !== "State" && node.kind !== "Input") return [];
  if (node.name.name === "") return [];
  return [{ name: node.name.name, detail: node.kind.toLowerCase(), kind: kind[node.kind], range: rangeOf(source, node), selectionRange: rangeOf(source, node.name) }];
}

/** Nodes of several lines that end with a bracket, runs of `use` lines and of comments. */
export function foldingRanges({ main: { file, source } }: Spec): FoldingRange[] {
  const found: FoldingRange[] = [];
  const lineOf = (offset: number) => source.position(offset).line - 1;
  const add = (start: number, end: number, kind?: FoldingRangeKind): void => {
    // Two ranges that begin on one line would hide one another.
    if (end > start && !found.some(({ startLine }) => startLine === start)) found.push({ startLine: start, endLine: end, ...(kind && { kind }) });
  };
  const visit = (node: Node): void => {
    // The bracket at the end stays in sight.
    if (/[)}\]]/.test(source.text[node.end - 1] ?? "")) add(lineOf(node.start), lineOf(node.end - 1) - 1);
    childrenOf(node).forEach(visit);
  };
  file.definitions.forEach(visit);
  for (const run of runs(file.uses.map(({ start, end }) => ({ first: lineOf(start), last: lineOf(end) })))) add(run.first, run.last, FoldingRangeKind.Imports);
  for (const run of runs(ownLines(file, source))) add(run.first, run.last, FoldingRangeKind.Comment);
  return found;
}

interface Lines {
  readonly first: number;
  readonly last: number;
}

/** The comments that have a line of their own. */
function ownLines({ comments }: File, source: SourceFile): Lines[] {
  return comments.flatMap(({ start }) => {
    const { line, column } = source.position(start);
    return source.line(line).slice(0, column - 1).trim() === "" ? [{ first: line - 1, last: line - 1 }] : [];
  });
}

/** Items on lines that follow one another as one. */
function runs(items: readonly Lines[]): Lines[] {
  const found: Lines[] = [];
  for (const item of items) {
    const last = found.at(-1);
    if (last !== undefined && item.first === last.last + 1) found[found.length - 1] = { first: last.first, last: item.last };
    else found.push(item);
  }
  return found;
}
