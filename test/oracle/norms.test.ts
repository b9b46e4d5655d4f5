/** The standard library's norms over token groups, against torch: outputs, gradients and running statistics. */

import { describe, expect, test } from "vitest";
import { type Pass, type Tolerance, expectAllClose, expectClose, fixtureNames, readFixture, renamed } from "./fixtures.js";
import { type NamedTensors, compileLayer } from "./harness.js";

/** Both sides are float64 and sum at most 120 terms, in different orders: the fixtures' own tolerance holds. */
const tolerance: Tolerance = { absolute: 1e-12, relative: 1e-10 };

interface Settings {
  readonly norm: string;
  readonly eps?: number;
  readonly momentum?: number;
  readonly featureGroups?: number;
  readonly policy: "separate" | "shared";
  readonly groups: Readonly<Record<"cls" | "tokens", readonly [number, number]>>;
  readonly normalized: readonly string[];
}

/** The norm as a policy writes it. */
function policyOf({ norm, eps, momentum, featureGroups }: Settings): string {
  const given = Object.entries({ eps, momentum, groups: featureGroups }).filter(([, value]) => value !== undefined);
  return given.length === 0 ? norm : `${norm}(${given.map(([name, value]) => `${name}: ${value}`).join(", ")})`;
}

/** A stack that is one site. */
function specOf(settings: Settings): string {
  const { groups, normalized, policy } = settings;
  const norm = policyOf(settings);
  const line = (group: string) => `${group}: ${normalized.includes(group) ? norm : "none"}`;
  const lines = policy === "shared" ? `cls, tokens: ${norm}` : `${line("cls")} ${line("tokens")}`;
  const cut = (group: "cls" | "tokens") => `slice(x along token, from: ${groups[group][0]}, size: ${groups[group][1] - groups[group][0]})`;
  return `
    use std.norms { ${settings.norm} }
    stack site() {
      groups { cls, tokens }
      normalize { ${lines} }
      normalize
    }
    layer main(x) { return site(cls: ${cut("cls")}, tokens: ${cut("tokens")}) }`;
}

/** What the fixtures call a parameter or a state, in our words. */
function ownName(name: string): string {
  const [group, part] = name.split(".") as [string, string];
  const parts: Record<string, string> = { alpha: "steepness", g: "radius" };
  return `site.initial.${group === "shared" ? "cls+tokens" : group}.${parts[part] ?? part}`;
}

const ownNames = (tensors: NamedTensors = {}) => renamed(tensors, (name) => (name.includes(".") ? ownName(name) : name));

const names = fixtureNames("norm.").filter((name) => name !== "norm.batch.padded");

test("there are fixtures of every norm of the standard library", () => {
  const kinds = new Set(names.map((name) => name.split(".")[1]));
  expect([...kinds].sort()).toEqual(["batch", "dyt", "group", "instance", "layer", "rms", "scale"]);
});

test.each(names)("%s", (name) => {
  const fixture = readFixture(name);
  const passes: readonly Pass[] = fixture.steps ?? [fixture];
  const compiled = compileLayer(specOf(fixture.settings as unknown as Settings), { x: passes[0]!.inputs["x"]! });
  expect([...compiled.parameters.keys()].sort()).toEqual(Object.keys(ownNames(fixture.parameters)).sort());

  let states = ownNames(fixture.states);
  for (const [i, pass] of passes.entries()) {
    const mode = pass.mode ?? "training";
    const result = compiled.run(mode, { inputs: pass.inputs, parameters: ownNames(fixture.parameters), states, cotangent: pass.inputs["cotangent"]! });
    const at = `pass ${i} (${mode})`;
    expectClose(`${at}: output`, result.output, pass.outputs["y"]!, tolerance);
    expectAllClose(`${at}: gradient of`, result.gradients, ownNames(pass.gradients), tolerance);
    if (mode === "evaluation") expect(result.statesAfter.size).toBe(0);
    else expectAllClose(`${at}: state`, result.statesAfter, ownNames(pass.statesAfter), tolerance);
    // What we left, not what torch left, so that an error would add up.
    states = { ...states, ...Object.fromEntries(result.statesAfter) };
  }
});

describe("batch statistics of a padded batch", () => {
  const fixture = readFixture("norm.batch.padded");
  const spec = `
    use std.norms { batch }
    stack site() {
      groups { tokens }
      normalize { tokens: batch }
      normalize
    }
    layer main(x, lengths) { return site(tokens: x where index(x over token) < lengths) }`;
  const padded = (name: string) => (name.includes(".") ? ownName(name).replace("cls+tokens", "tokens") : name);
  const { lengths, x, cotangent } = fixture.inputs;
  const [tokens, features] = [x!.shape[1]!, x!.shape[2]!];
  const isReal = (i: number) => Math.floor(i / features) % tokens < lengths!.data[Math.floor(i / (tokens * features))]!;

  test("leave out what stands at padding", () => {
    const compiled = compileLayer(spec, { x: x!, lengths: lengths! });
    const parameters = renamed(fixture.parameters, padded);
    const states = renamed(fixture.states, padded);
    const result = compiled.run("training", { inputs: fixture.inputs, parameters, states, cotangent: cotangent! });
    expect(result.output.axes).toEqual(["batch", "token", "feature"]);
    // What stands at padding has no meaning, and torch's fixture has zeros there.
    expectClose("output", result.output, fixture.outputs["y"]!, tolerance, isReal);
    expectAllClose("gradient of", result.gradients, renamed(fixture.gradients!, padded), tolerance);
    expectAllClose("state", result.statesAfter, renamed(fixture.statesAfter!, padded), tolerance);
  });
});
