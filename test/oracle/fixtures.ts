/** Reading the fixtures and comparing with them. */

import { readFileSync, readdirSync } from "node:fs";
import { expect } from "vitest";
import { type NamedTensor, type NamedTensors, laidOut } from "./harness.js";

export interface Tolerance {
  readonly absolute: number;
  readonly relative: number;
}

/** One pass, or one step of several. */
export interface Pass {
  readonly mode?: "training" | "evaluation";
  readonly inputs: NamedTensors;
  readonly outputs: NamedTensors;
  readonly gradients?: NamedTensors;
  readonly statesAfter?: NamedTensors;
  readonly parametersAfter?: NamedTensors;
}

export interface Fixture extends Pass {
  readonly name: string;
  readonly settings: Readonly<Record<string, unknown>>;
  readonly parameters: NamedTensors;
  readonly states: NamedTensors;
  readonly steps?: readonly Pass[];
  readonly parametersAfter?: NamedTensors;
}

const folder = new URL("fixtures/", import.meta.url);

export function readFixture(name: string): Fixture {
  return JSON.parse(readFileSync(new URL(`${name}.json`, folder), "utf8")) as Fixture;
}

/** The names of the fixtures that begin with `prefix`. */
export function fixtureNames(prefix: string): string[] {
  const names = readdirSync(folder).flatMap((file) => (file.endsWith(".json") ? [file.slice(0, -".json".length)] : []));
  return names.filter((name) => name.startsWith(prefix)).sort();
}

/** Fails when an element of `actual` is further from `expected` than the tolerance, or is no number. */
export function expectClose(
  what: string,
  actual: NamedTensor | undefined,
  expected: NamedTensor,
  { absolute, relative }: Tolerance,
  compared: (index: number) => boolean = () => true,
): void {
  if (actual === undefined) throw new Error(`${what} was not computed`);
  // Read in the layout of what was computed, so that axes are matched by name.
  const type = { dtype: "f32" as const, axes: actual.axes.map((name, i) => ({ name, extent: actual.shape[i]! })) };
  const wanted = laidOut(expected, type);
  expect(actual.data.length, `${what}: elements`).toBe(wanted.length);
  wanted.forEach((value, i) => {
    const found = actual.data[i]!;
    const within = Math.abs(found - value) <= absolute + relative * Math.abs(value);
    if (compared(i) && !within) expect.fail(`${what}[${i}] is ${found}, torch computes ${value}`);
  });
}

/** Compares every tensor of `expected` with the one of its name. */
export function expectAllClose(what: string, actual: ReadonlyMap<string, NamedTensor>, expected: NamedTensors, tolerance: Tolerance): void {
  for (const [name, tensor] of Object.entries(expected)) expectClose(`${what} ${name}`, actual.get(name), tensor, tolerance);
}

/** Tensors under other names; those without one are left out. */
export function renamed(tensors: NamedTensors, name: (own: string) => string): NamedTensors {
  return Object.fromEntries(Object.entries(tensors).map(([own, tensor]) => [name(own), tensor]));
}
