/** What an ablation is written out to: its cells, their names, and what it reports. */

import fc from "fast-check";
import { expect, test } from "vitest";
import { SubjectError } from "../../../src/compare/subject.js";
import { compiled, planned } from "./support.js";

const study = (lines: string, of = "plain") => `ablation study of ${of} { ${lines} }`;
const names = (lines: string, of?: string) => planned(study(lines, of)).configurations.map(({ name }) => name);

test("a configuration for every combination, the last line changing fastest", () => {
  expect(names("vary encoder.normalize.cls in { layer, batch } vary depth in { 1, 2 }")).toEqual([
    "cls-layer.depth-1", "cls-layer.depth-2", "cls-batch.depth-1", "cls-batch.depth-2",
  ].map((name) => name.split(".").toSorted().join(".")));
});

test("paths of one line vary together", () => {
  expect(names("vary encoder.place, depth in { (pre, 1), (post, 2) }")).toEqual(["depth-1.place-pre", "depth-2.place-post"]);
});

test("what an exclusion names is left out, and only that", () => {
  const all = "vary encoder.place in { pre, post } vary depth in { 1, 2 }";
  expect(names(`${all} exclude encoder.place = post, depth = 2`)).toEqual(["depth-1.place-pre", "depth-2.place-pre", "depth-1.place-post"]);
  expect(() => planned(study(`${all} exclude encoder.place = pre exclude encoder.place = post`))).toThrow(/every combination is excluded/);
});

test("an exclusion of what never happens is a mistake", () => {
  const messages = (lines: string) => compiled(study(lines)).compilation.diagnostics.map(({ message }) => message);
  expect(messages("vary depth in { 1, 2 } exclude encoder.place = pre")).toEqual(["`encoder.place` does not vary"]);
  expect(messages("vary depth in { 1, 2 } exclude depth = 3")).toEqual(["`depth` is never `3`"]);
});

test("names do not depend on the order of lines and choices, nor on what else may be chosen", () => {
  const lines = ["vary encoder.normalize.cls in { layer(eps: 1e-3), batch, rms }", "vary encoder.place in { pre, post }", "vary batch in { 16, 8 }"];
  const whole = new Set(names(lines.join(" ")));
  fc.assert(
    fc.property(fc.shuffledSubarray(lines, { minLength: 3 }), (order) => {
      expect(new Set(names(order.join(" ")))).toEqual(whole);
    }),
    { numRuns: 4 },
  );
  expect(whole.size).toBe(12);
  for (const name of names(lines.join(" ").replace("batch, rms", "rms"))) expect(whole).toContain(name);
});

test("names are file names, and tell choices apart that differ in signs alone", () => {
  const own = names('vary optimizer in { adamw(decay: 0.1), adamw(decay: 0.01), adamw(decay: -0.1), adamw }');
  expect(new Set(own).size).toBe(4);
  for (const name of own) expect(name).toMatch(/^[\p{L}\p{N}_.-]+$/u);
  const [first] = names("vary encoder.normalize in { { cls: layer(eps: 1e-3) tokens: layer(eps: 1e-4) }, { cls: layer(eps: 1e-3) tokens: layer(eps: 1e-5) } }");
  expect(first!.length).toBeLessThan(60);
});

test("labels are the shortest ends of the paths that tell them apart", () => {
  const { factors } = planned(study("vary encoder.normalize.cls in { layer, batch } vary encoder.normalize.at.final.cls in { layer, none } vary batch in { 8 }"));
  expect(factors.map(({ label }) => label)).toEqual(["normalize.cls", "final.cls", "batch"]);
});

test("seeds count from the recipe's own", () => {
  expect(planned(study("vary depth in { 1, 2 } seeds 3")).seeds).toEqual([5, 6, 7]);
  expect(planned(study("vary depth in { 1, 2 }")).seeds).toEqual([5]);
});

test("reports know their recipes and the good end of what everyone knows", () => {
  const { reports } = planned(study("vary depth in { 1, 2 } report plain.accuracy, other.loss, plain.loss highest", "plain, other"));
  expect(reports).toEqual([
    { path: "plain.accuracy", recipe: "plain", value: "accuracy", best: "highest" },
    { path: "other.loss", recipe: "other", value: "loss", best: "lowest" },
    { path: "plain.loss", recipe: "plain", value: "loss", best: "highest" },
  ]);
  expect(planned(study("vary depth in { 1, 2 }")).reports.map(({ path }) => path)).toEqual(["plain.accuracy", "plain.loss"]);
});

test("a report that no recipe has is a mistake, told with its place", () => {
  try {
    planned(study("vary depth in { 1, 2 } report plain.acuracy"));
    expect.unreachable();
  } catch (error) {
    const [found] = (error as SubjectError).diagnostics;
    expect(found!.message).toBe("the recipe `plain` reports nothing called `acuracy`");
    expect(found!.help).toContain("accuracy");
  }
});

test("a product beyond all use is refused", () => {
  const list = Array.from({ length: 22 }, (_, i) => i + 1).join(", ");
  expect(() => planned(study(`vary depth in { ${list} } vary batch in { ${list} } vary epochs in { ${list} }`))).toThrow(/10648 combinations/);
});
