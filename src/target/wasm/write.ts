/** Writes a trainer that computes on the CPU, by WebAssembly, for Node. */

import type { Program } from "../../ir/program.js";
import type { Manifest } from "../../runtime/trainer.js";
import { readable } from "../readable.js";
import type { Page } from "../readme.js";
import { type TargetTrainer, writeFolder } from "../write.js";
import { assemble } from "./assemble.js";
import { type EmittedWasm, emitKernels, kernelsFor } from "./emit.js";

const page: Page = {
  device: `It computes on the CPU, in WebAssembly, on as many threads as the machine runs at a time; \`--threads\` asks for another number, which
changes no result. Where Node has relaxed SIMD, a multiplication and an addition are one instruction, rounded once.`,
  files: `- \`kernels.wat\` holds the kernels as text, and \`kernels.wasm\` and \`kernels-relaxed.wasm\` the same for machines, without and with relaxed
  SIMD. \`plan.json\` says where every tensor lies, and which kernels run in which order.`,
};

/** A program's kernels for engines without and with relaxed SIMD; their plan is the same. */
export interface Kernels extends EmittedWasm {
  readonly relaxedText: string;
}

/** The kernels of a verified program. @throws IrError as `emitWasm` does. */
export function kernelsOf(program: Program): Kernels {
  const kernels = kernelsFor(program);
  return { ...emitKernels(kernels, { isRelaxed: false }), relaxedText: emitKernels(kernels, { isRelaxed: true }).text };
}

/** Writes a trainer into `folder`, as `writeFolder` does and says. */
export function writeTrainer(kernels: Kernels, manifest: Manifest, folder: string, compiled?: string): Promise<void> {
  const make = async (): Promise<TargetTrainer> => ({ target: "wasm", files: await kernelFiles(kernels), dependencies: [], page });
  return writeFolder(manifest, folder, make, compiled);
}

/** The plan and the kernels, by the names of their files. */
async function kernelFiles({ plan, text, relaxedText }: Kernels): Promise<ReadonlyMap<string, string | Uint8Array>> {
  return new Map<string, string | Uint8Array>([
    ["plan.json", `${readable(plan)}\n`],
    ["kernels.wat", text],
    ["kernels.wasm", await assemble(text)],
    ["kernels-relaxed.wasm", await assemble(relaxedText)],
  ]);
}
