/** Random stacks: the rewrite to Pre-RMSNorm happens exactly where every norm that reads the stream takes the mean away, and changes no result. */

import fc from "fast-check";
import { expect, test } from "vitest";
import { recentre } from "../../src/transform/recentre.js";
import { type Model, changeBy, going, programOf, specOf } from "./pre-rms.js";

/** Norms that a shift over the features cannot reach, and those that it does. */
const invariant = ["layer", "layer(eps: 1e-3)", "group(groups: 4)", "group(groups: 1)", "mine"];
const others = ["batch", "rms", "scale", "dyt(alpha: 0.2)", "instance", "variance"];
const definitions = `use std.norms { variance }
layer dropped(x, rate) { return dropout(linear(x, size(feature)), rate) }
norm mine(x) {
  mu = mean(x over feature)
  return (x - mu) / (max(abs(x - mu) over feature) + 0.1)
}`;

interface Drawn extends Model {
  readonly norms: readonly string[];
  readonly text: string;
}

/** Stacks of one to three groups, whose policies are mostly invariant. */
function stacks(placements: readonly string[]): fc.Arbitrary<Drawn> {
  const norm = fc.oneof({ weight: 5, arbitrary: fc.constantFrom(...invariant) }, { weight: 1, arbitrary: fc.constantFrom(...others) });
  return fc
    .record({
      groups: fc.integer({ min: 1, max: 3 }),
      norms: fc.array(norm, { minLength: 3, maxLength: 3 }),
      first: fc.option(norm),
      shared: fc.boolean(),
      placement: fc.constantFrom(...placements),
      sublayers: fc.array(fc.constantFrom("attention(heads: 2)", "attention(heads: 2, qk: layer)", "mlp(hidden: 5)", "mlp(hidden: 6, inner: layer)", "mlp(hidden: 5, activation: relu)", "dropped(rate: 0.2)", "linear(8)"), { minLength: 1, maxLength: 3 }),
      depth: fc.integer({ min: 1, max: 2 }),
      entry: fc.constantFrom("linear(x, dim)", "embed(ids, 7, dim)", "linear(gelu(linear(x, 6)), dim) + 0.1"),
    })
    .map(({ groups, norms, first, shared, placement, sublayers, depth, entry }) => {
      const names = ["tokens", "cls", "registers"].slice(0, groups);
      const lines = shared ? [`..: ${norms[0]!}`] : names.map((name, i) => `${name}: ${norms[i]!}`);
      const override = first === null ? "" : `normalize at first { tokens: ${first} }`;
      const stack = `groups { ${names.join(", ")} }\n normalize {\n ${lines.join("\n ")}\n }\n ${override}\n place ${placement}\n repeat depth {\n ${sublayers.join("\n ")}\n }\n normalize`;
      const call = names.map((name) => `${name}: ${name === "tokens" ? entry : `learned(${name === "cls" ? 2 : 3})`}`).join(", ");
      const used = [...(shared ? norms.slice(0, 1) : norms.slice(0, groups)), ...(first === null ? [] : [first])];
      const model = { stack, definitions, call, dim: 8, depth };
      return { ...model, norms: used, text: specOf(model) };
    });
}

test("in a pre-norm stack, the means of the stream go if all its norms bear a shift, and only then", () => {
  const seen = { goes: 0, stays: 0 };
  fc.assert(
    fc.property(stacks(["pre", "rezero"]), ({ norms, text }) => {
      const program = programOf(text);
      const rewrite = recentre(program, "evaluate");
      const bears = norms.every((norm) => invariant.includes(norm));
      const ofStream = rewrite.streams.filter(({ axes, sites }) => axes.join() === "feature" && sites.some((op) => /\.(before|final)\b/.test(op.place)));
      for (const { reasons } of ofStream) expect(reasons.length === 0).toBe(bears);
      if (ofStream.length > 0) seen[bears ? "goes" : "stays"]++;
      expect(changeBy(program, rewrite, text)).toBeLessThan(1e-12);
    }),
    { numRuns: 60 },
  );
  expect(seen.goes).toBeGreaterThan(5);
  expect(seen.stays).toBeGreaterThan(5);
}, 120_000);

test("in a stack of any placement, what is rewritten computes the same", () => {
  let rewritten = 0;
  fc.assert(
    fc.property(stacks(["pre", "post", "sandwich", "output", "layer_scale", "rezero", "deep(alpha: 1.3)"]), ({ text }) => {
      const program = programOf(text);
      const rewrite = recentre(program, "evaluate");
      expect(changeBy(program, rewrite, text)).toBeLessThan(1e-12);
      rewritten += going(rewrite).flatMap(({ sites }) => sites).length;
    }),
    { numRuns: 60 },
  );
  expect(rewritten).toBeGreaterThan(50);
}, 120_000);
