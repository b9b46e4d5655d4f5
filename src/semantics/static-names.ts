/** Names in definitions that nothing has run yet: unknown ones are found without calling the definition. */

import { type Diagnostic, diagnostic } from "../diagnostics/diagnostic.js";
import { similarDetails } from "../diagnostics/similar.js";
import { precisions } from "../ir/program.js";
import type * as ast from "../syntax/ast.js";
import { intrinsicNames } from "./intrinsics/names.js";
import { type Module, type Modules, place } from "./modules.js";

/** Names that the language gives everywhere. */
const givenNames: readonly string[] = ["training", "pi", "infinity"];

/** Built-in functions that take names of axes as arguments: from which argument on. */
const axisArguments: Readonly<Record<string, number>> = { size: 0, index: 0, split: 1, merge: 1 };

/** Reports every name in a definition that neither it, nor its module, nor the language defines, and those that it gives twice. */
export function checkNames(modules: Modules, module: Module, definition: ast.Definition): Diagnostic[] {
  if (definition.damaged) return [];
  const local = new Set<string>(definition.parameters?.map((parameter) => parameter.name.name) ?? []);
  if (definition.keyword === "optimizer") for (const given of ["t", "examples"]) local.add(given);
  if (definition.keyword === "placement") local.add("ending");
  // As in `vary precision in { single, mixed }`.
  if (definition.keyword === "ablation") precisions.forEach((precision) => local.add(precision));
  collectNames(definition.body, local);
  const known = [...local, ...givenNames, ...module.definitions.keys(), ...module.imports.keys(), ...modules.prelude.keys(), ...intrinsicNames];
  const names = new Set(known);
  const found: Diagnostic[] = [];
  checkTwice(definition.body, new Map(definition.parameters?.map((own) => [own.name.name, own])), (name, first) => {
    const related = [{ place: place(module.source, first.name), label: "defined here first" }];
    found.push(diagnostic("N0202", place(module.source, name), `\`${name.name}\` is defined twice`, { related, help: "give one of the two another name" }));
  });
  const visit = (node: unknown): void => {
    if (Array.isArray(node)) return node.forEach(visit);
    if (typeof node !== "object" || node === null || !("kind" in node)) return;
    const some = node as ast.Node;
    if (some.kind === "Name" && !names.has(some.name)) {
      const where = place(module.source, some);
      found.push(diagnostic("N0201", where, `nothing is called \`${some.name}\` here`, similarDetails(some.name, known, where)));
    } else if (some.kind === "Call" && some.callee.kind === "Name" && Object.hasOwn(axisArguments, some.callee.name)) {
      const from = axisArguments[some.callee.name]!;
      some.arguments.forEach((arg, i) => visit(i >= from && arg.value.kind === "Name" ? arg.clause : arg));
    } else if (some.kind === "Setting" && some.keyword === "data") {
      // The loaders are no names that a spec could define.
      if (some.value.kind === "Call") visit(some.value.arguments);
    } else if (some.kind === "From" && some.value.kind === "Call") {
      // Neither is the name of what reads a file.
      visit(some.value.arguments);
    } else if (some.kind === "Setting" && some.keyword === "precision") {
      // So are its words; the recipe's reader looks at them.
    } else if (some.kind !== "Measurement") {
      for (const [key, value] of Object.entries(some)) if (key !== "gradient") visit(value);
      const gradient = some.kind === "Return" ? some.gradient : undefined;
      if (gradient !== undefined) visit(gradient.body);
    }
  };
  visit(definition.parameters ?? []);
  if (definition.keyword !== "ablation") visit(definition.of ?? []);
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

type Naming = ast.Binding | ast.ParamStatement | ast.StateStatement | ast.InputStatement | ast.Parameter;

/**
 * Tells of every name that one run of a body gives twice. `when` and `otherwise` may both give a name, since one of them
 * runs; a `param` may take the name of the definition's parameter that decides about it.
 */
function checkTwice(body: readonly ast.Statement[], known: Map<string, Naming>, tell: (name: ast.Identifier, first: Naming) => void): void {
  for (const node of body) {
    if (node.kind === "Binding" || node.kind === "Param" || node.kind === "State" || node.kind === "Input") {
      const first = known.get(node.name.name);
      const takesOver = first?.kind === "Parameter" && node.kind === "Param";
      if (first !== undefined && node.name.name !== "" && !takesOver) tell(node.name, first);
      known.set(node.name.name, node);
    } else if (node.kind === "When") {
      const [then, otherwise] = [new Map(known), new Map(known)];
      checkTwice(node.then, then, tell);
      checkTwice(node.otherwise ?? [], otherwise, tell);
      for (const [name, first] of [...then, ...otherwise]) known.set(name, first);
    } else if (node.kind === "Repeat") checkTwice(node.body, new Map(known), tell);
    else if (node.kind === "Return") checkTwice(node.gradient?.body ?? [], new Map(), tell);
  }
}
