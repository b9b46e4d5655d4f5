/** Which operations belong together in the text: those of one layer in one phase, and those that update one parameter. */

import type { Entry, Op, Program } from "../../ir/program.js";

/** Consecutive operations of one region may become one function, called for every region that is like it. */
export interface Region {
  readonly phase: string;
  /** `encoder.3`, or the parameter that is updated; empty for what is not repeated. Names in the region contain it. */
  readonly key: string;
}

/** The operations of an entry in the order of the text, and the region of each. */
export interface Arrangement {
  readonly operations: readonly Op[];
  readonly regions: ReadonlyMap<Op, Region>;
}

/**
 * The repeated part of the model that a place is in: up to its first number, `encoder.3` of
 * `encoder.3.attention.before.cls`. Empty where there is no number.
 */
export function layerOf(place: string): string {
  const segments = place.split(".");
  const number = segments.findIndex((segment) => /^\d+$/.test(segment));
  return segments.slice(0, number + 1).join(".");
}

/** Gathers the update of each parameter, which the optimizer's definition may interleave with others. */
export function arrangement(entry: Entry, program: Program): Arrangement {
  const owners = ownersOf(entry, new Set(program.parameters.map((slot) => slot.name)));
  const regions = new Map<Op, Region>();
  for (const op of entry.operations) {
    regions.set(op, { phase: op.phase, key: owners.get(op) ?? layerOf(op.place) });
  }
  const operations = gathered(entry.operations, owners);
  if (operations !== undefined) return { operations, regions };
  return { operations: entry.operations, regions };
}

/** First what all updates share, then the updates one by one, then what depends on them; undefined when that cannot be. */
function gathered(operations: readonly Op[], owners: ReadonlyMap<Op, string>): readonly Op[] | undefined {
  const after = new Set<Op>();
  const parts = new Map<string, Op[]>();
  const before: Op[] = [];
  for (const op of operations) {
    const owner = owners.get(op);
    const isAfter = op.operands.some((operand) => after.has(operand) || (owner === undefined && owners.has(operand)));
    if (isAfter && owner !== undefined) return undefined;
    if (isAfter) after.add(op);
    else if (owner === undefined) before.push(op);
    else parts.set(owner, [...(parts.get(owner) ?? []), op]);
  }
  return [...before, ...[...parts.values()].flat(), ...after];
}

/** For every operation that serves the update of one parameter alone: that parameter. */
function ownersOf(entry: Entry, parameters: ReadonlySet<string>): ReadonlyMap<Op, string> {
  const updating = entry.operations.filter((op) => op.phase === "update");
  const reached = slotsReached(updating, () => true);
  const direct = slotsReached(updating, (op) => op.type.axes.length > 0);
  const groups = new Map<string, Set<string>>();
  const join = (slots: ReadonlySet<string>) => {
    const joined = new Set([...slots].flatMap((slot) => [...(groups.get(slot) ?? [slot])]));
    for (const slot of joined) groups.set(slot, joined);
  };
  for (const op of updating) if (op.type.axes.length > 0) join(direct.get(op)!);
  // The slots of a scalar parameter meet in scalars alone; a scalar that serves every parameter reaches tensors too.
  const scalars = new Set(updating.flatMap((op) => (op.kind === "update" && op.type.axes.length === 0 ? [op.attributes.slot] : [])));
  for (const op of updating) {
    const slots = reached.get(op)!;
    if ([...slots].every((slot) => scalars.has(slot))) join(slots);
  }
  const result = new Map<Op, string>();
  for (const op of updating) {
    const slots = [...reached.get(op)!];
    const group = groups.get(slots[0] ?? "");
    if (group === undefined || !slots.every((slot) => group.has(slot))) continue;
    result.set(op, shortest([...group].filter((slot) => parameters.has(slot))) ?? shortest([...group])!);
  }
  return result;
}

/** The slots whose new values depend on each operation, through operations that `passes` accepts. */
function slotsReached(operations: readonly Op[], passes: (op: Op) => boolean): ReadonlyMap<Op, ReadonlySet<string>> {
  const result = new Map<Op, Set<string>>(operations.map((op) => [op, new Set()]));
  for (const op of operations.toReversed()) {
    const own = result.get(op)!;
    if (op.kind === "update") own.add(op.attributes.slot);
    if (op.kind !== "update" && !passes(op)) continue;
    for (const operand of op.operands) for (const slot of own) result.get(operand)?.add(slot);
  }
  return result;
}

function shortest(names: readonly string[]): string | undefined {
  return names.toSorted((a, b) => a.length - b.length || (a < b ? -1 : 1))[0];
}
