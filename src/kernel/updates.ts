/** Keeps updates apart from each other: none may read a slot that another one has already changed. */

import { type Coordinate, at, variable } from "./coordinate.js";
import { type Part, readBy, writtenBy } from "./part.js";
import { type Scalars, loadsOf } from "./scalar.js";
import type { Tensor } from "./tensor.js";

/** An update that reads a slot of another update, or other elements of its own, is computed before, into temporaries, and only copied at the end. */
export function apart(parts: readonly Part[], scalars: Scalars): readonly Part[] {
  const writer = new Map<Tensor, Part>();
  for (const part of parts) if (part.isUpdate) for (const tensor of writtenBy(part)) writer.set(tensor, part);
  return parts.flatMap((part) => {
    const isAlone = [...readBy(part)].every((tensor) => (writer.get(tensor) ?? part) === part) && readsOwnElements(part);
    return !part.isUpdate || isAlone ? [part] : inTwoSteps(part, scalars);
  });
}

/** Whether a part reads what it writes only where it writes it. */
function readsOwnElements(part: Part): boolean {
  const places = new Map(part.stores.map((store) => [store.tensor, keyOf(store.at)]));
  return loadsOf(part.stores.map((store) => store.value)).every((load) => (places.get(load.tensor) ?? keyOf(load.at)) === keyOf(load.at));
}

function keyOf(where: readonly Coordinate[]): string {
  return where.map((coordinate) => coordinate.key).join(" ");
}

function inTwoSteps(part: Part, scalars: Scalars): readonly Part[] {
  const copies: Part[] = [];
  const stores = part.stores.map((store) => {
    const temporary: Tensor = { ...store.tensor, name: `next ${store.tensor.name}`, storage: "temporary" };
    const loops = store.tensor.axes.map(({ name, extent }) => variable(name, extent));
    const where = loops.map(at);
    const copy = { ...store, at: where, columns: [], value: scalars.load(temporary, where) };
    copies.push({ ...part, rows: loops.filter((loop) => loop.extent > 1), stores: [copy] });
    return { ...store, tensor: temporary };
  });
  return [{ ...part, stores, isUpdate: false }, ...copies];
}
