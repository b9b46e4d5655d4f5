/** The compiler: a spec's text in, diagnostics and programs out. It reads nothing but what its host gives it. */

import { type Diagnostic, Diagnostics, diagnostic } from "../diagnostics/diagnostic.js";
import { similarHelp } from "../diagnostics/similar.js";
import type { Program } from "../ir/program.js";
import { verify } from "../ir/verify.js";
import type { Manifest } from "../runtime/trainer.js";
import { Slots } from "../semantics/elaborator.js";
import type { Elaborator } from "../semantics/elaborator.js";
import { checkAblation } from "../semantics/measurements.js";
import { runModel } from "../semantics/models.js";
import { type Host, type Module, Modules, place } from "../semantics/modules.js";
import { definitionValue } from "../semantics/names.js";
import { elaborate, makeElaborator } from "../semantics/program.js";
import { type Recipe, emptyFrame, readRecipe } from "../semantics/recipes.js";
import { checkStatistics } from "../semantics/rules/statistics.js";
import { Silent, fail } from "../semantics/errors.js";
import type { Beginning, Stage } from "../semantics/starts/lines.js";
import { startOf } from "../semantics/starts/slots.js";
import { policyText } from "../semantics/sites.js";
import { checkNames } from "../semantics/static-names.js";
import type { CallableValue } from "../semantics/values.js";
import { type Cost, cost } from "../transform/cost.js";
import { simplify } from "../transform/simplify.js";
import type * as ast from "../syntax/ast.js";

/** A recipe with everything that was made of it. */
export interface Compiled {
  readonly recipe: Recipe;
  readonly program: Program;
  readonly cost: Cost;
  /** The training program's elaborator, with the model's sites. */
  readonly training: Elaborator;
  readonly manifest: Manifest;
  /** The recipes with whose runs it begins, each once. */
  readonly stages: readonly Compiled[];
}

export interface Compilation {
  readonly diagnostics: readonly Diagnostic[];
  readonly main: Module;
  readonly modules: Modules;
  /** The recipes of the spec, in order, and those of other files that are asked for by name; those with mistakes are not there. */
  readonly recipes: ReadonlyMap<string, Compiled>;
  /** The models that no recipe trains and whose parameters all have defaults, as they are written out in training. */
  readonly models: ReadonlyMap<string, Elaborator>;
}

/** A batch for models that no recipe trains: large enough for every statistic. */
const nominalBatch = 32;

/**
 * Checks a spec and compiles its recipes: all of them, or the one called `only`. Never throws for what the text says.
 * @param path how the spec is named in messages.
 */
export function compile(path: string, text: string, host: Host, only?: string): Compilation {
  const diagnostics = new Diagnostics();
  const report = (found: Diagnostic) => diagnostics.add(found);
  const modules = new Modules(host, report);
  modules.loadPrelude();
  const main = modules.main(path, text);
  const recipes = new Map<string, Compiled>();
  const models = new Map<string, Elaborator>();
  const e = makeElaborator(modules, new Slots(), "training", nominalBatch, report);
  const compiler = new RecipeCompiler(e, modules, report);

  for (const definition of main.definitions.values()) {
    if (definition.damaged || definition.keyword !== "train" || (only !== undefined && definition.name.name !== only)) continue;
    const compiled = compiler.compile(definition, main);
    if (compiled !== undefined) recipes.set(definition.name.name, compiled);
  }
  for (const [name, { definition, module }] of importedRecipes(main, only)) {
    const compiled = definition.damaged ? undefined : compiler.compile(definition, module);
    if (compiled !== undefined) recipes.set(name, compiled);
  }
  for (const module of modules.own) for (const definition of module.definitions.values()) checkNames(modules, module, definition).forEach(report);
  for (const definition of main.definitions.values()) {
    if (definition.damaged) continue;
    if (definition.keyword === "ablation") e.attempt(() => undefined, () => checkAblation(e, main, definition));
    else if (definition.value !== undefined && definition.keyword !== "train") e.attempt(() => undefined, () => void definitionValue(e, emptyFrame(main), main, definition));
    else if (definition.keyword === "model" && !compiler.trained.has(definition)) {
      const model = checkModel(modules, main, definition, report);
      if (model !== undefined) models.set(definition.name.name, model);
    }
  }
  return { diagnostics: diagnostics.all, main, modules, recipes, models };
}

