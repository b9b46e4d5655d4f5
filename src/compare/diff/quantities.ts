/** What a model costs, before and after. */

import type { Compiled } from "../../compiler/compile.js";

export interface Quantity {
  readonly name: string;
  /** `bytes` and `FLOP` are printed with prefixes; the others are counts. */
  readonly unit: "" | "bytes" | "FLOP";
  readonly before: number;
  readonly after: number;
}

/** Every quantity, whether it differs or not, in the order in which they are read. One step is a training step with the recipe's batch. */
export function quantities(before: Compiled, after: Compiled): Quantity[] {
  const [old, now] = [measured(before), measured(after)];
  return old.map(({ name, unit, value }, i) => ({ name, unit, before: value, after: now[i]!.value }));
}

function measured({ cost }: Compiled): readonly { readonly name: string; readonly unit: Quantity["unit"]; readonly value: number }[] {
  const step = cost.entries.get("step")!;
  const count = (name: string, value: number) => ({ name, unit: "" as const, value });
  const bytes = (name: string, value: number) => ({ name, unit: "bytes" as const, value });
  const flops = (name: string, value: number) => ({ name, unit: "FLOP" as const, value });
  return [
    count("parameters", cost.parameters.total),
    count("parameters of norms", cost.parameters.norm),
    count("state of the model", cost.states.model),
    count("state of the optimizer", cost.states.optimizer),
    flops("forward pass of a step", step.flops.forward),
    flops("backward pass of a step", step.flops.backward),
    flops("update of a step", step.flops.update),
    bytes("activations kept for the backward pass", step.bytesActivations),
    bytes("peak memory of a step", step.bytesPeak),
    bytes("bytes that a step must move", step.bytesLeast),
    count("operations of a step", step.operations),
  ];
}
