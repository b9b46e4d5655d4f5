/** The texts of one cell: the ablation's spec with its choices written in, complete and in the canonical format. */

import { dirname, relative } from "node:path/posix";
import { formatText } from "../../format/format.js";
import type { Module, Modules } from "../../semantics/modules.js";
import type * as ast from "../../syntax/ast.js";
import { Edits } from "./edits.js";
import { editBindings, editLine } from "./recipes.js";
import { type StackChoices, editArguments, editStack } from "./stacks.js";
import { type Located, type Target, targetOf } from "./target.js";

/** A choice for a path. */
export interface Choice {
  readonly path: ast.Path;
  readonly value: ast.Expression;
}

/** Where a cell is written. */
export interface Origin {
  readonly modules: Modules;
  readonly main: Module;
  /** The ablation's recipes, by their names. */
  readonly recipes: ReadonlyMap<string, Located>;
  /** These and the recipes that they begin with, each with its own seed. */
  readonly seeded: readonly { readonly recipe: Located; readonly seed: number }[];
}

/**
 * The files of a cell by their paths below its folder, the spec's own first.
 * @param seed counted from 0: it is added to the seed of every recipe.
 * @param head what the cell is, in one line.
 * @throws EditError when a choice cannot be written where it belongs.
 */
export async function cellTexts(origin: Origin, choices: readonly Choice[], seed: number, head: string): Promise<ReadonlyMap<string, string>> {
  const { modules, main } = origin;
  const edits = new Edits(modules, main);
  writeChoices(edits, origin, choices);
  if (seed > 0) for (const { recipe, seed: own } of origin.seeded) editLine(edits, recipe, "seed", String(own + seed));
  for (const definition of main.definitions.values()) if (definition.keyword === "ablation") edits.replace(main, withDocumentation(main, definition), "");
  edits.insert(main, 0, `// ${head}\n`);
  const changed = edits.texts();
  const texts = new Map<string, string>();
  const folder = dirname(main.source.path);
  for (const module of [main, ...modules.own.filter((own) => own !== main)]) {
    const path = relative(folder, module.source.path);
    const text = changed.get(module);
    texts.set(path, text === undefined ? module.source.text : await formatText(text, module.source.path));
  }
  for (const [path, source] of modules.texts) texts.set(path, source.text);
  return texts;
}

function writeChoices(edits: Edits, { modules, main, recipes }: Origin, choices: readonly Choice[]): void {
  interface ForStack {
    readonly stack: Located;
    readonly choices: StackChoices;
    readonly values: Map<string, ast.Expression>;
  }
  const stacks = new Map<ast.Definition, ForStack>();
  const bindings = new Map<ast.Definition, { readonly recipe: Located; readonly values: Map<string, ast.Expression> }>();
  const stackOf = (stack: Located): ForStack => {
    const known: ForStack = stacks.get(stack.definition) ?? { stack, choices: { policies: new Map() }, values: new Map() };
    stacks.set(stack.definition, known);
    return known;
  };
  const write = (target: Target, value: ast.Expression): void => {
    if (target.kind === "place") stackOf(target.stack).choices.place = value;
    else if (target.kind === "argument") stackOf(target.stack).values.set(target.parameter, value);
    else if (target.kind === "policy") {
      const { policies } = stackOf(target.stack).choices;
      const policy = policies.get(target.at) ?? { norms: new Map<string, ast.Expression>() };
      policies.set(target.at, policy);
      if (target.group === undefined) policy.whole = value;
      else policy.norms.set(target.group, value);
    } else if (target.kind === "line") {
      for (const recipe of target.recipes) editLine(edits, recipe, target.keyword, edits.textFor(recipe.module, value));
    } else {
      for (const recipe of target.recipes) {
        const known = bindings.get(recipe.definition) ?? { recipe, values: new Map<string, ast.Expression>() };
        known.values.set(target.name, value);
        bindings.set(recipe.definition, known);
      }
    }
  };
  for (const { path, value } of choices) write(targetOf(modules, main, path, recipes), value);
  for (const { stack, choices: own, values } of stacks.values()) {
    editStack(edits, modules, stack, own);
    if (values.size > 0) editArguments(edits, modules, stack, values);
  }
  for (const { recipe, values } of bindings.values()) editBindings(edits, modules, recipe, values);
}

/** A definition with the `///` lines above it. */
function withDocumentation({ source: { text } }: Module, { start, end }: ast.Definition): ast.Span {
  const before = /(?:^|\n)((?:[ \t]*\/\/\/[^\n]*\n)+[ \t]*)$/.exec(text.slice(0, start));
  return { start: before === null ? start : start - before[1]!.length, end };
}
