/** The values of expressions. */

import type { BinaryKind, Build } from "../ir/builder.js";
import type { Place } from "../diagnostics/diagnostic.js";
import { similarDetails } from "../diagnostics/similar.js";
import type { Op } from "../ir/program.js";
import { hasAxis } from "../ir/types.js";
import type * as ast from "../syntax/ast.js";
import { evaluateCall } from "./calls.js";
import type { Elaborator } from "./elaborator.js";
import { Silent, fail } from "./errors.js";
import { type Frame, partsOf } from "./frame.js";
import { intrinsicNames } from "./intrinsics/names.js";
import { lookUp, visibleNames } from "./names.js";
import { place } from "./modules.js";
import { declareParameter } from "./parameters.js";
import { evaluatePolicy } from "./policies.js";
import * as tensors from "./tensors.js";
import { type PendingValue, type TensorValue, type Value, boolean, describe, none, number, numberText } from "./values.js";
import { evaluateVariant } from "./variants.js";

/** The value of an expression. @throws CheckError | Silent when it has none; poison never comes out. */
export function evaluate(e: Elaborator, frame: Frame, node: ast.Expression): Value {
  e.level++;
  try {
    const value = evaluateAny(e, frame, node);
    if (value.kind === "poison") throw new Silent();
    return value;
  } finally {
    e.level--;
  }
}

function evaluateAny(e: Elaborator, frame: Frame, node: ast.Expression): Value {
  switch (node.kind) {
    case "Number":
      return number(node.value);
    case "String":
      return { kind: "text", value: node.value };
    case "Boolean":
      return boolean(node.value);
    case "None":
      return none;
    case "Missing":
      throw new Silent();
    case "Name":
      return evaluateName(e, frame, node);
    case "Call":
      return evaluateCall(e, frame, node);
    case "ParamExpression":
      return declareParameter(e, frame, frame.binding ?? "value", node.axes, node.initial, node);
    default:
      return evaluateParts(e, partsOf(frame), node);
  }
}

type Compound = Exclude<ast.Expression, { kind: "Number" | "String" | "Boolean" | "None" | "Missing" | "Name" | "Call" | "ParamExpression" }>;

function evaluateParts(e: Elaborator, frame: Frame, node: Compound): Value {
  switch (node.kind) {
    case "Unary":
      return unary(e, frame, node);
    case "Binary":
      return binary(e, frame, node);
    case "Member":
      return member(e, frame, node);
    case "Renaming":
      return renaming(e, frame, node);
    case "Where":
      return where(e, frame, node);
    case "Policy":
      return evaluatePolicy(e, frame, node);
    case "Variant":
      return evaluateVariant(e, frame, node);
    case "Tuple":
      return { kind: "tuple", items: node.items.map((item) => evaluate(e, frame, item)) };
  }
}

function evaluateName(e: Elaborator, frame: Frame, node: ast.NameExpression): Value {
  const found = lookUp(e, frame, node.name);
  if (found !== undefined) return found;
  const where = place(frame.module.source, node);
  return fail("N0201", where, `nothing is called \`${node.name}\` here`, similarDetails(node.name, [...visibleNames(e, frame), ...intrinsicNames], where));
}

/** The operand as a number, a boolean or a tensor. */
type Operand = { readonly value: Extract<Value, { kind: "number" | "boolean" }> | TensorValue | PendingValue; readonly place: Place };

function operand(e: Elaborator, frame: Frame, node: ast.Expression): Operand {
  const value = evaluate(e, frame, node);
  const where = place(frame.module.source, node);
  if (value.kind === "number" || value.kind === "boolean" || tensors.isTensorLike(value)) return { value, place: where };
  return fail("N0208", where, `arithmetic takes numbers and tensors, not ${describe(value)}`);
}

function unary(e: Elaborator, frame: Frame, node: ast.Unary): Value {
  const { value, place: where } = operand(e, frame, node.operand);
  if (value.kind === "number" && node.operator === "-") return number(-value.value);
  if (value.kind === "boolean" && node.operator === "not") return boolean(!value.value);
  if (value.kind === "number" || value.kind === "boolean") return fail("N0208", where, `\`${node.operator}\` does not take ${describe(value)}`);
  const [x] = tensors.settleAll([{ value, place: where }]);
  const wanted = node.operator === "not";
  if ((x!.op.type.dtype === "bool") !== wanted) {
    fail("N0303", where, wanted ? "`not` takes a condition" : "`-` takes numbers, not a condition", { help: "`float(x)` makes 0 and 1 of a condition" });
  }
  return e.at(frame, node, () => tensors.elementwise(e, [x!], (op) => e.b.unary(wanted ? "not" : "neg", op)));
}

