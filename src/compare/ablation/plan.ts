/** An ablation written out: its factors, and every configuration of them with its name. */

import { createHash } from "node:crypto";
import type { Compilation, Compiled } from "../../compiler/compile.js";
import { diagnostic } from "../../diagnostics/diagnostic.js";
import { similarHelp } from "../../diagnostics/similar.js";
import { Slots } from "../../semantics/elaborator.js";
import { wholeOf } from "../../semantics/expressions.js";
import { choiceText } from "../../semantics/measurements.js";
import { place } from "../../semantics/modules.js";
import { makeElaborator } from "../../semantics/program.js";
import { emptyFrame } from "../../semantics/recipes.js";
import type * as ast from "../../syntax/ast.js";
import { SubjectError } from "../subject.js";
import type { Choice, Origin } from "./cell-text.js";
import type { Factor, Report } from "./results.js";
import { type Located, located } from "./target.js";

export interface Plan {
  readonly name: string;
  readonly documentation: string;
  readonly factors: readonly Factor[];
  /** The seeds of the ablation's first recipe, one for every repetition. */
  readonly seeds: readonly number[];
  readonly reports: readonly Report[];
  /** The recipes that every cell trains, in order. */
  readonly recipes: readonly string[];
  readonly configurations: readonly PlannedConfiguration[];
  readonly origin: Origin;
}

export interface PlannedConfiguration {
  /** Stable, and a file name: it depends on what is chosen alone. */
  readonly name: string;
  readonly choices: Readonly<Record<string, string>>;
  readonly written: readonly Choice[];
}

/** More configurations than anyone looks through. */
export const mostConfigurations = 10_000;

/**
 * Plans an ablation of a spec without mistakes.
 * @param name of the ablation; it may be left out where the spec has one only.
 * @throws SubjectError when there is no such ablation, or it reports what no recipe has.
 */
export function plan(compilation: Compilation, name?: string): Plan {
  const { main, modules, recipes: compiled } = compilation;
  const definition = ablationNamed(compilation, name);
  const names = (definition.of ?? []).flatMap((of) => (of.kind === "Name" ? [of.name] : []));
  const recipes = new Map(names.map((recipe) => [recipe, located(modules, main, recipe)!]));
  const varies = definition.body.flatMap((line) => (line.kind === "Vary" ? [line] : []));
  const factors = factorsOf(compilation, varies);
  const labels = new Map(factors.map(({ path, label }) => [path, label]));
  const isExcluded = excluder(compilation, definition);
  const configurations = new Map<string, PlannedConfiguration>();
  for (const written of product(varies, definition, compilation)) {
    const chosen = new Map(written.map(({ path, value }) => [path.segments.join("."), choiceText(main, value)]));
    if (isExcluded(chosen)) continue;
    const choices = Object.fromEntries([...chosen].map(([path, text]) => [labels.get(path)!, text]));
    const own = configurationName(choices);
    const known = configurations.get(own);
    // Choices that differ in signs alone, such as brackets, may have one name; the same choice twice is one configuration.
    const isAlike = known !== undefined && JSON.stringify(known.choices) !== JSON.stringify(choices);
    const unique = isAlike ? `${own}-${short(JSON.stringify(choices))}` : own;
    configurations.set(unique, { name: unique, choices, written });
  }
  if (configurations.size === 0) throw problem(compilation, definition, "nothing is left to train: every combination is excluded");
  const first = compiled.get(names[0]!);
  const seeded = [...new Set(names.flatMap((recipe) => withStages(compiled.get(recipe))))].flatMap((recipe) => {
    const found = recipes.get(recipe.recipe.name) ?? recipeNamed(compilation, recipe.recipe.name);
    return found === undefined ? [] : [{ recipe: found, seed: recipe.recipe.seed }];
  });
  const count = seedsOf(compilation, definition);
  return {
    name: definition.name.name,
    // Its lines are those of the text; a report has lines of its own.
    documentation: definition.documentation.replace(/(?<!\n)\n(?!\n)/g, " "),
    factors,
    seeds: Array.from({ length: count }, (_, i) => (first?.recipe.seed ?? 0) + i),
    reports: reportsOf(compilation, definition, names),
    recipes: names,
    configurations: [...configurations.values()],
    origin: { modules, main, recipes, seeded },
  };
}

function problem({ main }: Compilation, node: ast.Span, message: string, help?: string): SubjectError {
  return new SubjectError([diagnostic("N0504", place(main.source, node), message, help === undefined ? {} : { help })]);
}

function ablationNamed(compilation: Compilation, name: string | undefined): ast.Definition {
  const all = [...compilation.main.definitions.values()].filter(({ keyword }) => keyword === "ablation");
  const known = all.map((own) => own.name.name);
  const found = name === undefined ? (all.length === 1 ? all[0] : undefined) : all.find((own) => own.name.name === name);
  if (found !== undefined) return found;
  const list = known.map((own) => `\`${own}\``).join(", ");
  if (name === undefined) throw problem(compilation, { start: 0, end: 1 }, known.length === 0 ? "the spec has no ablation" : "the spec has several ablations", known.length === 0 ? "add `ablation name of recipe { vary … }`" : `name one of ${list}`);
  throw problem(compilation, { start: 0, end: 1 }, `the spec has no ablation \`${name}\``, similarHelp(name, known) ?? (known.length === 0 ? undefined : `it has ${list}`));
}

