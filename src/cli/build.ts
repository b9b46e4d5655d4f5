/** `norm build`: a stage of compilation as text, or a trainer as a folder. */

import { chooseRecipe, type Compiled } from "../compiler/compile.js";
import { printProgram } from "../ir/print.js";
import { portable } from "../kernel/device.js";
import { stageNames } from "../runtime/imports/places.js";
import { parse } from "../syntax/parse.js";
import { SourceFile } from "../diagnostics/source.js";
import { costText, modelText } from "./emit.js";
import { UsageError } from "./exit.js";
import { showDiagnostics } from "./report.js";
import { compileFile, dataFolders, parseSpecName, readText } from "./spec.js";
import { withFingerprints } from "./stages.js";
import type { Target } from "./targets.js";

export interface BuildOptions {
  readonly emit?: "tree" | "model" | "ir" | "step" | "kernels" | "cost";
  /** Without it: wasm, and kernels in the form that all targets have in common. */
  readonly target?: Target;
  readonly out?: string;
  /** A page for browsers in place of a trainer for Node; it holds what webgpu and wasm make. */
  readonly web?: boolean;
  readonly data?: readonly string[];
}

export async function build(spec: string, options: BuildOptions): Promise<void> {
  if ((options.emit === undefined) === (options.out === undefined)) {
    throw new UsageError("give either `--emit STAGE`, to print a stage, or `--out DIR`, to write a trainer");
  }
  if (options.web === true && (options.out === undefined || options.target !== undefined)) {
    throw new UsageError("`--web` writes a page, which trains on GPU and CPU alike: give `--out DIR` with it, and no `--target`");
  }
  if (options.data !== undefined && options.web !== true) throw new UsageError("`--data` is for `--web`: a trainer finds its data when it runs");
  if (options.emit === "tree") return printTree(parseSpecName(spec).file);
  const compiled = withFingerprints(compileRecipe(spec));
  if (options.out !== undefined) {
    process.stderr.write(`${options.out}: ${await writeTrainer(spec, compiled, options.out, options)}\n`);
    return;
  }
  process.stdout.write(await stageText(compiled, options.emit!, options.target));
}

/** Writes a trainer, and gives what to do with it. */
async function writeTrainer(spec: string, compiled: Compiled, folder: string, { target = "wasm", web, data }: BuildOptions): Promise<string> {
  if (web === true) {
    if (compiled.manifest.start !== undefined) {
      throw new UsageError(`${compiled.manifest.name} begins with weights (\`from\`), which a page does not have: build a trainer for Node, without \`--web\``);
    }
    await writePage(compiled, folder, dataFolders(spec, data));
    return `serve it with any web server, such as \`npx serve ${folder}\``;
  }
  const [stage] = stageNames(compiled.manifest);
  const inNode = `run it with \`node ${folder}/train.js --data FOLDER${stage === undefined ? "" : ` --from ${stage}=RUN`}\``;
  if (target === "tfjs") {
    const { writeTrainer: write } = await import("../target/tfjs/write.js");
    const { tfjsManifest } = await import("../target/tfjs/manifest.js");
    await write(compiled.program, tfjsManifest(compiled.program, compiled.manifest), folder);
    return inNode;
  }
  if (target === "wasm") {
    await (await import("./wasm.js")).writeWasm(compiled, folder);
    return inNode;
  }
  const { compileWebgpu } = await import("./webgpu.js");
  // For what every WebGPU device can do: the folder may be run elsewhere.
  const { plan, manifest } = compileWebgpu(compiled, portable);
  const { writeTrainer: write } = await import("../target/webgpu/write.js");
  await write(plan, manifest, folder);
  return inNode;
}

async function writePage(compiled: Compiled, folder: string, data: readonly string[]): Promise<void> {
  const { compileWebgpu } = await import("./webgpu.js");
  const { compileWasmForBoth } = await import("./wasm.js");
  const { usualThreads } = await import("../runtime/wasm/pool.js");
  const { writeWebTrainer } = await import("../target/web/write.js");
  const webgpu = compileWebgpu(compiled, portable);
  await writeWebTrainer({ webgpu, ...(await compileWasmForBoth(compiled, usualThreads)) }, folder, data);
}

async function stageText(compiled: Compiled, stage: "model" | "ir" | "step" | "kernels" | "cost", target: Target | undefined): Promise<string> {
  switch (stage) {
    case "model":
      return modelText(compiled);
    case "ir":
      return printProgram(compiled.program, ["initialise", "forward", "evaluate"]);
    case "step":
      return printProgram(compiled.program, ["step"]);
    case "kernels":
      return target === "wasm" ? (await import("./wasm.js")).wasmText(compiled) : (await import("./webgpu.js")).kernelsText(compiled);
    case "cost":
      return costText(compiled);
  }
}

/** The recipe that the spec's name means. @throws ProblemsFound when there are mistakes. */
export function compileRecipe(spec: string): Compiled {
  const name = parseSpecName(spec);
  const compilation = compileFile(name);
  showDiagnostics(compilation.diagnostics, "text");
  const chosen = chooseRecipe(compilation, name.recipe);
  if ("recipe" in chosen) return chosen;
  showDiagnostics([chosen], "text");
  throw new UsageError(chosen.message);
}

function printTree(file: string): void {
  const { file: tree, diagnostics } = parse(new SourceFile(file, readText(file)));
  process.stdout.write(`${JSON.stringify(tree, null, 2)}\n`);
  showDiagnostics(diagnostics, "text");
}