/** Recipes of other files that this one names: the one that is asked for, or those of its ablations. */
function importedRecipes({ definitions, imports }: Module, only: string | undefined): Map<string, { readonly definition: ast.Definition; readonly module: Module }> {
  const ofAblations = [...definitions.values()].filter(({ keyword }) => keyword === "ablation").flatMap(({ of = [] }) => of.flatMap((of) => (of.kind === "Name" ? [of.name] : [])));
  const names = only === undefined ? ofAblations : [only];
  return new Map(names.flatMap((name) => {
    const imported = imports.get(name);
    return imported?.kind === "definition" && imported.definition.keyword === "train" ? [[name, imported] as const] : [];
  }));
}

/** Elaborates a model that no recipe trains, when its parameters have defaults. */
function checkModel(modules: Modules, module: Module, definition: ast.Definition, report: (found: Diagnostic) => void): Elaborator | undefined {
  if (definition.parameters?.some((parameter) => parameter.default === undefined)) return undefined;
  const e = makeElaborator(modules, new Slots(), "training", nominalBatch, report);
  e.attempt(() => undefined, () => {
    const value = definitionValue(e, emptyFrame(module), module, definition);
    if (value.kind !== "callable") return;
    runModel(e, emptyFrame(module), value, place(module.source, definition.name));
    checkStatistics(e).forEach(report);
  });
  return e;
}

/** More stages behind one another than any training has. */
const deepestStages = 50;

/** Compiles recipes, each once, and before it those that it begins with. */
class RecipeCompiler {
  /** The models that were elaborated. */
  readonly trained = new Set<ast.Definition>();
  private readonly compiled = new Map<ast.Definition, Compiled | undefined>();
  /** Recipes under way: each waits for the one behind it. */
  private readonly waiting: ast.Definition[] = [];

  constructor(
    private readonly e: Elaborator,
    private readonly modules: Modules,
    private readonly report: (found: Diagnostic) => void,
  ) {}

  /** A recipe of a module; nothing when it, or one that it begins with, has mistakes, which are reported. */
  compile(definition: ast.Definition, module: Module): Compiled | undefined {
    if (this.compiled.has(definition)) return this.compiled.get(definition);
    this.waiting.push(definition);
    const compiled = this.e.attempt<Compiled | undefined>(() => undefined, () => this.compileNew(definition, module));
    this.waiting.pop();
    this.compiled.set(definition, compiled);
    return compiled;
  }

  private compileNew(definition: ast.Definition, module: Module): Compiled | undefined {
    const { e, modules, report } = this;
    const recipe = { ...readRecipe(e, definitionValue(e, emptyFrame(module), module, definition) as CallableValue), name: definition.name.name };
    this.trained.add(recipe.model.definition);
    const elaborated = elaborate(modules, recipe, report);
    if (elaborated === undefined) return undefined;
    const program = simplify(elaborated.program);
    verify(program);
    const costs = cost(program);
    const measures = elaborated.measurements;
    const plain = { ...makeManifest(recipe, program, costs, module, elaborated.training.averages), ...(measures.length > 0 && { measures }) };
    const stages = new Set<Compiled>();
    const start = recipe.beginnings.map((beginning) => {
      const stageOf = (source: Stage) => {
        const stage = this.stage(source, beginning);
        stages.add(stage);
        return { name: stage.recipe.name, ...stage };
      };
      return startOf(beginning, { manifest: plain, program }, stageOf, report);
    });
    const manifest = start.length === 0 ? plain : { ...plain, start };
    return { recipe, program, cost: costs, training: elaborated.training, manifest, stages: [...stages] };
  }

  /** @throws CheckError when the stage waits for this recipe itself, or another has its name; Silent when it has mistakes. */
  private stage({ definition, module }: Stage, { place: where }: Beginning): Compiled {
    const { name } = definition.name;
    if (this.waiting.includes(definition)) fail("N0205", where, `the recipe \`${name}\` begins with itself`, { help: "a recipe begins with one that is trained before it" });
    if (this.waiting.length > deepestStages) fail("N0601", where, `more than ${deepestStages} stages follow one another`);
    const namesake = [...this.compiled.keys(), ...this.waiting].find((other) => other !== definition && other.name.name === name);
    if (namesake !== undefined) fail("N0202", where, `two recipes are called \`${name}\`, and their runs would lie in one folder`, { help: "rename one of the two where it is defined" });
    const compiled = this.compile(definition, module);
    if (compiled === undefined) throw new Silent();
    return compiled;
  }
}

