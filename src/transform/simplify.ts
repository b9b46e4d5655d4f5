/** Simplification: IR to IR. The rules, by kind of operation, are in `rules/`. */

import { Builder } from "../ir/builder.js";
import type { AttributesOf, Entry, Op, OpKind, OpOf, Program } from "../ir/program.js";
import { slotTypes } from "../ir/slots.js";
import { type Axis, IrError, sameAxes, sameLayout } from "../ir/types.js";
import { live } from "../ir/verify.js";
import { elementwiseRules } from "./rules/elementwise.js";
import { reductionRules } from "./rules/reduction.js";
import type { Rule } from "./rules/rule.js";
import { structureRules } from "./rules/structure.js";

const rules: { readonly [K in OpKind]?: readonly Rule<K>[] } = { ...elementwiseRules, ...reductionRules, ...structureRules };

/**
 * The program with every entry simplified: equal operations shared, the rules applied, dead code gone. One pass over each
 * entry, in time linear in its operations; simplifying again changes nothing. Results keep their names and layouts, and
 * updates their slots' layouts; other values may change the order of their axes. `stop_gradient` and `attach_gradient` stay
 * only in the entry `forward`, which may yet be differentiated; elsewhere they do nothing.
 * @throws IrError when the program breaks a type rule.
 */
export function simplify(program: Program): Program {
  const slots = slotTypes(program);
  const entries = [...program.entries.values()].map((entry) => simplifyEntry(entry, new Simplifier(slots)));
  return { ...program, entries: new Map(entries.map((entry) => [entry.name, entry])) };
}

/** A builder that tries the rules of a kind, in order, before it makes an operation of it. */
class Simplifier extends Builder {
  /** The operation, or an equal value of another kind: callers may rely on its dtype and axes only. */
  override add<K extends OpKind>(kind: K, operands: readonly Op[], attributes: AttributesOf[K]): OpOf<K> {
    const draft = { kind, operands, attributes };
    for (const rule of (rules[kind] ?? []) as readonly Rule<K>[]) {
      const value = rule(draft, this.build, this);
      if (value !== undefined) return value as unknown as OpOf<K>;
    }
    return super.add(kind, operands, attributes);
  }
}

function simplifyEntry(entry: Entry, builder: Simplifier): Entry {
  const wanted = new Set(entry.results.values());
  /** What each operation became, by its number. */
  const simplified: Op[] = [];
  const inOrder = new Map<Op, Op>();
  for (const op of live(entry)) {
    builder.position = op;
    const operands = op.operands.map((operand) => simplified[operand.id]!);
    const steers = op.kind === "stop_gradient" || op.kind === "attach_gradient";
    const value = steers && entry.name !== "forward" ? operands[0]! : (builder.add(op.kind, operands, op.attributes as never) as Op);
    if (value.type.dtype !== op.type.dtype || !sameAxes(value.type.axes, op.type.axes)) {
      throw new IrError(`${entry.name}: simplifying %${op.id} = ${op.kind} changed its type`);
    }
    simplified[op.id] = value;
    if (wanted.has(op)) inOrder.set(op, inLayout(value, op.type.axes, builder));
  }
  const results = new Map([...entry.results].map(([name, op]) => [name, inOrder.get(op)!]));
  return renumbered({ name: entry.name, operations: builder.operations, results });
}

/** `value` with its axes in the order of `axes`: merging names an order, and splitting keeps it. */
function inLayout(value: Op, axes: readonly Axis[], builder: Simplifier): Op {
  if (sameLayout(value.type.axes, axes)) return value;
  if (value.kind === "broadcast" && value.operands[0]!.type.axes.length === 0) {
    return builder.build.broadcast(value.operands[0]!, axes);
  }
  const whole = axes.map((axis) => axis.name).join("_");
  const flat = builder.build.merge(value, axes.map((axis) => axis.name), whole);
  // Past the rules, one of which sees that splitting what was merged changes nothing but the layout.
  return Builder.prototype.add.call(builder, "split", [flat], { axis: whole, into: axes }) as Op;
}

/** Without dead code, numbered without gaps. The operations are the simplifier's own, which is done with them. */
function renumbered(entry: Entry): Entry {
  const operations = live(entry);
  operations.forEach((op: { id: number }, i) => (op.id = i));
  return { ...entry, operations };
}
