/** Running a definition: its body is written out where it is called. */

import type { Place } from "../diagnostics/diagnostic.js";
import type * as ast from "../syntax/ast.js";
import { frameFor, requireComplete } from "./calls.js";
import type { Elaborator } from "./elaborator.js";
import { CheckError, Silent, fail } from "./errors.js";
import { type Frame, Instance } from "./frame.js";
import { place } from "./modules.js";
import { runOptimizer } from "./optimizers.js";
import { runStack } from "./stacks.js";
import { attachGradient, runStatements } from "./statements.js";
import type { CallableValue, TensorValue, Value } from "./values.js";

/** Definitions that are a part of the model, with a path of their own; the others only compute. */
const partsOfTheModel: readonly ast.DefinitionKeyword[] = ["layer", "stack", "norm"];

/** Runs a callable whose arguments are all given. `target` is what its result is bound to, or the part of the model that it is. */
export function run(e: Elaborator, caller: Frame, callable: CallableValue, where: Place, target?: string | Instance): Value {
  const { definition } = callable;
  if (definition.damaged) throw new Silent();
  requireComplete(callable, where);
  const start = e.builder.operations.length;
  const result = e.nested(where, definition.name.name, (): Value => {
    if (definition.keyword === "stack") return runStack(e, caller, callable, where);
    if (definition.keyword === "model" || definition.keyword === "train" || definition.keyword === "ablation") {
      return fail("N0208", where, `a ${definition.keyword} is not called`);
    }
    if (definition.keyword === "optimizer") return atTheCall(caller, callable, where, () => runOptimizer(e, caller, callable, where));
    const instance = instanceFor(caller, definition, target);
    const before = e.builder.position;
    e.builder.position = { ...before, place: instance.path };
    try {
      const value = atTheCall(caller, callable, where, () => runBody(e, caller, callable, instance));
      if (value.kind === "tensor" && instance !== caller.instance) e.outputs.set(instance.path, value);
      return value;
    } finally {
      e.builder.position = before;
    }
  });
  if (caller.instance.isNorm && (definition.keyword === "layer" || definition.keyword === "stack")) e.netsInNorms.push([start, e.builder.operations.length]);
  return result;
}

/** A mistake met inside the standard library is one of the call: that is what the user can mend. */
export function atTheCall<T>(caller: Frame, { module, definition }: CallableValue, where: Place, action: () => T): T {
  try {
    return action();
  } catch (error) {
    if (!(error instanceof CheckError) || caller.module.isLibrary || !module.isLibrary) throw error;
    const { found } = error;
    if (found.place.source !== module.source && !isLibraryPath(found.place.source.path)) throw error;
    const related = [{ place: found.place, label: found.label ?? `in \`${definition.name.name}\`` }, ...found.related];
    throw new CheckError({ ...found, place: where, label: `in this ${definition.keyword}`, related });
  }
}

function isLibraryPath(path: string): boolean {
  return path.startsWith("std/");
}

/** A layer and a norm have a path below their caller's, named by what they are bound to. */
function instanceFor(caller: Frame, definition: ast.Definition, target: string | Instance | undefined): Instance {
  if (target instanceof Instance) return target;
  if (!partsOfTheModel.includes(definition.keyword)) return caller.instance;
  const isNorm = caller.instance.isNorm || definition.keyword === "norm";
  return new Instance(caller.instance.claim(target ?? definition.name.name), isNorm);
}

function runBody(e: Elaborator, caller: Frame, callable: CallableValue, instance: Instance): Value {
  const { definition, module } = callable;
  const own = frameFor(e, caller, callable, instance);
  const frame = definition.keyword === "placement" && caller.placed !== undefined ? { ...own, placed: caller.placed } : own;
  // Evaluation has no backward pass of its own; measures in it take the derivative.
  const statesGradient = e.mode === "training" && definition.body.some((node) => node.kind === "Return" && node.gradient !== undefined);
  const first = definition.parameters?.[0]?.name.name;
  const argument = first === undefined ? undefined : frame.names.get(first);
  if (statesGradient && argument?.kind === "tensor") {
    // The forward computation must not pass a cotangent to the argument: the stated gradient does.
    frame.names.set(first!, { ...argument, op: e.at(frame, definition.name, () => e.b.stop(argument.op)) });
  }
  const returned = runStatements(e, frame, definition.body);
  if (returned === undefined) {
    return fail("N0208", place(module.source, definition.name), `\`${definition.name.name}\` returns nothing`, { help: "end it with `return …`" });
  }
  if (returned.value.kind === "poison") throw new Silent();
  return statesGradient && argument?.kind === "tensor" ? attachGradient(e, frame, returned, argument as TensorValue) : returned.value;
}
