/** The decisions of a recipe: what quietly spoils an ablation when it differs as well. */

import type { Place } from "../../diagnostics/diagnostic.js";
import { policyText } from "../../semantics/sites.js";
import { numberText } from "../../semantics/values.js";
import type { Subject } from "../subject.js";
import { type Decision, side, textAt } from "./change.js";
import type { Meanings } from "./meaning.js";

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
    ...recipe.beginnings.map((beginning, i) => line(i === 0 ? "from" : `from ${i + 1}`, textAt(beginning.place), beginning.place, JSON.stringify(manifest.start?.[i] ?? null))),
  ];
}
