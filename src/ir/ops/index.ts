/** The closed set of operations of the IR: one definition each. */

import type { Definition, SlotTypes } from "../definition.js";
import type { AttributesOf, Op, OpKind } from "../program.js";
import { type TensorType, checkAxes } from "../types.js";
import { effects } from "./effect.js";
import { elementwise } from "./elementwise.js";
import { indexing } from "./indexing.js";
import { leaves } from "./leaf.js";
import { matrices } from "./matrix.js";
import { reductions } from "./reduction.js";
import { structure } from "./structure.js";

export const operations: { readonly [K in OpKind]: Definition<K> } = {
  ...leaves,
  ...elementwise,
  ...reductions,
  ...structure,
  ...indexing,
  ...matrices,
  ...effects,
};

/** The type of an operation's result. @throws IrError when the rule of its kind is broken. */
export function resultType<K extends OpKind>(kind: K, operands: readonly Op[], attributes: AttributesOf[K], slots: SlotTypes): TensorType {
  const type = operations[kind].type(operands.map((operand) => operand.type), attributes, slots);
  checkAxes(type.axes);
  return type;
}

/** All names of operations, in the order of the table. */
export const operationKinds = Object.keys(operations) as readonly OpKind[];
