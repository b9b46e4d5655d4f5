/** What every form of a diff shows, in words and figures: the forms differ in how they are laid out alone. */

import type { Change, Side } from "../change.js";
import type { Comparison } from "../comparison.js";
import type { Diff } from "../diff.js";
import type { Landing } from "../landing.js";
import { grouped } from "../numbers.js";
import type { Verdict } from "../verdict.js";
import { type QuantityRow, quantityRows } from "./figures.js";
import { type WeightList, weightLists } from "./weight-lists.js";

export interface View {
  readonly before: string;
  readonly after: string;
  /** `some weights load`. */
  readonly label: string;
  readonly headline: string;
  /** What forces the verdict: the name of a change, and where it stands. */
  readonly forcedBy?: { readonly name: string; readonly place: string };
  readonly model: readonly ChangeView[];
  readonly recipe: readonly ChangeView[];
  /** Said of the recipe when there is no list of changes, or besides it. */
  readonly recipeNote: string;
  /** Set when the diff is no ablation: more than one thing differs. */
  readonly warning?: string;
  readonly landings: readonly Landing[];
  readonly weights: readonly WeightList[];
  readonly quantities: readonly QuantityRow[];
  /** Which quantities do not differ: `3 unchanged: …`; empty when all do. */
  readonly unchanged: string;
  /** How the figures are to be read, a sentence each. */
  readonly conventions: readonly string[];
  readonly tally: string;
}

export interface ChangeView {
  readonly sign: "~" | "+" | "-";
  readonly kind: Change["kind"];
  readonly name: string;
  readonly before?: SideView;
  readonly after?: SideView;
}

export interface SideView {
  readonly text: string;
  /** `a.norm:12`. */
  readonly place: string;
}

export const labels: Readonly<Record<Verdict["level"], string>> = {
  identical: "identical",
  "same function": "same function",
  "same weights": "same weights, another function",
  "some weights": "some weights load",
  "new weights": "new weights",
};

/** Of a comparison of several pairs those that differ, and the names of the others. */
export function partsOf({ diffs }: Comparison): { readonly shown: readonly Diff[]; readonly identical: readonly string[] } {
  const isSame = ({ verdict, variables }: Diff) => verdict.level === "identical" && variables === 0;
  if (diffs.length === 1) return { shown: diffs, identical: [] };
  return { shown: diffs.filter((own) => !isSame(own)), identical: diffs.filter(isSame).map(({ after }) => after.slice(after.lastIndexOf("#") + 1)) };
}

export function viewOf(diff: Diff): View {
  const { verdict, changes, recipe, variables } = diff;
  const rows = quantityRows(diff.quantities);
  return {
    before: diff.before,
    after: diff.after,
    label: labels[verdict.level],
    headline: headlineOf(diff),
    ...forcing(diff),
    model: changes.map(changeView),
    recipe: recipe.map(changeView),
    recipeNote: recipeNote(diff),
    ...(variables > 1 && { warning: warningOf(diff) }),
    landings: diff.landings,
    weights: weightLists(verdict),
    quantities: rows.filter(({ isChanged }) => isChanged),
    unchanged: unchangedText(rows),
    conventions: conventionsOf(diff),
    tally: tallyOf(diff),
  };
}

/** The verdict as a sentence, with its numbers. */
function headlineOf({ verdict, recipe, settings }: Diff): string {
  const { level, loads, gone, fresh, isRenamed } = verdict;
  const [old, now] = [loads.length + gone.length, loads.length + fresh.length];
  const renamed = loads.filter(({ before, after }) => before !== after).length;
  switch (level) {
    case "identical":
      if (settings.before.isMade || settings.after.isMade) return "both mean the same model";
      return recipe.length === 0 ? "both mean the same model, and train it alike" : `both mean the same model: ${allLoad(old)}; how it is trained differs`;
    case "same function":
      if (isRenamed === true) return `both compute the same; ${renamed === 0 ? "names of inputs or random draws differ" : `${counted(renamed, "weight tensor")} of ${old} ${renamed === 1 ? "has" : "have"} another name`}`;
      return `both compute the same from the same weights: ${loadedText(old, loads.length)}; what differs is how they begin`;
    case "same weights":
      return `${allLoad(old)}; what is computed differs`;
    case "some weights":
      return [
        loads.length === old ? `all ${counted(old, "weight tensor")} of A load into B` : `${loads.length} of A's ${counted(old, "weight tensor")} ${loads.length === 1 ? "loads" : "load"} into B`,
        ...(gone.length === 0 ? [] : [`${gone.length} of A ${gone.length === 1 ? "is" : "are"} not used`]),
        ...(fresh.length === 0 ? [] : [`${fresh.length} of B's ${now} ${fresh.length === 1 ? "begins" : "begin"} new`]),
      ].join("; ");
    case "new weights":
      return `none of A's ${counted(old, "weight tensor")} loads into B, which has ${now}`;
  }
}

