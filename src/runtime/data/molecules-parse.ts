/** Molecules as graphs, read from SMILES through the npm package `openchemlib`. */

import { createContext, Script } from "node:vm";
import { DataError, wordsOf } from "./error.js";

/** The atoms of a molecule, without hydrogen, and the bonds between them. */
export interface MolecularGraph {
  /** The atomic number of each atom. */
  readonly elements: Uint8Array;
  /** Three numbers for each bond: its two atoms and its kind, one of `bondKinds`. */
  readonly bonds: Uint16Array;
}

/** What a bond can be. `other` are metal bonds and those of order four. */
export const bondKinds = ["single", "double", "triple", "aromatic", "other"] as const;

/** The most characters of a SMILES. */
export const smilesLimit = 1000;

/** The longest that one molecule may take. Of 1000 characters the worst known takes half a second, but some short texts never end. */
const millisecondLimit = 3000;

/** Everything of the SMILES language; what lies outside it, such as a blank, would end the molecule unnoticed. */
const smilesLetters = /^[A-Za-z0-9@+\-[\]()\\/%=#$:.*<>]*$/;

const highestAtomicNumber = 118;

/**
 * A parser of SMILES. It gives the atoms in the order of the text, which changes where hydrogen atoms are written out: these are
 * kept only where they have another mass or a charge, or are bonded to hydrogen alone. Several parts, as of a salt, are one graph.
 * The parser throws an Error that says what is wrong with the text.
 */
export async function openParser(path: string): Promise<(smiles: string) => MolecularGraph> {
  const { Molecule } = await import("openchemlib").catch((thrown: unknown) => {
    throw new DataError(path, `the npm package openchemlib cannot be loaded (${wordsOf(thrown)})`, "run npm install openchemlib", { cause: thrown });
  });
  const read = (smiles: string): MolecularGraph => {
    // Coordinates for drawing would cost most of the time, and stereo centers are no part of the graph.
    const molecule = Molecule.fromSmiles(smiles, { noCoordinates: true, noStereo: true });
    molecule.ensureHelperArrays(Molecule.cHelperRings);
    const atoms = molecule.getAtoms();
    if (atoms === 0) throw new Error("it has no atoms");
    const elements = Uint8Array.from({ length: atoms }, (_, atom) => molecule.getAtomicNo(atom));
    if (molecule.isFragment() || elements.some((element) => element === 0 || element > highestAtomicNumber)) {
      throw new Error("it is a pattern with atoms or bonds left open, not a molecule");
    }
    const bonds = new Uint16Array(3 * molecule.getBonds());
    for (let bond = 0; bond < molecule.getBonds(); bond++) {
      const order = molecule.getBondOrder(bond);
      const kind = molecule.isAromaticBond(bond) ? "aromatic" : (([undefined, "single", "double", "triple"] as const)[order] ?? "other");
      bonds.set([molecule.getBondAtom(0, bond), molecule.getBondAtom(1, bond), bondKinds.indexOf(kind)], 3 * bond);
    }
    return { elements, bonds };
  };
  const limited = withinTime(read);
  return (smiles) => {
    checkText(smiles);
    return limited(smiles);
  };
}

/** `read`, which is stopped with an Error when it takes too long. */
function withinTime<T>(read: (text: string) => T): (text: string) => T {
  const scope: { run?: () => T } = createContext({});
  // Only code that is started so can be stopped from outside; what it calls is this file's.
  const script = new Script("run()");
  return (text) => {
    scope.run = () => read(text);
    try {
      return script.runInContext(scope, { timeout: millisecondLimit }) as T;
    } catch (thrown) {
      if ((thrown as { readonly code?: unknown } | undefined)?.code !== "ERR_SCRIPT_EXECUTION_TIMEOUT") throw thrown;
      throw new Error(`it takes longer than ${millisecondLimit / 1000} seconds to read`, { cause: thrown });
    }
  };
}

/** Refuses what openchemlib would take for something else. */
function checkText(smiles: string): void {
  if (smiles === "") throw new Error("it is empty");
  if (smiles.length > smilesLimit) throw new Error(`it has ${smiles.length} characters, more than ${smilesLimit}`);
  if (!smilesLetters.test(smiles)) throw new Error("it has characters that SMILES does not use");
  let depth = 0;
  for (const letter of smiles) {
    if (letter === "(") depth++;
    if (letter === ")" && --depth < 0) break;
  }
  if (depth !== 0) throw new Error("its round brackets do not close");
}
