/** `norm explain`: what a spec resolves to, what stands at one place of it, or the documentation and text of a definition. */

import pc from "picocolors";
import type { Compilation } from "../compiler/compile.js";
import { readLibrary } from "../compiler/host.js";
import { kernelsOf } from "../compare/overview/kernels.js";
import { type Overview, overviewOf } from "../compare/overview/overview.js";
import { type Paint, paintFor } from "../compare/overview/paint.js";
import { factsOnLine, standingAt } from "../compare/overview/place.js";
import { standingText } from "../compare/overview/place-text.js";
import { overviewText } from "../compare/overview/text.js";
import { similarHelp } from "../diagnostics/similar.js";
import { writeAtomically } from "../runtime/files.js";
import { definitionNamed } from "../semantics/measurements.js";
import { Modules, standardModules } from "../semantics/modules.js";
import { Slots } from "../semantics/elaborator.js";
import { makeElaborator } from "../semantics/program.js";
import { UsageError } from "./exit.js";
import { type Shown, shownOfDefinition, shownOfFile } from "./explain-spec.js";
import { showDiagnostics } from "./report.js";
import { compileFile, parseSpecName } from "./spec.js";

export interface ExplainOptions {
  /** `LINE:COLUMN`. */
  readonly at?: string;
  /** Where the picture goes. */
  readonly svg?: string;
  readonly format: "text" | "json";
}

