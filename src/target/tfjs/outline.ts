/** Finds regions that are alike, such as the layers of an encoder: each kind of them becomes one function. */

import { type Argument, type Call, Named, type Value, isValue, valuesOf } from "./call.js";
import type { Lowered } from "./lower.js";

/** Consecutive calls of one region. */
export interface Run {
  readonly calls: readonly Call[];
  /** Values from outside, in the order of their first use; slots and inputs of the program are read where they are used. */
  readonly inputs: readonly Value[];
}

/** A function of the text, and the runs that call it. */
export interface Outlined {
  readonly runs: readonly Run[];
  /** Which results of the calls some run's surroundings use: indices of calls. */
  readonly outputs: readonly number[];
  /** Which inputs no run's surroundings use afterwards: indices of inputs. They are disposed inside. */
  readonly consumed: ReadonlySet<number>;
}

/** A part of an entry: calls that stand in it, or a run that calls its function. */
export type Part = { readonly run: Run; readonly outlined?: Outlined };

export interface Outline {
  readonly parts: readonly Part[];
  readonly lives: Lives;
}

/** How long values are needed. */
export interface Lives {
  /** All calls in order, prelude first. */
  readonly calls: readonly Call[];
  /** For every value the index of the last call that uses it, or makes it; past the end for results and constants. */
  readonly lastUse: ReadonlyMap<Value, number>;
  /** Values that became results or next values of slots: their new owner disposes them. */
  readonly handedOver: ReadonlySet<Value>;
  /** The values that nothing needs after a call. */
  readonly deaths: ReadonlyMap<Call, readonly Value[]>;
}

/** Parts an entry into runs, and gives each kind of run that occurs more than once a function. */
export function outline(lowered: Lowered): Outline {
  const lives = livesOf(lowered);
  const index = new Map(lives.calls.map((call, i) => [call, i]));
  const runs = runsOf(lowered.body);
  const alike = new Map<string, Run[]>();
  for (const run of runs.filter(isWorthwhile)) {
    const key = signature(run);
    alike.set(key, [...(alike.get(key) ?? []), run]);
  }
  const outlined = new Map<Run, Outlined>();
  for (const group of alike.values()) {
    if (group.length < 2) continue;
    const one = outlinedFrom(group, lives, index);
    for (const run of group) outlined.set(run, one);
  }
  const parts = runs.map((run) => ({ run, ...(outlined.has(run) ? { outlined: outlined.get(run)! } : {}) }));
  return { parts, lives };
}

function livesOf({ prelude, body, results }: Lowered): Lives {
  const calls = [...prelude, ...body];
  const lastUse = new Map<Value, number>();
  const handedOver = new Set<Value>(results.values());
  calls.forEach((call, i) => {
    if (call.result !== undefined) lastUse.set(call.result, i);
    for (const value of valuesOf(call.args)) {
      if (value.external === undefined) lastUse.set(value, i);
      if (call.name === "update") handedOver.add(value);
    }
  });
  // Constants serve the whole entry and are small.
  for (const { result } of prelude) lastUse.set(result!, calls.length);
  for (const value of results.values()) lastUse.set(value, calls.length);
  const deaths = new Map<Call, Value[]>(calls.map((call) => [call, []]));
  for (const [value, at] of lastUse) {
    const last = calls[at];
    if (last !== undefined && !handedOver.has(value)) deaths.get(last)!.push(value);
  }
  return { calls, lastUse, handedOver, deaths };
}

function runsOf(calls: readonly Call[]): readonly Run[] {
  const runs: Call[][] = [];
  for (const call of calls) {
    const last = runs.at(-1);
    const previous = last?.at(-1)?.region;
    if (previous?.phase === call.region.phase && previous.key === call.region.key) last!.push(call);
    else runs.push([call]);
  }
  return runs.map((run) => ({ calls: run, inputs: inputsOf(run) }));
}

function inputsOf(calls: readonly Call[]): readonly Value[] {
  const made = new Set(calls.map((call) => call.result));
  const used = calls.flatMap((call) => valuesOf(call.args));
  return [...new Set(used.filter((value) => value.external === undefined && !made.has(value)))];
}

function isWorthwhile({ calls }: Run): boolean {
  return calls.length > 1 && calls[0]!.region.key !== "";
}

/** Stands for the key of a region where a name contains it. */
export const keyMark = "\u0000";

/** `name` with the key of its region replaced by `mark`, where whole segments of the name are the key. */
export function withoutKey(name: string, key: string, mark: string = keyMark): string {
  if (key === "") return name;
  const escaped = key.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
  return name.replace(new RegExp(`(?<![\\w])${escaped}(?![\\w])`, "g"), mark);
}

/** Equal for runs that are the same but for the values that come in and for the key of the region. */
function signature({ calls, inputs }: Run): string {
  const { key, phase } = calls[0]!.region;
  const numbers = new Map<Value, string>(inputs.map((value, i) => [value, `in ${i}`]));
  const write = (argument: Argument): string => {
    if (argument instanceof Named) return withoutKey(argument.name, key);
    if (isValue(argument)) {
      const { external } = argument;
      return external === undefined ? numbers.get(argument)! : `${external.kind} ${withoutKey(external.name, key)}`;
    }
    return Array.isArray(argument) ? `[${argument.map(write).join()}]` : `${typeof argument} ${String(argument)}`;
  };
  const lines = calls.map((call, i) => {
    const line = `${call.name}(${call.args.map(write).join()}) ${withoutKey(call.op.place, key)} ${call.op.kind} ${call.op.source ?? ""}`;
    if (call.result !== undefined) numbers.set(call.result, `out ${i}`);
    return line;
  });
  return [phase, ...lines].join("\n");
}

function outlinedFrom(runs: readonly Run[], { lastUse, handedOver }: Lives, index: ReadonlyMap<Call, number>): Outlined {
  const outputs = new Set<number>();
  const consumed = new Set(runs[0]!.inputs.keys());
  for (const { calls, inputs } of runs) {
    const end = index.get(calls.at(-1)!)!;
    calls.forEach(({ result }, i) => {
      if (result !== undefined && lastUse.get(result)! > end) outputs.add(i);
    });
    inputs.forEach((value, i) => {
      if (handedOver.has(value) || lastUse.get(value)! > end) consumed.delete(i);
    });
  }
  return { runs, outputs: [...outputs].toSorted((a, b) => a - b), consumed };
}
