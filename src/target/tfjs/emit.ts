/** The target TensorFlow.js: a program becomes the text of a module, and the peak of its memory is predicted. */

import { format } from "prettier";
import { type Program, isMeasure } from "../../ir/program.js";
import { IrError } from "../../ir/types.js";
import type { Manifest } from "../../runtime/trainer.js";
import { Scope } from "./identifier.js";
import { lower } from "./lower.js";
import { heldBytes } from "./memory.js";
import { Origins } from "./origins.js";
import { commentText, printEntry } from "./print.js";
import { peakOf, schedule } from "./schedule.js";

const descriptions: ReadonlyMap<string, string> = new Map([
  ["initialise", "Draws the first value of every parameter and state."],
  ["forward", "The loss and the reports in training, for checks."],
  ["step", "One training step: forward, backward, and the next values of all parameters and states."],
  ["evaluate", "The loss and the reports on held-out examples."],
]);

/**
 * The text of `program.js`, an ES module formatted by Prettier. It exports `createProgram(tf, runtime)`, which gives a method
 * for each entry of the program, and `origins`, where the calls of the entry `step` come from. The program must be verified;
 * it should be simplified.
 * @throws IrError when an entry uses a `cotangent`, which differentiation was to replace.
 */
export async function emitTfjs(program: Program, manifest: Manifest): Promise<string> {
  const names = new Scope();
  const origins = new Origins();
  const functions: string[] = [];
  const methods: string[] = [];
  for (const entry of program.entries.values()) {
    const lowered = lower(program, entry);
    const text = printEntry(entry.name, schedule(lowered), lowered.results, names, entry.name === "step" ? origins : undefined);
    functions.push(...text.functions);
    const description = descriptions.get(entry.name) ?? (isMeasure(entry.name) ? "Tensors that measures are computed from." : commentText(entry.name));
    methods.push(`/** ${description} */\n${JSON.stringify(entry.name)}() {\n${text.body}\n},`);
  }
  const text = `
    // The trainer ${commentText(manifest.name)} of ${commentText(manifest.spec)}, compiled by Norm for TensorFlow.js.
    // \`slot\` reads a parameter or a state, \`update\` says what it will be after the step, and \`at\` says where in the
    // model the next calls stand. Every tensor is disposed after its last use, so that a step leaves nothing behind.

    /**
     * @param {typeof import("@tensorflow/tfjs-core")} tf
     * @param {import("./runtime/tfjs/program.js").ProgramRuntime} runtime
     */
    export function createProgram(tf, runtime) {
      const { at, input, slot, update } = runtime;

      ${functions.join("\n\n")}

      return {
        ${methods.join("\n\n")}
      };
    }

    /** For each section of a step, marked by \`at\`: its phase, and the operation and source of each call. */
    export const origins = ${origins.toString()};
  `;
  return format(text, { parser: "babel", printWidth: 100 });
}

/**
 * The most bytes that TensorFlow.js will hold during a training step: parameters and states with their next values, inputs
 * and what is alive between, as \`tf.memory().numBytes\` counts.
 * @throws IrError when the program has no entry `step`.
 */
export function predictPeak(program: Program): number {
  const entry = program.entries.get("step");
  if (entry === undefined) throw new IrError("the program has no entry `step`");
  return heldBytes(program) + peakOf(schedule(lower(program, entry)));
}