function allLoad(count: number): string {
  return count === 1 ? "the one weight tensor loads" : `all ${counted(count, "weight tensor")} load`;
}

function loadedText(all: number, loaded: number): string {
  return all === loaded ? allLoad(all) : `${loaded} of ${counted(all, "tensor")} load`;
}

function forcing({ verdict, changes }: Diff): Pick<View, "forcedBy"> {
  const change = verdict.because === undefined ? undefined : changes[verdict.because];
  const where = change?.after ?? change?.before;
  if (change !== undefined && where !== undefined) return { forcedBy: { name: change.name, place: placeOf(where) } };
  return verdict.source === undefined ? {} : { forcedBy: { name: "what is computed", place: verdict.source } };
}

function changeView({ kind, name, before, after }: Change): ChangeView {
  return {
    sign: before === undefined ? "+" : after === undefined ? "-" : "~",
    kind,
    name,
    ...(before && { before: sideView(before) }),
    ...(after && { after: sideView(after) }),
  };
}

function sideView(side: Side): SideView {
  return { text: side.text, place: placeOf(side) };
}

function placeOf({ file, line }: Side): string {
  // Settings stand on no line.
  return file.includes("#") ? file : `${file}:${line}`;
}

function recipeNote({ recipe, settings: { before, after } }: Diff): string {
  if (before.isMade && after.isMade) return "no recipe was compared: the specs have none for this";
  if (before.isMade || after.isMade) return `no recipe was compared: ${before.isMade ? "A" : "B"} has none for this`;
  return recipe.length === 0 ? "the same" : `${counted(recipe.length, "line")} of the recipe ${recipe.length === 1 ? "differs" : "differ"}`;
}

function warningOf({ changes, recipe, variables }: Diff): string {
  const both = changes.length > 0 && recipe.length > 0;
  return `more than one variable changes: ${both ? `${changes.length} in the model and ${recipe.length} in the recipe` : `${variables} in the ${recipe.length > 0 ? "recipe" : "model"}`}. A difference in results could come from each of them.`;
}

function unchangedText(rows: readonly QuantityRow[]): string {
  const same = rows.filter(({ isChanged }) => !isChanged);
  if (same.length === rows.length) return `nothing changes: ${same.length} quantities were compared`;
  return same.length === 0 ? "" : `${same.length} unchanged: ${same.map(({ name }) => name).join(", ")}`;
}

function conventionsOf({ settings: { before, after }, quantities }: Diff): string[] {
  const examples = before.batch === after.batch ? `${before.batch} examples` : `${before.batch} examples in A and ${after.batch} in B`;
  const made = before.isMade || after.isMade ? ["What has no recipe is measured in one of its file that uses it, else in a small setting that is made up."] : [];
  const kernels = quantities.some(({ name }) => name.startsWith("kernels")) ? [] : ["The option --kernels counts kernels as well."];
  return [`A multiplication and an addition count as two FLOP. A step is a training step with ${examples}.`, ...made, ...kernels];
}

function tallyOf({ changes, recipe, verdict, landings }: Diff): string {
  if (changes.length + recipe.length === 0) return verdict.level === "identical" ? "no differences." : "no variable differs.";
  const parts = [
    ...(changes.length > 0 ? [`${counted(changes.length, "variable")} of the model`] : []),
    ...(recipe.length > 0 ? [`${counted(recipe.length, "variable")} of the recipe`] : []),
  ];
  const sites = landings.reduce((total, { rows }) => total + rows.reduce((sum, { count }) => sum + count, 0), 0);
  return `${parts.join(" and ")} ${changes.length + recipe.length === 1 ? "differs" : "differ"}${sites === 0 ? "" : `, at ${counted(sites, "site")}`}.`;
}

/** `1 site`, `3 sites`. */
export function counted(count: number, one: string): string {
  return `${grouped(count)} ${one}${count === 1 ? "" : "s"}`;
}