const compileTime: Record<ast.BinaryOperator, (x: number, y: number) => number | boolean> = {
  "+": (x, y) => x + y,
  "-": (x, y) => x - y,
  "*": (x, y) => x * y,
  "/": (x, y) => x / y,
  "^": (x, y) => x ** y,
  "<": (x, y) => x < y,
  "<=": (x, y) => x <= y,
  ">": (x, y) => x > y,
  ">=": (x, y) => x >= y,
  "==": (x, y) => x === y,
  "!=": (x, y) => x !== y,
  and: (x, y) => x === 1 && y === 1,
  or: (x, y) => x === 1 || y === 1,
};

/** How an operator is built: the operation, whether its operands change places, and whether its result is negated. */
const built: Record<ast.BinaryOperator, { kind: BinaryKind; swap?: true; not?: true }> = {
  "+": { kind: "add" },
  "-": { kind: "sub" },
  "*": { kind: "mul" },
  "/": { kind: "div" },
  "^": { kind: "pow" },
  "<": { kind: "less" },
  "<=": { kind: "less_equal" },
  ">": { kind: "less", swap: true },
  ">=": { kind: "less_equal", swap: true },
  "==": { kind: "equal" },
  "!=": { kind: "equal", not: true },
  and: { kind: "and" },
  or: { kind: "or" },
};

function binary(e: Elaborator, frame: Frame, node: ast.Binary): Value {
  const isLogical = node.operator === "and" || node.operator === "or";
  if ((node.operator === "==" || node.operator === "!=") && !isLogical) {
    const same = comparedKinds(e, frame, node);
    if (same !== undefined) return boolean(node.operator === "==" ? same : !same);
  }
  const left = operand(e, frame, node.left);
  // `and` and `or` decide at the first compile-time condition that settles them, so that it can guard the second.
  if (left.value.kind === "boolean" && isLogical && left.value.value === (node.operator === "or")) return left.value;
  const right = operand(e, frame, node.right);
  const [x, y] = [left.value, right.value];
  if (isLogical) {
    for (const { value, place: where } of [left, right]) {
      const condition = value.kind === "boolean" || (value.kind === "tensor" && value.op.type.dtype === "bool");
      if (!condition) fail("N0208", where, `\`${node.operator}\` joins conditions, not ${describe(value)}`);
    }
  }
  if (x.kind !== "tensor" && x.kind !== "pending" && y.kind !== "tensor" && y.kind !== "pending") {
    if (!isLogical && (x.kind === "boolean" || y.kind === "boolean")) {
      return fail("N0208", (x.kind === "boolean" ? left : right).place, `\`${node.operator}\` takes numbers, not ${describe(x.kind === "boolean" ? x : y)}`);
    }
    const result = compileTime[node.operator](Number(x.value), Number(y.value));
    return typeof result === "number" ? computed(result, [Number(x.value), Number(y.value)], place(frame.module.source, node)) : boolean(result);
  }
  return e.at(frame, node, () => tensorBinary(e, frame, node, left, right));
}

/** The result of compile-time arithmetic. @throws CheckError when finite numbers have none. */
export function computed(result: number, operands: readonly number[], where: Place): Value {
  if (!Number.isFinite(result) && operands.every(Number.isFinite)) fail("N0315", where, `the result is ${result === -Infinity ? "-infinity" : result === Infinity ? "infinity" : "not a number"}`);
  return number(result);
}

/** `==` on values that are no numbers compares what they are: `bias == none`. */
function comparedKinds(e: Elaborator, frame: Frame, node: ast.Binary): boolean | undefined {
  const plain = (value: ast.Expression) => value.kind === "None" || value.kind === "String";
  if (!plain(node.left) && !plain(node.right)) return undefined;
  const [x, y] = [evaluate(e, frame, node.left), evaluate(e, frame, node.right)];
  if (x.kind === "text" && y.kind === "text") return x.value === y.value;
  return x.kind === "none" && y.kind === "none";
}

function tensorBinary(e: Elaborator, frame: Frame, node: ast.Binary, left: Operand, right: Operand): TensorValue {
  const where = place(frame.module.source, node);
  const [x, y] = pair(e, left, right);
  tensors.checkAligned([{ value: x, place: left.place }, { value: y, place: right.place }], where);
  const { kind, swap, not } = built[node.operator];
  if (kind === "pow") return power(e, x, right.value, y);
  const real = kind === "div" ? [tensors.converted(e, x, "f32"), tensors.converted(e, y, "f32")] : [x, y];
  const logical = kind === "and" || kind === "or";
  for (const [value, side] of [[real[0]!, left], [real[1]!, right]] as const) {
    if ((value.op.type.dtype === "bool") !== logical) {
      fail("N0303", side.place, logical ? `\`${node.operator}\` joins conditions` : `\`${node.operator}\` takes numbers, not a condition`, {
        help: "`float(x)` makes 0 and 1 of a condition",
      });
    }
  }
  const result = tensors.binary(e, kind, real[swap ? 1 : 0]!, real[swap ? 0 : 1]!);
  noteCausal(e, result, where);
  return not ? tensors.elementwise(e, [result], (op) => e.b.unary("not", op)) : result;
}

