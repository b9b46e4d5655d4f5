/** The stages of compilation as text, for `norm build --emit`. */

import type { Compiled } from "../compiler/compile.js";
import { printType } from "../ir/types.js";
import { formatBytes, formatCount } from "../runtime/format.js";

/** What the spec resolves to: sites by group, parameters, states. Repeated lines tell where they differ. */
export function modelText({ recipe, program, training }: Compiled): string {
  const lines = [`recipe ${recipe.name} of ${recipe.model.definition.name.name}`, `  batch ${recipe.batch}, seed ${recipe.seed}`, "", "sites"];
  for (const site of training.sites) {
    lines.push(`  ${site.path}: ${site.parts.map((part) => `${part.groups.join("+")} ${part.policy}`).join(", ")}`);
  }
  lines.push("", "inputs", ...program.inputs.map((input) => `  ${input.name} : ${printType(input.type)}`));
  lines.push("", "parameters", ...program.parameters.map((slot) => `  ${slot.name} : ${printType(slot.type)} ${slot.role}`));
  lines.push("", "states", ...program.states.filter((slot) => slot.owner === "model").map((slot) => `  ${slot.name} : ${printType(slot.type)}`));
  return `${lines.join("\n")}\n`;
}

/** Parameters, states, operations and bytes. */
export function costText({ cost }: Compiled): string {
  const { parameters, states } = cost;
  const lines = [
    `parameters  ${parameters.total} (weight ${parameters.weight}, bias ${parameters.bias}, norm ${parameters.norm}, embedding ${parameters.embedding})`,
    `states      ${states.total} (model ${states.model}, optimizer ${states.optimizer})`,
  ];
  for (const [name, entry] of cost.entries) {
    lines.push(
      `${name.padEnd(11)} ${entry.operations} operations, ${formatCount(entry.flops.total)} FLOP, peak ${formatBytes(entry.bytesPeak)}, ` +
        `${formatBytes(entry.bytesUnfused)} moved unfused, at least ${formatBytes(entry.bytesLeast)}`,
    );
  }
  return `${lines.join("\n")}\n`;
}
