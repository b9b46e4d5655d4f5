/**
 * Weights of Hugging Face and timm, read by the maps of the standard library into the models of the examples: these then compute
 * what those compute. The weights are random, so that no two can be mistaken for one another; `pytorch/huggingface.py` writes them.
 */

import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { type Compiled, compile } from "../../src/compiler/compile.js";
import { fileHost } from "../../src/compiler/host.js";
import { interpret } from "../../src/ir/interpret.js";
import { begin } from "../../src/runtime/imports/start.js";
import { makeEntry } from "../../src/transform/entry.js";
import { type NamedTensor, type NamedTensors, laidOut } from "./harness.js";
import { expectClose } from "./fixtures.js";

const folder = fileURLToPath(new URL("fixtures/huggingface/", import.meta.url));
const examples = fileURLToPath(new URL("../../examples/", import.meta.url));
const tolerance = { absolute: 1e-9, relative: 1e-9 };

interface Fixture {
  readonly inputs: NamedTensors;
  readonly outputs: NamedTensors;
}
const fixture = (name: string) => JSON.parse(readFileSync(`${folder}${name}.json`, "utf8")) as Fixture;

/** An example with another size of its model, and another file. */
function example(name: string, size: string, file: string, names = `huggingface-${name}`): Compiled {
  const text = readFileSync(`${examples}huggingface-${name}.norm`, "utf8")
    .replace(`train tuned_${name} of ${name} {`, `train tuned_${name} of ${name}(${size}) {`)
    .replace(/from weights\(.*\)/, `from weights("${file}", names: "std/maps/${names}.names")`)
    .replace(/batch \d+/, "batch 2");
  const { recipes, diagnostics } = compile(`huggingface-${name}.norm`, text, fileHost(examples));
  expect(diagnostics.filter(({ severity }) => severity === "error").map(({ message }) => message)).toEqual([]);
  return recipes.get(`tuned_${name}`)!;
}

/** What parts of the model give, computed from the file's values; what the file does not have is 0. */
async function computed({ training, manifest, program }: Compiled, inputs: NamedTensors, parts: readonly string[]): Promise<Map<string, NamedTensor>> {
  const drawn = new Map(manifest.parameters.map(({ name, axes }) => [name, new Float32Array(axes.reduce((product, { extent }) => product * extent, 1)).fill(Number.NaN)]));
  const { values } = await begin(manifest, drawn, { data: [folder], runs: folder, from: new Map() });
  // What decides about the classes has no part in the hidden states.
  const missing = [...values].filter(([, data]) => data.some(Number.isNaN)).map(([name]) => name);
  expect(missing).toEqual(["logits.weight", "logits.bias"]);
  const results = new Map(parts.map((part) => [part, training.outputs.get(part)!.op]));
  const entry = makeEntry("hidden", training.slots, training.builder.operations, results, new Map());
  const given = new Map(program.inputs.flatMap(({ name, type }) => (inputs[name] === undefined ? [] : [[name, laidOut(inputs[name], type)] as const])));
  const outcome = interpret(entry, { slots: new Map([...values].map(([name, data]) => [name, Float64Array.from(data)])), inputs: given, seed: 0, step: 0 });
  return new Map([...outcome.results].map(([name, { type, data }]) => [name, { axes: type.axes.map((axis) => axis.name), shape: type.axes.map((axis) => axis.extent), data }]));
}

const vitSize = "dim: 24, depth: 2, heads: 3, hidden: 40, side: 12, channels: 3, patch: 4";

describe.each([["Hugging Face", "vit", "huggingface-vit"], ["timm", "vit-timm", "timm-vit"]])("ViT with the names of %s", (_, file, names) => {
  test("gives the same hidden states", async () => {
    const { inputs, outputs } = fixture("vit");
    const hidden = await computed(example("vit", vitSize, `${file}.safetensors`, names), inputs, ["encoder"]);
    expectClose("hidden", hidden.get("encoder"), outputs["hidden"]!, tolerance);
  });
});

test("BERT, with padding and two kinds of segments, gives the same hidden and pooled states", async () => {
  const { inputs, outputs } = fixture("bert");
  const compiled = example("bert", "vocabulary: 30, dim: 24, depth: 2, heads: 3, hidden: 40, window: 8, positions: 12", "bert.safetensors");
  const found = await computed(compiled, inputs, ["encoder", "pooled"]);
  const length = inputs["length"]!.data;
  const hidden = found.get("encoder")!;
  const [tokens, features] = [8, 24];
  expect(hidden.shape).toEqual([2, tokens, features]);
  const isReal = (index: number) => Math.floor(index / features) % tokens < length[Math.floor(index / (features * tokens))]!;
  expectClose("hidden", hidden, outputs["hidden"]!, tolerance, isReal);
  const pooled = found.get("pooled")!;
  expectClose("pooled", { ...pooled, data: Float64Array.from(pooled.data, Math.tanh) }, outputs["pooled"]!, tolerance);
});

test("names that a file has not are told, with some that it has", async () => {
  const compiled = example("vit", vitSize, "bert.safetensors");
  await expect(computed(compiled, {}, [])).rejects.toThrow(/bert\.safetensors: there is no tensor "embeddings\.patch_embeddings\.projection\.weight" in it, with which patches\.weight begins; it has "embeddings\.LayerNorm\.bias", /);
});

test("a model of another size is told with both shapes", async () => {
  const compiled = example("vit", vitSize.replace("hidden: 40", "hidden: 44"), "vit.safetensors");
  await expect(computed(compiled, {}, [])).rejects.toThrow('tensor "encoder.layer.0.intermediate.dense.weight" has shape [40, 24], and encoder.0.mlp.w_in[feature: 24, hidden: 44] takes [hidden: 44, feature: 24]');
});
