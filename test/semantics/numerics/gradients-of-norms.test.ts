/** Gradients of every norm in every placement, over random groups, policies, masks and values, by finite differences. */

import { expect, test } from "vitest";
import { readLibrary } from "../../../src/compiler/host.js";
import { type NamedTensors, compileLayer } from "../../oracle/harness.js";
import { expectGradients } from "./differences.js";
import { Draw, tensor } from "./draw.js";

/** Each definition of the library with arguments. An eps that is not small bounds the derivatives of higher order. */
const norms: Readonly<Record<string, string>> = {
  layer: "layer(eps: 0.2)",
  rms: "rms(eps: 0.2)",
  batch: "batch(eps: 0.2)",
  group: "group(groups: 2, eps: 0.2)",
  instance: "instance(eps: 0.2)",
  scale: "scale",
  dyt: "dyt(alpha: 0.7)",
  // A kink within the step of the differences would show; these draws have none.
  response: "response(eps: 0.25)",
  variance: "variance(eps: 0.2)",
  quadratic: "quadratic(eps: 0.2)",
  graph: "graph(eps: 0.2)",
  pair: "pair(eps: 0.2)",
  mean_only: "mean_only",
};
/** Those with networks inside. With ReLU some of their many units would have a kink within the step of the differences. */
const withNets: Readonly<Record<string, string>> = {
  granola: "granola(activation: silu, eps: 1)",
  contextual_affine: "contextual_affine(base: layer(eps: 1), depth: 1, heads: 2)",
};
const all = { ...norms, ...withNets };
/** They state gradients that are no derivatives; test/oracle/vectors.test.ts has their numbers. */
const stated = ["power", "power_released"];
const placements: Readonly<Record<string, string>> = {
  pre: "pre",
  post: "post",
  sandwich: "sandwich",
  output: "output",
  deep: "deep(alpha: 1.4)",
  rezero: "rezero",
  layer_scale: "layer_scale",
  residual_scale: "residual_scale",
  hybrid: "hybrid",
  residual_dual: "residual_dual",
  ngpt: "ngpt",
};

function defined(module: string, keyword: string): string[] {
  return [...readLibrary(`std/${module}.norm`)!.matchAll(new RegExp(`^${keyword} (\\w+)`, "gm"))].map((match) => match[1]!);
}

test("every norm and every placement of the library is checked", () => {
  expect(defined("norms", "norm").sort()).toEqual([...Object.keys(all), ...stated].sort());
  expect(defined("placements", "placement").sort()).toEqual(Object.keys(placements).sort());
});

interface Case {
  readonly spec: string;
  readonly inputs: NamedTensors;
  readonly tokens: number;
}

/** A stack of one sublayer over one to three groups: `norm` for some of them, another norm for the others. */
function randomCase(draw: Draw, norm: string, placement: string): Case {
  const names = ["cls", "registers", "tokens"].slice(0, draw.whole(1, 3));
  const extents = names.map((name) => draw.whole(name === "cls" ? 1 : 2, 4));
  const other = draw.pick(Object.values(norms));
  // Groups on one line share a norm, even when others stand between them.
  const first = names.filter((name, i) => i === 0 || draw.whole(0, 2) > 0 || name === "tokens");
  const rest = names.filter((name) => !first.includes(name));
  const separate = draw.whole(0, 1) === 1;
  const lines = [...(separate ? first.map((name) => `${name}: ${norm}`) : [`${first.join(", ")}: ${norm}`]), ...rest.map((name) => `${name}: ${other}`)];
  // The last group has padded examples, in two cases of three.
  const masked = draw.whole(0, 2) > 0;
  const last = names.at(-1)!;
  const groups = names.map((name) => `${name}: ${name}${masked && name === last ? ` where index(${name} over token) < lengths` : ""}`);
  const used = Object.keys(all).filter((name) => new RegExp(`\\b${name}\\b`).test(`${norm} ${other}`));
  const spec = `
    use std.norms { ${used.join(", ")} }
    use std.placements { ${placement.replace(/\(.*/, "")} }
    use std.layers { mlp }
    stack site() {
      groups { ${names.join(", ")} }
      normalize { ${lines.join("\n")} }
      place ${placement}
      mlp(hidden: 3)
      normalize
    }
    layer main(${[...names, ...(masked ? ["lengths"] : [])].join(", ")}) { return site(${groups.join(", ")}) }`;
  const batch = draw.whole(2, 3);
  const x = (token: number) => draw.normal({ batch, token, feature: 6 }, 1.2, 0.3);
  const longest = extents.at(-1)!;
  const inputs = Object.fromEntries(names.map((name, i) => [name, x(extents[i]!)]));
  const lengths = tensor({ batch }, Array.from({ length: batch }, () => draw.whole(Math.min(2, longest), longest)));
  return { spec, inputs: masked ? { ...inputs, lengths } : inputs, tokens: extents.reduce((sum, extent) => sum + extent, 0) };
}

const cases = Object.keys(all).flatMap((norm) => Object.keys(placements).map((placement) => [norm, placement] as const));

test.each(cases)("%s, %s", { timeout: 60_000 }, (norm, placement) => {
  const draw = new Draw(`${norm} ${placement}`);
  const { spec, inputs, tokens } = randomCase(draw, all[norm as keyof typeof all]!, placements[placement]!);
  const compiled = compileLayer(spec, inputs);
  const batch = Object.values(inputs)[0]!.shape[0]!;
  const states = draw.slots(new Map(compiled.program.states.map(({ name, type }) => [name, type])));
  // Small weights keep the derivatives of higher order of many layers small.
  const size = norm in withNets ? 0.4 : 1;
  const parameters = Object.fromEntries(Object.entries(draw.slots(compiled.parameters)).map(([name, value]) => [name, { ...value, data: Float64Array.from(value.data, (own) => size * own) }]));
  const given = { inputs, parameters, states, cotangent: draw.normal({ batch, token: tokens, feature: 6 }) };
  expectGradients(compiled, "training", given, draw);
  // Only norms with running statistics compute something else in evaluation.
  if (compiled.program.states.length > 0) expectGradients(compiled, "evaluation", given, draw);
});
