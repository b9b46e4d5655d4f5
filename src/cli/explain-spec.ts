/** Which recipe, model or stack of a spec `norm explain` shows. */

import { type Compilation, chooseRecipe } from "../compiler/compile.js";
import { type Subject, subjectOfModel, subjectOfRecipe } from "../compare/overview/subject.js";
import { makeElaborator } from "../semantics/program.js";
import { Slots } from "../semantics/elaborator.js";
import { definitionValue } from "../semantics/names.js";
import { emptyFrame } from "../semantics/recipes.js";
import type { CallableValue } from "../semantics/values.js";

/** What is shown: a whole recipe or model, or one stack of it. */
export interface Shown {
  readonly subject: Subject;
  /** The path of the stack. */
  readonly stack?: string;
}

/** What a file without `#` resolves to: its recipe, the last of its stages, or its only model. Undefined when there are several, or none. */
export function shownOfFile(compilation: Compilation): Shown | undefined {
  const chosen = chooseRecipe(compilation, undefined);
  if ("recipe" in chosen) return { subject: subjectOfRecipe(chosen) };
  const models = [...compilation.models].filter(([, e]) => !e.hasFailed);
  const [only] = models;
  return compilation.recipes.size === 0 && models.length === 1 ? { subject: subjectOfModel(...only!) } : undefined;
}

/** What a definition resolves to, where a recipe or a model of the file runs it; undefined where none does, and for other definitions. */
export function shownOfDefinition(compilation: Compilation, name: string): Shown | undefined {
  const { main, recipes } = compilation;
  const recipe = recipes.get(name);
  if (recipe !== undefined) return { subject: subjectOfRecipe(recipe) };
  const value = valueOf(compilation, name);
  if (value === undefined || (value.definition.keyword !== "stack" && value.definition.keyword !== "model")) return undefined;
  const trained = value.definition.keyword === "model" ? [...recipes.values()].find((own) => own.recipe.model.definition === value.definition) : undefined;
  if (trained !== undefined) return { subject: subjectOfRecipe(trained) };
  const model = compilation.models.get(name);
  if (model !== undefined && !model.hasFailed && value.definition.keyword === "model") return { subject: subjectOfModel(name, model) };
  const written = main.definitions.get(name);
  const all = [...[...recipes.values()].map(subjectOfRecipe), ...[...compilation.models].filter(([, e]) => !e.hasFailed).map(([key, e]) => subjectOfModel(key, e))];
  for (const subject of all) {
    const variants = (own: CallableValue) => own.variants.map(({ items }) => items[0]?.start).join();
    const stack = subject.elaborator.stacks.find(({ callable }) => callable.definition === value.definition && (written?.value === undefined || variants(callable) === variants(value)));
    if (stack !== undefined) return { subject, stack: stack.path };
  }
  return undefined;
}

/** A definition of the file, or one that it uses. */
function valueOf({ main, modules }: Compilation, name: string): CallableValue | undefined {
  const imported = main.imports.get(name);
  const found = main.definitions.has(name) ? { module: main, definition: main.definitions.get(name)! } : imported?.kind === "definition" ? imported : undefined;
  if (found === undefined || found.definition.damaged) return undefined;
  // Mistakes have been told by the compilation.
  const e = makeElaborator(modules, new Slots(), "training", 1, () => {});
  return e.attempt<CallableValue | undefined>(() => undefined, () => {
    const value = definitionValue(e, emptyFrame(found.module), found.module, found.definition);
    return value.kind === "callable" ? value : undefined;
  });
}
