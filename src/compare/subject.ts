/**
 * One side of a comparison: a recipe of a spec; or a model, stack, norm, placement or layer, in a setting in which it can run.
 */

import { type Compilation, type Compiled, chooseRecipe, compile } from "../compiler/compile.js";
import { type Diagnostic, diagnostic } from "../diagnostics/diagnostic.js";
import { similarHelp } from "../diagnostics/similar.js";
import { SourceFile } from "../diagnostics/source.js";
import { definitionNamed } from "../semantics/measurements.js";
import type { Host, Module } from "../semantics/modules.js";
import type * as ast from "../syntax/ast.js";
import { parse } from "../syntax/parse.js";

export interface Subject {
  /** As it was asked for: `a.norm#sepnorm`. */
  readonly name: string;
  readonly compiled: Compiled;
  readonly modules: Compilation["modules"];
  /** Whether the spec itself has the recipe. If not, it was made to run a definition, and says nothing. */
  readonly hasRecipe: boolean;
  /** The line of the spec from which on stands what was asked for, and not what the file says. */
  readonly madeFrom?: number;
}

/** The text of a spec, and what it may read. */
export interface SpecText {
  readonly path: string;
  readonly text: string;
  readonly host: Host;
}

/** A subject that cannot be compiled. */
export class SubjectError extends Error {
  override readonly name = "SubjectError";
  constructor(readonly diagnostics: readonly Diagnostic[]) {
    super(diagnostics.map(({ message }) => message).join("; "));
  }
}

/** The names that `file.norm` alone stands for: its recipes; without any, its models; without any, its stacks. */
export function namesIn(spec: SpecText): readonly string[] {
  return stoodFor(spec).map(({ name }) => name.name);
}

function stoodFor({ path, text }: SpecText): readonly ast.Definition[] {
  const { file } = parse(new SourceFile(path, text));
  const found = ["train", "model", "stack"].map((keyword) => file.definitions.filter((definition) => definition.keyword === keyword));
  return found.find((definitions) => definitions.length > 0) ?? [];
}

/**
 * Compiles what `definition` names, `sepnorm` or `classifier(dim: 96)`; without it, the recipe that `norm train` would take.
 * @throws SubjectError
 */
export function subject(spec: SpecText, definition?: string): Subject {
  const { path, text, host } = spec;
  const name = definition === undefined ? path : `${path}#${definition}`;
  if (definition === undefined) {
    const [only, ...others] = stoodFor(spec);
    if (only !== undefined && others.length === 0 && only.keyword !== "train") return subject(spec, only.name.name);
    return finished(name, compile(path, text, host), undefined, true);
  }
  const asked = read(path, definition);
  const plain = compileNamed(spec, asked.name);
  const imported = plain.main.imports.get(asked.name);
  const own = plain.main.definitions.get(asked.name) ?? (imported?.kind === "definition" ? imported.definition : undefined);
  if (own === undefined) {
    const help = similarHelp(asked.name, [...plain.main.definitions.keys(), ...plain.main.imports.keys()]);
    throw new SubjectError([diagnostic("N0201", { source: plain.main.source, start: 0, end: 1 }, `the spec defines nothing called \`${asked.name}\``, help === undefined ? {} : { help })]);
  }
  if (own.keyword === "train" && asked.settings.length === 0 && imported === undefined) return finished(name, plain, asked.name, true);
  const recipe = freeName(plain.main, "compared");
  const made = settingFor(own, asked, plain, recipe, spec);
  return { ...finished(name, compile(path, `${text}\n${made}\n`, host, recipe), recipe, own.keyword === "train"), madeFrom: text.split("\n").length + 1 };
}

/**
 * Several of the names that a file stands for, compiled together.
 * @throws SubjectError
 */
export function subjects(spec: SpecText, names: readonly string[]): ReadonlyMap<string, Subject> {
  const recipes = stoodFor(spec).filter(({ keyword }) => keyword === "train").map(({ name }) => name.name);
  if (!names.every((name) => recipes.includes(name))) return new Map(names.map((name) => [name, subject(spec, name)]));
  const compilation = compile(spec.path, spec.text, spec.host);
  return new Map(names.map((name) => [name, finished(`${spec.path}#${name}`, compilation, name, true)]));
}

/** Compiles that recipe alone, or all of them for another definition. */
function compileNamed({ path, text, host }: SpecText, name: string): Compilation {
  const { file } = parse(new SourceFile(path, text));
  const keyword = file.definitions.find((definition) => definition.name.name === name)?.keyword;
  // Models and stacks are looked for in the recipes; a norm needs none.
  const needsRecipes = keyword === undefined || keyword === "stack" || keyword === "model";
  return compile(path, text, host, needsRecipes ? undefined : name);
}

function finished(name: string, compilation: Compilation, recipe: string | undefined, hasRecipe: boolean): Subject {
  const errors = compilation.diagnostics.filter(({ severity }) => severity === "error");
  const chosen = chooseRecipe(compilation, recipe);
  if (!("recipe" in chosen)) throw new SubjectError(errors.length > 0 ? errors : [chosen]);
  return { name, compiled: chosen, modules: compilation.modules, hasRecipe };
}

interface Asked {
  readonly name: string;
  /** `dim: 96`, each with its text. */
  readonly settings: readonly { readonly name: string; readonly text: string }[];
  /** As it stands in the text of a spec. */
  readonly text: string;
}

