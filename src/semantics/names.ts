/** What a name means at a place: local names, then the module's, then what it uses, then the prelude, then the built-ins. */

import type * as ast from "../syntax/ast.js";
import { evaluatePartial } from "./calls.js";
import type { Elaborator } from "./elaborator.js";
import { Silent, fail } from "./errors.js";
import type { Frame } from "./frame.js";
import { intrinsicNames } from "./intrinsics/names.js";
import { type Imported, type Module, place } from "./modules.js";
import { type CallableValue, type Value, boolean, number } from "./values.js";

/** The value of `name`, or undefined when nothing has that name. */
export function lookUp(e: Elaborator, frame: Frame, name: string): Value | undefined {
  const local = frame.names.get(name) ?? frame.cells.get(name)?.current ?? frame.overrides.get(name);
  if (local !== undefined) return local;
  const own = frame.module.definitions.get(name);
  if (own !== undefined) return definitionValue(e, frame, frame.module, own);
  const imported = frame.module.imports.get(name) ?? e.modules.prelude.get(name);
  if (imported !== undefined) return importedValue(e, frame, imported);
  if (name === "training") return boolean(e.mode === "training");
  if (name === "ending" && frame.placed !== undefined) return boolean(frame.placed.isEnding);
  if (name === "pi") return number(Math.PI);
  if (name === "infinity") return number(Infinity);
  return intrinsicNames.includes(name) ? { kind: "intrinsic", name } : undefined;
}

function importedValue(e: Elaborator, frame: Frame, imported: Imported): Value {
  if (imported.kind === "missing") throw new Silent();
  if (imported.kind === "module") return { kind: "module", module: imported.module };
  return definitionValue(e, frame, imported.module, imported.definition);
}

/** A definition as a value. A damaged one has been reported; whatever uses it stays silent. */
export function definitionValue(e: Elaborator, frame: Frame, module: Module, definition: ast.Definition): Value {
  if (definition.damaged) throw new Silent();
  if (definition.value === undefined) return callableOf(module, definition);
  const alias: Frame = { module, names: new Map(), cells: new Map(), axisNames: new Map(), axes: new Map(), instance: frame.instance, overrides: new Map() };
  const where = place(module.source, definition.name);
  const { name } = definition.name;
  checkCycle(e, definition);
  e.resolving.set(definition, where);
  try {
    return e.nested(where, name, () => evaluatePartial(e, alias, definition.value!, [definition.keyword], `\`${name}\``));
  } finally {
    e.resolving.delete(definition);
  }
}

/** @throws CheckError when a definition's value is being looked for already; the cycle is told at the member that stands first. */
function checkCycle(e: Elaborator, definition: ast.Definition): void {
  if (!e.resolving.has(definition)) return;
  const chain = [...e.resolving];
  const cycle = chain.slice(chain.findIndex(([member]) => member === definition));
  const [[first, where], ...others] = cycle.toSorted(([a], [b]) => a.start - b.start) as [(typeof cycle)[number], ...typeof cycle];
  const related = others.map(([, other]) => ({ place: other, label: "by way of this" }));
  fail("N0205", where, `\`${first.name.name}\` is defined by itself`, { related, help: "one of them needs a body of its own" });
}

export function callableOf(module: Module, definition: ast.Definition): CallableValue {
  return { kind: "callable", definition, module, given: new Map(), variants: [] };
}

/** Every name that means something here, for suggestions. */
export function visibleNames(e: Elaborator, frame: Frame): string[] {
  return [
    ...frame.names.keys(),
    ...frame.cells.keys(),
    ...frame.overrides.keys(),
    ...frame.module.definitions.keys(),
    ...frame.module.imports.keys(),
    ...e.modules.prelude.keys(),
  ];
}
