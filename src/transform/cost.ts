/** The cost model: what a program holds, computes and moves, from its IR alone. */

import { operations } from "../ir/ops/index.js";
import type { Entry, Op, OpKind, Phase, Program, Role } from "../ir/program.js";
import { bytes, elements } from "../ir/types.js";

/** A number for each phase of a training step, and their sum. */
export type ByPhase = Readonly<Record<Phase | "total", number>>;

export interface Cost {
  /** How many numbers the parameters hold. */
  readonly parameters: Readonly<Record<Role | "total", number>>;
  /** How many numbers the states hold. */
  readonly states: Readonly<Record<"model" | "optimizer" | "total", number>>;
  readonly entries: ReadonlyMap<string, EntryCost>;
}

/**
 * The cost of one run of an entry. A slot, input or constant is there before the entry runs, and a renamed, split or steered
 * value is its operand in memory: such operations move and allocate nothing.
 */
export interface EntryCost {
  readonly operations: number;
  /** Floating-point operations; a multiplication and an addition count as two. */
  readonly flops: ByPhase;
  /** Bytes read and written when every operation runs alone. */
  readonly bytesUnfused: number;
  /** Bytes that no fusion can save: every slot and input that is used is read once, every updated slot is written once. */
  readonly bytesLeast: number;
  /**
   * The most bytes of computed values that are alive at once, in the order of the operations, each with its operands and its
   * result apart. Slots and inputs come on top. A new value of a slot that is still read later waits for the end.
   */
  readonly bytesPeak: number;
  /** Bytes of computed values of the forward phase that the backward phase uses. */
  readonly bytesActivations: number;
}

/** The cost of every entry of a verified program, in time linear in its operations. */
export function cost(program: Program): Cost {
  const parameters = { norm: 0, bias: 0, weight: 0, embedding: 0, total: 0 };
  for (const { role, type } of program.parameters) {
    parameters[role] += elements(type.axes);
    parameters.total += elements(type.axes);
  }
  const states = { model: 0, optimizer: 0, total: 0 };
  for (const { owner, type } of program.states) {
    states[owner] += elements(type.axes);
    states.total += elements(type.axes);
  }
  return { parameters, states, entries: new Map([...program.entries].map(([name, entry]) => [name, entryCost(entry)])) };
}

function entryCost(entry: Entry): EntryCost {
  const memory = owners(entry);
  return {
    operations: entry.operations.length,
    flops: flops(entry),
    bytesUnfused: bytesUnfused(entry),
    bytesLeast: bytesLeast(entry),
    bytesPeak: peak(entry, memory),
    bytesActivations: sum([...activations(entry, memory)].map(({ type }) => bytes(type))),
  };
}

/** Kinds whose values are there before the entry runs. */
const held: ReadonlySet<OpKind> = new Set<OpKind>(["parameter", "state", "input", "constant", "cotangent"]);
/** Kinds whose value is that of their first operand, element for element in memory. */
const views: ReadonlySet<OpKind> = new Set<OpKind>(["rename", "split", "stop_gradient", "attach_gradient"]);

function flops(entry: Entry): ByPhase {
  const result = { forward: 0, backward: 0, update: 0, total: 0 };
  for (const op of entry.operations) {
    const count = operations[op.kind].flops(op as never);
    result[op.phase] += count;
    result.total += count;
  }
  return result;
}

function bytesUnfused(entry: Entry): number {
  let moved = 0;
  for (const op of entry.operations) {
    if (held.has(op.kind) || views.has(op.kind)) continue;
    moved += bytes(op.type);
    // An operand that stands there twice is read once.
    op.operands.forEach((operand, i) => (moved += op.operands.indexOf(operand) === i ? bytes(operand.type) : 0));
  }
  return moved;
}

function bytesLeast(entry: Entry): number {
  const read = new Map<string, number>();
  let written = 0;
  for (const op of entry.operations) {
    if (op.kind === "input") read.set(`input ${op.attributes.slot}`, bytes(op.type));
    if (op.kind === "parameter" || op.kind === "state") read.set(`slot ${op.attributes.slot}`, bytes(op.type));
    if (op.kind === "update") written += bytes(op.type);
  }
  return sum([...read.values()]) + written;
}

/** By the number of each operation, the one in whose memory its value lies. */
type Owners = readonly Op[];

function owners(entry: Entry): Owners {
  const result: Op[] = [];
  for (const op of entry.operations) {
    const isElsewhere = views.has(op.kind) || op.kind === "update";
    result[op.id] = isElsewhere ? result[op.operands[0]!.id]! : op;
  }
  return result;
}

function peak(entry: Entry, memory: Owners): number {
  const ending = entry.operations.map(() => 0);
  lastUses(entry, memory).forEach((at, id) => {
    if (at < ending.length) ending[at]! += bytes(memory[id]!.type);
  });
  let alive = 0;
  let most = 0;
  entry.operations.forEach((op, i) => {
    if (memory[op.id] === op && !held.has(op.kind)) alive += bytes(op.type);
    most = Math.max(most, alive);
    alive -= ending[i]!;
  });
  return most;
}

/** By the number of every value that the entry allocates, the index of the operation after which it may go. */
function lastUses(entry: Entry, memory: Owners): readonly number[] {
  const end = entry.operations.length;
  const result: number[] = [];
  const slotReads = new Map<string, number>();
  const use = (op: Op, at: number) => {
    const owner = memory[op.id]!;
    if (owner.kind === "parameter" || owner.kind === "state") slotReads.set(owner.attributes.slot, at);
    if (!held.has(owner.kind)) result[owner.id] = at;
  };
  entry.operations.forEach((op, i) => {
    use(op, i);
    for (const operand of op.operands) use(operand, i);
  });
  entry.operations.forEach((op, i) => {
    if (op.kind === "update" && (slotReads.get(op.attributes.slot) ?? 0) > i) use(op, end);
  });
  for (const op of entry.results.values()) use(op, end);
  return result;
}

/** The forward values that the backward phase uses, each by the operation in whose memory it lies. */
export function activations(entry: Entry, memory: Owners = owners(entry)): ReadonlySet<Op> {
  const used = new Set<Op>();
  for (const op of entry.operations) {
    if (op.phase !== "backward") continue;
    for (const operand of op.operands) {
      const owner = memory[operand.id]!;
      if (owner.phase === "forward" && !held.has(owner.kind)) used.add(owner);
    }
  }
  return used;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
