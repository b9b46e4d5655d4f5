/** The types of the IR: an element type and an ordered list of named axes with extents. */

export type DType = "f32" | "i32" | "bool";

/** A named axis and its extent. The order of a type's axes is its layout in memory; it has no meaning beyond that. */
export interface Axis {
  readonly name: string;
  readonly extent: number;
}

export interface TensorType {
  readonly dtype: DType;
  readonly axes: readonly Axis[];
}

/** A fault of the compiler: an operation was built, or read from text, against its type rule. */
export class IrError extends Error {
  override name = "IrError";
}

export function tensorType(dtype: DType, axes: readonly Axis[]): TensorType {
  return { dtype, axes };
}

/** @throws IrError when an axis is named twice or its extent is not a positive whole number. */
export function checkAxes(axes: readonly Axis[]): void {
  for (let i = 0; i < axes.length; i++) {
    const { name, extent } = axes[i]!;
    if (!Number.isSafeInteger(extent) || extent < 1) throw new IrError(`extent ${extent} of \`${name}\` is not a positive whole number`);
    for (let j = 0; j < i; j++) if (axes[j]!.name === name) throw new IrError(`axis \`${name}\` would stand there twice`);
  }
}

/** How many elements a tensor of these axes has. */
export function elements(axes: readonly Axis[]): number {
  let product = 1;
  for (const axis of axes) product *= axis.extent;
  return product;
}

/** Bytes in memory; booleans take four, as on a GPU. */
export function bytes(type: TensorType): number {
  return 4 * elements(type.axes);
}

/** The axis `name`, if there is one. */
function axisOf(axes: readonly Axis[], name: string): Axis | undefined {
  for (const axis of axes) if (axis.name === name) return axis;
  return undefined;
}

export function hasAxis(type: TensorType, name: string): boolean {
  return axisOf(type.axes, name) !== undefined;
}

/** The extent of axis `name`. @throws IrError when the type has no such axis. */
export function extentOf(type: TensorType, name: string): number {
  const axis = axisOf(type.axes, name);
  if (axis === undefined) throw new IrError(`no axis \`${name}\` in ${printType(type)}`);
  return axis.extent;
}

/** All axes of several types, first come first; the longest list leads so that its layout is kept. */
export function unionAxes(types: readonly TensorType[]): readonly Axis[] {
  const longest = types.reduce((best, type) => (type.axes.length > best.axes.length ? type : best));
  let result = longest.axes;
  for (const type of types) {
    if (type.axes === result) continue;
    for (const axis of type.axes) {
      const known = axisOf(result, axis.name);
      if (known === undefined) result = [...result, axis];
      else if (known.extent !== axis.extent) {
        throw new IrError(`axis \`${axis.name}\` is ${known.extent} here and ${axis.extent} there`);
      }
    }
  }
  return result;
}

/** `axes` without those named. @throws IrError when one of the names is not there. */
export function withoutAxes(type: TensorType, names: readonly string[]): readonly Axis[] {
  for (const name of names) extentOf(type, name);
  return type.axes.filter((axis) => !names.includes(axis.name));
}

/** Same names and extents, in any order. */
export function sameAxes(left: readonly Axis[], right: readonly Axis[]): boolean {
  if (left === right) return true;
  return left.length === right.length && left.every((axis) => axisOf(right, axis.name)?.extent === axis.extent);
}

/** Same names and extents in the same order. */
export function sameLayout(left: readonly Axis[], right: readonly Axis[]): boolean {
  if (left === right) return true;
  return left.length === right.length && left.every((axis, i) => axis.name === right[i]!.name && axis.extent === right[i]!.extent);
}

/** `f32[batch: 128, token: 65]`; a scalar is `f32[]`. */
export function printType(type: TensorType): string {
  return `${type.dtype}[${type.axes.map((axis) => `${axis.name}: ${axis.extent}`).join(", ")}]`;
}
