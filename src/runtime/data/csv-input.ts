/** The cells of a table that one input of the model takes: numbers, or names of classes. */

import type { InputSpec } from "../trainer.js";
import { DataError } from "./error.js";
import { exampleExtents, rowMajor, type Field } from "./field.js";
import { byteLimit, tooLarge } from "./read.js";

export const decimal = /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/;
/** What programs write for numbers that they do not have; taken for the name of a class it would hide the gap. */
const notANumber = /^[+-]?(nan|inf|infinity)$/i;

/** Collects the cells of one input. */
export class CsvInput {
  readonly #values: GrowingNumbers;
  /** The names of classes, in the order in which they were met, and the line of the first cell that is a number or a name. */
  readonly #classes = new Map<string, number>();
  #firstNumber: number | undefined;
  #firstName: number | undefined;

  constructor(
    readonly input: InputSpec,
    readonly columns: readonly number[],
    readonly path: string,
  ) {
    this.#values = new GrowingNumbers(path);
  }

  /** Takes this input's cells of the record that ends on `line`. Throws a DataError for a cell that does not fit. */
  take(cells: readonly string[], line: number): void {
    for (const column of this.columns) {
      const cell = cells[column]!.trim();
      if (decimal.test(cell)) {
        this.#firstNumber ??= line;
        this.#values.push(Number(cell));
      } else {
        this.#values.push(this.#classOf(cell, line));
      }
    }
  }

  /** The field of all cells taken. Throws a DataError if some are numbers and some are names. */
  finish(count: number, where: (example: number) => string): Field {
    if (this.#firstNumber !== undefined && this.#firstName !== undefined) {
      throw this.#fault(
        `is a number on line ${this.#firstNumber} and the name of a class on line ${this.#firstName}`,
        "use numbers only, or names only",
      );
    }
    const values = this.#values.finish();
    if (this.#firstName !== undefined) {
      const ranks = new Map([...this.#classes.keys()].toSorted().map((name, rank) => [this.#classes.get(name)!, rank]));
      for (let i = 0; i < values.length; i++) values[i] = ranks.get(values[i]!)!;
    }
    // The cells lie row-major in the order of the input's axes, which are therefore matched by position.
    return { count, axes: rowMajor(exampleExtents(this.input)), values, start: 0, step: this.columns.length, where };
  }

  #classOf(cell: string, line: number): number {
    const { below } = this.input;
    if (cell === "" || below === undefined || notANumber.test(cell)) {
      throw this.#fault(`on line ${line} is ${JSON.stringify(cell.slice(0, 40))}, which is not a number`, "correct the cell, or remove the row");
    }
    this.#firstName ??= line;
    const known = this.#classes.get(cell);
    if (known !== undefined) return known;
    const fresh = this.#classes.size;
    if (fresh === below) {
      throw this.#fault(
        `has on line ${line} one more name than the ${below} classes of the model: ${JSON.stringify(cell.slice(0, 40))}`,
        "correct the cell, or declare more classes",
      );
    }
    this.#classes.set(cell, fresh);
    return fresh;
  }

  #fault(fault: string, remedy: string): DataError {
    return new DataError(this.path, `"${this.input.name}" ${fault}`, remedy);
  }
}

/** A list of numbers that grows within `byteLimit`; a plain array of this many would end the process. */
export class GrowingNumbers {
  length = 0;
  #values = new Float64Array(1024);

  constructor(readonly path: string) {}

  push(value: number): void {
    if (this.length === this.#values.length) {
      if (this.length * 16 > byteLimit) throw tooLarge(this.path, this.length * 16);
      const larger = new Float64Array(this.length * 2);
      larger.set(this.#values);
      this.#values = larger;
    }
    this.#values[this.length++] = value;
  }

  /** The numbers pushed. */
  finish(): Float64Array {
    return this.#values.slice(0, this.length);
  }
}
