/** Keeps updates apart from each other: none may read a slot that another one has already changed. */

import { at, variable } from "./coordinate.js";
import { type Part, readBy, writtenBy } from "./part.js";
import type { Scalars } from "./scalar.js";
import type { Tensor } from "./tensor.js";

/** An update that reads a slot of another update is computed before, into temporaries, and only copied at the end. */
export function apart(parts: readonly Part[], scalars: Scalars): readonly Part[] {
  const writer = new Map<Tensor, Part>();
  for (const part of parts) if (part.isUpdate) for (const tensor of writtenBy(part)) writer.set(tensor, part);
  return parts.flatMap((part) => {
    const isAlone = !part.isUpdate || [...readBy(part)].every((tensor) => (writer.get(tensor) ?? part) === part);
    return isAlone ? [part] : inTwoSteps(part, scalars);
  });
}

function inTwoSteps(part: Part, scalars: Scalars): readonly Part[] {
  const copies: Part[] = [];
  const stores = part.stores.map((store) => {
    const temporary: Tensor = { ...store.tensor, name: `next ${store.tensor.name}`, storage: "temporary" };
    const loops = store.tensor.axes.map(({ name, extent }) => variable(name, extent));
    const where = loops.map(at);
    const copy = { tensor: store.tensor, at: where, columns: [], value: scalars.load(temporary, where) };
    copies.push({ ...part, rows: loops.filter((loop) => loop.extent > 1), stores: [copy] });
    return { ...store, tensor: temporary };
  });
  return [{ ...part, stores, isUpdate: false }, ...copies];
}
