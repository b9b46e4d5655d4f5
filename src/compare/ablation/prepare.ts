/** Compiling an ablation: the texts of all its cells, what each configuration costs, and how it differs from the base. */

import type { Compiled } from "../../compiler/compile.js";
import { renderDiagnostic } from "../../diagnostics/render.js";
import type { Host } from "../../semantics/modules.js";
import { type Diff, diff } from "../diff/diff.js";
import { type SpecText, type Subject, SubjectError, subject } from "../subject.js";
import { cellTexts } from "./cell-text.js";
import { EditError } from "./edits.js";
import type { Plan, PlannedConfiguration } from "./plan.js";

export interface PreparedConfiguration extends PlannedConfiguration {
  /** The cells' files by their paths, one map for each seed. */
  readonly texts: readonly ReadonlyMap<string, string>[];
  /** Why it cannot be trained: what the compiler says of it. */
  readonly error?: string;
  /** Of each recipe, in order; empty when there is an error. */
  readonly recipes: readonly Compiled[];
}

export interface Prepared {
  readonly configurations: readonly PreparedConfiguration[];
  readonly base: PreparedConfiguration;
  /** How each configuration differs from the base, recipe by recipe. */
  readonly differences: ReadonlyMap<string, readonly Diff[]>;
}

/**
 * Writes and compiles every configuration. The base is the one that is the spec itself; where none is, the first.
 * @param spec as the ablation was compiled from.
 * @param onEach is told after each configuration.
 */
export async function prepare(plan: Plan, spec: SpecText, onEach: (done: number) => void = () => undefined): Promise<Prepared> {
  const own = plan.recipes.map((recipe) => subject(spec, recipe));
  const configurations: PreparedConfiguration[] = [];
  const fromSpec = new Map<string, readonly Diff[]>();
  const fromFirst = new Map<string, readonly Diff[]>();
  let first: readonly Subject[] | undefined;
  let base: PreparedConfiguration | undefined;
  for (const planned of plan.configurations) {
    const { configuration, subjects } = await compiled(plan, planned, spec);
    configurations.push(configuration);
    if (subjects.length > 0) {
      first ??= subjects;
      fromSpec.set(planned.name, own.map((recipe, i) => diff(recipe, subjects[i]!)));
      fromFirst.set(planned.name, first.map((recipe, i) => diff(recipe, subjects[i]!)));
      if (base === undefined && fromSpec.get(planned.name)!.every(({ variables }) => variables === 0)) base = configuration;
    }
    onEach(configurations.length);
  }
  const fallback = configurations.find(({ error }) => error === undefined) ?? configurations[0]!;
  return { configurations, base: base ?? fallback, differences: base === undefined ? fromFirst : fromSpec };
}

async function compiled(plan: Plan, planned: PlannedConfiguration, spec: SpecText): Promise<{ configuration: PreparedConfiguration; subjects: readonly Subject[] }> {
  const chosen = Object.entries(planned.choices).map(([label, text]) => `${label} = ${text}`).join(", ");
  const texts: ReadonlyMap<string, string>[] = [];
  try {
    for (const [i, seed] of plan.seeds.entries()) {
      texts.push(await cellTexts(plan.origin, planned.written, i, `A cell of the ablation ${plan.name}: ${chosen === "" ? "" : `${chosen}, `}seed ${seed}.`));
    }
    const [main, text] = [...texts[0]!][0]!;
    const cell: SpecText = { path: main, text, host: hostOf(texts[0]!, spec.host) };
    const subjects = plan.recipes.map((recipe) => ({ ...subject(cell, recipe), name: planned.name }));
    return { configuration: { ...planned, texts, recipes: subjects.map(({ compiled: own }) => own) }, subjects };
  } catch (error) {
    if (!(error instanceof SubjectError || error instanceof EditError)) throw error;
    const found = error instanceof EditError ? [error.found] : error.diagnostics;
    return { configuration: { ...planned, texts, error: found.map((one) => renderDiagnostic(one)).join("\n\n"), recipes: [] }, subjects: [] };
  }
}

/** A host that has the cell's files before those of the spec's folder. */
function hostOf(texts: ReadonlyMap<string, string>, host: Host): Host {
  return { readSpec: (path) => texts.get(path) ?? host.readSpec(path), readLibrary: (path) => host.readLibrary(path) };
}

/** Whether the spec of a cell, as it was trained before, says the same as it does now. */
export function isSameCell(before: ReadonlyMap<string, string>, after: ReadonlyMap<string, string>, recipes: readonly string[], host: Host): boolean {
  const isEqual = before.size === after.size && [...after].every(([path, text]) => before.get(path) === text);
  if (isEqual) return true;
  const subjectOf = (texts: ReadonlyMap<string, string>, recipe: string): Subject => {
    const [path, text] = [...texts][0]!;
    return subject({ path, text, host: hostOf(texts, { readSpec: () => undefined, readLibrary: (name) => host.readLibrary(name) }) }, recipe);
  };
  try {
    return recipes.every((recipe) => {
      const [old, now] = [subjectOf(before, recipe), subjectOf(after, recipe)];
      const { verdict, variables } = diff(old, now);
      return verdict.level === "identical" && variables === 0 && measuresOf(old) === measuresOf(now);
    });
  } catch (error) {
    if (error instanceof SubjectError) return false;
    throw error;
  }
}

function measuresOf({ compiled: { manifest } }: Subject): string {
  return JSON.stringify(manifest.measures?.map(({ values, every }) => ({ values, every })) ?? []);
}
