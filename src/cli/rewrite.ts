/** `norm rewrite`: another form of a model that computes the same, and the weights that it needs. */

import { resolve } from "node:path";
import { FormatError } from "../runtime/errors.js";
import { type Safetensors, type StoredTensor, readSafetensors, writeSafetensors } from "../runtime/safetensors.js";
import { shapeOf } from "../runtime/weights.js";
import type { Compiled } from "../compiler/compile.js";
import { type Recentred, centred, recentre } from "../transform/recentre.js";
import { compileRecipe } from "./build.js";
import { ProblemsFound, UsageError } from "./exit.js";
import { rewriteText } from "./rewrite-text.js";

export interface RewriteOptions {
  readonly to: "pre-rms";
  readonly weights?: string;
  readonly out?: string;
}

/**
 * Prints what can be rewritten, what cannot and why, and how the spec changes; with weights, writes those of the new form.
 * @throws ProblemsFound when nothing can be rewritten; RunError when the weights cannot be read, do not fit or cannot be written.
 */
export async function rewrite(spec: string, { weights, out }: RewriteOptions): Promise<void> {
  if ((weights === undefined) !== (out === undefined)) throw new UsageError("give `--weights FILE`, the weights of the spec, and `--out FILE`, where those of the new form go, together");
  if (weights !== undefined && resolve(weights) === resolve(out!)) throw new UsageError("`--out` would write over `--weights`: the spec as it is needs them");
  const compiled = compileRecipe(spec);
  const result = recentre(compiled.program, "evaluate");
  process.stdout.write(rewriteText(compiled, result));
  if (result.streams.every(({ reasons }) => reasons.length > 0)) throw new ProblemsFound();
  if (weights === undefined) return;
  await writeSafetensors(out!, centredWeights(compiled, result, readSafetensors(weights), weights));
  process.stderr.write(`${out}: the weights of the new form; ${new Set(result.parameters.map(({ slot }) => slot)).size} parameters were centred\n`);
}

/** A file's weights with the parameters centred. @throws FormatError when they are not those of the spec. */
function centredWeights({ manifest, program }: Compiled, { parameters }: Recentred, { tensors, metadata }: Safetensors, file: string): Safetensors {
  const specs = [...manifest.parameters, ...manifest.states.filter(({ owner }) => owner === "model")];
  for (const name of tensors.keys()) if (!specs.some((own) => own.name === name)) throw new FormatError(file, `it holds ${name}, which the spec does not have`);
  const result = new Map<string, StoredTensor>();
  for (const spec of specs) {
    const tensor = tensors.get(spec.name);
    if (tensor === undefined) throw new FormatError(file, `it lacks ${spec.name}, which the spec has`);
    if (tensor.type !== spec.type || String(tensor.shape) !== String(shapeOf(spec))) {
      throw new FormatError(file, `${spec.name} is ${tensor.type} of shape [${tensor.shape.join(", ")}], and in the spec ${spec.type} of shape [${shapeOf(spec).join(", ")}]`);
    }
    result.set(spec.name, tensor);
  }
  for (const { slot, axes } of parameters) {
    const tensor = result.get(slot)!;
    const { type } = program.parameters.find(({ name }) => name === slot)!;
    result.set(slot, { ...tensor, data: centred(tensor.data as Float32Array, type, axes) });
  }
  return { tensors: result, metadata: new Map([...metadata, ["rewritten", "pre-rms"]]) };
}
