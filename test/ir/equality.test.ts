import fc from "fast-check";
import { expect, test } from "vitest";
import { hashOf, isEqual } from "../../src/ir/equality.js";
import type { AttributesOf, Op, OpKind } from "../../src/ir/program.js";

const axis = fc.record({ name: fc.constantFrom("p", "q", "pq"), extent: fc.integer({ min: 1, max: 3 }) });
const names = fc.array(fc.constantFrom("p", "q", "pq"), { maxLength: 2 });
const attributes: { readonly [K in OpKind]?: fc.Arbitrary<AttributesOf[K]> } = {
  add: fc.constant({}),
  constant: fc.record({ value: fc.constantFrom(0, -0, 1, 0.5, 0.25, NaN, Infinity, -Infinity), dtype: fc.constantFrom("f32", "i32") }),
  contract: fc.record({ axes: names }),
  split: fc.record({ axis: fc.constantFrom("p", "q"), into: fc.array(axis, { maxLength: 2 }) }),
  scatter_add: fc.record({ axis, aligned: names }),
};
const values = Array.from({ length: 3 }, (_, id) => ({ id, kind: "iota", operands: [], attributes: { axis: { name: "p", extent: 1 } } }) as unknown as Op);
const described = fc.oneof(
  ...Object.entries(attributes).map(([kind, own]) =>
    fc.record({ kind: fc.constant(kind as OpKind), operands: fc.array(fc.constantFrom(...values), { maxLength: 2 }), attributes: own as fc.Arbitrary<AttributesOf[OpKind]> }),
  ),
);

/** All that tells operations apart, as a text. */
function textOf({ kind, operands, attributes: own }: Pick<Op, "kind" | "operands" | "attributes">): string {
  const written = JSON.stringify(own, (_, value: unknown) => (typeof value === "number" ? (Object.is(value, -0) ? "-0" : String(value)) : value));
  return `${kind} ${operands.map(({ id }) => id).join()} ${written}`;
}

test("operations are equal where nothing tells them apart, and then have the same hash", () => {
  fc.assert(
    fc.property(described, described, (left, right) => {
      const op = { id: 9, type: { dtype: "f32", axes: [] }, place: "", phase: "forward", ...left } as unknown as Op;
      const isSame = textOf(left as never) === textOf(right as never);
      expect(isEqual(op, right.kind, right.operands, right.attributes)).toBe(isSame);
      if (isSame) expect(hashOf(left.kind, left.operands, left.attributes)).toBe(hashOf(right.kind, right.operands, right.attributes));
    }),
    { numRuns: 2000, examples: [[{ kind: "add", operands: [], attributes: { value: 0, dtype: "f32" } }, { kind: "add", operands: [], attributes: { value: -0, dtype: "f32" } }]] },
  );
});

test("the hashes of many operations are nearly all different", () => {
  const hashes = new Set<number>();
  for (let i = 0; i < 200; i++) for (let j = 0; j < 200; j++) hashes.add(hashOf("add", [{ id: i } as Op, { id: j } as Op], {}));
  expect(hashes.size).toBeGreaterThan(39_900);
});
