/** `norm diff --weights`: what of one model's weights another can use, as far as the verdict says and no further. */

import { resolve } from "node:path";
import type { Comparison } from "../compare/diff/comparison.js";
import type { Pairing } from "../compare/diff/pairing.js";
import { weightLists } from "../compare/diff/render/weight-lists.js";
import type { Verdict } from "../compare/diff/verdict.js";
import type { Compiled } from "../compiler/compile.js";
import { FormatError } from "../runtime/errors.js";
import { type Safetensors, type StoredTensor, readSafetensors, writeSafetensors } from "../runtime/safetensors.js";
import type { NamedTensors, TensorSpec } from "../runtime/trainer.js";
import { shapeOf, weightsOf } from "../runtime/weights.js";
import { UsageError } from "./exit.js";

/**
 * Writes weights of the second spec to `out`: those of the file `weights`, which are the first one's, that load; the others as
 * the second spec draws them before its first step. Says what it took from where.
 * @throws UsageError when there are several pairs, or `out` is `weights`; RunError when weights cannot be read, are not those of
 * the first spec, or cannot be written.
 */
export async function loadInto({ pairs }: Pairing, { diffs }: Comparison, weights: string, out: string): Promise<void> {
  if (pairs.length !== 1) throw new UsageError(`\`--weights\` are those of one recipe: name it, as in \`${pairs[0]!.before.name}\``);
  if (resolve(weights) === resolve(out)) throw new UsageError("`--out` would write over `--weights`: the first spec needs them");
  const [{ before, after }] = pairs as [Pairing["pairs"][number]];
  const { verdict } = diffs[0]!;
  const given = checked(before.compiled, readSafetensors(weights), weights);
  const made = verdict.fresh.length === 0 ? undefined : await firstValues(after.compiled);
  await writeSafetensors(out, joined(after.compiled, verdict, given, made));
  process.stderr.write(`${summary(verdict, after.compiled, weights, out)}\n`);
}

/** What a spec's weights are: parameters, and the model's own states. */
function specsOf({ manifest }: Compiled): TensorSpec[] {
  return [...manifest.parameters, ...manifest.states.filter(({ owner }) => owner === "model")];
}

/** The tensors of a file, which are those of the recipe. @throws FormatError when one is missing, of another shape, or not known. */
function checked(compiled: Compiled, { tensors }: Safetensors, file: string): ReadonlyMap<string, StoredTensor> {
  const specs = specsOf(compiled);
  // A checkpoint also holds what the optimizer keeps.
  const known = new Set([...specs, ...compiled.manifest.states].map(({ name }) => name));
  for (const name of tensors.keys()) if (!known.has(name)) throw new FormatError(file, `it holds ${name}, which the first spec does not have`);
  for (const spec of specs) {
    const tensor = tensors.get(spec.name);
    if (tensor === undefined) throw new FormatError(file, `it lacks ${spec.name}, which the first spec has`);
    if (tensor.type !== spec.type || String(tensor.shape) !== String(shapeOf(spec))) {
      throw new FormatError(file, `${spec.name} is ${tensor.type} of shape [${tensor.shape.join(", ")}], and in the first spec ${spec.type} of shape [${shapeOf(spec).join(", ")}]`);
    }
  }
  return tensors;
}

/** What training draws before its first step, on the CPU. @throws RunError when the model does not fit. */
async function firstValues(compiled: Compiled): Promise<NamedTensors> {
  const { createEngine } = await import("../runtime/wasm/engine.js");
  const { compileWasm } = await import("./wasm.js");
  const engine = await createEngine(await compileWasm(compiled, 1, false), 1);
  try {
    await engine.initialise();
    return await engine.read();
  } finally {
    engine.dispose();
  }
}

function joined(compiled: Compiled, verdict: Verdict, given: ReadonlyMap<string, StoredTensor>, made: NamedTensors | undefined): Safetensors {
  const sources = new Map(verdict.loads.map(({ before, after }) => [after, given.get(before)!.data]));
  const values = new Map(specsOf(compiled).map((spec) => [spec.name, sources.get(spec.name) ?? made!.get(spec.name)!]));
  const { manifest } = compiled;
  // An average begins where its parameter does.
  for (const { name, average } of manifest.parameters) if (average !== undefined) values.set(average, values.get(name)!);
  const { tensors, metadata } = weightsOf(manifest, 0, values);
  return { tensors, metadata: new Map([...metadata, ["loaded", `${verdict.loads.length} of ${tensors.size}`]]) };
}

function summary(verdict: Verdict, compiled: Compiled, weights: string, out: string): string {
  const { loads, fresh } = verdict;
  const lists = weightLists(verdict).map(({ title, items }) => [`  ${title}:`, ...items.map(({ name }) => `    ${name}`)].join("\n"));
  const begins = compiled.manifest.start === undefined ? "" : "; what the recipe begins with by `from` is not in it";
  return [`${out}: ${loads.length} of ${loads.length + fresh.length} weight tensors are from ${weights}${fresh.length === 0 ? "" : `; ${fresh.length} are new, as seed ${compiled.manifest.seed} draws them`}${begins}`, ...lists].join("\n");
}
