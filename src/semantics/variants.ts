/** `base with { … }`: the base, and what differs. */

import type * as ast from "../syntax/ast.js";
import type { Elaborator } from "./elaborator.js";
import { fail } from "./errors.js";
import type { Frame } from "./frame.js";
import { place } from "./modules.js";
import { type CallableValue, type Value, describe } from "./values.js";

const allowed: Partial<Record<ast.DefinitionKeyword, readonly ast.Statement["kind"][]>> = {
  stack: ["Normalize", "Place", "Groups"],
  train: ["Setting", "Freeze", "Measurement"],
};

export function evaluateVariant(e: Elaborator, frame: Frame, node: ast.Variant): CallableValue {
  const base = e.language.evaluate(e, frame, node.base);
  if (base.kind !== "callable") return fail("N0208", place(frame.module.source, node.base), `only a definition has variants, and this is ${describe(base)}`);
  const bindings = new Map<string, Value>();
  const { keyword, name } = base.definition;
  for (const item of node.items) {
    if (item.kind === "Binding") bindings.set(item.name.name, e.language.evaluate(e, frame, item.value));
    else if (!allowed[keyword]?.includes(item.kind)) {
      fail("N0210", place(frame.module.source, item), `the ${keyword} \`${name.name}\` has no such line to replace`, {
        help: `a variant of a ${keyword} may hold ${keyword === "stack" ? "`normalize`, `place`, `groups` and `name = …`" : keyword === "train" ? "recipe lines and `name = …`" : "`name = …`"}`,
      });
    }
  }
  return { ...base, variants: [...base.variants, { items: node.items, module: frame.module, bindings }] };
}
