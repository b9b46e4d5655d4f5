/** Examples: the columns of a data set, and which of its rows belong to the set. */

import type { DataSource, InputSpec, NamedTensors } from "../trainer.js";
import { copyExample, makeColumn, type Column } from "./column.js";
import { DataError } from "./error.js";
import { missingField, type Fields } from "./field.js";

/** A set of examples of the model's inputs. */
export interface Examples {
  readonly count: number;
  /** New tensors with the examples of the given numbers (0 … count − 1), in that order: each input is `[indices.length, …]`, row-major. */
  take(indices: ArrayLike<number>): NamedTensors;
}

/** Matches every input to the field of its name. Throws a DataError if one is missing or does not fit, or the fields differ in count. */
export function makeExamples(fields: Fields, inputs: readonly InputSpec[], source: DataSource): Examples {
  let first: { name: string; count: number } | undefined;
  for (const [name, field] of fields) {
    if (field.count === 0) throw new DataError(source.place, `the data has no examples of "${name}"`, "use data that has some");
    first ??= { name, count: field.count };
    if (field.count !== first.count) {
      throw new DataError(
        field.where(0),
        `there are ${field.count} examples of "${name}" and ${first.count} of "${first.name}"`,
        "use files that belong together",
      );
    }
  }
  const columns = inputs.map((input) => {
    const field = fields.get(input.name);
    if (field === undefined) throw missingField(input.name, fields.keys(), source);
    return makeColumn(field, input, source);
  });
  return { count: first?.count ?? 0, take: (indices) => takeFrom(columns, indices) };
}

/** The examples whose numbers `order` lists, in its order. */
export function subset(examples: Examples, order: Uint32Array): Examples {
  return {
    count: order.length,
    take: (indices) => examples.take(Uint32Array.from(indices, (index) => order[index]!)),
  };
}

function takeFrom(columns: readonly Column[], indices: ArrayLike<number>): NamedTensors {
  const tensors: NamedTensors = new Map();
  for (const column of columns) {
    const length = indices.length * column.size;
    const tensor = column.input.type === "f32" ? new Float32Array(length) : new Int32Array(length);
    for (let i = 0; i < indices.length; i++) copyExample(column, indices[i]!, tensor, i * column.size);
    tensors.set(column.input.name, tensor);
  }
  return tensors;
}
