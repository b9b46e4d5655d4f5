/** Recipes that begin with others' weights: which runs of those there are, and training what is missing. */

import { existsSync } from "node:fs";
import type { Compiled } from "../compiler/compile.js";
import { checkpointPath, readCheckpointNote } from "../runtime/checkpoint.js";
import { RunError } from "../runtime/errors.js";
import { describeDifferences, describeRecipe, recipeFingerprint, withoutData } from "../runtime/fingerprint.js";
import { findStage } from "../runtime/imports/stages.js";
import { defaultRunFolder } from "../runtime/run-folder.js";
import type { Manifest, StageSource } from "../runtime/trainer.js";

/** A recipe whose manifest, and those of its stages, say which recipes their stages are as they stand in the spec now. */
export function withFingerprints(compiled: Compiled): Compiled {
  const known = new Map<Compiled, Compiled>();
  const complete = (recipe: Compiled): Compiled => {
    const made = known.get(recipe);
    if (made !== undefined) return made;
    const stages = recipe.stages.map(complete);
    const { start } = recipe.manifest;
    const whole = start?.map(({ source, slots }) => ({ source: source.kind === "file" ? source : { ...source, recipe: fingerprintOf(stageOf(stages, source)) }, slots }));
    const completed = whole === undefined ? recipe : { ...recipe, stages, manifest: { ...recipe.manifest, start: whole } };
    known.set(recipe, completed);
    return completed;
  };
  return complete(compiled);
}

function stageOf(stages: readonly Compiled[], source: StageSource): Compiled {
  return stages.find(({ manifest }) => manifest.name === source.name)!;
}

/** @param compiled its manifest is complete. */
function fingerprintOf({ manifest }: Compiled): string {
  return recipeFingerprint(describeRecipe(manifest), stagesOf(manifest).map(({ recipe }) => recipe!));
}

/** The stages of a manifest's lines, in order. */
function stagesOf({ start = [] }: Manifest): StageSource[] {
  return start.flatMap(({ source }) => (source.kind === "stage" ? [source] : []));
}

/** Trains a recipe in a folder, from the beginning or from where it stopped. */
export type TrainStage = (stage: Compiled, place: { readonly folder: string; readonly resume: boolean }) => Promise<void>;

/**
 * Sees to it that every stage that a recipe begins with has a finished run in the folder `runs`: what is missing is trained, and
 * what was stopped goes on.
 * @param from stages whose weights are elsewhere.
 * @throws RunError when what is there is a run of another recipe.
 */
export async function trainStages(compiled: Compiled, runs: string, from: ReadonlyMap<string, string>, train: TrainStage): Promise<void> {
  for (const source of stagesOf(compiled.manifest)) {
    if (from.has(source.name)) continue;
    const stage = stageOf(compiled.stages, source);
    const run = findStage(source, runs);
    if (run?.is === "finished") continue;
    if (run?.is === "other") throw otherRun(stage, run.folder, runs);
    const folder = run?.folder ?? defaultRunFolder(source.name, false, runs);
    if (!existsSync(checkpointPath(folder))) await trainStages(stage, runs, new Map(), train);
    process.stderr.write(`stage ${source.name}: ${run === undefined ? `${compiled.manifest.name} begins with it; training it first` : "going on with its run"}, in ${folder}\n`);
    await train(stage, { folder, resume: run !== undefined });
  }
}

function otherRun(stage: Compiled, folder: string, runs: string): RunError {
  const { name } = stage.manifest;
  const isRun = existsSync(checkpointPath(folder));
  const differences = isRun ? describeDifferences(withoutData(readCheckpointNote(folder).trainer), describeRecipe(stage.manifest)) : [];
  return new RunError(
    [
      `${folder} is not a run of the stage ${name} as it is in the spec now:`,
      ...(differences.length > 0 ? differences : [isRun ? "a stage that it began with is another one now" : "it holds no checkpoint"]).map((line) => `  ${line.replace(/\p{Cc}/gu, "\ufffd")}`),
      `Train it anew with \`norm train ${stage.recipe.place.source.path}#${name} --out ${defaultRunFolder(name, false, runs)}\`, or take what is there with \`--from ${name}=${folder}\`.`,
    ].join("\n"),
  );
}
