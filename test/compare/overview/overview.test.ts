/** Overviews of all examples: their sums are the cost model's, and their texts fit. */

import fc from "fast-check";
import pc from "picocolors";
import { describe, expect, test } from "vitest";
import { type Overview, overviewOf } from "../../../src/compare/overview/overview.js";
import { paintFor, width } from "../../../src/compare/overview/paint.js";
import { folded } from "../../../src/compare/overview/paths.js";
import { sketch } from "../../../src/compare/overview/sketch.js";
import { overviewText } from "../../../src/compare/overview/text.js";
import { example, exampleNames, stackModel } from "./subjects.js";

const plain = (overview: Overview) => paintFor(overview, pc.createColors(false));

describe.each(exampleNames())("%s", (name) => {
  const subject = example(name);
  const overview = overviewOf(subject);

  test("adds up to the cost model's totals", () => {
    const { cost, program } = subject;
    const step = cost.entries.get("step")!;
    const total = (of: (part: Overview["costs"][number]) => number) => overview.costs.reduce((sum, part) => sum + of(part), 0);
    expect(total(({ parameters }) => parameters)).toBe(cost.parameters.total);
    for (const role of ["weight", "bias", "norm", "embedding"] as const) expect(total(({ roles }) => roles[role] ?? 0)).toBe(cost.parameters[role]);
    expect(total(({ states }) => states.model)).toBe(cost.states.model);
    expect(total(({ states }) => states.optimizer)).toBe(cost.states.optimizer);
    for (const phase of ["forward", "backward", "update", "total"] as const) expect(total(({ flops }) => flops[phase])).toBe(step.flops[phase]);
    expect(total(({ activations }) => activations)).toBe(step.bytesActivations);
    expect(program.entries.has("step")).toBe(true);
  });

  test("has every site once in its table, with every group", () => {
    const { sites } = subject.elaborator;
    for (const { stack, groups, rows } of overview.sites) {
      expect(rows.reduce((sum, { times }) => sum + times, 0)).toBe(sites.filter((site) => site.stack === stack).length);
      for (const { landings } of rows) expect(landings.flatMap((landing) => landing.groups).toSorted()).toEqual(groups.map((group) => group.name).toSorted());
    }
  });

  test("fits into 80 columns, and its sketch on a screen", () => {
    const wide = overviewText(overview, plain(overview)).split("\n").filter((line) => width(line) > 80);
    expect(wide).toEqual([]);
    expect(sketch(overview.figure, plain(overview)).length).toBeLessThan(overview.sites.length > 1 ? 60 : 40);
  });
});

test("groups that share a norm share a cell; where they stand apart, each says with whom", () => {
  const overview = overviewOf(stackModel("  normalize { cls, tokens: layer(eps: 1e-6) }\n  normalize at final { cls: rms }\n  place placements.pre\n  repeat 2 { attention(heads) }\n  normalize"));
  expect(overviewText(overview, plain(overview))).toContain(`
  s                      cls (1)  tokens (4)
  0..1.attention.before  ├─ layer(eps: 1e-6) ────┤
  final                  rms      layer(eps: 1e-6)
`);
});

test("colours only colour", () => {
  const overview = overviewOf(stackModel("  normalize {\n    cls: rms\n    tokens: layer\n  }\n  place placements.sandwich\n  repeat 2 { attention(heads) }\n  normalize"));
  const coloured = overviewText(overview, paintFor(overview, pc.createColors(true)));
  expect(coloured).toContain("\u001b[36m");
  // eslint-disable-next-line no-control-regex -- colours begin with the escape character
  expect(coloured.replace(/\u001b\[\d+m/g, "")).toBe(overviewText(overview, plain(overview)));
});

test("a folded path stands for exactly the paths that went in", () => {
  const segment = fc.oneof(fc.constantFrom("a", "b"), fc.nat({ max: 5 }).map(String));
  fc.assert(
    fc.property(fc.uniqueArray(fc.array(segment, { minLength: 1, maxLength: 4 }).map((parts) => parts.join(".")), { maxLength: 25 }), (paths) => {
      expect(folded(paths, (path) => path).flatMap(({ path }) => unfolded(path)).toSorted()).toEqual(paths.toSorted());
    }),
  );
});

/** All paths that one with ranges means. */
function unfolded(path: string): string[] {
  const choices = path.replaceAll("..", "-").split(".").map((part) => (/^[\d,-]+$/.test(part) ? part.split(",").flatMap((range) => {
    const [from, to = from] = range.split("-").map(Number) as [number, number?];
    return Array.from({ length: to - from + 1 }, (_, i) => String(from + i));
  }) : [part]));
  return choices.reduce<string[][]>((some, own) => some.flatMap((one) => own.map((part) => [...one, part])), [[]]).map((parts) => parts.join("."));
}
