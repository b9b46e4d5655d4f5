import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { openData } from "../../../src/runtime/data/index.js";
import type { InputSpec } from "../../../src/runtime/trainer.js";
import { all, input, newFolder, source, write } from "./fixtures.js";

const distance = (places: number, below = 10) => input(`distance[token: ${places}, source: ${places}]`, "i32", below);
const path = (places: number) => input(`path[token: ${places}, source: ${places}, kind: 5]`, "f32");
const target = input("target", "f32");

/** Opens the table with these rows of a SMILES and a number. */
async function load(rows: readonly string[], ...inputs: InputSpec[]) {
  return open(`smiles,y\n${rows.map((row) => (row.includes(",") ? row : `${row},0`)).join("\n")}\n`, inputs, { target: "y" });
}

async function open(text: string | Uint8Array, inputs: readonly InputSpec[], options: Record<string, string | number>) {
  const folder = await newFolder();
  await write(folder, { "a.csv": text });
  const named = Object.entries(options).map(([name, value]) => ({ name, value }));
  return openData(source("molecules", "a.csv", ...named), inputs, { folders: [folder], holdout: 0, seed: 1 });
}

/** What one input gets of one molecule. */
async function given(smiles: string, from: InputSpec): Promise<number[]> {
  return all((await load([smiles], from)).train, from.name);
}

const rows = (values: readonly number[], length: number) => Array.from({ length: values.length / length }, (_, i) => values.slice(i * length, (i + 1) * length));

describe("the graph of a molecule", () => {
  it("has atoms with elements and degrees, padded with 0", async () => {
    expect(await given("CC(=O)N", input("atom[token: 6]", "i32", 119))).toEqual([6, 6, 8, 7, 0, 0]);
    expect(await given("CC(=O)N", input("degree[token: 6]", "i32", 9))).toEqual([1, 3, 1, 1, 0, 0]);
    expect(await given("CC(=O)N", input("atoms", "i32", 7))).toEqual([4]);
    // Hydrogen is left out also where it is written, and charges and masses are no matter.
    expect((await given("[2H]C([H])[13CH2][NH3+]", input("atom[token: 4]", "i32", 119))).toSorted()).toEqual([1, 6, 6, 7]);
    expect(await given("[H]O[H]", input("atoms", "i32", 7))).toEqual([1]);
  });

  it("has bonds of five kinds", async () => {
    const bonds = async (smiles: string, atoms: number) => rows(await given(smiles, input(`bond[token: ${atoms}, source: ${atoms}]`, "i32", 6)), atoms);
    expect(await bonds("CC=O", 3)).toEqual([[0, 1, 0], [1, 0, 2], [0, 2, 0]]);
    expect(await bonds("C#N", 3)).toEqual([[0, 3, 0], [3, 0, 0], [0, 0, 0]]);
    expect((await bonds("c1ccccc1", 6))[0]).toEqual([0, 4, 0, 0, 0, 4]);
    expect((await bonds("C1=CC=CC=C1", 6))[0]).toEqual([0, 4, 0, 0, 0, 4]);
    expect(await bonds("[NH3]->[Cu]", 2)).toEqual([[0, 5], [5, 0]]);
  });

  it("has distances: propane", async () => {
    expect(rows(await given("CCC", distance(3)), 3)).toEqual([[0, 1, 2], [1, 0, 1], [2, 1, 0]]);
  });

  it("has distances: benzene, at most 3", async () => {
    const row = [0, 1, 2, 3, 2, 1];
    expect(rows(await given("c1ccccc1", distance(6)), 6)).toEqual(row.map((_, i) => row.map((__, j) => row[(j - i + 6) % 6])));
  });

  it("has an id of its own for no path: salts and padding", async () => {
    expect(rows(await given("[Na+].[Cl-]", distance(3)), 3)).toEqual([[0, 9, 9], [9, 0, 9], [9, 9, 9]]);
    expect(rows(await given("CC.C", distance(3, 5)), 3)).toEqual([[0, 1, 4], [1, 0, 4], [4, 4, 0]]);
  });

  it("takes long distances for the longest that is told apart", async () => {
    expect(rows(await given("CCCCC.C", distance(6, 4)), 6)[0]).toEqual([0, 1, 2, 2, 2, 3]);
    expect(rows(await given("CCCCC.C", distance(6, 7)), 6)[0]).toEqual([0, 1, 2, 3, 4, 6]);
    // More than fit into a byte.
    const long = rows(await given("C".repeat(300), distance(300, 301)), 300);
    expect(long[299]).toEqual(Array.from({ length: 300 }, (_, i) => 299 - i));
  });

  it("counts the kinds of bonds along a path, the same in both directions", async () => {
    const counts = rows(await given("OC=CC#N", path(6)), 5);
    const between = (from: number, to: number) => counts[from * 6 + to];
    expect(between(0, 0)).toEqual([0, 0, 0, 0, 0]);
    expect(between(0, 2)).toEqual([1, 1, 0, 0, 0]);
    expect(between(0, 4)).toEqual([2, 1, 1, 0, 0]);
    expect(between(4, 0)).toEqual([2, 1, 1, 0, 0]);
    expect(between(0, 5)).toEqual([0, 0, 0, 0, 0]);
    // Of the two ways around the ring, one with two double bonds and one with none, the search finds the one over atom 0 first.
    const ring = rows(await given("C1=CCCC=C1", path(6)), 5);
    for (let from = 0; from < 6; from++) for (let to = 0; to < 6; to++) expect(ring[from * 6 + to]).toEqual(ring[to * 6 + from]);
    expect(ring[1 * 6 + 4]).toEqual([1, 2, 0, 0, 0]);
  });

  it("has as many bonds on a path as the distance says", async () => {
    const molecule = "CC(C)Cc1ccc(cc1)C(C)C(=O)OCC#N";
    const distances = await given(molecule, distance(18, 30));
    const lengths = rows(await given(molecule, path(18)), 5).map((kinds) => kinds.reduce((sum, kind) => sum + kind));
    expect(lengths).toEqual(distances);
    expect(Math.max(...distances)).toBe(12);
  });

  it("gives the Wiener indices of the shipped molecules, which another algorithm computed", async () => {
    const folder = fileURLToPath(new URL("../../../examples/molecules/", import.meta.url));
    const count = readFileSync(`${folder}molecules.csv`, "utf8").trim().split("\n").length - 1;
    const inputs = [distance(20, 21), target];
    const set = await openData(source("molecules", "molecules.csv", { name: "target", value: "wiener" }), inputs, { folders: [folder], holdout: 0, seed: 1 });
    expect(set.train.count).toBe(count);
    const sums = rows(all(set.train, "distance"), 400).map((each) => each.reduce((sum, value) => sum + (value === 20 ? 0 : value), 0) / 2);
    expect(sums).toEqual(all(set.train, "target"));
  });
});

