/**
 * Centring: which operations subtract a mean, and through which a shift passes. A *shift* over some axes is a difference that is
 * the same everywhere along them; *centred* over axes means of zero mean over them together.
 */

import type { Op } from "../ir/program.js";
import { extentOf, hasAxis } from "../ir/types.js";

/** `of - mean(of over axes)`. */
export interface Centring {
  readonly of: Op;
  readonly axes: readonly string[];
}

/** What `op` centres, when that is all it does. */
export function centringOf(op: Op): Centring | undefined {
  if (op.kind !== "sub") return undefined;
  const [of, mean] = op.operands;
  const axes = meanOf(mean!, of!);
  return axes === undefined ? undefined : { of: of!, axes };
}

/** The axes over which `mean` is the mean of `of`. Simplified programs write a mean as a sum times the inverse of its extent. */
function meanOf(mean: Op, of: Op): readonly string[] | undefined {
  if (mean.kind !== "mul") return undefined;
  const [sum, factor] = mean.operands;
  if (sum!.kind !== "reduce_sum" || factor!.kind !== "constant") return undefined;
  const axes = axesIn(of, sum!.operands[0]!, sum!.attributes.axes);
  const count = axes?.reduce((product, name) => product * extentOf(of.type, name), 1) ?? NaN;
  return Math.abs(factor!.attributes.value * count - 1) < 1e-12 ? axes : undefined;
}

/** What the axes of `summed` are called in `of`, which is `summed` or has the same elements: simplified programs sum before a merge or split. */
function axesIn(of: Op, summed: Op, axes: readonly string[]): readonly string[] | undefined {
  if (of === summed) return axes;
  return (of.kind === "merge" || of.kind === "split") && of.operands[0] === summed ? carried(of, axes) : undefined;
}

/** Whether an operation is a sum that serves for nothing but centring. `usersOf` gives undefined for what a program also returns. */
export function servesCentring(sum: Op, usersOf: (op: Op) => readonly Op[] | undefined): boolean {
  const isCentring = (mean: Op) => usersOf(mean)?.every((user) => centringOf(user) !== undefined && user.operands[1] === mean) ?? false;
  return sum.kind === "reduce_sum" && (usersOf(sum)?.every(isCentring) ?? false);
}

/**
 * What an operand must become for the result to become centred: centred itself over these axes, zero where the list is empty
 * (it is a shift, and nothing else), or what it was where there is no list (a factor, a condition, an index).
 */
export type Share = readonly string[] | undefined;

/**
 * The operands' shares in centring an operation's result over `axes`: all its results are linear in the operands with a share, and
 * centring these gives the centred result. Undefined where the operation is not so.
 */
export function sharesOf(op: Op, axes: readonly string[]): readonly Share[] | undefined {
  if (op.type.dtype !== "f32" || !axes.every((name) => hasAxis(op.type, name))) return undefined;
  const own = (operand: Op) => axes.filter((name) => hasAxis(operand.type, name));
  const isFree = (operand: Op) => own(operand).length === 0;
  const [x, y, z] = op.operands;
  switch (op.kind) {
    case "add":
    case "sub":
      return op.operands.map(own);
    case "neg":
    case "broadcast":
    case "reduce_sum":
      return [own(x!)];
    case "mul":
    case "contract": {
      if (isFree(y!)) return [axes, undefined];
      return isFree(x!) ? [undefined, axes] : undefined;
    }
    case "div":
      return isFree(y!) ? [axes, undefined] : undefined;
    case "select":
      return isFree(x!) ? [undefined, own(y!), own(z!)] : undefined;
    case "rename": {
      const { from, to } = op.attributes;
      return [axes.map((name) => from[to.indexOf(name)] ?? name)];
    }
    case "split": {
      const parts = op.attributes.into.map((part) => part.name);
      const rest = axes.filter((name) => !parts.includes(name));
      if (rest.length === axes.length) return [axes];
      return axes.length - rest.length === parts.length ? [[...rest, op.attributes.axis]] : undefined;
    }
    case "merge": {
      const { into, axes: parts } = op.attributes;
      return [axes.includes(into) ? [...axes.filter((name) => name !== into), ...parts] : axes];
    }
    case "slice":
    case "pad":
    case "concatenate":
      return axes.includes(op.attributes.axis) ? undefined : op.operands.map(() => axes);
    case "take":
      return isFree(y!) ? [axes, undefined] : undefined;
    default:
      return undefined;
  }
}

/** The axes over which `user` is shifted when its operand is, over `axes`; undefined where they can be named in no result. */
export function carried(user: Op, axes: readonly string[]): readonly string[] | undefined {
  switch (user.kind) {
    case "rename": {
      const { from, to } = user.attributes;
      return axes.map((name) => to[from.indexOf(name)] ?? name);
    }
    case "split":
      return axes.flatMap((name) => (name === user.attributes.axis ? user.attributes.into.map((part) => part.name) : [name]));
    case "merge": {
      const { axes: parts, into } = user.attributes;
      const rest = axes.filter((name) => !parts.includes(name));
      if (rest.length === axes.length) return axes;
      return axes.length - rest.length === parts.length ? [...rest, into] : undefined;
    }
    default:
      return axes;
  }
}

/** Whether a shift of `value` over `axes` makes nothing of `user` but a shift: over which axes. */
export function shiftOf(user: Op, value: Op, axes: readonly string[]): readonly string[] | undefined {
  const shift = carried(user, axes);
  const shares = shift === undefined ? undefined : sharesOf(user, shift);
  const passes = shares?.every((share, i) => user.operands[i] !== value || (share !== undefined && sameSet(share, axes)));
  return passes === true ? shift : undefined;
}

/**
 * Values that are centred whatever the weights are: what a mean was subtracted from, and what is linear in such values.
 * Gives for each of them the sets of axes.
 */
export function provenCentred(operations: readonly Op[]): (op: Op, axes: readonly string[]) => boolean {
  const known = new Map<Op, (readonly string[])[]>();
  // Of zero mean over some axes is of zero mean over more.
  const isProven = (op: Op, axes: readonly string[]) => isZero(op) || (known.get(op)?.some((own) => isWithin(own, axes)) ?? false);
  for (const op of operations) {
    const centring = centringOf(op);
    const candidates = centring === undefined ? op.operands.flatMap((operand) => (known.get(operand) ?? []).flatMap((axes) => [carried(op, axes) ?? []])) : [];
    const holds = (axes: readonly string[]) =>
      axes.length > 0 && (sharesOf(op, axes)?.every((share, i) => share === undefined || isProven(op.operands[i]!, share)) ?? false);
    const sets = centring === undefined ? candidates.filter(holds) : [centring.axes];
    if (sets.length > 0) known.set(op, sets.filter((set, i) => sets.findIndex((other) => sameSet(other, set)) === i));
  }
  return isProven;
}

export function isZero(op: Op): boolean {
  return op.kind === "constant" ? op.attributes.value === 0 : op.kind === "broadcast" && isZero(op.operands[0]!);
}

export function isWithin(inner: readonly string[], outer: readonly string[]): boolean {
  return inner.every((name) => outer.includes(name));
}

export function sameSet(left: readonly string[], right: readonly string[]): boolean {
  return left.length === right.length && isWithin(left, right);
}
