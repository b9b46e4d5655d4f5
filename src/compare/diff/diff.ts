/** What differs between two specs: in what they say, in where it lands, and in what comes of it. Plain data. */

import type { Subject } from "../subject.js";
import { definitionsOf, localNames, parameterNames } from "./alignment.js";
import { type Change, type Decision, type Side, changesBetween } from "./change.js";
import { definitionDecisions, parameterDecisions, stackDecisions, statementDecisions } from "./decisions.js";
import { type Landing, landings } from "./landing.js";
import { Meanings } from "./meaning.js";
import { policyChanges } from "./policies.js";
import { type Quantity, quantities } from "./quantities.js";
import { recipeDecisions, stageChanges } from "./recipe.js";
import { type Verdict, verdictOf } from "./verdict.js";

export interface Diff {
  /** As they were asked for: `a.norm#sharenorm`. */
  readonly before: string;
  readonly after: string;
  readonly verdict: Verdict;
  /** What differs in the model, cause by cause. */
  readonly changes: readonly Change[];
  /** What differs in how it is trained. */
  readonly recipe: readonly Change[];
  /** How many decisions differ in all: an ablation has one. */
  readonly variables: number;
  /** The sites of each stack, and what is applied there. */
  readonly landings: readonly Landing[];
  readonly quantities: readonly Quantity[];
  /** What the quantities hold for. */
  readonly settings: { readonly before: Setting; readonly after: Setting };
}

export interface Setting {
  /** Examples in a step. */
  readonly batch: number;
  /** Whether the recipe was made for the comparison, since the spec has none for what is compared. */
  readonly isMade: boolean;
}

/** Compares what two subjects resolve to. */
export function diff(before: Subject, after: Subject): Diff {
  const shared = new Set([...definitionsOf(before)].filter((key) => definitionsOf(after).has(key)));
  const [old, now] = [new Meanings(before.modules, shared), new Meanings(after.modules, shared)];
  const model = modelChanges(before, after, old, now, shared);
  const recipe = before.hasRecipe && after.hasRecipe ? [...changesBetween(recipeDecisions(before, old), recipeDecisions(after, now)), ...stageChanges(before, after)] : [];
  const verdict = verdictOf(before.compiled, after.compiled, model);
  // Where both compute the same from the same first values, texts that differ say the same.
  const changes = (verdict.level === "identical" || verdict.isRenamed === true ? [] : model).map((change) => asAsked(change, before, after));
  return {
    before: before.name,
    after: after.name,
    verdict,
    changes,
    recipe: recipe.map((change) => asAsked(change, before, after)),
    variables: changes.length + recipe.length,
    landings: landings({ model: before.compiled.training, meanings: old }, { model: after.compiled.training, meanings: now }),
    quantities: quantities(before.compiled, after.compiled),
    settings: { before: settingOf(before), after: settingOf(after) },
  };
}

/** A side that stands in no file stands in what was asked for: `a.norm#classifier(dim: 96)`. */
function asAsked({ before, after, ...rest }: Change, old: Subject, now: Subject): Change {
  const placed = (own: Side, { name, compiled, madeFrom }: Subject): Side => (madeFrom !== undefined && own.line >= madeFrom && own.file === compiled.recipe.place.source.path ? { ...own, file: name, line: 1, column: 1 } : own);
  return { ...rest, ...(before && { before: placed(before, old) }), ...(after && { after: placed(after, now) }) };
}

function settingOf({ compiled, hasRecipe }: Subject): Setting {
  return { batch: compiled.recipe.batch, isMade: !hasRecipe };
}

function modelChanges(before: Subject, after: Subject, old: Meanings, now: Meanings, shared: ReadonlySet<string>): Change[] {
  const parameters = parameterNames(before, after, old, now);
  const locals = localNames(before, after, old, now, parameters);
  const own = new Map([...parameters.before, ...locals.before]);
  const other = new Map([...parameters.after, ...locals.after]);
  const settings = changesBetween(parameterDecisions(before, old, parameters.before), parameterDecisions(after, now, parameters.after));
  const stacks = stackChanges(before, after, old, now, own, other);
  const statements = changesBetween(statementDecisions(before, old, own), statementDecisions(after, now, other));
  // Last: by now every definition has been met that the models use. That only one of them uses it, another line says.
  const [defined, redefined] = [definitionDecisions(old, shared), definitionDecisions(now, shared)];
  const inBoth = (own: readonly Decision[], others: readonly Decision[]) => own.filter(({ name }) => others.some((other) => other.name === name));
  const definitions = changesBetween(inBoth(defined, redefined), inBoth(redefined, defined));
  return [...stacks, ...settings, ...statements, ...definitions];
}

function stackChanges(before: Subject, after: Subject, old: Meanings, now: Meanings, own: ReadonlyMap<string, string>, other: ReadonlyMap<string, string>): Change[] {
  const groupsOf = ({ compiled }: Subject, path: string) => groupsIn(compiled.training, path);
  const later = new Map(after.compiled.training.stacks.map((stack) => [stack.path, stack]));
  const paths = new Set(before.compiled.training.stacks.map(({ path }) => path));
  const changed = before.compiled.training.stacks.flatMap((stack): Change[] => {
    const match = later.get(stack.path);
    const [left, right] = [{ stack, meanings: old, groups: groupsOf(before, stack.path) }, match && { stack: match, meanings: now, groups: groupsOf(after, stack.path) }];
    const decisions = stackDecisions(left, own);
    if (right === undefined) return changesBetween(decisions, []);
    const others = stackDecisions(right, other);
    return [...policyChanges(left, right), ...changesBetween(decisions, others), ...orderChange(stack.path, decisions, others)];
  });
  const added = after.compiled.training.stacks.filter(({ path }) => !paths.has(path));
  return [...changed, ...added.flatMap((stack) => changesBetween([], stackDecisions({ stack, meanings: now }, other)))];
}

/** The groups of a stack, in order. */
function groupsIn({ outputs }: Subject["compiled"]["training"], path: string): readonly string[] {
  return (outputs.get(path)?.groups ?? []).map(({ name }) => name);
}

/** Sublayers that both stacks have, in another order. */
function orderChange(path: string, before: ReturnType<typeof stackDecisions>, after: ReturnType<typeof stackDecisions>): Change[] {
  const sublayers = (decisions: typeof before, others: typeof before) => decisions.filter(({ kind, name }) => kind === "sublayer" && others.some((other) => other.name === name));
  const [old, now] = [sublayers(before, after), sublayers(after, before)];
  if (old.every(({ name }, i) => name === now[i]!.name)) return [];
  const text = (decisions: typeof before) => ({ ...decisions[0]!.side, text: decisions.map(({ name }) => name.slice(path.length + 1)).join(", ") });
  return [{ kind: "sublayer", name: `${path}, order`, before: text(old), after: text(now) }];
}
