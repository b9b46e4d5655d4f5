/** Writes a trainer that computes by TensorFlow.js. */

import type { Program } from "../../ir/program.js";
import type { Manifest } from "../../runtime/trainer.js";
import type { Page } from "../readme.js";
import { type TargetTrainer, writeFolder } from "../write.js";
import { emitTfjs } from "./emit.js";

const page: Page = {
  device: `The device is the first of tfjs-node-gpu, tfjs-node, wasm and cpu that loads; \`--device\` chooses another one. TensorFlow's own
library is several times faster than wasm: \`npm install @tensorflow/tfjs-node\`.`,
  files: `- \`program.js\` is the model: the training step with its backward pass and its optimizer, in TensorFlow.js calls. What repeats,
  such as the layers of an encoder, is one function.`,
};

/** Writes the trainer of a program into `folder`, as `writeFolder` does and says. */
export function writeTrainer(program: Program, manifest: Manifest, folder: string, compiled?: string): Promise<void> {
  const make = async (): Promise<TargetTrainer> => ({
    target: "tfjs",
    files: new Map([["program.js", await emitTfjs(program, manifest)]]),
    dependencies: ["@tensorflow/tfjs-core", "@tensorflow/tfjs-backend-cpu", "@tensorflow/tfjs-backend-wasm"],
    page,
  });
  return writeFolder(manifest, folder, make, compiled);
}
