/** Compiling a recipe to WebAssembly. */

import type { Compiled } from "../compiler/compile.js";
import { IrError } from "../ir/types.js";
import { printKernels } from "../kernel/print.js";
import { RunError } from "../runtime/errors.js";
import type { Trainer } from "../runtime/wasm/engine.js";
import { assemble } from "../target/wasm/assemble.js";
import { emitKernels, emitWasm, kernelsFor } from "../target/wasm/emit.js";
import { wasmManifest } from "../target/wasm/manifest.js";
import { kernelsOf, writeTrainer } from "../target/wasm/write.js";

/** A trainer for this machine. @throws RunError when the model does not fit. */
export async function compileWasm({ program, manifest }: Compiled, threads: number, usesRelaxed: boolean): Promise<Trainer> {
  return checked(manifest.name, async () => {
    const { plan, text } = emitWasm(program, { isRelaxed: usesRelaxed });
    return { plan, module: await assemble(text), manifest: wasmManifest(plan, manifest, threads), usesRelaxed };
  });
}

/** Trainers for engines without and with relaxed SIMD. @throws RunError when the model does not fit. */
export async function compileWasmForBoth({ program, manifest }: Compiled, threads: number): Promise<{ readonly wasm: Trainer; readonly relaxed: Trainer }> {
  return checked(manifest.name, async () => {
    const { plan, text, relaxedText } = kernelsOf(program);
    const own = { plan, manifest: wasmManifest(plan, manifest, threads) };
    return {
      wasm: { ...own, module: await assemble(text), usesRelaxed: false },
      relaxed: { ...own, module: await assemble(relaxedText), usesRelaxed: true },
    };
  });
}

/** Writes a trainer for any machine. @throws RunError when the model does not fit, and what `writeFolder` throws. */
export async function writeWasm({ program, manifest }: Compiled, folder: string): Promise<void> {
  return checked(manifest.name, async () => {
    const kernels = kernelsOf(program);
    await writeTrainer(kernels, wasmManifest(kernels.plan, manifest, 1), folder);
  });
}

/** The module as text; before it, as comments, what its kernels compute. @throws RunError when the model does not fit. */
export async function wasmText({ program, manifest }: Compiled): Promise<string> {
  return checked(manifest.name, async () => {
    const kernels = kernelsFor(program);
    const explained = printKernels(kernels).trimEnd().split("\n");
    return [...explained.map((line) => `;; ${line}`.trimEnd()), emitKernels(kernels, { isRelaxed: true }).text].join("\n");
  });
}

async function checked<T>(name: string, compile: () => Promise<T>): Promise<T> {
  try {
    return await compile();
  } catch (error) {
    if (!(error instanceof IrError)) throw error;
    throw new RunError(`${name} cannot be computed by WebAssembly: ${error.message}. Take a smaller batch or model, or another target`, { cause: error });
  }
}
