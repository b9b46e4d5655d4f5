/** More places for atoms change nothing: the example's model on molecules of the loader, padded to two sizes, under several norms. */

import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { interpret } from "../../src/ir/interpret.js";
import { makeBatches } from "../../src/runtime/batches.js";
import { openData } from "../../src/runtime/data/index.js";
import { compiledRun } from "./example-recipes.js";

const folder = fileURLToPath(new URL("../../examples/", import.meta.url));
const batch = 4;

/** The loss of the first batch, of the training program and of the one that evaluates, for a stack in place of the example's. */
async function losses(nodes: number, stack: string): Promise<number[]> {
  const { program, manifest } = compiledRun(`
    use "graph-molecules.norm" { graphormer, wiener }
    use std.norms { batch, graph, instance, layer, pair, rms }
    stack other = ${stack}
    train run = wiener with { graphormer = other batch ${batch} dim = 8 depth = 2 heads = 2 nodes = ${nodes} scale = 1 }`);
  const { seed, holdout } = manifest;
  const batches = makeBatches(await openData(manifest.data, manifest.inputs, { folders: [folder], holdout, seed }), manifest);
  const [first] = batches.training(0, 0);
  const given = [...first!.inputs].map(([name, values]): [string, Float64Array] => [name, Float64Array.from(values)]);
  const inputs = new Map([...given, ["valid", new Float64Array(batch).fill(1)], ["step", Float64Array.of(0)], ["steps", Float64Array.of(9)]]);
  const run = (name: string, slots: Map<string, Float64Array>) => interpret(program.entries.get(name)!, { slots, inputs, seed, step: 0 });
  const slots = new Map(run("initialise", new Map()).updates);
  // The model's prediction begins near zero; here it is to depend on everything.
  for (const [name, values] of slots) if (/linear\.weight|table|bias\.weight/.test(name)) slots.set(name, values.map((value) => 20 * value));
  return ["forward", "evaluate"].map((entry) => run(entry, slots).results.get("loss")!.data[0]!);
}

describe.each([
  "graphormer",
  ...["graph", "pair", "batch", "instance", "rms"].map((norm) => `graphormer with { normalize { cls: layer tokens: ${norm} } }`),
  "graphormer with { normalize { cls, tokens: graph } }",
  "graphormer with { normalize { cls, tokens: pair } }",
])("%s", (stack) => {
  test("gives the same losses with more padding", async () => {
    const [small, large] = [await losses(20, stack), await losses(29, stack)];
    // Sums of the same numbers and more zeros, perhaps in another order.
    small.forEach((loss, i) => expect(Math.abs(loss - large[i]!)).toBeLessThan(1e-11 * Math.abs(loss)));
    expect(Math.abs(small[0]!)).toBeGreaterThan(1);
  });
});
