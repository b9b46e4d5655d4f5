/** What a name means at a place: local names, then the module's, then what it uses, then the prelude, then the built-ins. */

import type * as ast from "../syntax/ast.js";
import type { Elaborator } from "./elaborator.js";
import { Silent } from "./errors.js";
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
  return e.nested(place(module.source, definition.name), definition.name.name, () => e.language.evaluate(e, alias, definition.value!));
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
