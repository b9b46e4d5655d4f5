/** Ablations, which are checked here; and what a name defines. */

import { similarDetails, similarHelp } from "../diagnostics/similar.js";
import type * as ast from "../syntax/ast.js";
import { groupNames } from "./calls.js";
import type { Elaborator } from "./elaborator.js";
import { fail } from "./errors.js";
import { wholeOf } from "./expressions.js";
import { type Module, place } from "./modules.js";
import { emptyFrame } from "./recipes.js";

/** A definition that a module sees under a name, through aliases. */
export function definitionNamed(e: Pick<Elaborator, "modules">, module: Module, name: string, depth = 0): { definition: ast.Definition; module: Module } | undefined {
  const own = module.definitions.get(name);
  const imported = own === undefined ? (module.imports.get(name) ?? e.modules.prelude.get(name)) : undefined;
  const found = own !== undefined ? { definition: own, module } : imported?.kind === "definition" ? { definition: imported.definition, module: imported.module } : undefined;
  if (found?.definition.value === undefined || depth > 50) return found;
  let value = found.definition.value;
  while (value.kind === "Variant" || value.kind === "Call") value = value.kind === "Variant" ? value.base : value.callee;
  return value.kind === "Name" ? definitionNamed(e, found.module, value.name, depth + 1) : found;
}

/** Checks an ablation: that its recipes exist, and that every path leads to something that can vary. @throws CheckError for an unknown recipe */
export function checkAblation(e: Elaborator, module: Module, ablation: ast.Definition): void {
  const recipes: string[] = [];
  for (const of of ablation.of ?? []) {
    if (of.kind !== "Name") continue;
    const found = definitionNamed(e, module, of.name);
    if (found?.definition.keyword !== "train") {
      const trains = [...module.definitions.values()].filter((own) => own.keyword === "train").map((own) => own.name.name);
      const where = place(module.source, of);
      fail("N0201", where, `no recipe is called \`${of.name}\``, similarDetails(of.name, trains, where));
    }
    recipes.push(of.name);
  }
  for (const node of ablation.body) e.attempt(() => undefined, () => checkAblationLine(e, module, node, recipes));
  for (const node of ablation.body) if (node.kind === "Exclude") e.attempt(() => undefined, () => checkExcluded(module, node, ablation));
}

/** @throws CheckError when a condition can hold for no cell: its path does not vary, or never has that value. */
function checkExcluded(module: Module, { conditions }: ast.Exclude, ablation: ast.Definition): void {
  const varied = ablation.body.flatMap((line) => (line.kind === "Vary" ? [line] : []));
  for (const { path, value } of conditions) {
    const name = path.segments.join(".");
    const line = varied.find(({ paths }) => paths.some(({ segments }) => segments.join(".") === name));
    if (line === undefined) fail("N0309", place(module.source, path), `\`${name}\` does not vary`, { help: "an `exclude` line names paths of the `vary` lines" });
    const choices = choicesOf(module, line, line.paths.findIndex(({ segments }) => segments.join(".") === name));
    const wanted = choiceText(module, value);
    if (!choices.includes(wanted)) fail("N0309", place(module.source, value), `\`${name}\` is never \`${wanted}\``, { help: `it is one of ${choices.map((choice) => `\`${choice}\``).join(", ")}` });
  }
}

/** What a path of a `vary` line is in turn. */
export function choicesOf(module: Module, { paths, choices }: ast.Vary, index: number): string[] {
  return choices.map((choice) => choiceText(module, paths.length > 1 && choice.kind === "Tuple" ? choice.items[index]! : choice));
}

/** A choice as it is written, on one line. */
export function choiceText(module: Module, { start, end }: ast.Expression): string {
  return module.source.text.slice(start, end).replace(/\/\/[^\n\r]*/g, "").replace(/\s+/g, " ").trim();
}

function checkAblationLine(e: Elaborator, module: Module, node: ast.Statement, recipes: readonly string[]): void {
  if (node.kind === "Vary") node.paths.forEach((path) => checkVaried(e, module, path, recipes));
  if (node.kind === "Vary" && node.paths.length > 1) {
    for (const choice of node.choices) {
      if (choice.kind !== "Tuple" || choice.items.length !== node.paths.length) {
        fail("N0208", place(module.source, choice), `each choice gives ${node.paths.length} values`, { help: "write `(a, b)`, one value for each path" });
      }
    }
  }
  if (node.kind === "AblationReport") {
    for (const { path } of node.items) {
      const [first] = path.segments;
      if (path.segments.length > 1 && !recipes.includes(first!)) {
        fail("N0201", place(module.source, path), `the ablation has no recipe \`${first}\``, { help: `it has ${recipes.map((name) => `\`${name}\``).join(", ")}` });
      }
    }
  }
  if (node.kind === "Seeds") wholeOf(e, emptyFrame(module), node.value, "the number of seeds");
}

/** Lines of a recipe that can vary. */
export const recipeLines: readonly string[] = ["data", "optimizer", "schedule", "batch", "epochs", "steps", "seed", "holdout", "precision"];

function checkVaried(e: Elaborator, module: Module, path: ast.Path, recipes: readonly string[]): void {
  const where = place(module.source, path);
  const segments = recipes.includes(path.segments[0]!) && path.segments.length > 1 ? path.segments.slice(1) : path.segments;
  const [first, second, third] = segments;
  if (segments.length === 1) {
    const models = recipes.flatMap((recipe) => {
      const of = definitionNamed(e, module, recipe)?.definition.of?.[0];
      const named = of?.kind === "Call" ? of.callee : of;
      return named?.kind === "Name" ? [definitionNamed(e, module, named.name)] : [];
    });
    const parameters = models.flatMap((model) => model?.definition.parameters?.map((parameter) => parameter.name.name) ?? []);
    if (recipeLines.includes(first!) || parameters.includes(first!) || definitionNamed(e, module, first!) !== undefined) return;
    const help = similarHelp(first!, [...recipeLines, ...parameters]);
    return fail("N0309", where, `nothing that can vary is called \`${first}\``, help === undefined ? {} : { help });
  }
  const stack = definitionNamed(e, module, first!);
  if (stack?.definition.keyword !== "stack") return fail("N0309", where, `no stack is called \`${first}\``);
  const groups = groupNames(stack.definition).map((group) => group.name.name);
  const parameters = stack.definition.parameters?.map((parameter) => parameter.name.name) ?? [];
  if (second === "place" && segments.length === 2) return;
  if (second === "normalize" && (third === undefined || groups.includes(third) || segments.includes("at"))) return;
  if (segments.length === 2 && parameters.includes(second!)) return;
  const help = similarHelp(third ?? second!, [...groups, ...parameters, "normalize", "place"]) ?? `\`${first}\` has \`normalize\` for ${groups.map((group) => `\`${group}\``).join(", ")}, \`place\`${parameters.map((name) => `, \`${name}\``).join("")}`;
  fail("N0309", where, `the stack \`${first}\` has nothing at \`${segments.slice(1).join(".")}\``, { help });
}
