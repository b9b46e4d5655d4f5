// The step by Norm's own compiler, on any engine of it.
import { compile } from "../dist/compiler/compile.js";
import { fileHost } from "../dist/compiler/host.js";
import { firstBatch, firstParameters, specText } from "./model.mjs";

/**
 * Opens a trainer. `step(index)` runs one step, uploads its batch and returns its loss.
 * @param openEngine from a program and its manifest to an engine.
 */
export async function openNorm({ model, batch }, openEngine) {
  const { diagnostics, recipes } = compile("bench.norm", specText(model, batch), fileHost("."));
  const compiled = recipes.get("bench");
  if (compiled === undefined) throw new Error(diagnostics.map(({ message }) => message).join("\n"));
  const { program, manifest } = compiled;
  const engine = await openEngine(program, manifest);
  const states = manifest.states.map(({ name, axes }) => [name, new Float32Array(axes.reduce((product, { extent }) => product * extent, 1))]);
  await engine.write(new Map([...firstParameters(model), ...states]));
  const inputs = new Map(Object.entries(firstBatch(model, batch)));

  return {
    async step(index) {
      // The schedule is constant, so any number of steps in all gives the same rate.
      const { finite, loss } = await engine.step({ inputs, valid: batch }, index, 1000);
      if (!finite) throw new Error(`step ${index} is not finite`);
      return loss;
    },
  };
}
