/** `base with { … }`: the base, and what differs. */

import { similarDetails } from "../diagnostics/similar.js";
import type * as ast from "../syntax/ast.js";
import { evaluateDefinition } from "./calls.js";
import type { Elaborator } from "./elaborator.js";
import { fail } from "./errors.js";
import type { Frame } from "./frame.js";
import { definitionNamed } from "./measurements.js";
import { place } from "./modules.js";
import { type CallableValue, type Value, describe } from "./values.js";

const allowed: Partial<Record<ast.DefinitionKeyword, readonly ast.Statement["kind"][]>> = {
  stack: ["Normalize", "Place"],
  train: ["Setting", "Freeze", "From", "Measurement"],
};

export function evaluateVariant(e: Elaborator, frame: Frame, node: ast.Variant): CallableValue {
  const base = evaluateDefinition(e, frame, node.base);
  if (base.kind !== "callable") return fail("N0208", place(frame.module.source, node.base), `only a definition has variants, and this is ${describe(base)}`);
  const bindings = new Map<string, Value>();
  const { keyword, name } = base.definition;
  for (const item of node.items) {
    if (item.kind === "Binding") {
      checkRebound(e, frame, base, item.name);
      bindings.set(item.name.name, evaluateDefinition(e, frame, item.value));
    } else if (!allowed[keyword]?.includes(item.kind)) {
      fail("N0210", place(frame.module.source, item), `the ${keyword} \`${name.name}\` has no such line to replace`, {
        help: `a variant of a ${keyword} may hold ${keyword === "stack" ? "`normalize`, `place` and `name = …`" : keyword === "train" ? "recipe lines and `name = …`" : "`name = …`"}`,
      });
    }
  }
  return { ...base, variants: [...base.variants, { items: node.items, module: frame.module, bindings }] };
}

/** @throws CheckError when the name is neither a parameter nor a definition of the spec, so that rebinding it would do nothing. */
function checkRebound(e: Elaborator, frame: Frame, base: CallableValue, { name, ...span }: ast.Identifier): void {
  const { definition } = base;
  const parameters = [...(definition.parameters ?? []), ...modelOf(e, base)].map((parameter) => parameter.name.name);
  const known = [...parameters, ...e.modules.names()];
  if (known.includes(name)) return;
  const where = place(frame.module.source, span);
  fail("N0206", where, `the ${definition.keyword} \`${definition.name.name}\` has nothing called \`${name}\` to replace`, similarDetails(name, known, where));
}

/** The parameters of the model that a recipe trains, which its variants may give. */
function modelOf(e: Elaborator, { definition, module }: CallableValue): readonly ast.Parameter[] {
  const of = definition.of?.[0];
  const named = of?.kind === "Call" ? of.callee : of;
  return (named?.kind === "Name" && definitionNamed(e, module, named.name)?.definition.parameters) || [];
}