/** Two operands as tensors of one element type. */
function pair(e: Elaborator, left: Operand, right: Operand): [TensorValue, TensorValue] {
  const tensorsOnly = [left, right].filter((side): side is { value: TensorValue | PendingValue; place: Place } => tensors.isTensorLike(side.value));
  const settled = tensors.settleAll(tensorsOnly);
  const whole = (value: number) => Number.isInteger(value) && Math.abs(value) < 2 ** 31;
  const asTensor = (side: Operand, other: TensorValue | undefined): TensorValue => {
    if (side.value.kind === "number") {
      const dtype = other?.op.type.dtype === "i32" && whole(side.value.value) ? "i32" : "f32";
      return e.tensor(e.b.constant(side.value.value, dtype));
    }
    if (side.value.kind === "boolean") return e.tensor(e.b.cast(e.b.constant(Number(side.value.value)), "bool"));
    return settled[tensorsOnly.indexOf(side as (typeof tensorsOnly)[number])]!;
  };
  const x = asTensor(left, settled[0]);
  const y = asTensor(right, settled[0]);
  if (x.op.type.dtype === y.op.type.dtype || x.op.type.dtype === "bool" || y.op.type.dtype === "bool") return [x, y];
  return [tensors.converted(e, x, "f32"), tensors.converted(e, y, "f32")];
}

/** Powers with the exponents that norms and losses use are products and roots, which every target computes exactly alike. */
const powers: Readonly<Record<number, (x: Op, b: Build) => Op>> = {
  1: (x) => x,
  2: (x, b) => b.mul(x, x),
  3: (x, b) => b.mul(x, b.mul(x, x)),
  [-1]: (x, b) => b.div(b.constant(1), x),
  0.5: (x, b) => b.unary("sqrt", x),
  [-0.5]: (x, b) => b.unary("rsqrt", x),
};

function power(e: Elaborator, x: TensorValue, exponent: Operand["value"], y: TensorValue): TensorValue {
  const base = tensors.converted(e, x, "f32");
  const build = exponent.kind === "number" ? powers[exponent.value] : undefined;
  if (build !== undefined) return tensors.elementwise(e, [base], (op) => build(op, e.b));
  return tensors.binary(e, "pow", base, tensors.converted(e, y, "f32"));
}

/** A comparison of positions along two axes hides the future, or the past: remembered for the checks of norms. */
function noteCausal(e: Elaborator, { op }: TensorValue, where: Place): void {
  if (op.kind !== "less" && op.kind !== "less_equal") return;
  if (op.operands.every((side) => side.kind === "iota" || side.kind === "rename") && op.type.axes.length === 2 && hasAxis(op.type, "token")) e.causal.push({ place: where, within: e.builder.position.place });
}

function member(e: Elaborator, frame: Frame, node: ast.Member): Value {
  const object = evaluate(e, frame, node.object);
  const { name } = node.name;
  const where = place(frame.module.source, node.name);
  if (object.kind === "tensor") {
    const groups = object.groups ?? [];
    let start = 0;
    for (const group of groups) {
      if (group.name === name) {
        return e.at(frame, node, () => ({ ...tensors.sliced(e, object, "token", start, group.extent), groups: [group] }));
      }
      start += group.extent;
    }
    const names = groups.map((group) => group.name);
    const help = groups.length === 0 ? {} : { help: `it has the groups ${names.map((group) => `\`${group}\``).join(", ")}` };
    return fail("N0209", where, `the tensor has no group \`${name}\``, { ...similarDetails(name, names, where), ...help });
  }
  if (object.kind === "module") {
    const found = lookUp(e, { ...frame, module: object.module, names: new Map(), cells: new Map(), overrides: new Map() }, name);
    if (found !== undefined && object.module.definitions.has(name)) return found;
    return fail("N0204", where, `\`${object.module.name}\` does not define \`${name}\``, similarDetails(name, object.module.definitions.keys(), where));
  }
  return fail("N0209", where, `${describe(object)} has no part \`${name}\``);
}

