/** How many kernels a training step takes on a WebGPU device that can do what every one can. */

import type { Program } from "../../ir/program.js";
import { IrError } from "../../ir/types.js";
import { structureOf } from "../../kernel/alike.js";
import { portable } from "../../kernel/device.js";
import { lower } from "../../kernel/lower.js";
import type { Dispatch } from "../../kernel/program.js";

export type Kernels =
  /** Dispatches are distinct where they differ in more than their tensors. */
  | { readonly dispatches: number; readonly distinct: number }
  /** Why the device cannot run the program. */
  | { readonly unavailable: string };

export function kernelsOf(program: Program): Kernels {
  try {
    const { dispatches, updates } = lower(program, portable, ["step"]).entries.get("step")!;
    // Updates run twice: once to see that every value is finite, and once to keep them.
    return { dispatches: dispatches.length + 2 * updates.length, distinct: new Set([...dispatches, ...updates].map(structure)).size };
  } catch (error) {
    if (!(error instanceof IrError)) throw error;
    return { unavailable: error.message };
  }
}

function structure({ pieces, threads, turns }: Dispatch): string {
  return JSON.stringify([threads, turns, pieces.map(({ part, schedule, groups }) => [structureOf(part).key, schedule, groups])]);
}
