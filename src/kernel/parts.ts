/** An entry as parts: one for each stored value, each result and each update, still unfused. */

import type { Entry, Op } from "../ir/program.js";
import { extentOf } from "../ir/types.js";
import { type Variable, at, variable } from "./coordinate.js";
import type { Device } from "./device.js";
import { Expansion, type Home, type Place, addressOf } from "./expand.js";
import type { Part } from "./part.js";
import { type Scalar, Scalars, reachable } from "./scalar.js";
import { productOf } from "./product.js";
import { halves } from "./half.js";
import type { Leaves } from "./leaves.js";
import { wishedLayouts } from "./layout.js";
import { type Stored, chooseStored, isJoined } from "./storage.js";
import { factored } from "./tabulate.js";
import type { Tensor } from "./tensor.js";

export interface Parts {
  /** In an order in which every tensor is written before it is read. */
  readonly parts: readonly Part[];
  readonly scalars: Scalars;
  /** The results by name. */
  readonly results: ReadonlyMap<string, Tensor>;
}

/**
 * @param entry a prepared entry.
 * @param original the entry as it was: its results keep their layouts.
 */
export function partsOfEntry(entry: Entry, original: Entry, leaves: Leaves, device: Device): Parts {
  const stored = chooseStored(entry, device);
  const scalars = new Scalars();
  const results = new Map<string, Tensor>();
  const homes = homesOf(entry, original, stored, results, device.half ? halves(entry, stored.values) : new Set());
  const leaf = (op: Op): Tensor => {
    if (op.kind === "input") return leaves.input(op.attributes.slot);
    if (op.kind === "random") return leaves.key(op.attributes.stream);
    return leaves.slot((op as Extract<Op, { kind: "parameter" | "state" }>).attributes.slot);
  };
  const expansion = new Expansion(scalars, (op) => homes.get(op), leaf);
  const parts: Part[] = [];
  for (const op of entry.operations) {
    if (op.kind === "update") parts.push(rowsOf(op, { tensor: leaves.slot(op.attributes.slot) }, (place) => expansion.read(op.operands[0]!, place), true));
    else if (stored.values.has(op)) {
      if (isJoined(op)) parts.push(...pieces(op));
      else parts.push(rowsOf(op, homes.get(op)!, (place) => expansion.compute(op, place), false));
    }
  }
  for (const [name, op] of entry.results) {
    const tensor = results.get(name)!;
    if (homes.get(op)?.tensor !== tensor) parts.push(rowsOf(op, { tensor }, (place) => expansion.read(op, place), false));
  }
  return { parts, scalars, results };

  /** What a joined value consists of and is not written there by its own part. */
  function pieces(whole: Extract<Op, { kind: "concatenate" | "pad" }>): readonly Part[] {
    const { axis } = whole.attributes;
    const { tensor } = homes.get(whole)!;
    const zeros = (start: number, extent: number) => {
      const gap = { name: axis, extent };
      const axes = whole.type.axes.map((own) => (own.name === axis ? gap : own));
      return extent === 0 ? [] : [rowsOf(whole, { tensor, shift: { axis, start } }, () => scalars.number(0, whole.type.dtype), false, axes)];
    };
    let start = whole.kind === "pad" ? whole.attributes.before : 0;
    const own = whole.operands.flatMap((part) => {
      const from = start;
      start += extentOf(part.type, axis);
      const inside = stored.within.get(part);
      if (inside?.whole === whole && inside.start === from) return [];
      return [rowsOf(part, { tensor, shift: { axis, start: from } }, (place) => expansion.read(part, place), false)];
    });
    return whole.kind === "pad" ? [...zeros(0, whole.attributes.before), ...own, ...zeros(start, whole.attributes.after)] : own;
  }
}

/** The part that stores each element of `op` at its home; over `axes` where it has not the axes of `op`. */
function rowsOf(op: Op, home: Home, value: (place: Place) => Scalar, isUpdate: boolean, axes = op.type.axes): Part {
  const loops = new Map(home.tensor.axes.map(({ name }) => [name, variable(name, extentOf({ dtype: op.type.dtype, axes }, name))]));
  const place = new Map([...loops].map(([name, loop]) => [name, at(loop)]));
  const computed = value(place);
  const rows: readonly Variable[] = [...loops.values()].filter((loop) => loop.extent > 1);
  const stores = [{ tensor: home.tensor, at: addressOf(home, place), columns: [], value: computed, origin: op }];
  const folds = reachable([computed]).filter((scalar) => scalar.kind === "fold");
  const isProduct = folds.length > 0 && folds.every((fold) => productOf(fold, rows) !== undefined);
  const part: Part = { kind: isProduct ? "product" : "fold", rows, stores, isUpdate };
  return isProduct ? part : factored(part);
}

function homesOf(entry: Entry, original: Entry, { values, within }: Stored, results: Map<string, Tensor>, half: ReadonlySet<Op>): ReadonlyMap<Op, Home> {
  const homes = new Map<Op, Home>();
  const names = new Map<Op, string>();
  const layouts = wishedLayouts(entry, values);
  for (const [name, op] of entry.results) {
    const isOwn = values.has(op) && !names.has(op);
    if (isOwn) names.set(op, name);
    const tensor: Tensor = { name, storage: "result", dtype: op.type.dtype, half: false, axes: original.results.get(name)!.type.axes };
    results.set(name, tensor);
    if (isOwn) homes.set(op, { tensor });
  }
  for (const op of values) {
    if (within.has(op) || homes.has(op)) continue;
    homes.set(op, { tensor: { name: `t${op.id}`, storage: "temporary", dtype: op.type.dtype, half: half.has(op), axes: layouts.get(op) ?? op.type.axes } });
  }
  for (const [op, { whole, start }] of within) {
    const { axis } = (whole as Extract<Op, { kind: "concatenate" | "pad" }>).attributes;
    homes.set(op, { tensor: homes.get(whole)!.tensor, shift: { axis, start } });
  }
  return homes;
}