function renaming(e: Elaborator, frame: Frame, node: ast.Renaming): Value {
  const value = tensorOf(e, frame, node.object);
  const names = value.op.type.axes.map((axis) => axis.name);
  for (const { from, to } of node.pairs) {
    requireAxis(value, from.name, place(frame.module.source, from));
    const moved = node.pairs.some((pair) => pair.from.name === to.name);
    if ((names.includes(to.name) && !moved) || node.pairs.filter((pair) => pair.to.name === to.name).length > 1) {
      fail("N0310", place(frame.module.source, to), `the tensor would have two axes \`${to.name}\``);
    }
  }
  const rename = (op: TensorValue["op"]) => {
    const pairs = node.pairs.filter(({ from }) => hasAxis(op.type, from.name));
    return pairs.length === 0 ? op : e.b.rename(op, pairs.map(({ from }) => from.name), pairs.map(({ to }) => to.name));
  };
  return e.at(frame, node, () => {
    const op = rename(value.op);
    const renamed = e.tensor(op, value.masks.map(rename));
    return node.pairs.some(({ from }) => from.name === "token") ? renamed : { ...renamed, ...tensors.groupsOf([value], op) };
  });
}

function where(e: Elaborator, frame: Frame, node: ast.Where): Value {
  const value = tensorOf(e, frame, node.value);
  const axes = new Map([...frame.axes, ...value.op.type.axes.map((axis) => [axis.name, axis.extent] as const)]);
  const condition = evaluate(e, { ...frame, axes }, node.condition);
  const at = place(frame.module.source, node.condition);
  if (condition.kind === "boolean" && condition.value) return value;
  if (condition.kind !== "tensor" || condition.op.type.dtype !== "bool") return fail("N0208", at, `\`where\` takes a condition, not ${describe(condition)}`);
  const own = place(frame.module.source, node.value);
  tensors.checkAligned([{ value, place: own }, { value: condition, place: at }], place(frame.module.source, node));
  const foreign = condition.op.type.axes.find((axis) => !hasAxis(value.op.type, axis.name));
  // A condition may bring axes: scores[token, source] become scores for each example where the lengths differ.
  const op = foreign === undefined ? value.op : e.at(frame, node, () => e.b.broadcast(value.op, condition.op.type.axes));
  return { ...value, op, masks: [...new Set([...value.masks, ...condition.masks, condition.op])] };
}

/** The value of an expression that must be a tensor with known extents. */
export function tensorOf(e: Elaborator, frame: Frame, node: ast.Expression): TensorValue {
  const value = evaluate(e, frame, node);
  const where = place(frame.module.source, node);
  if (value.kind === "number") return e.tensor(e.b.constant(value.value));
  if (!tensors.isTensorLike(value)) return fail("N0208", where, `a tensor is needed here, not ${describe(value)}`);
  return tensors.settleAll([{ value, place: where }])[0]!;
}

/** The same for one that holds numbers. */
export function numbersOf(e: Elaborator, frame: Frame, node: ast.Expression, what: string): TensorValue {
  const value = tensorOf(e, frame, node);
  if (value.op.type.dtype === "bool") fail("N0303", place(frame.module.source, node), `${what} is a number, not a condition`, { help: "`float(x)` makes 0 and 1 of a condition" });
  return value;
}

/** @throws CheckError when the tensor lacks the axis. */
export function requireAxis(value: TensorValue, name: string, where: Place): void {
  if (hasAxis(value.op.type, name)) return;
  const names = value.op.type.axes.map((axis) => axis.name);
  const help = `its axes are ${names.length === 0 ? "none: it is a single number" : names.map((axis) => `\`${axis}\``).join(", ")}`;
  fail("N0301", where, `the tensor has no axis \`${name}\``, { help, ...similarDetails(name, names, where) });
}

/** The value of an expression that must be a number when the program is compiled. */
export function numberOf(e: Elaborator, frame: Frame, node: ast.Expression, what: string): number {
  const value = evaluate(e, frame, node);
  const where = place(frame.module.source, node);
  if (value.kind !== "number") return fail("N0208", where, `${what} is a number known at compile time, not ${describe(value)}`);
  if (!Number.isFinite(value.value)) return fail("N0315", where, `${what} is ${value.value}`);
  return value.value;
}

/** The same for a positive whole number. */
export function wholeOf(e: Elaborator, frame: Frame, node: ast.Expression, what: string): number {
  const value = numberOf(e, frame, node, what);
  const where = place(frame.module.source, node);
  if (value > Number.MAX_SAFE_INTEGER) return fail("N0315", where, `${what} is ${value}, which is too large`);
  if (Number.isInteger(value) && value >= 1) return value;
  if (!Number.isInteger(value)) {
    const division = node.kind === "Binary" && node.operator === "/";
    return fail("N0308", where, `${what} is ${numberText(value)}, which is no whole number`, division ? { help: "choose numbers of which one divides the other" } : {});
  }
  return fail("N0315", where, `${what} is ${numberText(value)}; it must be at least 1`);
}
