/** The decisions of a recipe: what quietly spoils an ablation when it differs as well. */

import type { Compiled } from "../../compiler/compile.js";
import type { Place } from "../../diagnostics/diagnostic.js";
import type { Start } from "../../runtime/trainer.js";
import { policyText } from "../../semantics/sites.js";
import { numberText } from "../../semantics/values.js";
import type { Subject } from "../subject.js";
import { type Change, type Decision, side, textAt } from "./change.js";
import type { Meanings } from "./meaning.js";
import { comparePrograms } from "./programs.js";

/** The lines of the recipe that count; measures are none, since they change nothing. */
export function recipeDecisions({ compiled: { recipe, manifest } }: Subject, meanings: Meanings): Decision[] {
  const line = (name: string, text: string, where: Place | undefined, meaning = text): Decision => ({
    kind: "recipe",
    name,
    side: side(text, where ?? recipe.place),
    meaning,
    resolved: meaning,
  });
  const { places, data } = recipe;
  const source = `${data.loader}(${data.arguments.map(({ name, value }) => `${name === undefined ? "" : `${name}: `}${JSON.stringify(value)}`).join(", ")})`;
  const paths = (selectors: readonly { readonly path: { readonly segments: readonly string[] } }[]) => selectors.map(({ path }) => path.segments.join(".")).toSorted().join(", ");
  const whole = (name: "batch" | "epochs" | "steps" | "seed", value: number | undefined) => (value === undefined ? [] : [line(name, String(value), places.get(name))]);
  return [
    line("data", source, places.get("data")),
    ...recipe.optimizers.map(({ at, optimizer, place: where }) => line(at.length === 0 ? "optimizer" : `optimizer at ${paths(at)}`, policyText(optimizer), where, meanings.value(optimizer))),
    line("schedule", policyText(recipe.schedule), recipe.schedulePlace, meanings.value(recipe.schedule)),
    ...whole("batch", recipe.batch),
    ...whole("epochs", recipe.epochs),
    ...whole("steps", recipe.steps),
    ...whole("seed", recipe.seed),
    line("holdout", `${numberText(recipe.holdout * 100)}%`, places.get("holdout"), String(recipe.holdout)),
    line("precision", recipe.precision, places.get("precision")),
    ...(recipe.frozen.length === 0 ? [] : [line("freeze", paths(recipe.frozen), recipe.frozen[0]!.place)]),
    ...recipe.beginnings.map((beginning, i) => line(i === 0 ? "from" : `from ${i + 1}`, textAt(beginning.place), beginning.place, startText(manifest.start?.[i]))),
  ];
}

/** What a run begins with, without the place at which the spec says so. */
function startText(start: Start | undefined): string {
  if (start === undefined) return "";
  const { source, slots } = start;
  return JSON.stringify([source.kind === "file" ? source.path : source.name, slots]);
}

/** Recipes of one name with whose runs both sides begin, but that are not the same recipes. */
export function stageChanges({ compiled: before }: Subject, { compiled: after }: Subject): Change[] {
  return before.stages.flatMap((old): Change[] => {
    const now = after.stages.find(({ recipe }) => recipe.name === old.recipe.name);
    if (now === undefined || isSameRun(old, now)) return [];
    const { name } = old.recipe;
    return [{ kind: "recipe", name: `the stage ${name}`, before: side(`${name} as it was`, old.recipe.place), after: side(`${name} as it is now`, now.recipe.place) }];
  });
}

function isSameRun(before: Compiled, after: Compiled): boolean {
  const plain = ({ manifest: { data, seed, batch, epochs, steps, holdout, precision, start = [] } }: Compiled) => JSON.stringify([data, seed, batch, epochs, steps, holdout, precision, start.map(startText)]);
  if (plain(before) !== plain(after) || !comparePrograms(before.program, after.program, ["initialise", "step", "evaluate"]).isSame) return false;
  return before.stages.every((stage) => after.stages.some((other) => other.recipe.name === stage.recipe.name && isSameRun(stage, other)));
}
