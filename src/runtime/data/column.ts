/** One input of the model, taken from one field of the data: shapes matched, every value checked, examples copied. */

import type { DataSource, InputSpec, TensorData } from "../trainer.js";
import { DataError } from "./error.js";
import { exampleExtents, product, shapeText, type Field, type FieldAxis } from "./field.js";

/** A field read in the order of an input's axes. */
export interface Column {
  readonly input: InputSpec;
  readonly field: Field;
  /** Elements of one example. */
  readonly size: number;
  readonly divisor: number;
  /** For each element of an example, its distance from the example's first; undefined if they lie in order. */
  readonly offsets: Uint32Array | undefined;
}

/**
 * Matches `field` to `input`: named axes by name in any order, others by position. Axes of extent 1 may be on one side only.
 * Then checks every value: finite for f32 inputs; whole, in range and below `input.below` for i32 inputs.
 * Throws a DataError that names what differs, or the file, the example and the value.
 */
export function makeColumn(field: Field, input: InputSpec, source: DataSource): Column {
  const strides = matchAxes(field, input, source);
  const column: Column = {
    input,
    field,
    size: product(exampleExtents(input)),
    divisor: input.type === "f32" ? (field.divisor ?? 1) : 1,
    offsets: makeOffsets(exampleExtents(input), strides),
  };
  checkValues(column);
  return column;
}

/** Copies one example to `into`, from index `at` on. */
export function copyExample(column: Column, example: number, into: TensorData, at: number): void {
  const { field, size, divisor, offsets } = column;
  const { values } = field;
  const base = field.start + example * field.step;
  for (let i = 0; i < size; i++) {
    into[at + i] = values[base + (offsets === undefined ? i : offsets[i]!)]! / divisor;
  }
}

/** The stride in the field of each axis of the input. */
function matchAxes(field: Field, input: InputSpec, source: DataSource): number[] {
  const named = field.axes.some((axis) => axis.name !== undefined);
  const rest = field.axes.filter((axis) => named || axis.extent !== 1);
  const strides = input.axes.slice(1).map((axis) => {
    let found: FieldAxis | undefined;
    if (named) {
      const index = rest.findIndex((candidate) => candidate.name === axis.name);
      if (index >= 0) found = rest.splice(index, 1)[0];
    } else if (axis.extent !== 1) {
      found = rest.shift();
    }
    if (found === undefined ? axis.extent !== 1 : found.extent !== axis.extent) throw shapeError(field, input, source);
    return found?.stride ?? 0;
  });
  if (rest.some((axis) => axis.extent !== 1)) throw shapeError(field, input, source);
  return strides;
}

function shapeError(field: Field, input: InputSpec, source: DataSource): DataError {
  return new DataError(
    source.place,
    `the model's input is ${shapeText(input.name, input.axes.slice(1))} for each example, ` +
      `and the data (${field.where(0)}) gives ${shapeText(input.name, field.axes)}`,
    "declare the input with the names and extents of the data",
  );
}

function makeOffsets(extents: readonly number[], strides: readonly number[]): Uint32Array | undefined {
  let dense = 1;
  let inOrder = true;
  for (let i = extents.length - 1; i >= 0; i--) {
    if (extents[i] !== 1 && strides[i] !== dense) inOrder = false;
    dense *= extents[i]!;
  }
  if (inOrder) return undefined;
  const offsets = new Uint32Array(dense);
  let repeat = dense;
  for (let axis = 0; axis < extents.length; axis++) {
    repeat /= extents[axis]!;
    for (let i = 0; i < dense; i++) {
      offsets[i]! += (Math.floor(i / repeat) % extents[axis]!) * strides[axis]!;
    }
  }
  return offsets;
}

function checkValues(column: Column): void {
  const { input, field, size, offsets, divisor } = column;
  const { values } = field;
  const isFloat = values instanceof Float32Array || values instanceof Float64Array;
  const top = Math.min(input.below ?? Infinity, 2 ** 31) - 1;
  const bottom = input.below === undefined ? -(2 ** 31) : 0;
  if (input.type === "f32" ? !isFloat : values instanceof Uint8Array && top >= 255) return;
  for (let example = 0; example < field.count; example++) {
    const base = field.start + example * field.step;
    for (let i = 0; i < size; i++) {
      const value = values[base + (offsets === undefined ? i : offsets[i]!)]!;
      const good =
        input.type === "f32"
          ? Number.isFinite(Math.fround(value / divisor))
          : Number.isInteger(value) && value >= bottom && value <= top;
      if (!good) throw valueError(column, example, i, value, bottom, top);
    }
  }
}

function valueError(column: Column, example: number, element: number, value: number, bottom: number, top: number): DataError {
  const { input, field, size } = column;
  const position = size === 1 ? "" : ` at ${coordinates(element, exampleExtents(input))}`;
  const wanted = input.type === "f32" ? "is not a finite 32-bit float" : `is not a whole number in ${bottom} … ${top}`;
  return new DataError(
    field.where(example),
    `"${input.name}"${position} is ${value}, which ${wanted}`,
    "correct the data, or the range that the model declares for this input",
  );
}

function coordinates(element: number, extents: readonly number[]): string {
  const parts: number[] = [];
  let rest = element;
  for (const extent of extents.toReversed()) {
    parts.unshift(rest % extent);
    rest = Math.floor(rest / extent);
  }
  return `[${parts.join(", ")}]`;
}
