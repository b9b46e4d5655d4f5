/**
 * Writes examples/molecules/molecules.csv: small molecules that a grammar makes up, with two numbers that follow from their structure.
 *
 * `logp` is openchemlib's estimate of the logarithm of the partition coefficient between octanol and water, a sum over the kinds
 * of atoms; `wiener` is the Wiener index, the sum of the distances between all pairs of atoms, in bonds. The same molecules on every run.
 */

import { mkdirSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { Molecule, MoleculeProperties } from "openchemlib";

const count = 1500;
const fewestAtoms = 4;
const mostAtoms = 20;
const file = fileURLToPath(new URL("../examples/molecules/molecules.csv", import.meta.url));

/** Rules of the grammar; a name in angle brackets stands for any of the texts of its rule, each as likely as the others. */
const rules = {
  molecule: ["<chain>", "<end><chain>", "<ring>", "<chain><ring>", "<end><ring>", "<chain><ring><chain>"],
  chain: ["C", "C<chain>", "C<chain>", "C(<branch>)<chain>", "C(<branch>)(<branch>)<chain>", "O<link>", "N<link>", "C(=O)<link>", "C=C<link>"],
  link: ["C", "C<chain>", "C<ring>"],
  branch: ["C", "CC", "O", "N", "F", "Cl", "Br", "CO", "C(C)C", "C#N", "C(=O)O"],
  end: ["O", "N", "F", "Cl", "Br", "S", "N#C", "OC(=O)"],
  ring: ["C1CCCCC1", "C1CCCC1", "C1CC1", "c1ccccc1", "c1ccncc1", "c1ccc(<branch>)cc1", "c1cc(<branch>)cc(<branch>)c1", "C1CCOCC1", "C1CCC(<branch>)CC1", "c1ccc(<link>)cc1"],
};

/** Numbers from 0 to 1 (mulberry32). */
function generator(seed) {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

const random = generator(7);

function expand(name) {
  const texts = rules[name];
  return texts[Math.floor(random() * texts.length)].replace(/<(\w+)>/g, (_, inner) => expand(inner));
}

/** Half the sum of the distances between all ordered pairs of atoms (Floyd and Warshall's algorithm). */
function wienerIndex(molecule) {
  const atoms = molecule.getAtoms();
  const distance = Array.from({ length: atoms }, (_, i) => Array.from({ length: atoms }, (_, j) => (i === j ? 0 : Infinity)));
  for (let bond = 0; bond < molecule.getBonds(); bond++) {
    const [one, other] = [molecule.getBondAtom(0, bond), molecule.getBondAtom(1, bond)];
    distance[one][other] = distance[other][one] = 1;
  }
  for (let over = 0; over < atoms; over++) {
    for (const row of distance) for (let to = 0; to < atoms; to++) row[to] = Math.min(row[to], row[over] + distance[over][to]);
  }
  return distance.flat().reduce((sum, value) => sum + value, 0) / 2;
}

const rows = [];
const seen = new Set();
while (rows.length < count) {
  const smiles = expand("molecule");
  const molecule = Molecule.fromSmiles(smiles, { noCoordinates: true, noStereo: true });
  molecule.ensureHelperArrays(Molecule.cHelperRings);
  const atoms = molecule.getAtoms();
  const code = molecule.getIDCode();
  if (atoms < fewestAtoms || atoms > mostAtoms || seen.has(code)) continue;
  seen.add(code);
  rows.push([smiles, new MoleculeProperties(molecule).logP.toFixed(4), wienerIndex(molecule)]);
}
mkdirSync(dirname(file), { recursive: true });
writeFileSync(file, `smiles,logp,wiener\n${rows.map((row) => row.join(",")).join("\n")}\n`);
console.log(`molecules: ${rows.length} in ${file}`);
