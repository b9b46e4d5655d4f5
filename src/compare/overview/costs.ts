/** Parameters, states, operations and memory by part of the model; their sums are the cost model's own totals. */

import { operations } from "../../ir/ops/index.js";
import type { Role } from "../../ir/program.js";
import { bytes, elements } from "../../ir/types.js";
import { type ByPhase, activations } from "../../transform/cost.js";
import { folded, isNumber, isWithin } from "./paths.js";
import { type Subject, shownEntry } from "./subject.js";

export interface PartCost {
  /** `encoder.0..11.mlp`; empty for what the model's own lines compute. */
  readonly part: string;
  /** How many repetitions it stands for: the numbers are those of all together. */
  readonly times: number;
  readonly parameters: number;
  readonly roles: Readonly<Partial<Record<Role, number>>>;
  /** Numbers that the model keeps between steps, and those that the optimizer keeps. */
  readonly states: { readonly model: number; readonly optimizer: number };
  /** Floating-point operations of a training step; of a model without a recipe, of its forward pass. */
  readonly flops: ByPhase;
  /** Bytes of values that it computes forward and that the backward phase uses. */
  readonly activations: number;
}

interface Tally {
  readonly part: string;
  parameters: number;
  readonly roles: Partial<Record<Role, number>>;
  readonly states: { model: number; optimizer: number };
  readonly flops: { forward: number; backward: number; update: number; total: number };
  activations: number;
}

/** The costs of each part, repeats folded, in the order of computation. */
export function costsByPart(subject: Subject): readonly PartCost[] {
  const { program } = subject;
  const entry = program.entries.get(shownEntry(subject))!;
  const partOf = partsOf(subject);
  const tallies = new Map<string, Tally>();
  const tally = (place: string): Tally => {
    const part = partOf(place);
    const known = tallies.get(part) ?? { part, parameters: 0, roles: {}, states: { model: 0, optimizer: 0 }, flops: { forward: 0, backward: 0, update: 0, total: 0 }, activations: 0 };
    tallies.set(part, known);
    return known;
  };
  for (const op of entry.operations) {
    const { flops } = tally(op.place);
    const count = operations[op.kind].flops(op as never);
    flops[op.phase] += count;
    flops.total += count;
  }
  for (const { name, type, role } of program.parameters) {
    const own = tally(name);
    const count = elements(type.axes);
    own.parameters += count;
    own.roles[role] = (own.roles[role] ?? 0) + count;
  }
  for (const { name, type, owner } of program.states) tally(name).states[owner] += elements(type.axes);
  for (const op of activations(entry)) tally(op.place).activations += bytes(op.type);
  const some = [...tallies.values()].filter(({ parameters, states, flops, activations: kept }) => parameters + states.model + states.optimizer + flops.total + kept > 0);
  const order = orderOfParts(subject, partOf);
  const sorted = some.toSorted((a, b) => (order.get(a.part) ?? Infinity) - (order.get(b.part) ?? Infinity));
  return folded(sorted, ({ part }) => part).map(({ path, items }) => ({ ...items.reduce(sum, empty), part: path, times: items.length }));
}

/** A part stands where its last forward operation does; one that only owns parameters, where they are first read. */
function orderOfParts({ elaborator }: Subject, partOf: (place: string) => string): ReadonlyMap<string, number> {
  const read = new Map<string, number>();
  const computed = new Map<string, number>();
  elaborator.builder.operations.forEach((op, i) => {
    if (op.phase !== "forward") return;
    if (op.kind === "parameter") {
      const part = partOf(op.attributes.slot);
      if (!read.has(part)) read.set(part, i);
    } else computed.set(partOf(op.place), i);
  });
  return new Map([...read, ...computed]);
}

const empty: Omit<PartCost, "part" | "times"> = { parameters: 0, roles: {}, states: { model: 0, optimizer: 0 }, flops: { forward: 0, backward: 0, update: 0, total: 0 }, activations: 0 };

function sum(a: Omit<PartCost, "part" | "times">, b: Omit<PartCost, "part" | "times">): Omit<PartCost, "part" | "times"> {
  const roles = { ...a.roles };
  for (const [role, count] of Object.entries(b.roles) as [Role, number][]) roles[role] = (roles[role] ?? 0) + count;
  return {
    parameters: a.parameters + b.parameters,
    roles,
    states: { model: a.states.model + b.states.model, optimizer: a.states.optimizer + b.states.optimizer },
    flops: {
      forward: a.flops.forward + b.flops.forward,
      backward: a.flops.backward + b.flops.backward,
      update: a.flops.update + b.flops.update,
      total: a.flops.total + b.flops.total,
    },
    activations: a.activations + b.activations,
  };
}

/** The part of the model that a place, or the name of a slot, belongs to: a site, a sublayer, what a stack calls, or what the model calls. */
export function partsOf({ elaborator }: Pick<Subject, "elaborator">): (place: string) => string {
  const sites = elaborator.groupSites.filter(({ at }) => at !== undefined).map(({ site }) => site);
  const known = new Set([...sites, ...elaborator.stacks.flatMap(({ sublayers }) => sublayers.map(({ path }) => path))]);
  const stacks = elaborator.stacks.map(({ path }) => path);
  return (place) => {
    const segments = place.split(".");
    for (let length = segments.length; length > 0; length--) {
      const path = segments.slice(0, length).join(".");
      if (known.has(path)) return path;
    }
    const stack = stacks.filter((path) => isWithin(place, path)).toSorted((a, b) => b.length - a.length)[0];
    if (stack === undefined) return segments[0]!;
    const below = place.slice(stack.length + 1).split(".")[0]!;
    return below === "" || isNumber(below) ? stack : `${stack}.${below}`;
  };
}
