/** NormFormer (Shleifer, Weston and Ott, 2021): what it adds to pre-norm, and what that is at first. */

import { describe, expect, test } from "vitest";
import { expectClose } from "./fixtures.js";
import { type CompiledLayer, compileLayer } from "./harness.js";
import { drawn, drawnParameters, parameterCount } from "./methods.js";

const [dim, heads] = [8, 2];
const x = drawn("x", ["batch", "token", "feature"], [2, 5, dim]);
const close = { absolute: 1e-12, relative: 1e-11 };

function stack(depth: number, attention: string, mlp: string): CompiledLayer {
  return compileLayer(
    `use std.norms { layer } use std.placements { pre, residual_scale, sandwich } use std.layers { attention, mlp }
     stack decoder() { groups { tokens } normalize { tokens: layer } place pre
       repeat ${depth} { attention(heads: ${heads}, causal: true${attention} mlp(hidden: ${4 * dim}${mlp} }
       normalize }
     layer main(x) { return decoder(tokens: x) }`,
    { x },
  );
}

const headScales = [', head_scale: "heads") placed sandwich', ', head_scale: "output") placed sandwich'];

describe.each([1, 3])("of %i blocks", (depth) => {
  const plain = parameterCount(stack(depth, ")", ")"));
  test.each(headScales)("adds H + 2D + 8D parameters to each (attention(…%s)", (attention) => {
    expect(parameterCount(stack(depth, attention, ", inner: layer)")) - plain).toBe(depth * (heads + 2 * dim + 8 * dim));
  });
  test.each(headScales)("and D more with a weight of the residual (attention(…%s)", (attention) => {
    expect(parameterCount(stack(depth, attention, ", inner: layer) placed residual_scale")) - plain).toBe(depth * (heads + 2 * dim + 8 * dim + dim));
  });
});

describe("the residual's weight", () => {
  const scaled = stack(1, ")", ") placed residual_scale");
  const plain = stack(1, ")", ")");
  const weight = "decoder.0.mlp.weight";
  // Everything else is drawn by its name, which is the same on both sides.
  const given = (layer: CompiledLayer, value: number) => drawnParameters(layer, (name) => (name === weight ? value : undefined));

  test("changes nothing while it is 1, as it is at first", () => {
    const expected = plain.run("training", { inputs: { x }, parameters: given(plain, 1) }).output;
    expectClose("output", scaled.run("training", { inputs: { x }, parameters: given(scaled, 1) }).output, expected, close);
    expect(() => expectClose("output", scaled.run("training", { inputs: { x }, parameters: given(scaled, 2) }).output, expected, close)).toThrow();
  });

  test("multiplies the stream alone", () => {
    const layer = (placement: string) =>
      compileLayer(
        `use std.norms { layer } use std.placements { ${placement} } use std.layers { mlp }
         stack one() { groups { tokens } normalize { tokens: layer } place ${placement}
           mlp(hidden: 5) }
         layer main(x) { return one(tokens: x) }`,
        { x },
      );
    const output = (placement: string, value: number) => {
      const own = layer(placement);
      return own.run("training", { inputs: { x }, parameters: drawnParameters(own, (name) => (name.endsWith(".weight") ? value : undefined)) }).output;
    };
    const pre = output("pre", 1);
    const expected = { ...pre, data: pre.data.map((value, i) => value + 2 * x.data[i]!) };
    expectClose("output", output("residual_scale", 3), expected, close);
  });
});
