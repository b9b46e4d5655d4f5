/** The kernels of a training step on a device that can do what every GPU can, before and after. */

import type { Program } from "../../ir/program.js";
import { portable } from "../../kernel/device.js";
import { lower } from "../../kernel/lower.js";
import { printKernels } from "../../kernel/print.js";
import type { Quantity } from "./quantities.js";
import { type Held, multisetChanges, multisetText } from "./multiset.js";

/** What a training step takes. */
export interface Kernels {
  readonly dispatches: number;
  /** Dispatches that differ in more than in the tensors that they work on. */
  readonly distinct: number;
  readonly arenaBytes: number;
  /** The work of each dispatch. */
  readonly pieces: readonly Held[];
}

/** @throws IrError when the device cannot run the program. */
function kernelsOf(program: Program): Kernels {
  const lowered = lower(program, portable, ["step"]);
  const { dispatches, updates, arenaBytes } = lowered.entries.get("step")!;
  const texts = printKernels(lowered).split(/^ {4}(?=(?:dispatch|update) \d+: )/m).slice(1);
  return {
    dispatches: dispatches.length + updates.length,
    distinct: new Set(texts.map((text) => anonymous(text.replace(/^\w+ \d+: /, "").replace(/ @\S+/g, "")))).size,
    arenaBytes,
    pieces: texts.flatMap(piecesIn),
  };
}

/** The pieces of a printed dispatch: a line for each, with its body indented behind it. */
function piecesIn(dispatch: string): Held[] {
  return dispatch.split(/^ {6}(?! )/m).slice(1).map((piece) => {
    const [head, ...body] = piece.trimEnd().split("\n") as [string, ...string[]];
    const [, work, place = "", phase] = /^(.*?)(?: @(\S+))? (forward|backward|update)$/.exec(head) as unknown as [string, string, string | undefined, string];
    const computes = anonymous(body.join("\n"));
    return { place, phase, signature: `${work}: ${operationsOf(computes)}` };
  });
}

/** With numbers in the place of tensors and their addresses, in the order in which they are met. */
function anonymous(text: string): string {
  const numbers = new Map<string, string>();
  return text.replace(/[A-Za-z_][\w.+]*(?:@\d+)?(?=\[)/g, (name) => {
    if (!numbers.has(name)) numbers.set(name, `#${numbers.size}`);
    return numbers.get(name)!;
  });
}

/** What a kernel does, without its coordinates: `sum, 3 mul, add`. */
function operationsOf(body: string): string {
  const counts = new Map<string, number>();
  for (const [name] of body.matchAll(/\b[a-z_]+(?=\()/g)) counts.set(name, (counts.get(name) ?? 0) + 1);
  return counts.size === 0 ? "copies" : [...counts].map(([name, count]) => (count > 1 ? `${count} ${name}` : name)).join(", ");
}

export type KernelPair = { readonly before: Kernels; readonly after: Kernels };

/** @throws IrError when the device cannot run one of the programs. */
export function kernelPair(before: Program, after: Program): KernelPair {
  return { before: kernelsOf(before), after: kernelsOf(after) };
}

/** The same as quantities, to stand among the others; none where the device cannot run one of the programs. */
export function kernelQuantities({ before, after }: KernelPair): Quantity[] {
  return [
    { name: "kernels launched in a step", unit: "", before: before.dispatches, after: after.dispatches },
    { name: "different kernels among them", unit: "", before: before.distinct, after: after.distinct },
    { name: "memory between kernels", unit: "bytes", before: before.arenaBytes, after: after.arenaBytes },
  ];
}

/** The kernels that only one of the programs has, part by part, as lines of text. */
export function kernelsText({ before, after }: KernelPair): string[] {
  return multisetText(`work of the kernels of a training step: ${before.pieces.length} → ${after.pieces.length} pieces`, "piece", multisetChanges(before.pieces, after.pieces));
}
