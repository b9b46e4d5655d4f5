/** Names in definitions that nothing has run yet: unknown ones are found without calling the definition. */

import { type Diagnostic, diagnostic } from "../diagnostics/diagnostic.js";
import { similarHelp } from "../diagnostics/similar.js";
import type * as ast from "../syntax/ast.js";
import { intrinsicNames } from "./intrinsics/names.js";
import { type Module, type Modules, place } from "./modules.js";

/** Names that the language gives everywhere. */
const givenNames: readonly string[] = ["training", "pi", "infinity"];

/** Built-in functions that take names of axes as arguments: from which argument on. */
const axisArguments: Readonly<Record<string, number>> = { size: 0, index: 0, split: 1, merge: 1 };

/** Reports every name in a definition that neither it, nor its module, nor the language defines. */
export function checkNames(modules: Modules, module: Module, definition: ast.Definition): Diagnostic[] {
  if (definition.damaged || definition.keyword === "ablation") return [];
  const local = new Set<string>(definition.parameters?.map((parameter) => parameter.name.name) ?? []);
  if (definition.keyword === "optimizer") local.add("t");
  collectNames(definition.body, local);
  const known = [...local, ...givenNames, ...module.definitions.keys(), ...module.imports.keys(), ...modules.prelude.keys(), ...intrinsicNames];
  const names = new Set(known);
  const found: Diagnostic[] = [];
  const visit = (node: unknown): void => {
    if (Array.isArray(node)) return node.forEach(visit);
    if (typeof node !== "object" || node === null || !("kind" in node)) return;
    const some = node as ast.Node;
    if (some.kind === "Name" && !names.has(some.name)) {
      const help = similarHelp(some.name, known);
      found.push(diagnostic("N0201", place(module.source, some), `nothing is called \`${some.name}\` here`, help === undefined ? {} : { help }));
    } else if (some.kind === "Call" && some.callee.kind === "Name" && Object.hasOwn(axisArguments, some.callee.name)) {
      const from = axisArguments[some.callee.name]!;
      some.arguments.forEach((arg, i) => visit(i >= from && arg.value.kind === "Name" ? arg.clause : arg));
    } else if (some.kind !== "Measurement") {
      for (const [key, value] of Object.entries(some)) if (key !== "gradient") visit(value);
      const gradient = some.kind === "Return" ? some.gradient : undefined;
      if (gradient !== undefined) visit(gradient.body);
    }
  };
  visit(definition.parameters ?? []);
  visit(definition.of ?? []);
  visit(definition.value ?? []);
  visit(definition.body);
  return found;
}

function collectNames(body: readonly ast.Statement[], names: Set<string>): void {
  for (const node of body) {
    if (node.kind === "Binding" || node.kind === "Param" || node.kind === "State" || node.kind === "Input") names.add(node.name.name);
    if (node.kind === "When") {
      collectNames(node.then, names);
      collectNames(node.otherwise ?? [], names);
    }
    if (node.kind === "Repeat") collectNames(node.body, names);
    if (node.kind === "Return" && node.gradient !== undefined) {
      names.add(node.gradient.cotangent.name);
      collectNames(node.gradient.body, names);
    }
  }
}
