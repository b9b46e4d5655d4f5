/** `norm build`: a stage of compilation as text, or a trainer as a folder. */

import { chooseRecipe, type Compiled } from "../compiler/compile.js";
import { printProgram } from "../ir/print.js";
import { parse } from "../syntax/parse.js";
import { SourceFile } from "../diagnostics/source.js";
import { costText, modelText } from "./emit.js";
import { UsageError } from "./exit.js";
import { showDiagnostics } from "./report.js";
import { compileFile, parseSpecName, readText } from "./spec.js";

export interface BuildOptions {
  readonly emit?: "tree" | "model" | "ir" | "step" | "cost";
  readonly target: "tfjs";
  readonly out?: string;
}

export async function build(spec: string, options: BuildOptions): Promise<void> {
  if ((options.emit === undefined) === (options.out === undefined)) {
    throw new UsageError("give either `--emit STAGE`, to print a stage, or `--out DIR`, to write a trainer");
  }
  if (options.emit === "tree") return printTree(parseSpecName(spec).file);
  const compiled = compileRecipe(spec);
  if (options.out !== undefined) {
    const { writeTrainer } = await import("../target/tfjs/write.js");
    const { tfjsManifest } = await import("../target/tfjs/manifest.js");
    await writeTrainer(compiled.program, tfjsManifest(compiled.program, compiled.manifest), options.out);
    process.stderr.write(`${options.out}: run it with \`node ${options.out}/train.js --data FOLDER\`\n`);
    return;
  }
  process.stdout.write(stageText(compiled, options.emit!));
}

function stageText(compiled: Compiled, stage: "model" | "ir" | "step" | "cost"): string {
  switch (stage) {
    case "model":
      return modelText(compiled);
    case "ir":
      return printProgram(compiled.program, ["initialise", "forward", "evaluate"]);
    case "step":
      return printProgram(compiled.program, ["step"]);
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
