/** The loader `csv`: comma-separated values with a header row. */

import { isUtf8 } from "node:buffer";
import type { InputSpec } from "../trainer.js";
import type { Located } from "./access.js";
import { CsvInput, GrowingNumbers } from "./csv-input.js";
import { DataError, wordsOf } from "./error.js";
import { exampleExtents, missingField, product, type Field, type LoaderRequest, type Parts } from "./field.js";
import { readBytes } from "./read.js";

/**
 * Reads the file `path` (UTF-8). An input NAME with one element takes the column NAME; one with k elements takes NAME_0 … NAME_{k−1} or
 * NAME.0 … NAME.{k−1}, row-major. Cells are decimal numbers; for inputs with `below` all cells may instead be names of
 * classes, which are numbered in sorted order. Other columns are left alone.
 */
export async function loadCsv({ access, inputs, path, source }: LoaderRequest): Promise<Parts> {
  const file = await access.demand(path);
  let taken: CsvInput[] | undefined;
  const lines = new GrowingNumbers(file.path);
  await readTable(file, (cells, line) => {
    if (taken === undefined) {
      const header = readHeader(cells, file.path);
      taken = inputs.map((input) => {
        const columns = columnsOf(input, header);
        if (columns === undefined) throw missingField(input.name, header.keys(), source);
        return new CsvInput(input, columns, file.path);
      });
    } else {
      lines.push(line);
      for (const input of taken) input.take(cells, line);
    }
  });
  if (taken === undefined || lines.length === 0) throw new DataError(file.path, "there are no rows under the header", "add some");
  const lineOf = lines.finish();
  const where = (example: number) => `${file.path}, line ${lineOf[example]}`;
  return { train: new Map(taken.map((each): [string, Field] => [each.input.name, each.finish(lineOf.length, where)])) };
}

/**
 * Gives each record of a table in UTF-8, the header row first, with the line on which it ends.
 * Throws a DataError if the file is no table, and what `take` throws.
 */
export async function readTable(file: Located, take: (cells: readonly string[], line: number) => void): Promise<void> {
  const bytes = await readBytes(file);
  if (!isUtf8(bytes)) throw new DataError(file.path, "this is not text in UTF-8", "save it as UTF-8");
  const { parse } = await import("csv-parse/sync").catch((thrown: unknown) => {
    throw new DataError(file.path, `the npm package csv-parse cannot be loaded (${wordsOf(thrown)})`, "run npm install csv-parse", { cause: thrown });
  });
  const onRecord = (cells: string[], context: { readonly lines: number }): null => {
    take(cells, context.lines);
    return null;
  };
  try {
    parse(bytes, { bom: true, record_delimiter: ["\r\n", "\n"], on_record: onRecord });
  } catch (thrown) {
    if (thrown instanceof DataError) throw thrown;
    throw new DataError(file.path, `this is not a table (${wordsOf(thrown)})`, "correct the row: each needs a cell for each column", { cause: thrown });
  }
}

/** The position of each column by its name. */
export function readHeader(cells: readonly string[], path: string): Map<string, number> {
  const header = new Map<string, number>();
  for (const [at, cell] of cells.entries()) {
    const name = cell.trim();
    if (header.has(name)) throw new DataError(path, `two columns are named "${name}"`, "give each column of the header row its own name");
    header.set(name, at);
  }
  return header;
}

function columnsOf(input: InputSpec, header: ReadonlyMap<string, number>): number[] | undefined {
  const size = product(exampleExtents(input));
  const single = header.get(input.name);
  if (size === 1 && single !== undefined) return [single];
  if (size > header.size) return undefined;
  for (const separator of ["_", "."]) {
    const columns = Array.from({ length: size }, (_, i) => header.get(`${input.name}${separator}${i}`));
    if (columns.every((column) => column !== undefined)) return columns;
  }
  return undefined;
}
