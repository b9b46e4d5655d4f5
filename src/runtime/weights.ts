/** What a file of weights holds. */

import type { Safetensors, StoredTensor } from "./safetensors-bytes.js";
import type { Manifest, NamedTensors, TensorSpec } from "./trainer.js";

/** Of weights and of checkpoints. */
export const formatVersion = "1";

/** The parameters, as evaluation reads them, and the model's own states after `step` training steps, out of all values of an engine. */
export function weightsOf(manifest: Manifest, step: number, values: NamedTensors): Safetensors {
  const specs = [...manifest.parameters, ...manifest.states.filter(({ owner }) => owner === "model")];
  const metadata = new Map([
    ["format", "norm weights"],
    ["version", formatVersion],
    ["spec", manifest.spec],
    ["seed", String(manifest.seed)],
    ["step", String(step)],
  ]);
  const tensors = select(specs, values);
  for (const spec of manifest.parameters) {
    if (spec.average !== undefined) tensors.set(spec.name, { ...tensors.get(spec.name)!, data: values.get(spec.average)! });
  }
  return { tensors, metadata };
}

/** The values of these tensors, with their shapes. */
export function select(specs: readonly TensorSpec[], values: NamedTensors): Map<string, StoredTensor> {
  return new Map(
    specs.map((spec) => {
      const data = values.get(spec.name);
      if (!data) throw new Error(`the engine has no value for ${spec.name}`);
      return [spec.name, { type: spec.type, shape: shapeOf(spec), data }];
    }),
  );
}

export function shapeOf(spec: TensorSpec): number[] {
  return spec.axes.map(({ extent }) => extent);
}
