/** What a path of an ablation means in the text: a line of a recipe, a parameter, a definition, or a part of a stack. */

import { definitionNamed, recipeLines } from "../../semantics/measurements.js";
import type { Module, Modules } from "../../semantics/modules.js";
import type * as ast from "../../syntax/ast.js";

export interface Located {
  readonly definition: ast.Definition;
  readonly module: Module;
}

/** A policy's `at` is empty for the stack's own; without a group the whole of it is meant. */
export type Target =
  | { readonly kind: "place"; readonly stack: Located }
  | { readonly kind: "policy"; readonly stack: Located; readonly at: string; readonly group: string | undefined }
  | { readonly kind: "argument"; readonly stack: Located; readonly parameter: string }
  | { readonly kind: "line"; readonly recipes: readonly Located[]; readonly keyword: ast.Setting["keyword"] }
  | { readonly kind: "binding"; readonly recipes: readonly Located[]; readonly name: string };

/** A definition under the name that a module has for it: as it is written there, not as what it is a variant of. */
export function located(modules: Modules, module: Module, name: string): Located | undefined {
  const own = module.definitions.get(name);
  if (own !== undefined) return { definition: own, module };
  const imported = module.imports.get(name) ?? modules.prelude.get(name);
  return imported?.kind === "definition" ? { definition: imported.definition, module: imported.module } : undefined;
}

/**
 * The target of a checked path.
 * @param recipes the ablation's, by their names.
 */
export function targetOf(modules: Modules, main: Module, path: ast.Path, recipes: ReadonlyMap<string, Located>): Target {
  const [first] = path.segments;
  const own = recipes.get(first!);
  const segments = own !== undefined && path.segments.length > 1 ? path.segments.slice(1) : path.segments;
  const meant = own !== undefined && path.segments.length > 1 ? [own] : [...recipes.values()];
  if (segments.length === 1) {
    const [name] = segments as [string];
    return recipeLines.includes(name) ? { kind: "line", recipes: meant, keyword: name as ast.Setting["keyword"] } : { kind: "binding", recipes: meant, name };
  }
  const [name, part, ...rest] = segments as [string, string, ...string[]];
  const stack = located(modules, main, name)!;
  if (part === "place") return { kind: "place", stack };
  if (part !== "normalize") return { kind: "argument", stack, parameter: part };
  const base = definitionNamed({ modules }, main, name)!.definition;
  const all = base.body.flatMap((item) => (item.kind === "Groups" ? item.groups.map((group) => group.name.name) : []));
  const last = rest.at(-1);
  const isGroup = last !== undefined && all.includes(last);
  const at = rest[0] === "at" ? rest.slice(1, isGroup ? -1 : undefined).join(".") : "";
  return { kind: "policy", stack, at, group: isGroup ? last : undefined };
}
