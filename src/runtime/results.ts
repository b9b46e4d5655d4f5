/** What an engine makes of the numbers that an entry leaves. */

import type { StepResult } from "./trainer.js";

/**
 * The results of an entry by their names.
 * @param values the bytes of each.
 */
export function decoded(results: readonly { readonly name: string; readonly type: string }[], values: readonly DataView[]): Record<string, number> {
  return Object.fromEntries(results.map(({ name, type }, i) => [name, type === "f32" ? values[i]!.getFloat32(0, true) : values[i]!.getInt32(0, true)]));
}

/** @param isHealthy whether the new values of all slots are finite. */
export function stepResult({ loss = NaN, rate = NaN, ...reports }: Readonly<Record<string, number>>, isHealthy: boolean): StepResult {
  return { finite: isHealthy && Number.isFinite(loss), loss, rate, reports };
}

/** The entry of a plan that gives tensors for measures. Throws when the plan has none of that name. */
export function plannedMeasure<Entry>(measures: Readonly<Record<string, Entry>> = {}, name: string): Entry {
  const entry = Object.hasOwn(measures, name) ? measures[name] : undefined;
  if (entry === undefined) throw new Error(`the plan has no entry ${name}`);
  return entry;
}