/** @throws SubjectError when what was asked for is neither a name nor a name with named settings. */
function read(path: string, definition: string): Asked {
  const prefix = "train t of ";
  const source = new SourceFile(`${path}#${definition}`, `${prefix}${definition} {}`);
  const { file, diagnostics } = parse(source);
  const of = file.definitions[0]?.of?.[0];
  const wrong = (message: string) => new SubjectError([diagnostic("N0504", { source, start: prefix.length, end: prefix.length + definition.length }, message, { help: "write `file.norm#name` or `file.norm#name(dim: 96)`" })]);
  if (diagnostics.length > 0 || of === undefined) throw wrong("behind `#` stands the name of a definition, and perhaps its settings");
  const named = of.kind === "Call" ? of.callee : of;
  if (named.kind !== "Name") throw wrong("behind `#` stands the name of a definition, and perhaps its settings");
  const settings = (of.kind === "Call" ? of.arguments : []).map((arg) => {
    if (arg.name === undefined) throw wrong("settings have names");
    return { name: arg.name.name, text: source.text.slice(arg.value.start, arg.value.end) };
  });
  return { name: named.name, settings, text: definition };
}

function freeName({ definitions, imports }: Module, wanted: string): string {
  let name = wanted;
  while (definitions.has(name) || imports.has(name)) name += "_";
  return name;
}

/** What is compared when only a model, or a part of one, is asked for: any recipe does. */
const anyRecipe = '{ data idx("none") optimizer adamw schedule constant(1e-3) batch 32 steps 1 }';
/** Extents for what a definition leaves open. */
const nominal: Readonly<Record<string, number>> = { dim: 64, depth: 2, heads: 4, classes: 10 };
const nominalTokens = 8;

/** The text of a recipe, called `recipe`, that runs the definition. @throws SubjectError when there is no way to run it */
function settingFor(definition: ast.Definition, asked: Asked, compilation: Compilation, recipe: string, spec: SpecText): string {
  const rebound = asked.settings.map(({ name, text }) => `${name} = ${text}`).join(" ");
  switch (definition.keyword) {
    case "train":
      return `train ${recipe} = ${asked.name} with { ${rebound} }`;
    case "model": {
      const [trained] = [...compilation.recipes].find(([, { recipe: { model } }]) => model.definition === definition) ?? [];
      return trained === undefined ? `train ${recipe} of ${asked.text} ${anyRecipe}` : `train ${recipe} = ${trained} with { ${rebound} }`;
    }
    case "stack":
      return stackSetting(asked, compilation, recipe, rebound);
    case "norm": case "placement": case "layer":
      return partSetting(definition.keyword, asked.text, compilation.main, recipe);
    default:
      throw new SubjectError([diagnostic("N0504", { source: compilation.main.source, start: definition.name.start, end: definition.name.end }, `the ${definition.keyword} \`${asked.name}\` does not run by itself`, {
        help: `compare recipes or models that use it: \`${spec.path}#name\``,
      })]);
  }
}

/** A stack is compared in the first recipe that runs it or its base; where there is none, by itself. */
function stackSetting(asked: Asked, { main, modules, recipes }: Compilation, recipe: string, rebound: string): string {
  const base = definitionNamed({ modules }, main, asked.name)?.definition;
  if (base === undefined) throw new SubjectError([]);
  for (const [name, { training }] of recipes) {
    if (training.stacks.some(({ callable }) => callable.definition === base)) return `train ${recipe} = ${name} with { ${base.name.name} = ${asked.name} ${rebound} }`;
  }
  const groups = base.body.flatMap((item) => (item.kind === "Groups" ? item.groups : []));
  const settings = new Map(asked.settings.map(({ name, text }) => [name, text]));
  const lacking = (base.parameters ?? []).filter((parameter) => parameter.default === undefined && !settings.has(parameter.name.name));
  const unknown = lacking.find((parameter) => nominal[parameter.name.name] === undefined);
  if (unknown !== undefined) {
    const { name } = unknown.name;
    throw new SubjectError([diagnostic("N0207", { source: main.source, start: base.name.start, end: base.name.end }, `the parameter \`${name}\` of \`${base.name.name}\` has no value`, { help: `give it: \`${asked.name}(${name}: …)\`` })]);
  }
  for (const { name } of lacking) settings.set(name.name, String(nominal[name.name]));
  const dim = settings.get("dim") ?? String(nominal["dim"]);
  const extent = (group: ast.AxisDeclaration) => (group.extent?.kind === "Number" ? group.extent.text : String(nominalTokens));
  const inputs = groups.map((group) => `input ${group.name.name}_tokens[token: ${extent(group)}, feature: ${dim}]`);
  const given = [...groups.map((group) => `${group.name.name}: ${group.name.name}_tokens`), ...[...settings].map(([name, text]) => `${name}: ${text}`)];
  return modelSetting(recipe, [...inputs, `encoded = ${asked.name}(${given.join(", ")})`, "loss mean(encoded^2)"]);
}

function partSetting(keyword: "norm" | "placement" | "layer", text: string, main: Module, recipe: string): string {
  const [norm, layer, pre, stack] = ["some_norm", "some_layer", "some_place", "some_stack"].map((name) => freeName(main, name));
  const items = keyword === "norm" ? "normalize" : keyword === "layer" ? text : `${layer}(hidden: 64)`;
  return [
    `use std.norms { layer as ${norm} }`,
    `use std.layers { mlp as ${layer} }`,
    `use std.placements { pre as ${pre} }`,
    `stack ${stack}() { groups { tokens } normalize { tokens: ${keyword === "norm" ? text : norm} } place ${keyword === "placement" ? text : pre} ${items} ${keyword === "placement" ? "normalize" : ""} }`,
    modelSetting(recipe, [`input tokens[token: ${nominalTokens}, feature: 64]`, `encoded = ${stack}(tokens: tokens)`, "loss mean(encoded^2)"]),
  ].join("\n");
}

function modelSetting(recipe: string, statements: readonly string[]): string {
  return `model ${recipe}_model() { ${statements.join(" ")} }\ntrain ${recipe} of ${recipe}_model ${anyRecipe}`;
}
