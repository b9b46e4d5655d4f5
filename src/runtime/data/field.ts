/** What a loader hands over: named fields, each a strided view of numbers as they lie in the file. */

import type { DataSource, InputSpec } from "../trainer.js";
import type { Access } from "./access.js";
import type { Elements } from "./elements.js";
import { DataError } from "./error.js";

/** An axis of one example. A name is given where the loader knows what the axis means, such as `row`. */
export interface FieldAxis {
  readonly name?: string;
  readonly extent: number;
  /** Distance in `values` between neighbours along the axis. */
  readonly stride: number;
}

/** One value (an image, a label) of every example. */
export interface Field {
  /** How many examples there are. */
  readonly count: number;
  readonly axes: readonly FieldAxis[];
  readonly values: Elements;
  /** Index in `values` of the first element of example 0, and the distance from one example to the next. */
  readonly start: number;
  readonly step: number;
  /** Float inputs get the values divided by this, integer inputs the values as they are: 255 turns pixels into 0 … 1. */
  readonly divisor?: number;
  /** Where an example comes from, for messages: the file, and the line or the number of the example in it. */
  where(example: number): string;
}

export type Fields = ReadonlyMap<string, Field>;

/** What a data set holds; `test` if it has a test part of its own. */
export interface Parts {
  readonly train: Fields;
  readonly test?: Fields;
  /** What a user should know of the data, in one line: what was left out. */
  readonly note?: string;
}

/** The arguments of a loader beside its path, by name. */
export type LoaderOptions = ReadonlyMap<string, string | number | boolean>;

export interface LoaderRequest {
  readonly source: DataSource;
  /** The first argument of the loader. */
  readonly path: string;
  readonly options: LoaderOptions;
  readonly inputs: readonly InputSpec[];
  readonly access: Access;
}

/** Reads a data set. Throws a DataError if it cannot. */
export type Loader = (request: LoaderRequest) => Promise<Parts>;

/** The axes of a dense example whose last axis varies fastest. */
export function rowMajor(extents: readonly number[], names: readonly string[] = []): FieldAxis[] {
  return extents.map((extent, i) => {
    const stride = product(extents.slice(i + 1));
    return names[i] === undefined ? { extent, stride } : { name: names[i], extent, stride };
  });
}

export function product(extents: readonly number[]): number {
  return extents.reduce((total, extent) => total * extent, 1);
}

/** The extents of one example of `input`: those of its axes after `batch`. */
export function exampleExtents(input: InputSpec): number[] {
  return input.axes.slice(1).map((axis) => axis.extent);
}

/** A shape in messages: `image[row: 28, column: 28]`. */
export function shapeText(name: string, axes: readonly { readonly name?: string; readonly extent: number }[]): string {
  const inner = axes.map((axis) => (axis.name === undefined ? `${axis.extent}` : `${axis.name}: ${axis.extent}`));
  return `${name}[${inner.join(", ")}]`;
}

/** The error for an input of the model that the source has nothing for. */
export function missingField(name: string, provided: Iterable<string>, source: DataSource): DataError {
  const names = [...provided].join(", ");
  return new DataError(
    source.place,
    `the model's input "${name}" has no field of that name in the data: ${source.loader} provides ${names === "" ? "nothing" : names}`,
    "rename the input, or use data that has the field",
  );
}
