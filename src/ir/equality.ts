/** Which operations are equal: those of one kind with the same operands and attributes, which compute the same. */

import type { AttributesOf, Op, OpKind } from "./program.js";
import type { Axis } from "./types.js";

type Attributes = AttributesOf[OpKind];
type Attribute = number | string | Axis | readonly (string | Axis)[];

/** Whether an operation is equal to one of this kind, with these operands and attributes, which are those of the kind. */
export function isEqual(op: Op, kind: OpKind, operands: readonly Op[], attributes: Attributes): boolean {
  if (op.kind !== kind || op.operands.length !== operands.length) return false;
  if (!operands.every((operand, i) => operand === op.operands[i])) return false;
  for (const name in attributes) if (!isSame(attributes[name as never], op.attributes[name as never])) return false;
  return true;
}

function isSame(left: Attribute, right: Attribute): boolean {
  // Tells 0 from -0, and takes NaN for itself.
  if (typeof left !== "object" || typeof right !== "object") return Object.is(left, right);
  if (left instanceof Array) return right instanceof Array && left.length === right.length && left.every((item, i) => isSame(item, right[i]!));
  return !(right instanceof Array) && left.name === right.name && left.extent === right.extent;
}

/** A whole number of 32 bits that is the same for equal operations, and seldom for others: FNV-1a over all that makes one up. */
export function hashOf(kind: OpKind, operands: readonly Op[], attributes: Attributes): number {
  let hash = mixed(0x811c9dc5, kind);
  for (const operand of operands) hash = mixed(hash, operand.id);
  for (const name in attributes) hash = mixed(hash, attributes[name as never]);
  return hash;
}

function mixed(hash: number, value: Attribute): number {
  let result = hash;
  if (typeof value === "number") result = Number.isInteger(value) ? Math.imul(hash ^ value, 0x01000193) : mixed(hash, String(value));
  else if (typeof value === "string") for (let i = 0; i < value.length; i++) result = Math.imul(result ^ value.charCodeAt(i), 0x01000193);
  else if (value instanceof Array) for (const item of value) result = mixed(result, item);
  else result = mixed(mixed(hash, value.name), value.extent);
  return result;
}
