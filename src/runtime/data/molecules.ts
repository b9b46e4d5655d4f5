/** The loader `molecules`: a table with molecules as SMILES and a number for each. */

import { decimal } from "./csv-input.js";
import { readHeader, readTable } from "./csv.js";
import { DataError, wordsOf } from "./error.js";
import { missingField, type Field, type LoaderRequest, type Parts } from "./field.js";
import { moleculeField, moleculeFields, type Molecule } from "./molecules-fields.js";
import { openParser } from "./molecules-parse.js";

/** The most molecules of a file; they are kept in memory. */
const moleculeLimit = 2 ** 20;

/** Cells of the SMILES column in messages are cut to this length. */
const shownLength = 40;

/**
 * Reads a table (UTF-8, comma-separated, with a header row) whose column `smiles` (the option; by default the column of that
 * name) holds molecules and whose column `target` (the option) a number. Atoms are those that are not hydrogen. Provides, with
 * the axis `token` for the atoms of a molecule and `source` for its atoms once more:
 *
 * - `atom[token]`: atomic numbers, 0 behind the last atom; `atoms`: how many there are;
 * - `degree[token]`: the number of atoms that each is bonded to;
 * - `bond[token, source]`: 0 for none, 1 and up for `bondKinds`;
 * - `distance[token, source]`, declared `in K`: bonds on a shortest path, at most K - 2; K - 1 where no path leads, and at padding;
 * - `path[token, source, kind]`: how many bonds of each of `bondKinds` one shortest path has;
 * - `target`.
 *
 * Molecules with more atoms than the axis `token` has places are left out; the note says how many.
 * Throws a DataError for a cell that is not a molecule or a number, with its line.
 */
export async function loadMolecules(request: LoaderRequest): Promise<Parts> {
  const { access, inputs, path, source } = request;
  const names = { smiles: columnOption(request, "smiles") ?? "smiles", target: columnOption(request, "target") };
  const provided = [...moleculeFields, ...(names.target === undefined ? [] : ["target"])];
  for (const { name } of inputs) {
    if (name === "target" && names.target === undefined) {
      throw new DataError(source.place, 'the model has an input "target", and the data line names no column for it', `write molecules("${path}", target: "…")`);
    }
    if (!provided.includes(name)) throw missingField(name, provided, source);
  }
  const places = inputs.flatMap(({ axes }) => axes.filter((axis, i) => i > 0 && axis.name === "token"))[0]?.extent ?? Infinity;

  const file = await access.demand(path);
  const parse = await openParser(file.path);
  const molecules: Molecule[] = [];
  let left = 0;
  let columns: { smiles: number; target: number | undefined } | undefined;
  await readTable(file, (cells, line) => {
    if (columns === undefined) {
      const header = readHeader(cells, file.path);
      const columnOf = (name: string) => {
        const column = header.get(name);
        if (column === undefined) throw noColumn(file.path, name, header);
        return column;
      };
      columns = { smiles: columnOf(names.smiles), target: names.target === undefined ? undefined : columnOf(names.target) };
      return;
    }
    if (molecules.length + left === moleculeLimit) throw new DataError(file.path, `there are more than ${moleculeLimit} molecules`, "use a part of the data set");
    const smiles = cells[columns.smiles]!.trim();
    const where = `${file.path}, line ${line}`;
    const target = columns.target === undefined ? 0 : numberOf(cells[columns.target]!.trim(), names.target!, where);
    const graph = parsed(parse, smiles, where);
    if (graph.elements.length > places) left++;
    else molecules.push({ ...graph, target, line });
  });
  const total = molecules.length + left;
  if (total === 0) throw new DataError(file.path, "there are no rows under the header", "add some");
  if (molecules.length === 0) {
    throw new DataError(file.path, `each of the ${total} molecules has more atoms than the ${places} that the model takes`, "make the axis `token` longer");
  }
  const fields = new Map(inputs.map((input): [string, Field] => [input.name, moleculeField(input, molecules, file.path, source)]));
  const notes = [
    ...(left === 0 ? [] : [`${left} of ${total} molecules have more than ${places} atoms and are left out`]),
    ...(fields.has("target") ? [targetNote(names.target!, molecules)] : []),
  ];
  return { train: fields, ...(notes.length > 0 && { note: notes.join("; ") }) };
}

/** The name of a column that the `data` line gives. */
function columnOption({ options, source }: LoaderRequest, name: "smiles" | "target"): string | undefined {
  const value = options.get(name);
  if (value === undefined || typeof value === "string") return value;
  throw new DataError(source.place, `\`${name}\` is ${value}, not the name of a column`, "give the name as a text");
}

function noColumn(path: string, name: string, header: ReadonlyMap<string, number>): DataError {
  const shown = [...header.keys()].slice(0, 20).map((each) => `"${each.slice(0, shownLength)}"`);
  return new DataError(path, `there is no column "${name}" in its header row, which has ${shown.join(", ")}`, "name one of them in the `data` line");
}

function numberOf(cell: string, column: string, where: string): number {
  if (decimal.test(cell) && Number.isFinite(Math.fround(Number(cell)))) return Number(cell);
  throw new DataError(where, `"${column}" is ${JSON.stringify(cell.slice(0, shownLength))}, which is not a number`, "correct the cell, or remove the row");
}

function parsed(parse: Awaited<ReturnType<typeof openParser>>, smiles: string, where: string) {
  try {
    return parse(smiles);
  } catch (thrown) {
    const words = wordsOf(thrown).replace(/^(\S+: )?SmilesParser: |^Class\S+ /, "");
    const shown = JSON.stringify(smiles.slice(0, shownLength)) + (smiles.length > shownLength ? " …" : "");
    throw new DataError(where, `${shown} is not a molecule in SMILES (${words})`, "correct the cell, or remove the row", { cause: thrown });
  }
}

/** What a prediction is to be compared with: one number for all molecules has at best the mean distance from the median. */
function targetNote(column: string, molecules: readonly Molecule[]): string {
  const values = Float64Array.from(molecules, ({ target }) => target).sort();
  const meanOf = (of: Float64Array) => of.reduce((sum, value) => sum + value, 0) / of.length;
  const mean = meanOf(values);
  const deviation = Math.sqrt(meanOf(values.map((value) => (value - mean) ** 2)));
  const median = values[values.length >> 1]!;
  const distance = meanOf(values.map((value) => Math.abs(value - median)));
  const text = (value: number) => String(Number(value.toPrecision(4)));
  return `${column} has mean ${text(mean)}, deviation ${text(deviation)}, and is on average ${text(distance)} from its median`;
}
