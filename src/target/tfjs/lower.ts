/** Lowers one entry to calls of TensorFlow.js functions. */

import type { Entry, Op, OpKind, Program } from "../../ir/program.js";
import { live } from "../../ir/verify.js";
import { IrError } from "../../ir/types.js";
import { type Call, Named, type Value, valuesOf } from "./call.js";
import { contract } from "./contraction.js";
import { elementwise } from "./elementwise.js";
import { indexing } from "./indexing.js";
import { separate, shapeOf } from "./layout.js";
import { Lowering, isLiteral } from "./lowering.js";
import { reductions } from "./reduction.js";
import { arrangement } from "./region.js";
import type { Rule } from "./rule.js";
import { structure } from "./structure.js";

/** An entry as calls in order. */
export interface Lowered {
  /** Constants, made first. */
  readonly prelude: readonly Call[];
  readonly body: readonly Call[];
  readonly results: ReadonlyMap<string, Value>;
}

const slot: Rule<"parameter"> & Rule<"state"> = (l, op) => l.external("slot", op.attributes.slot, op.type);

const random: Rule<"random"> = (l, op) => {
  const { distribution, stream, axes } = op.attributes;
  const dimensions = separate(axes);
  const shape = shapeOf(dimensions);
  return { value: l.helper(distribution, [new Named(stream), shape], shape, "f32"), dimensions };
};

const rules: { readonly [K in OpKind]: Rule<K> } = {
  parameter: slot,
  state: slot,
  input: (l, op) => l.external("input", op.attributes.slot, op.type),
  constant: (_, op) => ({ literal: op.attributes.value, dtype: op.attributes.dtype }),
  iota: (l, op) => {
    const { axis } = op.attributes;
    if (axis.extent === 1) return { literal: 0, dtype: "i32" };
    return { value: l.tf("range", [0, axis.extent, 1, "int32"], [axis.extent], "i32"), dimensions: [[axis]] };
  },
  random,
  cotangent: () => {
    throw new IrError("a cotangent has a value only in a program that was differentiated");
  },
  singular_values: () => {
    throw new IrError("`singular_values` belongs in a measure: no target computes it");
  },
  ...elementwise,
  ...reductions,
  contract,
  ...structure,
  ...indexing,
  stop_gradient: (l, op) => {
    const x = l.operand(op.operands[0]!);
    // A literal has no gradient, and a value of whole numbers neither.
    if (isLiteral(x) || op.type.dtype !== "f32") return x;
    return { value: l.helper("stopGradient", [x.value], x.value.shape, "f32"), dimensions: x.dimensions };
  },
  attach_gradient: (l, op) => l.operand(op.operands[0]!),
  update: (l, op) => {
    const [value] = op.operands;
    const next = l.operand(value!);
    l.update(op.attributes.slot, l.owned(next, op.type.axes, op.type.dtype));
    return next;
  },
};

/**
 * Lowers an entry of a verified program. Dead operations are dropped; gradients stated by `attach_gradient` are not part of
 * what the entry computes.
 * @throws IrError when the entry still has a `cotangent` that is used.
 */
export function lower(program: Program, entry: Entry): Lowered {
  const used = withoutStatedGradients(entry);
  const arranged = arrangement(used, program);
  const l = new Lowering(used, program, arranged);
  for (const op of arranged.operations) l.lower(op, () => (rules[op.kind] as Rule<OpKind>)(l, op as never));
  const results = new Map<string, Value>();
  for (const [name, op] of used.results) results.set(name, l.result(op));
  return withoutDeadCalls({ prelude: l.prelude, body: l.body, results });
}

/** Without calls whose result nothing uses: shapes that were only tried. */
function withoutDeadCalls({ prelude, body, results }: Lowered): Lowered {
  const used = new Set<Value>(results.values());
  const isUsed = (call: Call) => call.result === undefined || used.has(call.result);
  for (const call of [...prelude, ...body].toReversed()) {
    if (isUsed(call)) valuesOf(call.args).forEach((value) => used.add(value));
  }
  return { prelude: prelude.filter(isUsed), body: body.filter(isUsed), results };
}

/** `attach_gradient(y, x, dx)` is `y`: what only its other operands need is dead. */
function withoutStatedGradients(entry: Entry): Entry {
  const copies = new Map<Op, Op>();
  const operations: Op[] = [];
  for (const op of entry.operations) {
    const operands = op.operands.map((operand) => copies.get(operand)!);
    const copy = op.kind === "attach_gradient" ? operands[0]! : ({ ...op, operands } as Op);
    if (op.kind !== "attach_gradient") operations.push(copy);
    copies.set(op, copy);
  }
  const results = new Map([...entry.results].map(([name, op]) => [name, copies.get(op)!]));
  const copied = { ...entry, operations, results };
  return { ...copied, operations: live(copied) };
}