describe("the table", () => {
  it("names its columns, in any order", async () => {
    const set = await open('note,logP,structure\n"a, b",1.5,CC\n, -2e-1 , CCO \n', [target, input("atoms", "i32", 4)], { smiles: "structure", target: "logP" });
    expect(all(set.train, "target").map((value) => Math.round(value * 10) / 10)).toEqual([1.5, -0.2]);
    expect(all(set.train, "atoms")).toEqual([2, 3]);
  });

  it("needs no target where the model has none", async () => {
    expect((await open("smiles\nCC\n", [input("atoms", "i32", 4)], {})).description).toBe("molecules a.csv: 1 training examples, none held out");
    await expect(open("smiles\nCC\n", [target], {})).rejects.toThrow(/spec\.norm:3:8: the model has an input "target".*names no column.*molecules\("a\.csv", target: "…"\)/);
  });

  it("leaves out what does not fit, and says so", async () => {
    const set = await load(["CC,1", "CCCC,2", "C,3", "CCC,4"], input("atom[token: 3]", "i32", 119), target);
    expect(all(set.train, "target")).toEqual([1, 3, 4]);
    expect(set.description).toMatch(/; 1 of 4 molecules have more than 3 atoms and are left out; /);
    expect((await load(["CC"], input("atom[token: 2]", "i32", 119))).description).not.toMatch(/left out/);
    await expect(load(["CCCC", "CCC"], input("atom[token: 2]", "i32", 119))).rejects.toThrow(/each of the 2 molecules has more atoms than the 2 that the model takes/);
  });

  it("says what a prediction of the target is to be compared with", async () => {
    const { description } = await load(["C,1", "C,2", "C,3", "C,10"], target);
    expect(description).toBe("molecules a.csv: 4 training examples, none held out; y has mean 4, deviation 3.536, and is on average 2.5 from its median");
  });

  it("names the line of what is no molecule", async () => {
    const atoms = input("atoms", "i32", 100);
    const faults: [string, RegExp][] = [
      ["C1CC", /dangling ring closure/],
      ["xyz", /unknown element/],
      ["", /it is empty/],
      ["C(C", /round brackets do not close/],
      ["C)C(", /round brackets do not close/],
      ["C C", /characters that SMILES does not use/],
      ["C\u0000", /characters that SMILES does not use/],
      ["é", /characters that SMILES does not use/],
      ["[[[[", /no atoms/],
      ["C*", /atoms or bonds left open/],
      ["C[C", /not a molecule/],
      ["C".repeat(1001), /has 1001 characters, more than 1000/],
      ["x".repeat(100_000), /has 100000 characters/],
      // openchemlib never ends on it.
      ["c->1n1", /takes longer than 3 seconds/],
    ];
    for (const [smiles, fault] of faults) {
      const failed = load(["CC", smiles, "CC"], atoms);
      await expect(failed, smiles.slice(0, 20)).rejects.toThrow(fault);
      await expect(failed).rejects.toThrow(/a\.csv, line 3: ".{0,42}( …)? is not a molecule in SMILES \([^\n]*\); correct the cell/);
    }
  }, 30_000);

  it("names the line of what is no number", async () => {
    for (const cell of ["", "high", "nan", "1e999", "0x10"]) {
      await expect(load(["CC,1", `CC,${cell}`], target), cell).rejects.toThrow(/a\.csv, line 3: "y" is "[^"]*", which is not a number/);
    }
  });

  it("names the line of a value out of the range that the model declares", async () => {
    await expect(load(["C", "CC(C)(C)C"], input("degree[token: 5]", "i32", 4))).rejects.toThrow(/a\.csv, line 3: "degree" at \[1\] is 4, which is not a whole number in 0 … 3/);
  });

  it("refuses what is no such table", async () => {
    const atoms = input("atoms", "i32", 9);
    await expect(open("smiles,y\nCC,1\nCC\n", [atoms], {})).rejects.toThrow(/this is not a table \(Invalid Record Length.*line 3/);
    await expect(open("smiles,y\nCC,1\n\nCC,1\n", [atoms], {})).rejects.toThrow(/this is not a table .*line 3/);
    await expect(open("smiles\n", [atoms], {})).rejects.toThrow(/no rows under the header/);
    await expect(open("", [atoms], {})).rejects.toThrow(/the file is empty/);
    await expect(open(Uint8Array.of(115, 10, 255, 10), [atoms], {})).rejects.toThrow(/not text in UTF-8/);
    await expect(open("SMILES,y\nCC,1\n", [atoms], {})).rejects.toThrow(/a\.csv: there is no column "smiles" in its header row, which has "SMILES", "y"; name one/);
    await expect(open("smiles,y\nCC,1\n", [atoms], { target: "z" })).rejects.toThrow(/there is no column "z"/);
  });

  it("refuses options and inputs that it does not know", async () => {
    const atoms = input("atoms", "i32", 9);
    const text = "smiles,y\nCC,1\n";
    await expect(open(text, [atoms], { nodes: 3 })).rejects.toThrow(/takes a path and each of smiles, target once, by name, and there is nodes/);
    await expect(open(text, [atoms], { target: 1 })).rejects.toThrow(/`target` is 1, not the name of a column/);
    await expect(open(text, [input("charge[token: 2]", "i32", 9)], {})).rejects.toThrow(/"charge" has no field .* molecules provides atom, atoms, degree, bond, distance, path/);
    await expect(open(text, [input("distance[token: 2, source: 2]", "f32")], {})).rejects.toThrow(/"distance" does not say which distances are told apart; declare it with `in K`/);
    await expect(open(text, [input("distance[token: 2, source: 3]", "i32", 9)], {})).rejects.toThrow(/the model's input is distance\[token: 2, source: 3\] .* gives distance\[token: 2, source: 2\]/);
    await expect(open(text, [input("distance[token: 2, other: 2]", "i32", 9)], {})).rejects.toThrow(/gives distance\[token: 2, source: 2\]/);
    await expect(open(text, [distance(100_000)], {})).rejects.toThrow(/"distance" of 1 molecules: 10000000000 bytes are more than the limit/);
  });
});
