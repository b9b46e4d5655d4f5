/**
 * Chooses which values are stored. Everything else is computed where it is read.
 *
 * Sums, maxima, products and sums by index ("heavy" values) are stored, but not where they arise: storage moves down the chain
 * of single uses, past the bias, the activation and the residual, to the value that others read. Other values are stored when
 * a product reads them, when computing them again would cost more than reading, or when they are joined along an axis.
 */

import type { Entry, Op, OpKind } from "../ir/program.js";
import { elements, sameAxes } from "../ir/types.js";
import type { Device } from "./device.js";
import { recomputed } from "./recompute.js";

export interface Stored {
  /** Values that have a place of their own in memory. */
  readonly values: ReadonlySet<Op>;
  /** Values that lie within a joined one: from `start` along its axis. */
  readonly within: ReadonlyMap<Op, { readonly whole: Op; readonly start: number }>;
}

/** Values that no elementwise computation gives. */
function isHeavy(op: Op): boolean {
  return op.kind === "reduce_sum" || op.kind === "reduce_max" || op.kind === "contract" || op.kind === "scatter_add";
}

/** Values that consist of others side by side: parts that are joined, or one between zeros. */
export function isJoined(op: Op): op is Extract<Op, { kind: "concatenate" | "pad" }> {
  return op.kind === "concatenate" || op.kind === "pad";
}

/** Roughly how many multiplications an operation is worth; anything else counts one. */
const costs: { readonly [K in OpKind]?: number } = {
  parameter: 0, state: 0, input: 0, constant: 0, iota: 0, rename: 0, split: 0, merge: 0, slice: 0, broadcast: 0, cast: 1, pad: 1,
  concatenate: 2, take: 1, update: 0, div: 3, sqrt: 4, rsqrt: 4, exp: 8, log: 8, sin: 8, cos: 8, tanh: 12, erf: 16, pow: 16, random: 30,
};
/** Values that cost more than this and are read more than once are stored. */
const worthStoring = 40;
/** So many loads and more make a value that is read more than once worth storing. */
const manyLoads = 4;

/** Operations whose values are their operand's, seen otherwise. */
export const views: ReadonlySet<OpKind> = new Set<OpKind>(["rename", "split", "merge", "slice", "broadcast"]);

/** The value that a view shows. */
export function baseOf(op: Op): Op {
  let base = op;
  while (views.has(base.kind)) base = base.operands[0]!;
  return base;
}

export function chooseStored(entry: Entry, device: Device): Stored {
  const consumers = consumersOf(entry);
  const virtual = recomputed(entry, consumers, device);
  const values = new Set<Op>();
  const owner = new Map<Op, Op>();
  const tails = new Map<Op, Op>();
  const costMemo = new Map<Op, number>();
  const loadMemo = new Map<Op, number>();
  const results = new Set(entry.results.values());
  for (const op of entry.operations) if (isHeavy(op) && !virtual.has(op)) values.add(followed(op));
  for (const op of entry.operations) {
    if (values.has(op) || virtual.has(op) || !wantsStorage(op)) continue;
    store(op);
    // What is computed for a joined value is read there by others too.
    if (isJoined(op)) for (const part of op.operands) if (!views.has(part.kind) && !virtual.has(part) && costOf(part) > 0) store(part);
  }
  return { values, within: joined() };

  function store(op: Op): void {
    values.add(op);
    costMemo.set(op, 0);
    loadMemo.set(op, 1);
  }

  /** The last value on the chain of single uses that starts at a heavy one. */
  function followed(heavy: Op): Op {
    owner.set(heavy, heavy);
    let tail = heavy;
    for (;;) {
      const next = onlyConsumer(tail);
      if (next === undefined || virtual.has(next) || !continues(tail, next)) break;
      const other = owner.get(next);
      if (other !== undefined) {
        // Two chains meet: two products can be summed in one kernel, other mixtures cannot.
        if (other.kind !== "contract" || heavy.kind !== "contract" || !sameAxes(next.type.axes, tail.type.axes)) break;
        tail = tails.get(other)!;
        break;
      }
      owner.set(next, heavy);
      tail = next;
    }
    tails.set(heavy, tail);
    return tail;
  }

  function onlyConsumer(op: Op): Op | undefined {
    const own = consumers.get(op) ?? [];
    return own.length === 1 && !results.has(op) ? own[0] : undefined;
  }

  function wantsStorage(op: Op): boolean {
    const own = consumers.get(op) ?? [];
    if (op.kind === "concatenate") return own.length > 0;
    if (views.has(op.kind) || op.type.axes.length === 0) return false;
    const cost = costOf(op);
    if (cost === 0) return false;
    if (own.some((consumer) => readsOften(consumer, op))) return true;
    const isSpread = own.some((consumer) => elements(consumer.type.axes) >= 4 * elements(op.type.axes));
    if (isSpread && cost >= 8 && elements(op.type.axes) > 1) return true;
    return own.length > 1 && (cost > worthStoring || (loadsOf(op) >= manyLoads && cost > 2));
  }

  /** Whether a consumer reads each element many times, through views or directly. */
  function readsOften(consumer: Op, op: Op): boolean {
    if (consumer.kind === "contract") return true;
    if (consumer.kind === "take") return baseOf(consumer.operands[0]!) === op;
    if (consumer.kind === "scatter_add") return true;
    return views.has(consumer.kind) && (consumers.get(consumer) ?? []).some((next) => readsOften(next, op));
  }

  /** The cost of computing an element from what is stored. */
  function costOf(op: Op): number {
    return memoised(costMemo, op, () =>
      values.has(op) ? 0 : (costs[op.kind] ?? 1) + op.operands.reduce((total, operand) => total + costOf(operand), 0));
  }

  function loadsOf(op: Op): number {
    return memoised(loadMemo, op, () => {
      if (values.has(op) || op.operands.length === 0) return elements(op.type.axes) > 1 ? 1 : 0;
      return op.operands.reduce((total, operand) => total + loadsOf(operand), 0);
    });
  }

  function memoised(memo: Map<Op, number>, op: Op, compute: () => number): number {
    const known = memo.get(op);
    if (known !== undefined) return known;
    const value = Math.min(compute(), 1e6);
    memo.set(op, value);
    return value;
  }

  /** Parts that are written straight into the value that joins them. */
  function joined(): Stored["within"] {
    const within = new Map<Op, { whole: Op; start: number }>();
    for (const whole of entry.operations) {
      if (!isJoined(whole) || !values.has(whole)) continue;
      let start = whole.kind === "pad" ? whole.attributes.before : 0;
      for (const part of whole.operands) {
        const isFree = values.has(part) && !isJoined(part) && !within.has(part) && !results.has(part);
        if (isFree) within.set(part, { whole, start });
        start += part.type.axes.find((axis) => axis.name === whole.attributes.axis)!.extent;
      }
    }
    return within;
  }
}

/** Whether `next` has one element for each of `op`'s, in kernels too. */
function continues(op: Op, next: Op): boolean {
  const isElementwise = !isHeavy(next) && next.kind !== "take" && next.kind !== "update" && next.kind !== "concatenate" && next.kind !== "pad";
  return isElementwise && (!views.has(next.kind) || next.kind === "rename") && elements(next.type.axes) === elements(op.type.axes);
}

export function consumersOf(entry: Entry): ReadonlyMap<Op, readonly Op[]> {
  const result = new Map<Op, Op[]>();
  for (const op of entry.operations) {
    for (const operand of new Set(op.operands)) {
      const own = result.get(operand);
      if (own === undefined) result.set(operand, [op]);
      else own.push(op);
    }
  }
  return result;
}
