/** Writing a choice into the text of a recipe. */

import { definitionNamed } from "../../semantics/measurements.js";
import type { Modules } from "../../semantics/modules.js";
import type * as ast from "../../syntax/ast.js";
import type { Edits } from "./edits.js";
import { editCall } from "./stacks.js";
import type { Located } from "./target.js";

/** Writes a line of a recipe, such as `batch 64`. @param text what stands behind the keyword. */
export function editLine(edits: Edits, { definition, module }: Located, keyword: ast.Setting["keyword"], text: string): void {
  const { value } = definition;
  const items = value === undefined ? definition.body : value.kind === "Variant" ? value.items : [];
  // `epochs` and `steps` stand for one another.
  const alike = keyword === "epochs" || keyword === "steps" ? ["epochs", "steps"] : [keyword];
  const line = items.findLast((item) => item.kind === "Setting" && item.at.length === 0 && alike.includes(item.keyword));
  if (line !== undefined) return edits.replace(module, line, `${keyword} ${text}`);
  insertItem(edits, { definition, module }, `${keyword} ${text}`);
}

/** Gives parameters of the recipe's model values, or puts other definitions in the place of those that the model uses. @throws EditError */
export function editBindings(edits: Edits, modules: Modules, recipe: Located, values: ReadonlyMap<string, ast.Expression>): void {
  const { definition, module } = recipe;
  if (definition.value !== undefined) {
    const items = definition.value.kind === "Variant" ? definition.value.items : [];
    const added: string[] = [];
    for (const [name, value] of values) {
      const known = items.findLast((item) => item.kind === "Binding" && item.name.name === name);
      if (known?.kind === "Binding") edits.replace(module, known.value, edits.textFor(module, value));
      else added.push(`${name} = ${edits.textFor(module, value)}`);
    }
    if (added.length > 0) insertItem(edits, recipe, added.join("\n"));
    return;
  }
  const of = definition.of![0]!;
  const named = of.kind === "Call" ? of.callee : of;
  const model = named.kind === "Name" ? definitionNamed({ modules }, module, named.name)?.definition : undefined;
  const isParameter = (name: string) => model?.parameters?.some((parameter) => parameter.name.name === name) === true;
  const parameters = [...values].filter(([name]) => isParameter(name));
  const others = [...values].filter(([name]) => !isParameter(name));
  const written = (separator: string, list: typeof parameters) => list.map(([name, value]) => `${name}${separator}${edits.textFor(module, value)}`);
  if (of.kind === "Call") editCall(edits, module, of, model?.parameters ?? [], new Map(parameters));
  else if (parameters.length > 0) edits.insert(module, of.end, `(${written(": ", parameters).join(", ")})`);
  if (others.length > 0) edits.insert(module, of.end, ` with { ${written(" = ", others).join(" ")} }`);
}

/** Adds a line to a recipe, or to its variant. */
function insertItem(edits: Edits, { definition, module }: Located, text: string): void {
  const { value } = definition;
  if (value === undefined) edits.insert(module, definition.end - 1, `\n${text}\n`);
  else if (value.kind === "Variant") edits.insert(module, value.end - 1, `\n${text}\n`);
  else edits.insert(module, value.end, ` with {\n${text}\n}`);
}
