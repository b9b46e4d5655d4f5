/** Shortest paths between the atoms of a molecule. */

import { bondKinds, type MolecularGraph } from "./molecules-parse.js";

export interface ShortestPaths {
  /** For each pair of atoms, row-major, the number of bonds between them; -1 where no path leads from one to the other. */
  readonly distance: Int32Array;
  /** For each pair of atoms and each of `bondKinds`, how many bonds of that kind one shortest path has. */
  readonly counts: Uint16Array;
}

const kinds = bondKinds.length;

/**
 * Searches from every atom in breadth, along its bonds in the order of the atoms they lead to. Of several shortest paths
 * between two atoms, both directions take the one found from the atom with the smaller number.
 */
export function shortestPaths({ elements, bonds }: MolecularGraph): ShortestPaths {
  const atoms = elements.length;
  const { start, neighbour, kind } = adjacency(atoms, bonds);
  const distance = new Int32Array(atoms * atoms).fill(-1);
  const counts = new Uint16Array(atoms * atoms * kinds);
  const queue = new Uint16Array(atoms);
  for (let from = 0; from < atoms; from++) {
    const row = from * atoms;
    distance[row + from] = 0;
    queue[0] = from;
    for (let next = 0, end = 1; next < end; next++) {
      const atom = queue[next]!;
      for (let at = start[atom]!; at < start[atom + 1]!; at++) {
        const to = neighbour[at]!;
        if (distance[row + to] !== -1) continue;
        distance[row + to] = distance[row + atom]! + 1;
        queue[end++] = to;
        copyCounts(counts, row + atom, row + to);
        counts[(row + to) * kinds + kind[at]!]!++;
      }
    }
    // The way back to an earlier atom is the way found from it, reversed.
    for (let to = 0; to < from; to++) copyCounts(counts, to * atoms + from, row + to);
  }
  return { distance, counts };
}

/** For such short stretches `copyWithin` takes several times as long. */
function copyCounts(counts: Uint16Array, from: number, to: number): void {
  for (let kind = 0; kind < kinds; kind++) counts[to * kinds + kind] = counts[from * kinds + kind]!;
}

/** The neighbours of atom i, in order, and the kinds of the bonds that lead to them: from `start[i]` to before `start[i + 1]`. */
function adjacency(atoms: number, bonds: Uint16Array) {
  const start = new Uint32Array(atoms + 1);
  const ends = Array.from({ length: bonds.length / 3 }, (_, bond) => [bonds[3 * bond]!, bonds[3 * bond + 1]!, bonds[3 * bond + 2]!] as const);
  const both = [...ends, ...ends.map(([one, other, kind]) => [other, one, kind] as const)].sort((a, b) => a[0] - b[0] || a[1] - b[1]);
  for (const [one] of both) start[one + 1]!++;
  for (let atom = 0; atom < atoms; atom++) start[atom + 1]! += start[atom]!;
  return { start, neighbour: Uint16Array.from(both, ([, other]) => other), kind: Uint8Array.from(both, ([, , kind]) => kind) };
}
