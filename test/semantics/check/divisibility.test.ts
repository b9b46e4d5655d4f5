/** Extents that must divide one another: heads and features, groups, patches. */

import { expect, it } from "vitest";
import { expectDiagnostics, only, spec } from "./harness.js";

it.each([
  ["3 heads of 8 features", { sublayers: "«attention(heads: 3)»" }, ["N0308"]],
  ["more heads than features", { sublayers: "«attention(heads: 1e6)»" }, ["N0308"]],
  ["4 heads of 8 features", { sublayers: "attention(heads: 4)" }, []],
  ["as many heads as features", { sublayers: "attention(heads: 8)" }, []],
  ["3 groups of 8 features, at one site", { overrides: "normalize at last { «cls: group(3)» }" }, ["N0308"]],
  ["a split of one's own", { before: "parts = split(image, feature «into a: 3, b»)" }, ["N0308"]],
  ["a split that names all extents", { before: "parts = split(image, feature «into a: 2, b: 2»)" }, ["N0308"]],
  ["a split with two open extents", { before: "parts = split(image, feature «into a, b»)" }, ["N0307"]],
  ["a width that is no whole number", { sublayers: "«mlp(hidden: 8 / 3)»" }, ["N0308"]],
])("%s", (_, parts, said) => {
  expectDiagnostics(spec(parts), said);
});

it("is told at the call of the layer, with the line of the layer that divides", () => {
  const found = only(spec({ sublayers: "attention(heads: 3)" }));
  expect(found.message).toMatch(/^the extent of `key` is 2\.\d+, which is no whole number$/);
  expect(found.related[0]!.place.source.path).toBe("std/layers.norm");
  expect(found.help).toBe("choose numbers of which one divides the other");
});
