/** `norm ablate`: every cell of an ablation is trained, and what came out is reported. */

import { join } from "node:path";
import { collect } from "../compare/ablation/collect.js";
import { readOutcome } from "../compare/ablation/folder.js";
import { plan } from "../compare/ablation/plan.js";
import { prepare } from "../compare/ablation/prepare.js";
import { type SpecText, SubjectError } from "../compare/subject.js";
import { fileHost, folderOfSpec } from "../compiler/host.js";
import { createFolder } from "../runtime/files.js";
import { MlflowAddress } from "../runtime/logging/mlflow/address.js";
import { writeCells } from "./ablation-cells.js";
import { list } from "./ablation-list.js";
import { hold } from "./ablation-lock.js";
import { trainHere } from "./ablation-run.js";
import { ProblemsFound, UsageError } from "./exit.js";
import { writeReports } from "./report-ablation.js";
import { showDiagnostics } from "./report.js";
import { compileFile, parseSpecName, readText } from "./spec.js";
import type { Target } from "./targets.js";

export interface AblateOptions {
  readonly dryRun: boolean;
  readonly jobs?: number;
  readonly out?: string;
  readonly data?: readonly string[];
  readonly target?: Target;
  readonly mlflow?: string;
  readonly on: "here" | "slurm";
}

/** @throws UsageError, RunError, ProblemsFound when the spec has mistakes or a cell failed, Interrupted with what was done saved. */
export async function ablate(spec: string, options: AblateOptions): Promise<void> {
  if (options.jobs === 0) throw new UsageError("--jobs must be at least 1");
  const address = options.mlflow === undefined ? undefined : MlflowAddress.parse(options.mlflow);
  if (typeof address === "string") throw new UsageError(address);
  if (options.mlflow !== undefined && new URL(options.mlflow).password !== "") {
    throw new UsageError("the cells' tasks are written down, and the address holds a password: give it in MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD");
  }
  const { file, recipe: name } = parseSpecName(spec);
  const text: SpecText = { path: file, text: readText(file), host: fileHost(folderOfSpec(file)) };
  const compilation = compileFile({ file, recipe: undefined });
  showDiagnostics(compilation.diagnostics, "text");
  const planned = subjectErrorsShown(() => plan(compilation, name));
  const prepared = await prepare(planned, text, (done) => progress(`compiling: ${done} of ${planned.configurations.length} configurations`));
  progress("");
  const folder = options.out ?? join("ablations", planned.name);
  await createFolder(folder);
  const release = hold(folder);
  try {
    const cells = await writeCells(folder, file, planned, prepared, text, options);
    const open = cells.filter((cell) => readOutcome(cell) === undefined);
    if (options.dryRun) {
      // So that what the cluster wants to know can be written into it.
      if (options.on === "slurm") await (await import("./slurm-array.js")).writeArray(folder, open);
      return await list(folder, planned, prepared, options.jobs ?? 1);
    }
    if (options.on === "slurm") await (await import("./slurm.js")).trainOnSlurm(folder, open);
    else await trainHere(cells, options.jobs ?? 1);
    process.stdout.write(await writeReports(folder, collect(folder)));
    if (cells.some((cell) => readOutcome(cell)?.status !== "finished")) throw new ProblemsFound();
  } finally {
    release();
  }
}

function subjectErrorsShown<T>(action: () => T): T {
  try {
    return action();
  } catch (error) {
    if (!(error instanceof SubjectError)) throw error;
    showDiagnostics(error.diagnostics, "text");
    throw new ProblemsFound();
  }
}

/** One line that is written over, for people who watch. */
function progress(text: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\u001b[K${text}`);
}
