/** The verdict of a diff: what kind of change it is, and which weights of the one model load into the other. */

import type { Compiled } from "../../compiler/compile.js";
import type { Op, Slot } from "../../ir/program.js";
import { sameLayout } from "../../ir/types.js";
import type { Change } from "./change.js";
import { comparePrograms } from "./programs.js";

/** From the least change to the greatest. */
export const levels = ["identical", "same function", "same weights", "some weights", "new weights"] as const;

export interface Verdict {
  readonly level: (typeof levels)[number];
  /** Which weights load, by their names on both sides: parameters, and states of the model. */
  readonly loads: readonly { readonly before: string; readonly after: string }[];
  /** The weights of either side that do not: those that are gone, and those that are new. */
  readonly gone: readonly string[];
  readonly fresh: readonly string[];
  /** Set when nothing but names of weights, inputs or random draws differs. */
  readonly isRenamed?: true;
  /** The change that forces the level, as an index into the changes of the model. */
  readonly because?: number;
  /** Where the first difference comes from when no change explains it: `file:line:column`. */
  readonly source?: string;
}

/** @param changes of the model, from which the one is taken that forces the verdict. */
export function verdictOf(before: Compiled, after: Compiled, changes: readonly Change[]): Verdict {
  const [old, now] = [weightsOf(before), weightsOf(after)];
  const function_ = comparePrograms(before.program, after.program, ["forward", "evaluate"]);
  if (function_.isSame) {
    // The first values pair weights as well that nothing reads.
    const whole = comparePrograms(before.program, after.program, ["forward", "evaluate", "initialise"]);
    const beginsAlike = whole.isSame;
    const slots = whole.isSame ? whole.slots : function_.slots;
    const partner = (name: string) => slots.get(name) ?? (now.has(name) ? name : undefined);
    const loads = [...old.keys()].flatMap((name) => (partner(name) === undefined ? [] : [{ before: name, after: partner(name)! }]));
    const isIdentical = function_.isExact && loads.every((pair) => pair.before === pair.after) && old.size === now.size && beginsAlike;
    const complete = { loads, gone: [...old.keys()].filter((name) => !loads.some((pair) => pair.before === name)), fresh: [...now.keys()].filter((name) => !loads.some((pair) => pair.after === name)) };
    if (isIdentical) return { level: "identical", ...complete };
    if (beginsAlike) return { level: "same function", ...complete, isRenamed: true };
    return { level: "same function", ...complete, ...(changes.length > 0 && { because: 0 }) };
  }
  const fits = (name: string) => old.has(name) && now.has(name) && sameLayout(old.get(name)!.type.axes, now.get(name)!.type.axes);
  const loads = [...old.keys()].filter(fits).map((name) => ({ before: name, after: name }));
  const gone = [...old.keys()].filter((name) => !fits(name));
  const fresh = [...now.keys()].filter((name) => !fits(name));
  const level = gone.length + fresh.length === 0 ? "same weights" : loads.length > 0 ? "some weights" : "new weights";
  const first = gone[0] ?? fresh[0];
  const reshaped = gone.filter((name) => now.has(name)).length;
  const because = first === undefined ? changes.findIndex(() => true) : forcing(changes, first, reshaped > 0);
  const source = sourceOf(function_.after) ?? sourceOf(function_.before);
  return { level, loads, gone, fresh, ...(because >= 0 ? { because } : source !== undefined && { source }) };
}

function weightsOf({ program }: Compiled): Map<string, Slot> {
  return new Map([...program.parameters, ...program.states.filter(({ owner }) => owner === "model")].map((slot) => [slot.name, slot]));
}

function sourceOf(op: Op | undefined): string | undefined {
  return op?.source;
}

/** The change to which a weight is owed: a width for one of another shape, else the nearest decision about its part of the model. */
function forcing(changes: readonly Change[], weight: string, isReshaped: boolean): number {
  const find = (wanted: (change: Change) => boolean) => changes.findIndex(wanted);
  const nearest = [
    () => (isReshaped ? find(({ kind }) => kind === "parameter") : -1),
    () => find(({ kind, name }) => kind === "policy" && groupsOf(name).some((group) => weight.split(/[.+]/).includes(group))),
    () => find(({ kind }) => kind === "placement"),
    () => find(({ kind, name }) => kind === "sublayer" && weight.split(".").includes(name.split(".").at(-1)!.split(" ")[0]!)),
    () => find(({ kind, name }) => kind === "statement" && weight.split(".").includes(name)),
    () => find(({ kind }) => kind !== "recipe"),
  ];
  for (const attempt of nearest) {
    const found = attempt();
    if (found >= 0) return found;
  }
  return -1;
}

/** `encoder.normalize at first.cls+tokens` is about `cls` and `tokens`. */
function groupsOf(name: string): string[] {
  return name.slice(name.lastIndexOf(".") + 1).split("+");
}
