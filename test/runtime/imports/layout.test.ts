/** Tensors of files in our layout, against a reader that goes through the elements one by one. */

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { FormatError } from "../../../src/runtime/errors.js";
import { inOwnLayout } from "../../../src/runtime/imports/layout.js";
import type { StoredTensor } from "../../../src/runtime/safetensors.js";
import type { StartSlot, TensorSpec } from "../../../src/runtime/trainer.js";

interface Part {
  readonly name: string;
  readonly extent: number;
}

const product = (values: readonly number[]) => values.reduce((all, value) => all * value, 1);

/** Every index of a tensor, the last axis fastest. */
function* indices(shape: readonly number[]): Generator<number[]> {
  for (let i = 0; i < product(shape); i++) {
    let rest = i;
    yield shape.map((_, axis) => {
      const inner = product(shape.slice(axis + 1));
      const own = Math.floor(rest / inner);
      rest %= inner;
      return own;
    });
  }
}

/** Parts in groups: the first of a list of sizes for each group. */
function grouped(parts: readonly Part[], cuts: readonly boolean[]): Part[][] {
  const groups: Part[][] = [];
  parts.forEach((part, i) => {
    if (i === 0 || cuts[i]!) groups.push([part]);
    else groups.at(-1)!.push(part);
  });
  return groups;
}

/** Parts with their order in the file; how they are grouped on both sides; where sections and dimensions of 1 stand. */
const cases = fc.integer({ min: 1, max: 5 }).chain((count) =>
  fc.record({
    parts: fc.array(fc.integer({ min: 1, max: 4 }), { minLength: count, maxLength: count }).map((extents) => extents.map((extent, i) => ({ name: "abcde"[i]!, extent }))),
    order: fc.shuffledSubarray([0, 1, 2, 3, 4].slice(0, count), { minLength: count, maxLength: count }),
    cuts: fc.array(fc.boolean(), { minLength: count, maxLength: count }),
    of: fc.integer({ min: 1, max: 3 }),
    section: fc.nat(2),
    single: fc.boolean(),
  }),
);

describe("the layout of a file", () => {
  it("gives back what was written in it, whatever is transposed, joined, split or cut", () => {
    fc.assert(
      fc.property(cases, ({ parts, order, cuts, of, section: chosen, single }) => {
        // One side is joined, and the other has each part by itself, so that every extent is known.
        const section = (chosen % of) + 1;
        const stored = order.map((i) => parts[i]!);
        const [ownGroups, storedGroups] = single ? [grouped(parts, cuts), stored.map((part) => [part])] : [parts.map((part) => [part]), grouped(stored, cuts)];
        const spec: TensorSpec = { name: "w", type: "f32", axes: ownGroups.map((group, i) => ({ name: `axis${i}`, extent: product(group.map(({ extent }) => extent)) })) };
        const names = (groups: readonly (readonly Part[])[]) => groups.map((group) => group.map(({ name }) => name));
        const dimensions = names(storedGroups).map((group, i) => (i === 0 ? { parts: group, section, of } : { parts: group }));
        const slot: StartSlot = { own: "w", stored: "t", layout: { own: names(ownGroups), stored: [...dimensions, { parts: [] }] } };

        // The file's elements are numbered by where our element stands; what belongs to other sections is -1.
        const extents = stored.map(({ extent }) => extent);
        const whole = [of, ...extents];
        const data = Float32Array.from([...indices(whole)], ([which, ...index]) => {
          if (which !== section - 1) return -1;
          const own = new Map(index.map((value, i) => [stored[i]!.name, value]));
          return parts.reduce((position, { name, extent }) => position * extent + own.get(name)!, 0);
        });
        const shape = [...storedGroups.map((group, i) => product(group.map(({ extent }) => extent)) * (i === 0 ? of : 1)), 1];
        const found = inOwnLayout(spec, slot, { type: "f32", shape, data }, "file");
        expect([...found]).toEqual(Array.from(found, (_, i) => i));
        expect(found.length).toBe(product(extents));
      }),
      { numRuns: 500 },
    );
  });

  const spec: TensorSpec = { name: "w", type: "f32", axes: [{ name: "feature", extent: 6 }, { name: "head", extent: 2 }] };
  const tensor = (shape: number[], type: "f32" | "i32" = "f32"): StoredTensor => ({ type, shape, data: type === "f32" ? new Float32Array(product(shape)) : new Int32Array(product(shape)) });
  const layout = (dimensions: string[][], own = [["feature"], ["head"]]) => ({ layout: { own, stored: dimensions.map((parts) => ({ parts })) } });
  const problem = (shape: number[], slot: Partial<StartSlot>, type: "f32" | "i32" = "f32") => {
    try {
      inOwnLayout(spec, { own: "w", stored: "t", ...slot }, tensor(shape, type), "f.safetensors");
    } catch (error) {
      expect(error).toBeInstanceOf(FormatError);
      return (error as FormatError).problem;
    }
    return "none";
  };

  it.each([
    [[6, 2], {}, "none"],
    [[2, 6], {}, 'tensor "t" has shape [2, 6], and w[feature: 6, head: 2] takes [feature: 6, head: 2]'],
    [[2, 6], layout([["head"], ["feature"]]), "none"],
    [[12], layout([["head", "feature"]]), "none"],
    [[13], layout([["head", "feature"]]), 'tensor "t" has shape [13], and w[feature: 6, head: 2] takes [head: 2 × feature: 6]'],
    [[6, 2, 1], layout([["feature"], ["head"], []]), "none"],
    [[6, 2, 2], layout([["feature"], ["head"], []]), 'tensor "t" has shape [6, 2, 2], and w[feature: 6, head: 2] takes [feature: 6, head: 2, 1]'],
    [[2, 3, 2], layout([["row"], ["column"], ["head"]], [["column", "row"], ["head"]]), "none"],
    [[2, 4, 2], layout([["row"], ["column"], ["head"]], [["column", "row"], ["head"]]), 'tensor "t" has shape [2, 4, 2], and w[feature: 6, head: 2] takes [row, column, head: 2]'],
    [[18, 2], { layout: { own: [["feature"], ["head"]], stored: [{ parts: ["feature"], section: 3, of: 3 }, { parts: ["head"] }] } }, "none"],
    [[17, 2], { layout: { own: [["feature"], ["head"]], stored: [{ parts: ["feature"], section: 3, of: 3 }, { parts: ["head"] }] } }, 'tensor "t" has shape [17, 2], and w[feature: 6, head: 2] takes [3 of 3 × feature: 6, head: 2]'],
    // Extents that are no whole numbers would multiply to the right size.
    [[3, 4, 2], { layout: { own: [["a", "b"], ["head"]], stored: [{ parts: ["a"], section: 1, of: 2 }, { parts: ["b"] }, { parts: ["head"] }] } }, 'tensor "t" has shape [3, 4, 2], and w[feature: 6, head: 2] takes [1 of 2 × a, b, head: 2]'],
    [[0, 2], {}, 'tensor "t" has shape [0, 2], and w[feature: 6, head: 2] takes [feature: 6, head: 2]'],
  ] as [number[], Partial<StartSlot>, string][])("of shape %j is held against the parameter (%#)", (shape, slot, expected) => {
    expect(problem(shape, slot)).toBe(expected);
  });

  it("takes no whole numbers", () => {
    expect(problem([6, 2], {}, "i32")).toContain("whole numbers");
  });
});
