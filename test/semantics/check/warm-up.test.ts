/** A deep post-norm stack whose schedule starts at its highest rate. */

import { expect, it } from "vitest";
import { expectDiagnostics, only, spec } from "./harness.js";

const deep = { place: "place post", end: "", depth: "12" };
const constant = "schedule constant(peak: 1e-3)";

it.each([
  ["a constant rate", { ...deep, schedule: `«${constant}»` }, ["warning N0408"]],
  ["a falling rate", { ...deep, schedule: "«schedule cosine(peak: 1e-3)»" }, ["warning N0408"]],
  ["two sublayers in each of six blocks", { ...deep, sublayers: "attention(heads: 2) mlp(8)", depth: "6", schedule: `«${constant}»` }, ["warning N0408"]],
  ["a post-norm placement of one's own", { ...deep, place: "place mine", more: "placement mine(x, sublayer, norm) { y = sublayer(x) return norm(y + x) }", schedule: `«${constant}»` }, ["warning N0408"]],
  ["a warm-up", { ...deep, schedule: "schedule cosine(peak: 1e-3, warmup: 5%)" }, []],
  ["a schedule of one's own that rises first", { ...deep, schedule: "schedule mine", more: "schedule mine(step, steps) { return min(step + 1, 100) / 1000 }" }, []],
  ["few sublayers", { ...deep, depth: "11", schedule: constant }, []],
  ["the stream weighed up", { ...deep, place: "place deep(alpha: 2)", schedule: constant }, []],
  ["pre-norm", { ...deep, place: "place pre", end: "normalize", schedule: constant }, []],
  ["norms on the branch", { ...deep, place: "place sandwich", schedule: constant }, []],
])("%s", (_, parts, said) => {
  expectDiagnostics(spec(parts), said);
});

it("counts the sublayers and points at the first of them", () => {
  const found = only(spec({ ...deep, schedule: constant }));
  expect(found.message).toBe("`encoder` has 12 sublayers in post-norm, and the schedule has no warm-up");
  expect(found.related.map(({ place }) => place.source.text.slice(place.start, place.end))).toEqual(["attention(heads: 2)"]);
});
