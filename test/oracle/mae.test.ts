/**
 * The masked autoencoder of the examples: against torch on a given image and a given order (pytorch/mae.py), against the
 * parameter counts of the released ViT-B, and its first values. Its positions and its target are compared apart as well.
 */

import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { interpret } from "../../src/ir/interpret.js";
import { Draw, tensor } from "../semantics/numerics/draw.js";
import { compiledRun, example } from "./example-recipes.js";
import { type Tolerance, expectAllClose, expectClose } from "./fixtures.js";
import { type NamedTensor, type NamedTensors, runLayer } from "./harness.js";

interface Case {
  readonly outputs: Readonly<Record<"predicted" | "mask" | "loss", NamedTensor>>;
  readonly gradients: NamedTensors;
}
interface Fixture {
  readonly tolerance: Tolerance;
  readonly settings: Readonly<Record<string, number>>;
  readonly inputs: Readonly<Record<"image" | "noise", NamedTensor>>;
  readonly parameters: NamedTensors;
  readonly cases: Readonly<Record<"normalized" | "raw", Case>>;
  readonly positions: NamedTensors;
}

const fixture = JSON.parse(readFileSync(new URL("pytorch/mae.json", import.meta.url), "utf8")) as Fixture;
const { tolerance } = fixture;

const recipe = (model: string) => `train run of ${model} { data npy("x") optimizer adamw schedule constant(peak: 1e-3) batch 2 steps 1 }`;

/**
 * The example's model as a layer that returns `result`. Nothing else is changed but the sizes and, unless it is `permutation`, the
 * order of the patches, which is that of the input `noise`.
 */
