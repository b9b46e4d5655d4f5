/** `norm diff`: what differs in meaning between specs. */

import { type Comparison, distinctChanges, isEmpty } from "../compare/diff/comparison.js";
import type { KernelPair } from "../compare/diff/kernels.js";
import { type Named, type Pair, compare, pairsOf } from "../compare/diff/pairing.js";
import { printable } from "../compare/diff/render/printable.js";
import { type Subject, SubjectError } from "../compare/subject.js";
import { fileHost, folderOfSpec } from "../compiler/host.js";
import { IrError } from "../ir/types.js";
import { RunError } from "../runtime/errors.js";
import { colorsWanted } from "./colors.js";
import { DifferencesFound, ProblemsFound, UsageError } from "./exit.js";
import { showDiagnostics } from "./report.js";
import { parseSpecName, readText } from "./spec.js";

/** Up to so many operations of all training steps together, kernels are made in a moment. */
const quickOperations = 800;

export interface DiffOptions {
  readonly git?: string;
  readonly matrix?: boolean;
  readonly format: "text" | "md" | "json" | "html";
  readonly ir?: boolean;
  readonly kernels?: boolean;
  readonly exitCode?: boolean;
  readonly expectOneVariable?: boolean;
  readonly weights?: string;
  readonly out?: string;
}

/**
 * Prints what differs between the first spec and the second; with `matrix`, between the first and each of the others.
 * @throws ProblemsFound when a spec has mistakes, or when not exactly one thing differs and that was expected; DifferencesFound when
 * differences are to be told by the exit code; UsageError; RunError when weights cannot be read, do not fit or cannot be written.
 */
export async function diffCommand(specs: readonly string[], options: DiffOptions): Promise<void> {
  try {
    checkOptions(specs, options);
    const isSame = options.matrix === true ? await matrix(specs, options) : await two(specs, options);
    if (options.exitCode === true && !isSame) throw new DifferencesFound();
  } catch (error) {
    if (error instanceof SubjectError) showDiagnostics(error.diagnostics, "text");
    // With --exit-code, 2 means differences.
    if (error instanceof UsageError && options.exitCode === true) {
      process.stderr.write(`norm: ${error.message}\n`);
      throw new ProblemsFound();
    }
    throw error;
  }
}

function checkOptions(specs: readonly string[], { git, matrix: isMatrix, format, ir, expectOneVariable, weights, out }: DiffOptions): void {
  const wrong = (message: string) => {
    throw new UsageError(message);
  };
  if (isMatrix === true && specs.length < 2) wrong("`--matrix` compares a base with its variants: name two specs or more");
  if (isMatrix === true && (git !== undefined || weights !== undefined || ir === true || expectOneVariable === true)) wrong("`--matrix` shows a table of several specs, and goes with `--format`, `--kernels` and `--exit-code` alone");
  if (isMatrix !== true && git !== undefined && specs.length !== 1) wrong("`--git` compares two versions of one spec: name one");
  if (isMatrix !== true && git === undefined && specs.length !== 2) wrong(specs.length < 2 ? "name two specs, or a revision with `--git`" : "name two specs, or compare several with a base by `--matrix`");
  if (format !== "text" && ir === true) wrong("`--ir` is shown as text: leave out `--format`");
  if ((weights === undefined) !== (out === undefined)) wrong("give `--weights FILE`, the weights of the first spec, and `--out FILE`, where those of the second go, together");
}

async function two(specs: readonly string[], options: DiffOptions): Promise<boolean> {
  const [before, after] = options.git === undefined ? specs.map(namedFile) : (await import("./git.js")).versions(specs[0]!, options.git);
  const pairing = pairsOf(before!, after!);
  const { comparison, kernels } = await withKernels(compare(pairing), pairing.pairs, options.kernels === true);
  process.stdout.write(await rendered(comparison, options, await deeper(pairing.pairs, kernels, options)));
  if (options.weights !== undefined) await (await import("./diff-weights.js")).loadInto(pairing, comparison, options.weights, options.out!);
  if (options.expectOneVariable === true) expectOne(comparison);
  return isEmpty(comparison);
}

function namedFile(name: string): Named {
  const { file, recipe } = parseSpecName(name);
  return { spec: { path: file, text: readText(file), host: fileHost(folderOfSpec(file)) }, ...(recipe !== undefined && { definition: recipe }) };
}

