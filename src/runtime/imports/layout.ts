/** Tensors of a file in the layout of our own: axes are transposed, split, merged and cut by the names of their parts. */

import { FormatError } from "../errors.js";
import { quote } from "../safetensors-header.js";
import type { StoredTensor } from "../safetensors-bytes.js";
import type { StartSlot, StoredLayout, TensorSpec } from "../trainer.js";

/**
 * The values of a parameter or state out of the tensor that a file has for it, row-major in the order of its own axes.
 * @param file names the file in messages.
 * @throws FormatError when the tensor has not the shape that the layout asks for, or holds whole numbers.
 */
export function inOwnLayout(spec: TensorSpec, slot: StartSlot, tensor: StoredTensor, file: string): Float32Array {
  const { layout = plain(spec), stored: name } = slot;
  const fail = (): never => {
    throw new FormatError(file, `tensor ${quote(name)} has shape [${tensor.shape.join(", ")}], and ${spec.name}[${describeAxes(spec)}] takes ${describeLayout(layout, spec)}`);
  };
  if (!(tensor.data instanceof Float32Array)) throw new FormatError(file, `tensor ${quote(name)} holds whole numbers, and ${spec.name} is of floats`);
  if (tensor.shape.length !== layout.stored.length) fail();
  const extents = extentsOf(layout, spec, tensor.shape);
  const size = (parts: readonly string[]) => parts.reduce((product, part) => product * (extents.get(part) ?? Number.NaN), 1);
  const fits =
    [...extents.values()].every((extent) => Number.isSafeInteger(extent) && extent > 0) &&
    layout.own.every((parts, i) => size(parts) === spec.axes[i]!.extent) &&
    layout.stored.every(({ parts, of = 1 }, i) => size(parts) * of === tensor.shape[i]);
  if (!fits) fail();

  // How far apart two neighbours along a part stand in the file, and where the first element is.
  const strides = new Map<string, number>();
  let first = 0;
  let stride = 1;
  for (const { parts, section = 1, of = 1 } of layout.stored.toReversed()) {
    const outer = stride * size(parts) * of;
    first += (section - 1) * stride * size(parts);
    for (const part of parts.toReversed()) {
      strides.set(part, stride);
      stride *= extents.get(part)!;
    }
    stride = outer;
  }
  const order = layout.own.flat().map((part) => ({ extent: extents.get(part)!, stride: strides.get(part)! }));
  return gather(tensor.data, first, order);
}

/** Copies elements in the order of the given parts, the last one fastest. */
function gather(data: Float32Array, first: number, order: readonly { readonly extent: number; readonly stride: number }[]): Float32Array {
  const values = new Float32Array(order.reduce((product, { extent }) => product * extent, 1));
  const index = order.map(() => 0);
  let at = first;
  for (let i = 0; i < values.length; i++) {
    values[i] = data[at]!;
    for (let axis = order.length - 1; axis >= 0; axis--) {
      const { extent, stride } = order[axis]!;
      at += stride;
      if (++index[axis]! < extent) break;
      at -= extent * stride;
      index[axis] = 0;
    }
  }
  return values;
}

/** The extents of parts: of an axis, or a dimension, all of whose parts but one are known, the last one follows. */
function extentsOf(layout: StoredLayout, spec: TensorSpec, shape: readonly number[]): ReadonlyMap<string, number> {
  const groups = [
    ...layout.own.map((parts, i) => ({ parts, extent: spec.axes[i]!.extent })),
    ...layout.stored.map(({ parts, of = 1 }, i) => ({ parts, extent: shape[i]! / of })),
  ];
  const extents = new Map<string, number>();
  for (let before = -1; before < extents.size; ) {
    before = extents.size;
    for (const { parts, extent } of groups) {
      const open = parts.filter((part) => !extents.has(part));
      const [part] = open;
      if (open.length !== 1) continue;
      const known = parts.reduce((product, other) => product * (extents.get(other) ?? 1), 1);
      extents.set(part!, extent / known);
    }
  }
  return extents;
}

/** A tensor that is stored as it is here. */
function plain(spec: TensorSpec): StoredLayout {
  const names = spec.axes.map(({ name }) => [name]);
  return { own: names, stored: names.map((parts) => ({ parts })) };
}

function describeAxes({ axes }: TensorSpec): string {
  return axes.map(({ name, extent }) => `${name}: ${extent}`).join(", ");
}

/** Such as `[head key, feature]` with the extents that are known: `[head key, feature: 16]`. */
function describeLayout({ own, stored }: StoredLayout, spec: TensorSpec): string {
  const known = new Map(own.flatMap((parts, i) => (parts.length === 1 ? [[parts[0]!, spec.axes[i]!.extent] as const] : [])));
  const dimensions = stored.map(({ parts, section, of }) => {
    const names = parts.map((part) => (known.has(part) ? `${part}: ${known.get(part)}` : part)).join(" × ");
    return `${of === undefined ? "" : `${section} of ${of} × `}${names === "" ? "1" : names}`;
  });
  return `[${dimensions.join(", ")}]`;
}