function makeManifest(recipe: Recipe, program: Program, costs: Cost, main: Module, averages: ReadonlyMap<string, string>): Manifest {
  const step = costs.entries.get("step")!;
  const element = (dtype: string) => (dtype === "i32" ? ("i32" as const) : ("f32" as const));
  const own = (name: string) => !["step", "steps", "valid"].includes(name);
  const spec = main.source.path;
  return {
    name: recipe.name,
    spec: spec.slice(spec.lastIndexOf("/") + 1),
    target: "tfjs",
    seed: recipe.seed,
    batch: recipe.batch,
    ...(recipe.epochs === undefined ? {} : { epochs: recipe.epochs }),
    ...(recipe.steps === undefined ? {} : { steps: recipe.steps }),
    holdout: recipe.holdout,
    precision: recipe.precision,
    data: recipe.data,
    recipe: [
      ...recipe.optimizers.map(({ at, optimizer }) => `optimizer${at.length === 0 ? "" : ` at ${at.map(({ path }) => path.segments.join(".")).join(", ")}:`} ${policyText(optimizer)}`),
      `schedule ${policyText(recipe.schedule)}`,
      ...(recipe.frozen.length === 0 ? [] : [`freeze ${recipe.frozen.map(({ path }) => path.segments.join(".")).join(", ")}`]),
    ].join("\n"),
    parameters: program.parameters.map(({ name, type }) => {
      const average = averages.get(name);
      return { name, type: element(type.dtype), axes: type.axes, ...(average !== undefined && { average }) };
    }),
    states: program.states.map(({ name, type, owner }) => ({ name, type: element(type.dtype), axes: type.axes, owner })),
    inputs: program.inputs.filter(({ name }) => own(name)).map(({ name, type, below }) => ({ name, type: element(type.dtype), axes: type.axes, ...(below === undefined ? {} : { below }) })),
    reports: [...program.entries.get("evaluate")!.results.keys()].filter((name) => name !== "loss"),
    cost: { parameters: costs.parameters.total, flopsPerStep: step.flops.total, peakBytes: step.bytesPeak },
  };
}

/** The recipe to run: the named one, the only one, or the last of stages. Otherwise a diagnostic that says what there is. */
export function chooseRecipe(compilation: Compilation, name: string | undefined): Compiled | Diagnostic {
  const { main, recipes } = compilation;
  const trains = [...main.definitions.values()].filter((definition) => definition.keyword === "train").map((definition) => definition.name.name);
  const where = { source: main.source, start: 0, end: 1 };
  if (name !== undefined && !trains.includes(name) && !recipes.has(name)) {
    const help = similarHelp(name, trains) ?? (trains.length === 0 ? "the spec has no `train` block" : `it has ${trains.map((train) => `\`${train}\``).join(", ")}`);
    return diagnostic("N0504", where, `the spec has no recipe \`${name}\``, { help });
  }
  const wanted = name ?? (trains.length === 1 ? trains[0] : lastStage(compilation));
  if (wanted === undefined) {
    const help = trains.length === 0 ? "add `train name of model { … }`" : `name one: ${trains.map((train) => `\`${main.source.path}#${train}\``).join(", ")}`;
    return diagnostic("N0504", where, trains.length === 0 ? "the spec has no recipe to run" : "the spec has several recipes", { help });
  }
  return recipes.get(wanted) ?? diagnostic("N0504", where, `the recipe \`${wanted}\` has mistakes`);
}

/** The recipe that begins, by way of others, with all others of the spec; undefined when there is none. */
function lastStage({ main, recipes }: Compilation): string | undefined {
  const trains = [...main.definitions.values()].filter((definition) => definition.keyword === "train");
  const last = [...recipes].find(([, compiled]) => {
    // A set is gone through in the order in which it grows.
    const needed = new Set([compiled]);
    for (const recipe of needed) recipe.stages.forEach((stage) => needed.add(stage));
    return trains.every(({ name }) => recipes.has(name.name) && needed.has(recipes.get(name.name)!));
  });
  return last?.[0];
}
