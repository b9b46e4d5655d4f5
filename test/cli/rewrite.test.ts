/** `norm rewrite` as a process: what it proves, and that its weights in the spec that it proposes compute the same. */

import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { compile } from "../../src/compiler/compile.js";
import { readLibrary } from "../../src/compiler/host.js";
import { interpret } from "../../src/ir/interpret.js";
import { elements } from "../../src/ir/types.js";
import { encodeSafetensors, readSafetensors } from "../../src/runtime/safetensors.js";
import { keyOf, uniforms } from "../../src/random/threefry.js";
import { norm, scratch, smallSpec } from "./norm.js";

const allLayer = (text: string) => text.replace("cls: batch", "cls: layer(eps: 1e-3)").replace("dropout(linear(patchify(image, 14), dim))", "dropout(linear(patchify(image, 14), dim)) + param[token, feature] ~ normal(0.5)");

/** The results of `evaluate` in float64, of a spec with the weights of a file, for images that are always the same. */
function evaluated(text: string, weights: string): Readonly<Record<string, number>> {
  const { recipes, diagnostics } = compile("small.norm", text, { readSpec: () => undefined, readLibrary });
  expect(diagnostics.filter(({ severity }) => severity === "error")).toEqual([]);
  const { program } = recipes.get("small")!;
  const { tensors } = readSafetensors(weights);
  const slots = new Map([...tensors].map(([name, { data }]) => [name, Float64Array.from(data)]));
  const inputs = new Map(program.inputs.map(({ name, type, below }) => {
    const values = new Float64Array(elements(type.axes));
    uniforms(keyOf(5, name, 0), values.length, values);
    return [name, name === "valid" ? values.fill(1) : below === undefined ? values : values.map((value) => Math.floor(value * below))];
  }));
  const { results } = interpret(program.entries.get("evaluate")!, { slots, inputs, seed: 0, step: 0 });
  return Object.fromEntries([...results].map(([name, { data }]) => [name, data[0]!]));
}

/** The spec as the command proposes it: policies replaced where it says, and the new norm added. */
function proposed(text: string, said: string): string {
  const lines = text.split("\n");
  for (const [, line, column, old, own] of said.matchAll(/^ {2}\S+\.norm:(\d+):(\d+) (\S.*) becomes (\S.*)$/gm)) {
    const at = Number(line) - 1;
    const before = lines[at]!.slice(0, Number(column) - 1);
    const written = lines[at]!.slice(before.length).replace("layer(eps: 1e-3)", "layer(eps: 0.001)");
    expect(written).toContain(old!.replace("1e-3", "0.001"));
    lines[at] = before + written.replace(old!.replace("1e-3", "0.001"), own!);
  }
  return [...lines, said.slice(said.indexOf("\nnorm "))].join("\n");
}

test("what it proposes computes the same with the weights that it writes", { timeout: 120_000 }, async () => {
  const folder = scratch();
  const spec = smallSpec(folder, allLayer);
  const text = readFileSync(spec, "utf8");
  const [run, out] = [join(folder, "run"), join(folder, "centred.safetensors")];
  expect((await norm(["train", spec, "--steps", "20", "--target", "wasm", "--threads", "1", "--out", run])).code).toBe(0);
  const weights = join(run, "weights.safetensors");

  const { code, stdout, stderr } = await norm(["rewrite", spec, "--to", "pre-rms", "--weights", weights, "--out", out]);
  expect(stderr).toContain("parameters were centred");
  expect(code).toBe(0);
  expect(stdout).toContain("the mean over feature goes from 5 norms");
  expect(stdout).toMatch(/encoder\.attention\.before\.tokens: layer, .*small\.norm:9:5/);
  expect(stdout).toContain("encoder.mlp.w_out over out");
  const [before, after] = [...stdout.matchAll(/^(?:a batch:|becomes ) (\d+) operations/gm)].map((match) => Number(match[1]));
  expect(before! - after!).toBe(3 * 5);

  const rms = proposed(text, stdout);
  expect(rms).toContain("norm layer_without_mean(x, eps = 1e-5) {");
  const [expected, found, unchanged] = [evaluated(text, weights), evaluated(rms, out), evaluated(rms, weights)];
  // The centred weights are rounded to float32.
  expect(found["loss"]).toBeCloseTo(expected["loss"]!, 6);
  expect(found["accuracy"]).toBe(expected["accuracy"]);
  expect(Math.abs(unchanged["loss"]! - expected["loss"]!)).toBeGreaterThan(1e-3);
  expect(readSafetensors(out).metadata.get("rewritten")).toBe("pre-rms");

  // Of the new form nothing is left to rewrite.
  const again = join(folder, "rms.norm");
  writeFileSync(again, rms);
  const second = await norm(["rewrite", again, "--to", "pre-rms"]);
  expect(second).toMatchObject({ code: 1, stdout: expect.stringContaining("no norm subtracts a mean") });
});

test("says why nothing can be rewritten, and writes nothing", async () => {
  const folder = scratch();
  const spec = smallSpec(folder);
  const { code, stdout } = await norm(["rewrite", spec, "--to", "pre-rms", "--weights", join(folder, "none"), "--out", join(folder, "out")]);
  expect(code).toBe(1);
  expect(stdout).toMatch(/stays in \d norms/);
  expect(stdout).toMatch(/does not stay one in batch at encoder\.\S+\.cls, \S+small\.norm:8:5 \(mul, std\/norms\.norm:\d+:\d+\): it weighs the positions along feature differently/);
  expect(existsSync(join(folder, "out"))).toBe(false);
});

test("refuses weights that are not those of the spec", { timeout: 60_000 }, async () => {
  const folder = scratch();
  const spec = smallSpec(folder, allLayer);
  const weights = join(folder, "weights.safetensors");
  const tried = async (content: Uint8Array) => {
    writeFileSync(weights, content);
    const { code, stderr } = await norm(["rewrite", spec, "--to", "pre-rms", "--weights", weights, "--out", join(folder, "out")]);
    expect(existsSync(join(folder, "out"))).toBe(false);
    return `${code} ${stderr}`;
  };
  const file = (name: string, shape: number[]) => Buffer.concat(encodeSafetensors({ tensors: new Map([[name, { type: "f32", shape, data: new Float32Array(shape[0]!) }]]), metadata: new Map() }));
  expect(await tried(file("other", [3]))).toContain("1 norm: " + weights + ": it holds other, which the spec does not have");
  expect(await tried(file("logits.bias", [10]))).toContain("it lacks ");
  expect(await tried(file("logits.bias", [10]).subarray(0, 40))).toMatch(/^1 norm: .*weights\.safetensors/);
  expect((await norm(["rewrite", spec, "--to", "pre-rms", "--weights", weights])).code).toBe(2);
  expect((await norm(["rewrite", spec, "--to", "pre-rms", "--weights", weights, "--out", weights])).code).toBe(2);
  expect((await norm(["rewrite", spec, "--to", "post-rms"])).code).toBe(2);
});
