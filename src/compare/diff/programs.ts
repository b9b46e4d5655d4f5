/** Whether two programs compute the same: a walk over both at once, from what they give. */

import type { Entry, Op, Program } from "../../ir/program.js";
import { sameLayout } from "../../ir/types.js";

/** What the walk found. */
export type Comparison =
  /** Slots of the one program by those of the other that play the same part; exact when all names agree, those of inputs and random draws too. */
  | { readonly isSame: true; readonly isExact: boolean; readonly slots: ReadonlyMap<string, string> }
  /** The first operations that differ; undefined where one side has none. */
  | { readonly isSame: false; readonly before: Op | undefined; readonly after: Op | undefined };

/**
 * Compares the values that both entries give, and the states that they update, operation by operation. Names of slots, and of
 * streams of random numbers, may differ, but one name always for the same other one.
 */
export function comparePrograms(before: Program, after: Program, entries: readonly string[]): Comparison {
  const walk = new Walk();
  for (const name of entries) {
    const differs = walk.entries(before.entries.get(name)!, after.entries.get(name)!);
    if (differs !== undefined) return { isSame: false, ...differs };
  }
  return { isSame: true, isExact: walk.isExact, slots: walk.slots };
}

interface Difference {
  readonly before: Op | undefined;
  readonly after: Op | undefined;
}

class Walk {
  readonly slots = new Map<string, string>();
  private readonly taken = new Map<string, string>();
  private readonly streams = new Map<string, string>();
  private readonly takenStreams = new Map<string, string>();
  private readonly inputs = new Map<string, string>();
  private readonly takenInputs = new Map<string, string>();

  get isExact(): boolean {
    return [...this.slots, ...this.streams, ...this.inputs].every(([before, after]) => before === after);
  }

  entries(before: Entry, after: Entry): Difference | undefined {
    const pairs = new Map<Op, Op>();
    for (const [name, result] of before.results) {
      const other = after.results.get(name);
      // A report that only one of them has changes nothing.
      if (other === undefined) continue;
      const differs = this.values(result, other, pairs);
      if (differs !== undefined) return differs;
    }
    const updates = (entry: Entry) => entry.operations.filter((op) => op.kind === "update");
    const [old, now] = [updates(before), updates(after)];
    for (let i = 0; i < Math.max(old.length, now.length); i++) {
      if (old[i] === undefined || now[i] === undefined) return { before: old[i], after: now[i] };
      const differs = this.values(old[i]!, now[i]!, pairs);
      if (differs !== undefined) return differs;
    }
    return undefined;
  }

  /** Without recursion: a deep model is a long chain of operations. */
  private values(before: Op, after: Op, pairs: Map<Op, Op>): Difference | undefined {
    const waiting: [Op, Op][] = [[before, after]];
    while (waiting.length > 0) {
      const [old, now] = waiting.pop()!;
      const known = pairs.get(old);
      if (known === now) continue;
      if (known !== undefined || !this.alike(old, now)) return { before: old, after: now };
      pairs.set(old, now);
      old.operands.forEach((operand, i) => waiting.push([operand, now.operands[i]!]));
    }
    return undefined;
  }

  private alike(old: Op, now: Op): boolean {
    if (old.kind !== now.kind || old.operands.length !== now.operands.length) return false;
    if (old.type.dtype !== now.type.dtype || !sameLayout(old.type.axes, now.type.axes)) return false;
    if ((old.kind === "parameter" && now.kind === "parameter") || (old.kind === "state" && now.kind === "state") || (old.kind === "update" && now.kind === "update")) {
      return paired(this.slots, this.taken, old.attributes.slot, now.attributes.slot);
    }
    if (old.kind === "input" && now.kind === "input") return paired(this.inputs, this.takenInputs, old.attributes.slot, now.attributes.slot);
    if (old.kind === "random" && now.kind === "random") {
      const [{ stream, ...rest }, { stream: other, ...others }] = [old.attributes, now.attributes];
      return JSON.stringify(rest) === JSON.stringify(others) && paired(this.streams, this.takenStreams, stream, other);
    }
    return JSON.stringify(old.attributes) === JSON.stringify(now.attributes);
  }
}

/** Whether `a` can stand for `b`, which is kept: each stands for one other only. */
function paired(there: Map<string, string>, back: Map<string, string>, a: string, b: string): boolean {
  if (!there.has(a) && !back.has(b)) {
    there.set(a, b);
    back.set(b, a);
  }
  return there.get(a) === b;
}