/** Adds the numbers of kernels where they were asked for, or are made in a moment. @throws RunError when a device cannot run a program. */
async function withKernels(comparison: Comparison, pairs: readonly Pair[], isAsked: boolean): Promise<{ readonly comparison: Comparison; readonly kernels: readonly KernelPair[] }> {
  const operations = pairs.reduce((sum, { before, after }) => sum + stepOperations(before) + stepOperations(after), 0);
  if (!isAsked && operations > quickOperations) return { comparison, kernels: [] };
  const { kernelPair, kernelQuantities } = await import("../compare/diff/kernels.js");
  try {
    const kernels = pairs.map(({ before, after }) => kernelPair(before.compiled.program, after.compiled.program));
    return { comparison: { ...comparison, diffs: comparison.diffs.map((own, i) => ({ ...own, quantities: [...own.quantities, ...kernelQuantities(kernels[i]!)] })) }, kernels };
  } catch (error) {
    if (!(error instanceof IrError)) throw error;
    if (isAsked) throw new RunError(`no kernels can be made: ${error.message}`, { cause: error });
    return { comparison, kernels: [] };
  }
}

function stepOperations({ compiled }: Subject): number {
  return compiled.cost.entries.get("step")!.operations;
}

/** Lines about operations and kernels for each pair. */
async function deeper(pairs: readonly Pair[], kernels: readonly KernelPair[], options: DiffOptions): Promise<readonly (readonly string[])[]> {
  const lines: string[][] = pairs.map(() => []);
  if (options.ir === true) {
    const { irText } = await import("../compare/diff/ir.js");
    pairs.forEach(({ before, after }, i) => lines[i]!.push(...irText(before.compiled.program, after.compiled.program)));
  }
  if (options.kernels === true && options.format === "text") {
    const { kernelsText } = await import("../compare/diff/kernels.js");
    kernels.forEach((own, i) => lines[i]!.push(...kernelsText(own)));
  }
  return lines;
}

async function rendered(comparison: Comparison, { format }: DiffOptions, more: readonly (readonly string[])[]): Promise<string> {
  switch (format) {
    case "text":
      return (await import("../compare/diff/render/text.js")).comparisonText(comparison, colorsWanted(), more);
    case "md":
      return (await import("../compare/diff/render/markdown.js")).comparisonMarkdown(comparison);
    case "json":
      return (await import("../compare/diff/render/json.js")).comparisonJson(comparison);
    case "html":
      return (await import("../compare/diff/render/html.js")).comparisonHtml(comparison);
  }
}

async function matrix(specs: readonly string[], { format, kernels: isAsked }: DiffOptions): Promise<boolean> {
  const base = namedFile(specs[0]!);
  const { matrixOf } = await import("../compare/diff/matrix.js");
  const comparisons: Comparison[] = [];
  for (const name of specs.slice(1)) {
    const pairing = pairsOf(base, namedFile(name));
    if (pairing.pairs.length > 1) throw new UsageError(`\`--matrix\` compares one recipe of each spec: name it, as in \`${specs[0]}#${pairing.pairs[0]!.before.compiled.recipe.name}\``);
    comparisons.push((await withKernels(compare(pairing), pairing.pairs, isAsked === true)).comparison);
  }
  const table = matrixOf(specs[0]!, comparisons.map(({ diffs }) => diffs[0]!));
  switch (format) {
    case "text":
      process.stdout.write((await import("../compare/diff/render/matrix-text.js")).matrixText(table, colorsWanted()));
      break;
    case "md":
      process.stdout.write((await import("../compare/diff/render/matrix-markdown.js")).matrixMarkdown(table));
      break;
    case "json":
      process.stdout.write((await import("../compare/diff/render/json.js")).matrixJson(table));
      break;
    case "html":
      process.stdout.write((await import("../compare/diff/render/matrix-html.js")).matrixHtml(table));
  }
  return comparisons.every(isEmpty);
}

/** @throws ProblemsFound unless exactly one thing differs. */
function expectOne(comparison: Comparison): void {
  const changes = distinctChanges(comparison);
  const others = [...comparison.onlyBefore, ...comparison.onlyAfter];
  if (changes.length === 1 && others.length === 0) return;
  const lines = [...changes.map(({ name, before, after }) => `${name}: ${before?.text ?? "nothing"} → ${after?.text ?? "nothing"}`.replaceAll("\n", "; ")), ...others.map((name) => `${name}: on one side only`)];
  const what = lines.length === 0 ? "nothing does" : `${lines.length} things do`;
  process.stderr.write(printable(`norm: exactly one thing should differ between ${comparison.before} and ${comparison.after}, and ${what}${lines.map((line) => `\n  ${line}`).join("")}\n`));
  throw new ProblemsFound();
}
