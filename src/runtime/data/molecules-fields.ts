/** What a model can take of molecules: numbers for atoms and for pairs of atoms, padded to one size. */

import type { DataSource, InputSpec } from "../trainer.js";
import { DataError } from "./error.js";
import { product, rowMajor, type Field } from "./field.js";
import { bondKinds, type MolecularGraph } from "./molecules-parse.js";
import { shortestPaths } from "./molecules-paths.js";
import { byteLimit, tooLarge } from "./read.js";

/** A molecule of the table, with the line where it stands. */
export interface Molecule extends MolecularGraph {
  readonly target: number;
  readonly line: number;
}

/** The fields that every table of molecules gives; `loadMolecules` says what they are. */
export const moleculeFields = ["atom", "atoms", "degree", "bond", "distance", "path"] as const;

type Values = Uint8Array | Uint16Array;

/** How a field lies in memory. */
interface Layout {
  readonly axes: readonly ("token" | "source" | "kind")[];
  /** What stands at places that no atom takes. */
  readonly padding: number;
  /** No value is larger. */
  readonly largest: number;
  /** Writes one molecule to `into`, whose first two axes have `places` each. */
  write(molecule: Molecule, into: Values, places: number): void;
}

/**
 * The field of `molecules` for an input: one of `moleculeFields`, or `target`. No molecule may have more atoms than the input's
 * axis `token` has places. Throws a DataError if the field would be too large, or does not know how far distances go.
 */
export function moleculeField(input: InputSpec, molecules: readonly Molecule[], path: string, source: DataSource): Field {
  const count = molecules.length;
  const single = { count, axes: [], start: 0, step: 1, where: (example: number) => `${path}, line ${molecules[example]!.line}` };
  if (input.name === "target") return { ...single, values: Float64Array.from(molecules, ({ target }) => target) };
  if (input.name === "atoms") return { ...single, values: Uint16Array.from(molecules, ({ elements }) => elements.length) };

  const most = molecules.reduce((largest, { elements }) => Math.max(largest, elements.length), 0);
  const places = input.axes.find((axis, i) => i > 0 && axis.name === "token")?.extent ?? most;
  const { axes, padding, largest, write } = layoutOf(input, most, source);
  const extents = axes.map((axis) => (axis === "kind" ? bondKinds.length : places));
  const step = product(extents);
  const bytes = count * step * (largest < 256 ? 1 : 2);
  if (bytes > byteLimit) throw tooLarge(`"${input.name}" of ${count} molecules`, bytes);
  const values: Values = largest < 256 ? new Uint8Array(count * step) : new Uint16Array(count * step);
  if (padding > 0) values.fill(padding);
  molecules.forEach((molecule, i) => write(molecule, values.subarray(i * step, (i + 1) * step), places));
  return { ...single, axes: rowMajor(extents, axes), values, step };
}

function layoutOf(input: InputSpec, most: number, source: DataSource): Layout {
  switch (input.name) {
    case "atom":
      return { axes: ["token"], padding: 0, largest: 255, write: ({ elements }, into) => into.set(elements) };
    case "degree":
      return { axes: ["token"], padding: 0, largest: most, write: writeDegrees };
    case "bond":
      return { axes: ["token", "source"], padding: 0, largest: bondKinds.length, write: writeBonds };
    case "distance":
      return distanceLayout(input, source);
    default:
      return { axes: ["token", "source", "kind"], padding: 0, largest: most, write: writePaths };
  }
}

function writeDegrees({ bonds }: Molecule, into: Values): void {
  for (let at = 0; at < bonds.length; at += 3) {
    into[bonds[at]!]!++;
    into[bonds[at + 1]!]!++;
  }
}

function writeBonds({ bonds }: Molecule, into: Values, places: number): void {
  for (let at = 0; at < bonds.length; at += 3) {
    const [one, other, kind] = [bonds[at]!, bonds[at + 1]!, bonds[at + 2]!];
    into[one * places + other] = into[other * places + one] = kind + 1;
  }
}

/** The last id is that of no path, and the one before it that of all distances from there on. */
function distanceLayout({ below }: InputSpec, source: DataSource): Layout {
  if (below === undefined || below < 3 || below > 2 ** 16) {
    throw new DataError(
      source.place,
      'the input "distance" does not say which distances are told apart',
      "declare it with `in K`: distances up to K - 2 (longer ones count as that), and K - 1 for no path",
    );
  }
  const unreachable = below - 1;
  const write = (molecule: Molecule, into: Values, places: number) => {
    const atoms = molecule.elements.length;
    const { distance } = shortestPaths(molecule);
    for (let token = 0; token < atoms; token++) {
      for (let other = 0; other < atoms; other++) {
        const value = distance[token * atoms + other]!;
        into[token * places + other] = value < 0 ? unreachable : Math.min(value, below - 2);
      }
    }
  };
  return { axes: ["token", "source"], padding: unreachable, largest: unreachable, write };
}

function writePaths(molecule: Molecule, into: Values, places: number): void {
  const row = molecule.elements.length * bondKinds.length;
  const { counts } = shortestPaths(molecule);
  for (let atom = 0; atom < molecule.elements.length; atom++) {
    const at = atom * places * bondKinds.length;
    for (let i = 0; i < row; i++) into[at + i] = counts[atom * row + i]!;
  }
}
