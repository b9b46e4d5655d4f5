/**
 * Every example is a spec that compiles without a word, is in the canonical format, and trains: a few steps on TensorFlow.js,
 * by the code of `norm train`, whose losses are those of the reference interpreter.
 */

import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { gunzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Compiled, compile } from "../../src/compiler/compile.js";
import { fileHost } from "../../src/compiler/host.js";
import { renderDiagnostic } from "../../src/diagnostics/render.js";
import { formatText } from "../../src/format/format.js";
import { interpret } from "../../src/ir/interpret.js";
import { makeBatches } from "../../src/runtime/batches.js";
import { openData } from "../../src/runtime/data/index.js";
import { keyOf, uniforms } from "../../src/random/threefry.js";
import { importProgram, runTrainer } from "../../src/runtime/tfjs/trainer.js";
import { emitTfjs } from "../../src/target/tfjs/emit.js";
import { tfjsManifest } from "../../src/target/tfjs/manifest.js";
import { writeArrays } from "../target/trainers.js";

const folder = fileURLToPath(new URL("../../examples/", import.meta.url));
const files = readdirSync(folder).filter((name) => name.endsWith(".norm"));
const read = (name: string) => readFileSync(join(folder, name), "utf8");

const mostLines = 60;
/** The examples' own batches would take the interpreter minutes; the models stay as they are. */
const batch = 4;
const steps = 3;
/** Those whose backward pass has something of its own are interpreted for all steps, the others for the first. */
const wholly = ["mnist-autoencoder.norm", "power-norm.norm", "registers.norm"];
const inSmallBatches = (text: string) => text.replace(/^( *batch) \d+$/m, `$1 ${batch}`);

function compiled(name: string, change: (text: string) => string = (text) => text) {
  const host = fileHost(folder);
  const readSpec = (path: string) => {
    const text = host.readSpec(path);
    return text === undefined ? undefined : change(text);
  };
  return compile(name, change(read(name)), { ...host, readSpec });
}

test("there are examples", () => expect(files.length).toBeGreaterThanOrEqual(10));

describe.each(files)("%s", (name) => {
  test("compiles, and the compiler has nothing to say", () => {
    const { diagnostics, recipes } = compiled(name);
    expect(diagnostics.map((found) => renderDiagnostic(found)).join("\n\n")).toBe("");
    expect(recipes.size).toBeGreaterThan(0);
  });

  test("is in the canonical format, short, and says what it shows", async () => {
    const text = read(name);
    expect(await formatText(text)).toBe(text);
    expect(text.trimEnd().split("\n").length).toBeLessThanOrEqual(mostLines);
    // mnist-sepnorm.norm says it at its stack.
    if (name !== "mnist-sepnorm.norm") expect(text.startsWith("// ")).toBe(true);
  });
});

describe("training", () => {
  // Studies are made of variants of the other examples.
  const recipes = files.filter((name) => !name.startsWith("study-")).flatMap((name) => [...compiled(name, inSmallBatches).recipes].map(([recipe, made]) => ({ name, recipe, made })));
  let data: string;
  beforeAll(async () => {
    data = mkdtempSync(join(tmpdir(), "norm-examples-"));
    writeDigits(join(data, "data", "digits"));
    await writeSentences(join(data, "data", "sentences"));
  });
  afterAll(() => rmSync(data, { recursive: true, force: true }));

  test.each(recipes)("$name#$recipe", { timeout: 60_000 }, async ({ name, recipe, made }) => {
    const { program } = made;
    // What a recipe begins with is another's weights, or a file that is not here: it begins with values of its own.
    // Measures are taken of more examples than there are here.
    const { start: _, measures: __, ...drawn } = made.manifest;
    const manifest = tfjsManifest(program, drawn);
    expect(manifest.batch).toBe(batch);
    const run = join(data, recipe);
    // The few digits first, then the texts as they are.
    const options = { folder: run, device: "wasm", data: [data, folder], steps, searchFrom: [folder], quiet: true } as const;
    const summary = await runTrainer({ manifest, module: await importProgram(await emitTfjs(program, manifest)) }, options);
    expect(summary.steps).toBe(steps);
    for (const value of Object.values(summary.measures)) expect(value).toEqual(expect.any(Number));

    const lines = readFileSync(join(run, "metrics.jsonl"), "utf8").trim().split("\n").map((line) => JSON.parse(line) as Record<string, unknown>);
    const losses = lines.filter((line) => "step" in line && "rate" in line).map((line) => line["loss"] as number);
    expect(losses).toHaveLength(steps);
    expect(losses.every((loss) => Number.isFinite(loss))).toBe(true);
    const expected = await interpretedLosses(made, [data, folder], wholly.includes(name) ? steps : 1);
    expected.forEach((loss, i) => expect(Math.abs(losses[i]! - loss), `step ${i}: ${losses[i]} and ${loss}`).toBeLessThan(1e-3 * Math.abs(loss)));
  });
});

/** The losses of a recipe's first steps, in float64. */
async function interpretedLosses({ program, manifest }: Compiled, folders: readonly string[], count: number): Promise<number[]> {
  const { seed, holdout } = manifest;
  const set = await openData(manifest.data, manifest.inputs, { folders, holdout, seed });
  const entry = (name: string) => program.entries.get(name)!;
  const slots = new Map(interpret(entry("initialise"), { slots: new Map(), inputs: new Map(), seed, step: 0 }).updates);
  const losses: number[] = [];
  for (const batch of makeBatches(set, manifest).training(0, 0)) {
    const step = losses.length;
    if (step === count) break;
    const given = [...batch.inputs].map(([name, values]): [string, Float64Array] => [name, Float64Array.from(values)]);
    const inputs = new Map([...given, ["step", Float64Array.of(step)], ["steps", Float64Array.of(steps)]]);
    // The last step's update is of no use to anybody, and its loss is that of the forward pass.
    const { results, updates } = interpret(entry(step + 1 < count ? "step" : "forward"), { slots, inputs, seed, step });
    losses.push(results.get("loss")!.data[0]!);
    for (const [name, values] of updates) slots.set(name, values);
  }
  return losses;
}

/** The first digits of the examples' data set, as plain IDX files: a header of 16 or 8 bytes, then one record each. */
function writeDigits(to: string): void {
  const from = join(folder, "data", "digits");
  mkdirSync(to, { recursive: true });
  for (const [part, count] of [["train", steps * batch], ["t10k", batch]] as const) {
    for (const [kind, header, record] of [["images-idx3-ubyte", 16, 28 * 28], ["labels-idx1-ubyte", 8, 1]] as const) {
      const whole = gunzipSync(readFileSync(join(from, `${part}-${kind}.gz`)));
      const few = Buffer.from(whole.subarray(0, header + count * record));
      few.writeUInt32BE(count, 4);
      writeFileSync(join(to, `${part}-${kind}`), few);
    }
  }
}

/** Random word pieces of two segments, for `huggingface-bert.norm`. */
async function writeSentences(to: string): Promise<void> {
  const [count, window] = [(steps + 1) * batch, 16];
  const whole = (stream: string, shape: readonly number[], below: number) => {
    const drawn = uniforms(keyOf(1, stream, 0), shape.reduce((product, extent) => product * extent, 1));
    return { shape, values: Int32Array.from(drawn, (value) => Math.floor(value * below)) };
  };
  const length = whole("length", [count], window);
  await writeArrays(to, {
    words: whole("words", [count, window], 128),
    types: whole("types", [count, window], 2),
    length: { ...length, values: length.values.map((value) => value + 1) },
    label: whole("label", [count], 2),
  });
}
