/** `norm explain`: the documentation and text of a definition. */

import { definitionNamed } from "../semantics/measurements.js";
import { Modules, standardModules } from "../semantics/modules.js";
import { Slots } from "../semantics/elaborator.js";
import { makeElaborator } from "../semantics/program.js";
import { similarHelp } from "../diagnostics/similar.js";
import { readLibrary } from "../compiler/host.js";
import { UsageError } from "./exit.js";
import { compileFile, parseSpecName } from "./spec.js";

/** Prints what `name` is: `std.norms.layer`, `std.norms`, or `file.norm#definition`. @throws UsageError */
export function explain(name: string, _options: { readonly at?: string; readonly svg?: string; readonly format: "text" | "json" }): void {
  process.stdout.write(/\.norm(#|$)/.test(name) ? ofSpec(name) : ofLibrary(name));
}

function ofSpec(name: string): string {
  const spec = parseSpecName(name);
  const { main, modules } = compileFile({ file: spec.file, recipe: undefined });
  if (spec.recipe === undefined) return listing([...main.definitions.values()]);
  const found = definitionNamed(makeElaborator(modules, new Slots(), "training", 1, () => {}), main, spec.recipe);
  const own = main.definitions.get(spec.recipe);
  if (own === undefined && found === undefined) throw unknown(spec.recipe, main.definitions.keys());
  const module = own === undefined ? found!.module : main;
  return text(module.source.text, own ?? found!.definition);
}

function ofLibrary(name: string): string {
  const modules = new Modules({ readSpec: () => undefined, readLibrary }, () => {});
  const whole = modules.named(name);
  if (whole !== undefined) return listing([...whole.definitions.values()]);
  const at = name.lastIndexOf(".");
  const module = at < 0 ? undefined : modules.named(name.slice(0, at));
  if (module === undefined) throw unknown(name, standardModules.map((known) => `std.${known}`));
  const definition = module.definitions.get(name.slice(at + 1));
  if (definition === undefined) throw unknown(name, [...module.definitions.keys()].map((known) => `${module.name}.${known}`));
  return text(module.source.text, definition);
}

type Definition = { readonly documentation: string; readonly start: number; readonly end: number; readonly keyword: string; readonly name: { readonly name: string } };

function text(source: string, definition: Definition): string {
  const documentation = definition.documentation === "" ? "" : `${definition.documentation}\n\n`;
  return `${documentation}${source.slice(definition.start, definition.end)}\n`;
}

/** Each definition with the first line of its documentation. */
function listing(definitions: readonly Definition[]): string {
  return definitions.map(({ keyword, name, documentation }) => `${`${keyword} ${name.name}`.padEnd(28)} ${documentation.split("\n")[0]!}`.trimEnd()).join("\n") + "\n";
}

function unknown(name: string, known: Iterable<string>): UsageError {
  const help = similarHelp(name, known);
  return new UsageError(`nothing is called ${name}${help === undefined ? "" : `; ${help}`}`);
}
