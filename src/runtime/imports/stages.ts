/** The runs of stages: a recipe that begins with another's weights looks for that one's run beside its own. */

import { existsSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { checkpointPath, type CheckpointNote, readCheckpointNote, weightsPath } from "../checkpoint.js";
import { RunError } from "../errors.js";
import { recipeFingerprint, withoutData } from "../fingerprint.js";
import { metricsPath } from "../metrics.js";
import { runFolder } from "../run-folder.js";
import type { StageSource } from "../trainer.js";

/** A run of a stage: one that can be begun with, one that was stopped before its end, or one of another recipe. */
export interface StageRun {
  readonly folder: string;
  readonly is: "finished" | "begun" | "other";
}

/**
 * The run of a stage among `runs/NAME`, `runs/NAME-2`, …: the newest finished one, else the newest that was begun, else the newest
 * of another recipe; undefined when there is none. Throws `FormatError` when a checkpoint is damaged.
 */
export function findStage(source: StageSource, runs: string): StageRun | undefined {
  const found: StageRun[] = [];
  for (let number = 1; existsSync(runFolder(source.name, number, runs)); number++) {
    const folder = runFolder(source.name, number, runs);
    found.unshift({ folder, is: kindOf(folder, source) });
  }
  const newest = (is: StageRun["is"]) => found.find((run) => run.is === is);
  return newest("finished") ?? newest("begun") ?? newest("other");
}

function kindOf(folder: string, source: StageSource): StageRun["is"] {
  if (!existsSync(checkpointPath(folder))) return isFresh(folder) ? "begun" : "other";
  const note = readCheckpointNote(folder);
  if (source.recipe !== undefined && recipeOf(note) !== source.recipe) return "other";
  return isFinished(note) && existsSync(weightsPath(folder)) ? "finished" : "begun";
}

/** Whether a folder is that of a run that was stopped before its first checkpoint, or empty. */
function isFresh(folder: string): boolean {
  if (!statSync(folder).isDirectory() || existsSync(weightsPath(folder))) return false;
  return existsSync(metricsPath(folder)) || readdirSync(folder).length === 0;
}

/** The fingerprint of the recipe that a run was of, as `StageSource.recipe` has it. */
export function recipeOf({ trainer, origins }: CheckpointNote): string {
  return recipeFingerprint(withoutData(trainer), origins.flatMap(({ recipe }) => (recipe === undefined ? [] : [recipe])));
}

export function isFinished({ state, trainer }: CheckpointNote): boolean {
  const trait = (name: string) => Number(trainer.get(name) ?? Number.NaN);
  const steps = trainer.has("steps") ? trait("steps") : trait("epochs") * trait("steps per epoch");
  return state.step >= steps && state.evaluatedAt >= state.step;
}

/** The weights of a stage, and the recipe that they come from. */
export interface StageWeights {
  readonly file: string;
  readonly recipe?: string;
  /** What people should know of them. */
  readonly remark?: string;
}

/** The weights of a stage's finished run. Throws `RunError` that says what to do when there is none. */
export function stageWeights(source: StageSource, runs: string): StageWeights {
  const run = findStage(source, runs);
  if (run?.is === "finished") return { file: weightsPath(run.folder), ...(source.recipe === undefined ? {} : { recipe: source.recipe }) };
  throw new RunError(`this run begins with the stage ${source.name}, and ${problemOf(run, source, runs)}; or say with \`--from ${source.name}=FOLDER\` where one is`);
}

function problemOf(run: StageRun | undefined, { name }: StageSource, runs: string): string {
  if (run === undefined) return `there is no run of it in ${join(runs, name)}: train it first`;
  if (run.is === "begun") return `its run in ${run.folder} is not finished: go on with it first`;
  return `what is in ${run.folder} is not a run of that recipe as it is now: train it anew, into another folder`;
}

/** The weights that a person named for a stage: a run's folder, or a file. Throws `RunError` when there are none. */
export function namedWeights(source: StageSource, path: string): StageWeights {
  if (!existsSync(path)) throw new RunError(`there is nothing at ${path}, where the stage ${source.name} should be`);
  if (!statSync(path).isDirectory()) return { file: path };
  const file = weightsPath(path);
  if (!existsSync(file)) throw new RunError(`${path}, where the stage ${source.name} should be, holds no weights.safetensors: name a run's folder, or a file`);
  if (!existsSync(checkpointPath(path))) return { file };
  const note = readCheckpointNote(path);
  const recipe = recipeOf(note);
  if (!isFinished(note)) return { file, recipe, remark: `its run was stopped after step ${note.state.step}` };
  return source.recipe === undefined || recipe === source.recipe ? { file, recipe } : { file, recipe, remark: "its recipe is not that of the stage as it is now" };
}