/** Shows what `name` is: `std.norms.layer`, `std.norms`, `file.norm` or `file.norm#definition`. @throws UsageError | ProblemsFound | SaveError */
export async function explain(name: string, options: ExplainOptions): Promise<void> {
  const isSpec = /\.norm(#|$)/.test(name);
  if (!isSpec && (options.at !== undefined || options.svg !== undefined)) {
    throw new UsageError(`\`--${options.at === undefined ? "svg" : "at"}\` is for specs, and ${name} is none`);
  }
  if (options.at !== undefined && options.svg !== undefined) throw new UsageError("give either `--at`, for one place, or `--svg`, for a picture");
  if (!isSpec) return print(ofLibrary(name), options);
  const { file, recipe: definition } = parseSpecName(name);
  const compilation = compileFile({ file, recipe: undefined });
  if (options.at !== undefined) return place(compilation, file, options.at, options);
  // A definition of a broken spec can still be read.
  const own = definition === undefined ? undefined : definitionText(compilation, definition);
  const errors = compilation.diagnostics.filter(({ severity }) => severity === "error");
  if (definition === undefined || options.svg !== undefined) showDiagnostics(errors, "text");
  const shown = definition === undefined ? shownOfFile(compilation) : shownOfDefinition(compilation, definition);
  if (options.svg !== undefined) return picture(shown, compilation, name, options.svg);
  if (shown === undefined) {
    print(own ?? listed(compilation), options);
    const keyword = compilation.main.definitions.get(definition ?? "")?.keyword;
    if (keyword === "train" || keyword === "model" || keyword === "stack") showDiagnostics(errors, "text");
    return;
  }
  const overview = resolved(shown);
  const text = overviewText(overview, paint(overview), shown.stack);
  const data = own === undefined ? { overview } : { ...own.data, overview };
  print({ text: own === undefined ? text : `${own.text}\n${text}`, data }, options);
}

/** What a file of several recipes holds. */
function listed({ main, recipes }: Compilation): Printed {
  const definitions = [...main.definitions.values()];
  const hint = recipes.size > 1 ? `\nWhat one of them resolves to: norm explain ${main.source.path}#${[...recipes.keys()][0]}\n` : "";
  return { text: listing(definitions) + hint, data: { definitions: definitions.map(summary) } };
}

interface Printed {
  readonly text: string;
  readonly data: object;
}

function print({ text, data }: Printed, { format }: Pick<ExplainOptions, "format">): void {
  process.stdout.write(format === "json" ? `${JSON.stringify(data, jsonValue, 2)}\n` : text);
}

/** Maps become objects. */
function jsonValue(_: string, value: unknown): unknown {
  return value instanceof Map ? Object.fromEntries(value) : value;
}

function paint(overview: Overview): Paint {
  return paintFor(overview, pc.createColors(pc.isColorSupported && process.stdout.isTTY === true));
}

function resolved({ subject, stack }: Shown): Overview {
  const overview = overviewOf(subject, stack);
  return subject.recipe === undefined || stack !== undefined ? overview : { ...overview, kernels: kernelsOf(subject.program) };
}

async function picture(shown: Shown | undefined, { main, recipes, models }: Compilation, name: string, file: string): Promise<void> {
  if (shown === undefined) {
    const known = [...recipes.keys(), ...models.keys()];
    const path = parseSpecName(name).file;
    const help = known.length === 0 ? `${main.source.path} has no recipe and no model that could be drawn` : `name one: ${known.map((own) => `${path}#${own}`).join(", ")}`;
    throw new UsageError(`nothing to draw in ${name}: ${help}`);
  }
  const { architectureSvg } = await import("../compare/overview/svg.js");
  await writeAtomically(file, [Buffer.from(await architectureSvg(overviewOf(shown.subject, shown.stack)))]);
  process.stderr.write(`${file}: the architecture of ${shown.stack ?? shown.subject.name}\n`);
}

function place(compilation: Compilation, file: string, at: string, options: ExplainOptions): void {
  const { main, modules, recipes, models, diagnostics } = compilation;
  const parts = /^(\d+):(\d+)$/.exec(at);
  if (parts === null) throw new UsageError(`\`--at\` takes a line and a column, such as \`--at 12:5\`, not ${at}`);
  const [line, column] = [Number(parts[1]), Number(parts[2])];
  const { source } = main;
  const lines = source.position(source.text.length).line;
  if (line < 1 || line > lines || column < 1) throw new UsageError(`${file} has ${lines} lines; both lines and columns count from 1`);
  const offset = offsetOf(source.text, line, column);
  const elaborators = [...[...recipes.values()].map(({ training }) => training), ...models.values()];
  const standing = standingAt(elaborators, modules, main, offset);
  if (standing === undefined) {
    showDiagnostics(diagnostics.filter(({ severity }) => severity === "error"), "text");
    const near = factsOnLine(elaborators, main, line).map(({ name, column: own }) => `${name} at ${line}:${own}`);
    throw new UsageError(`nothing is known of what stands at ${file}:${at}${near.length === 0 ? "" : `; on this line: ${near.join(", ")}`}`);
  }
  print({ text: standingText(standing, `${file}:${at}`), data: { place: { file, line, column }, ...standing } }, options);
}

/** The offset of a place, at the end of the line where the line is shorter. */
function offsetOf(text: string, line: number, column: number): number {
  const ends = [...text.matchAll(/\r\n|\n|\r/g)];
  const start = line === 1 ? 0 : ends[line - 2]!.index + ends[line - 2]![0].length;
  return Math.min(start + column - 1, ends[line - 1]?.index ?? text.length);
}

function definitionText({ main, modules }: Compilation, name: string): Printed {
  const found = definitionNamed(makeElaborator(modules, new Slots(), "training", 1, () => {}), main, name);
  const own = main.definitions.get(name);
  if (own === undefined && found === undefined) throw unknown(name, main.definitions.keys());
  const module = own === undefined ? found!.module : main;
  return text(module.source.text, own ?? found!.definition);
}

function ofLibrary(name: string): Printed {
  const modules = new Modules({ readSpec: () => undefined, readLibrary }, () => {});
  const whole = modules.named(name);
  if (whole !== undefined) return { text: listing([...whole.definitions.values()]), data: { definitions: [...whole.definitions.values()].map(summary) } };
  const at = name.lastIndexOf(".");
  const module = at < 0 ? undefined : modules.named(name.slice(0, at));
  if (module === undefined) throw unknown(name, standardModules.map((known) => `std.${known}`));
  const definition = module.definitions.get(name.slice(at + 1));
  if (definition === undefined) throw unknown(name, [...module.definitions.keys()].map((known) => `${module.name}.${known}`));
  return text(module.source.text, definition);
}

type Definition = { readonly documentation: string; readonly start: number; readonly end: number; readonly keyword: string; readonly name: { readonly name: string } };

function summary({ keyword, name, documentation }: Definition): { readonly keyword: string; readonly name: string; readonly documentation: string } {
  return { keyword, name: name.name, documentation };
}

function text(source: string, definition: Definition): Printed {
  const documentation = definition.documentation === "" ? "" : `${definition.documentation}\n\n`;
  const own = source.slice(definition.start, definition.end);
  return { text: `${documentation}${own}\n`, data: { definition: { ...summary(definition), text: own } } };
}

/** Each definition with the first line of its documentation. */
function listing(definitions: readonly Definition[]): string {
  return definitions.map(({ keyword, name, documentation }) => `${`${keyword} ${name.name}`.padEnd(28)} ${documentation.split("\n")[0]!}`.trimEnd()).join("\n") + "\n";
}

function unknown(name: string, known: Iterable<string>): UsageError {
  const help = similarHelp(name, known);
  return new UsageError(`nothing is called ${name}${help === undefined ? "" : `; ${help}`}`);
}