function modelReturning(result: string, order: "noise" | "permutation" = "noise"): string {
  const stacks = example("mae-vit.norm").split("\nmodel ")[0]!;
  let model = `model ${example("mnist-autoencoder.norm").split("\nmodel ")[1]!.split("\ntrain ")[0]!}`;
  const replace = (what: RegExp, by: string) => {
    expect(model, `${what} is in the example`).toMatch(what);
    model = model.replace(what, by);
  };
  replace(/model masked_autoencoder\(/, "layer main(image, noise,");
  replace(/ {2}input image\[.*\]\n/, "");
  if (order === "noise") replace(/permutation\(patches over token\)/, "argsort(noise along token)");
  for (const [name, value] of Object.entries(fixture.settings)) replace(new RegExp(`\\n {2}${name} = [^,]*,`), `\n  ${name} = ${value},`);
  replace(/ {2}loss masked_squared_error\(.*\)[^]*$/, `  return ${result}\n}`);
  return `${stacks}\n${model}\nfunction as_it_is(x) { return x }`;
}

describe("against torch", () => {
  const { inputs, parameters } = fixture;
  const run = (result: string) => runLayer(modelReturning(result), { inputs, parameters });

  test("the predictions, and which patches are removed", () => {
    const { predicted, mask } = fixture.cases.normalized.outputs;
    expectClose("predicted", run("predicted").output, predicted, tolerance);
    expectClose("mask", run("float(position >= shown)").output, mask, tolerance);
  });

  test.each([["normalized", "normalized_patches"], ["raw", "as_it_is"]] as const)("the loss of the %s target and all gradients", (name, target) => {
    const { outputs, gradients } = fixture.cases[name];
    const found = run(`masked_squared_error(predicted, ${target}(patches), position >= shown)`);
    expectClose("loss", found.output, outputs.loss, tolerance);
    expect([...found.gradients.keys()].filter((own) => inputs[own as keyof typeof inputs] === undefined).sort()).toEqual(Object.keys(gradients).sort());
    expectAllClose("gradient of", found.gradients, gradients, tolerance);
  });

  test("positions of a square grid, and of one of 2 rows and 4 columns", () => {
    const positions = (cells: number, columns: string) => {
      const x = tensor({ token: cells, feature: 12 }, new Float64Array(cells * 12));
      return runLayer(`layer main(x) { return sinusoidal_grid_positions(x${columns}) }`, { inputs: { x } }).output;
    };
    expectClose("3 by 3", positions(9, ""), fixture.positions["3x3"]!, tolerance);
    expectClose("2 by 4", positions(8, ", columns: 4"), fixture.positions["2x4"]!, tolerance);
    expect(() => positions(8, "")).toThrow("2.828");
    expect(() => positions(8, ", columns: 3")).toThrow("8");
  });
});

describe("the target", () => {
  const n = 49;
  const x = new Draw("patches").normal({ batch: 3, token: 4, feature: n }, 2, 5);
  const zeros = tensor({ batch: 3, token: 4, feature: n }, new Float64Array(3 * 4 * n));

  test("predicting zeros costs (n - 1) / n", () => {
    const all = runLayer("layer main(x, zeros) { return masked_squared_error(zeros, normalized_patches(x), index(x over token) >= 0) }", { inputs: { x, zeros } });
    expect(all.loss).toBeCloseTo((n - 1) / n, 6);
    expect(all.loss).toBeLessThan((n - 1) / n);
  });

  test("a flat patch becomes zeros, and eps is inside the root", () => {
    const patches = tensor({ token: 2, feature: 4 }, [3, 3, 3, 3, 0.001, 0.002, 0.003, 0.004]);
    const { data } = runLayer("layer main(x) { return normalized_patches(x) }", { inputs: { x: patches } }).output;
    const deviation = Math.sqrt(5e-6 / 3 + 1e-6);
    [0, 0, 0, 0, -0.0015, -0.0005, 0.0005, 0.0015].forEach((centred, i) => expect(data[i]).toBeCloseTo(centred / deviation, 12));
  });

  test("removed patches alone count, however many an example has", () => {
    const given = tensor({ batch: 2, token: 3, feature: 2 }, [1, 3, 100, 100, 100, 100, 2, 2, 4, 0, 100, 100]);
    const removed = tensor({ batch: 2, token: 3 }, [1, 0, 0, 1, 1, 0]);
    const spec = "layer main(x, removed) { return masked_squared_error(x, 0 * x, removed > 0) }";
    expect(runLayer(spec, { inputs: { x: given, removed } }).loss).toBeCloseTo((5 + 4 + 8) / 3, 12);
  });
});

describe("the example", () => {
  test("has as many parameters as the released ViT-B, which counts its fixed positions", () => {
    const sizes = "dim: 768, depth: 12, heads: 12, decoder_dim: 512, decoder_depth: 8, decoder_heads: 16, side: 224, channels: 3, patch: 16";
    const { program } = compiledRun(`use "mnist-autoencoder.norm" { masked_autoencoder }\n${recipe(`masked_autoencoder(${sizes})`)}`);
    const count = (...parts: string[]) => {
      const own = program.parameters.filter(({ name }) => parts.includes(name.split(".")[0]!));
      return own.reduce((sum, { type }) => sum + type.axes.reduce((product, axis) => product * axis.extent, 1), 0);
    };
    const encoder = count("embedded", "encoder");
    const decoder = count("narrow", "blank", "decoder", "predicted");
    const positions = 14 * 14 + 1;
    expect(encoder + positions * 768).toBe(85_798_656);
    expect(decoder + positions * 512).toBe(26_109_184);
    expect(program.parameters.map(({ name }) => name.split(".")[0]).filter((name, i, all) => all.indexOf(name) === i).sort()).toEqual(["blank", "decoder", "embedded", "encoder", "narrow", "predicted"]);
  }, 60_000);

  const { program } = compiledRun(`use "mnist-autoencoder.norm" { masked_autoencoder }\n${recipe("masked_autoencoder")}`);
  const initial = (seed: number) => interpret(program.entries.get("initialise")!, { slots: new Map(), inputs: new Map(), seed, step: 0 }).updates;

  test("begins with Xavier-uniform matrices, zero biases, norms of one, and tokens of deviation 0.02", () => {
    const values = initial(1);
    for (const { name, role, type } of program.parameters) {
      const data = values.get(name)!;
      const deviation = Math.sqrt(data.reduce((sum, value) => sum + value * value, 0) / data.length);
      const last = name.split(".").at(-1)!;
      if (role === "weight") {
        // Queries, keys and values go from all features to all heads' keys, the output map back.
        const all = type.axes.map((axis) => axis.extent);
        const extents: readonly number[] = name.includes("attention") ? [64, 64] : all;
        const bound = Math.sqrt(6 / (extents[0]! + extents[1]!));
        expect(Math.max(...data.map(Math.abs)), name).toBeLessThanOrEqual(bound);
        expect(deviation / (bound / Math.sqrt(3)), name).toBeCloseTo(1, 1);
      } else if (name === "encoder.cls.vector" || name === "blank") expect(Math.abs(deviation - 0.02), name).toBeLessThan(0.006);
      else expect([...new Set(data)], name).toEqual([last === "scale" ? 1 : 0]);
    }
  });

  test("gives each example its own patches, and others in the next step", () => {
    const shown = (step: number) => {
      const { output } = runLayer(modelReturning("float(position < shown)", "permutation"), { ...fixture, step });
      expect(output.axes).toEqual(["batch", "token"]);
      return [0, 1, 2].map((example) => output.data.slice(9 * example, 9 * example + 9).join(" "));
    };
    const [now, next] = [shown(0), shown(1)];
    for (const one of now) expect(one.replaceAll(/[ 0]/g, "")).toBe("11");
    expect(new Set([...now, ...next]).size).toBeGreaterThan(4);
    expect(shown(0)).toEqual(now);
  });
});
