/** Expressions of a spec for a picture: short, and as the things that they run. */

import type { Place } from "../../diagnostics/diagnostic.js";
import type { Module } from "../../semantics/modules.js";
import type * as ast from "../../syntax/ast.js";
import { childrenOf } from "../../syntax/visit.js";

/** The text at a place on one line. */
export function textAt({ source, start, end }: Place): string {
  return source.text.slice(start, end).replace(/\s*\/\/[^\n]*\n/g, " ").replace(/\s+/g, " ").replace(/([([{]) /g, "$1").replace(/,? ([)\]}])/g, "$1");
}

/** What an expression calls, the innermost first: `linear(patchify(image), 64)` runs `patchify`, then `linear`. */
export function callsOf(node: ast.Node): readonly string[] {
  if (node.kind === "Policy") return [];
  const inside = childrenOf(node).filter((child) => node.kind !== "Call" || child !== node.callee).flatMap(callsOf);
  if (node.kind === "ParamExpression") return ["param"];
  if (node.kind !== "Call") return inside;
  const name = node.callee.kind === "Name" ? node.callee.name : node.callee.kind === "Member" ? node.callee.name.name : undefined;
  return name === undefined || ofShapes.has(name) ? inside : [...inside, name];
}

/** Built-in functions that read no values, only axes. */
const ofShapes: ReadonlySet<string> = new Set(["size", "index"]);

/** The smallest node of a module's tree that begins and ends there. */
export function nodeAt(module: Pick<Module, "file">, start: number, end: number): ast.Node | undefined {
  let found: ast.Node | undefined;
  const visit = (node: ast.Node): void => {
    if (node.start > start || node.end < end) return;
    if (node.start === start && node.end === end) found = node;
    childrenOf(node).forEach(visit);
  };
  visit(module.file);
  return found;
}

/** The definition of a spec whose text covers an offset. */
export function definitionAt(modules: readonly Module[], { source, start }: Pick<Place, "source" | "start">): { readonly module: Module; readonly definition: ast.Definition } | undefined {
  const module = modules.find((own) => own.source === source);
  const definition = module?.file.definitions.find((own) => own.start <= start && start < own.end);
  return module === undefined || definition === undefined ? undefined : { module, definition };
}