/** Each path with the shortest end that tells it from the others, whole words only. */
function factorsOf({ main }: Compilation, varies: readonly ast.Vary[]): Factor[] {
  const all = varies.flatMap((line) => line.paths.map((path, i) => ({ path: path.segments, choices: line.choices.map((choice) => choiceText(main, line.paths.length > 1 && choice.kind === "Tuple" ? choice.items[i]! : choice)) })));
  return all.map(({ path, choices }): Factor => {
    let length = 1;
    const isTaken = () => all.some((other) => other.path !== path && other.path.slice(-length).join(".") === path.slice(-length).join("."));
    while (length < path.length && isTaken()) length++;
    return { path: path.join("."), label: path.slice(-length).join("."), choices: [...new Set(choices)] };
  });
}

/** Every combination of the lines' choices, the last line changing fastest. */
function* product(varies: readonly ast.Vary[], definition: ast.Definition, compilation: Compilation): Generator<readonly Choice[]> {
  const total = varies.reduce((count, { choices }) => count * choices.length, 1);
  if (total > mostConfigurations) throw problem(compilation, definition.name, `the ablation has ${total} combinations; at most ${mostConfigurations} are run`, "vary less at a time");
  for (let number = 0; number < total; number++) {
    let rest = number;
    const picked = varies.toReversed().map((line) => {
      const choice = line.choices[rest % line.choices.length]!;
      rest = Math.floor(rest / line.choices.length);
      return line.paths.map((path, i): Choice => ({ path, value: line.paths.length > 1 && choice.kind === "Tuple" ? choice.items[i]! : choice }));
    });
    yield picked.toReversed().flat();
  }
}

function excluder({ main }: Compilation, definition: ast.Definition): (chosen: ReadonlyMap<string, string>) => boolean {
  const lines = definition.body.flatMap((line) => (line.kind === "Exclude" ? [line.conditions.map(({ path, value }) => [path.segments.join("."), choiceText(main, value)] as const)] : []));
  return (chosen) => lines.some((conditions) => conditions.every(([path, text]) => chosen.get(path) === text));
}

/** `cls-batch.place-pre`, by the labels' alphabet, so that the order of the lines says nothing. */
function configurationName(choices: Readonly<Record<string, string>>): string {
  const parts = Object.entries(choices).toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([label, text]) => {
    const plain = slug(text);
    // Two texts may look alike without their signs.
    const isClear = /^[\p{L}\p{N}_.]+$/u.test(text) || plain.length < 30;
    return `${slug(label)}-${isClear ? plain : `${plain.slice(0, 20)}-${short(text)}`}`;
  });
  const name = parts.length === 0 ? "base" : parts.join(".");
  return name.length <= 120 ? name : `${name.slice(0, 100)}-${short(name)}`;
}

function slug(text: string): string {
  return text.replace(/[^\p{L}\p{N}_]+/gu, "-").replace(/^-|-$/g, "") || "none";
}

function short(text: string): string {
  return createHash("sha256").update(text).digest("hex").slice(0, 6);
}

function seedsOf({ modules, main }: Compilation, definition: ast.Definition): number {
  const line = definition.body.findLast((node) => node.kind === "Seeds");
  if (line?.kind !== "Seeds") return 1;
  return wholeOf(makeElaborator(modules, new Slots(), "training", 1, () => undefined), emptyFrame(main), line.value, "the number of seeds");
}

function withStages(compiled: Compiled | undefined): readonly Compiled[] {
  return compiled === undefined ? [] : [compiled, ...compiled.stages.flatMap(withStages)];
}

/** A stage, in whichever file it stands: no two recipes that a run needs have one name. */
function recipeNamed({ modules }: Compilation, name: string): Located | undefined {
  const module = modules.own.find(({ definitions }) => definitions.get(name)?.keyword === "train");
  return module && { definition: module.definitions.get(name)!, module };
}

/** What the `report` lines name; without any, everything that the last recipe reports. */
function reportsOf(compilation: Compilation, definition: ast.Definition, recipes: readonly string[]): Report[] {
  const items = definition.body.flatMap((line) => (line.kind === "AblationReport" ? line.items : []));
  const last = recipes.at(-1)!;
  if (items.length === 0) return [...(compilation.recipes.get(last)?.manifest.reports ?? []), "loss"].map((value) => reportOf(last, value, undefined));
  return items.flatMap(({ path, best, ...span }) => {
    const [first, ...rest] = path.segments;
    const isNamed = rest.length > 0 && recipes.includes(first!);
    const [recipe, value] = isNamed ? [first!, rest.join(".")] : [last, path.segments.join(".")];
    const compiled = compilation.recipes.get(recipe);
    if (compiled === undefined) return [];
    const known = ["loss", ...compiled.manifest.reports, ...(compiled.manifest.measures ?? []).flatMap(({ values }) => values)];
    const found = known.filter((name) => name === value || name.startsWith(`${value}(`));
    if (found.length === 0) throw problem(compilation, span, `the recipe \`${recipe}\` reports nothing called \`${value}\``, similarHelp(value, known) ?? `it reports ${known.map((name) => `\`${name}\``).join(", ")}`);
    return found.map((name) => reportOf(recipe, name, best));
  });
}

/** Of losses the lowest, and of accuracies the highest are the good ones, whoever does not say it. */
function reportOf(recipe: string, value: string, best: Report["best"]): Report {
  const known = best ?? (value === "accuracy" ? "highest" : value === "loss" ? "lowest" : undefined);
  return { path: `${recipe}.${value}`, recipe, value, ...(known !== undefined && { best: known }) };
}
