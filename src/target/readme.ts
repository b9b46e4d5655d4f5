/** The page that comes with a written trainer. */

import { formatBytes, formatCount } from "../runtime/format.js";
import type { Manifest, TensorSpec } from "../runtime/trainer.js";

/** What targets say differently. */
export interface Page {
  /** A paragraph on what the trainer computes on. */
  readonly device: string;
  /** What the target's own files are, as a list. */
  readonly files: string;
}

export function readme(manifest: Manifest, { device, files }: Page): string {
  const { name, spec, inputs, cost, seed, batch, data } = manifest;
  const extent = manifest.steps === undefined ? `${manifest.epochs} epochs` : `${manifest.steps} steps`;
  return `# ${name}

A trainer, compiled by Norm from \`${spec}\`. It runs without the compiler.

- ${formatCount(cost.parameters)} parameters, ${formatCount(cost.flopsPerStep)} floating-point operations for a training step
- ${formatBytes(cost.peakBytes)} of memory at the predicted peak
- ${extent} of batches of ${batch} examples, seed ${seed}

| input | type | axes |
| --- | --- | --- |
${inputs.map(inputRow).join("\n")}

## Running

\`\`\`sh
npm install
node train.js --data FOLDER
\`\`\`

The data is read by the loader \`${data.loader}\` from the folder given by \`--data\`. The run's folder, \`runs/${name}\` or what \`--out\`
says, gets \`checkpoint.safetensors\`, \`metrics.jsonl\` and at the end \`weights.safetensors\`, whose tensors are named by
their place in the model. \`node train.js --help\` lists the options. A run that was stopped goes on with \`--resume\`.

${beginning(manifest)}${device}

## Reading

${files}
- \`manifest.json\` lists parameters, states, inputs and the recipe.
- \`runtime/\` feeds the program with batches, keeps checkpoints and reports; it is the same for every trainer.
`;
}

/** What the run begins with, a paragraph. */
function beginning({ start = [] }: Manifest): string {
  const lines = start.map(({ source, slots }) => {
    const what = `${slots.length} parameters and states`;
    return source.kind === "file"
      ? `- ${what} begin with the values of \`${source.path}\`, below a folder given by \`--data\`.`
      : `- ${what} begin with those of the stage \`${source.name}\`: of its finished run beside the run's folder, such as \`runs/${source.name}\`,\n  or of the run or the file of weights that \`--from ${source.name}=PATH\` names.`;
  });
  return lines.length === 0 ? "" : `${lines.join("\n")}\n\n`;
}

function inputRow({ name, type, axes, below }: TensorSpec & { readonly below?: number }): string {
  const values = below === undefined ? type : `${type}, 0 to ${below - 1}`;
  return `| ${name} | ${values} | ${axes.map((axis) => `${axis.name} ${axis.extent}`).join(" × ")} |`;
}
