/** The interpreter of kernel programs against the interpreter of the IR; and what a wrong plan does shows in it. */

import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { compile } from "../../src/compiler/compile.js";
import { fileHost } from "../../src/compiler/host.js";
import type { Environment } from "../../src/ir/definition.js";
import { interpret } from "../../src/ir/interpret.js";
import { parseProgram } from "../../src/ir/parse.js";
import type { Program } from "../../src/ir/program.js";
import { IrError } from "../../src/ir/types.js";
import { constant, plus, visitAtoms } from "../../src/kernel/coordinate.js";
import { type Device, portable } from "../../src/kernel/device.js";
import { interpretKernels } from "../../src/kernel/interpret.js";
import { lower } from "../../src/kernel/lower.js";
import { tablesOf } from "../../src/kernel/part.js";
import type { KernelProgram } from "../../src/kernel/program.js";
import { loadsOf } from "../../src/kernel/scalar.js";
import { verifyKernels } from "../../src/kernel/verify.js";
import { relativeError } from "../ir/support.js";
import { entryOf, moved, small, smallProgram, withDispatch, withDispatches, withPlacement, withStore } from "./broken.js";
import { devices } from "./devices.js";
import { environmentOf } from "./environments.js";
import { examplePrograms, small as inSmall } from "./examples.js";

/** What is computed in another order differs by some units in the last place. */
const tolerance = 1e-9;

/** The largest error of an entry's results and of the slots after it; also of those that it leaves. */
function errorOf(program: Program, kernels: KernelProgram, name: string, environment: Environment): number {
  const expected = interpret(program.entries.get(name)!, environment);
  const found = interpretKernels(kernels, name, environment);
  const results = [...expected.results].map(([result, { data }]) => relativeError(found.results.get(result)!, data));
  const slots = [...environment.slots].map(([slot, data]) => relativeError(found.slots.get(slot)!, expected.updates.get(slot) ?? data));
  return Math.max(...results, ...slots);
}

const programs = examplePrograms(inSmall);

// Every example meets two of the three devices.
describe.each(Object.entries(devices).map(([name, device], i) => ({ name, device, programs: programs.filter((_, j) => j % 3 !== i) })))("with $name", ({ device, programs: own }: { device: Device; programs: typeof programs }) => {
  test.each(own)("%s", { timeout: 60_000 }, (_, program) => {
    const kernels = lower(program, device);
    verifyKernels(kernels, device);
    const given = environmentOf(program);
    expect(errorOf(program, kernels, "initialise", given)).toBeLessThan(tolerance);
    const environment = { ...given, slots: interpretKernels(kernels, "initialise", given).slots };
    expect(errorOf(program, kernels, "step", environment)).toBeLessThan(tolerance);
    expect(errorOf(program, kernels, "evaluate", environment)).toBeLessThan(tolerance);
  });
});

describe("attention whose scores are never stored", () => {
  const spec = readFileSync(new URL("../target/webgpu/attention.norm", import.meta.url), "utf8");
  test.each<readonly [name: string, device: Device, text: string]>([
    ["in registers", { ...portable, maxBuffers: 10, cooperates: false }, spec],
    ["in shared memory", { ...portable, maxBuffers: 10 }, spec],
    ["with factors of 16 bits", { ...portable, maxBuffers: 10, half: true, matrix: { m: 16, n: 16, k: 16, subgroup: 32 } }, spec.replace("batch 2", "batch 2\n  precision mixed")],
  ])("%s", { timeout: 60_000 }, (_, device, text) => {
    const { program } = compile("attention.norm", text, fileHost(".")).recipes.get("tiny")!;
    const kernels = lower(program, device, ["step"]);
    verifyKernels(kernels, device);
    const { dispatches } = kernels.entries.get("step")!;
    expect(dispatches.some(({ pieces }) => pieces.some(({ part }) => tablesOf(part).length > 0))).toBe(true);
    expect([...kernels.placements.keys()].some((tensor) => tensor.half)).toBe(device.half);
    expect(errorOf(program, kernels, "step", environmentOf(program))).toBeLessThan(tolerance);
  });
});

test("quotients and remainders that no loops stand for", () => {
  const program = parseProgram(`program parts {
    input x : f32[p: 2, q: 3]
    entry step {
      %0 = input() {slot: "x"} : f32[p: 2, q: 3]
      %1 = merge(%0) {axes: [q, p], into: "r"} : f32[r: 6]
      %2 = slice(%1) {axis: "r", start: 1, extent: 4} : f32[r: 4]
      return y: %2
    }
  }`);
  const kernels = lower(program, portable);
  verifyKernels(kernels, portable);
  const atoms = new Set<string>();
  for (const { value } of entryOf(kernels).dispatches[0]!.pieces[0]!.part.stores) for (const load of loadsOf([value])) visitAtoms(load.at[0]!, ({ kind }) => void atoms.add(kind));
  expect(atoms).toEqual(new Set(["variable", "quotient", "remainder"]));
  expect(errorOf(program, kernels, "step", environmentOf(program))).toBe(0);
});

describe("updates", () => {
  const text = `program updates {
    parameter a : f32[p: 9, q: 9] weight
    parameter b : f32[p: 9, q: 9] weight
    state n : i32[] model
    state seen : bool[p: 3] model
    entry step {
      %0 = parameter() {slot: "a"} : f32[p: 9, q: 9]
      %1 = parameter() {slot: "b"} : f32[p: 9, q: 9]
      %2 = rename(%0) {from: [p, q], to: [q, p]} : f32[q: 9, p: 9]
      %3 = add(%1, %2) : f32[p: 9, q: 9]
      %4 = log(%1) : f32[p: 9, q: 9]
      %5 = update(%3) {slot: "a"} : f32[p: 9, q: 9]
      %6 = update(%4) {slot: "b"} : f32[p: 9, q: 9]
      %7 = state() {slot: "n"} : i32[]
      %8 = constant() {value: 2147483647, dtype: "i32"} : i32[]
      %9 = add(%7, %8) : i32[]
      %10 = update(%9) {slot: "n"} : i32[]
      %11 = state() {slot: "seen"} : bool[p: 3]
      %12 = not(%11) : bool[p: 3]
      %13 = update(%12) {slot: "seen"} : bool[p: 3]
      return
    }
  }`;
  const program = parseProgram(text);
  const given = environmentOf(program);
  const positive = new Map(given.slots).set("b", given.slots.get("b")!.map((value) => 1 + value)).set("n", Float64Array.of(5));
  const environment = { ...given, slots: positive };

  test.each(Object.entries(devices))("read old values, with %s", (_, device) => {
    expect(errorOf(program, lower(program, device), "step", environment)).toBeLessThan(tolerance);
    expect(interpretKernels(lower(program, device), "step", environment).slots.get("n")).toEqual(Float64Array.of(5 + 2147483647 - 2 ** 32));
  });

  test("take no effect when a value is not finite", () => {
    const slots = new Map(environment.slots).set("b", environment.slots.get("b")!.with(40, 0));
    const after = interpretKernels(lower(program, portable), "step", { ...environment, slots }).slots;
    for (const [name, values] of slots) expect(after.get(name)).toEqual(values);
  });
});

describe("what is wrong shows", () => {
  const program = small();
  const environment = environmentOf(smallProgram);
  const right = interpretKernels(program, "step", environment);
  const differs = (broken: KernelProgram) => {
    const found = interpretKernels(broken, "step", environment);
    return [...right.results, ...right.slots].some(([name, values]) => relativeError((found.results.get(name) ?? found.slots.get(name))!, values) > tolerance);
  };

  test("the small program is right", () => expect(differs(small())).toBe(false));

  test.each<readonly [what: string, broken: KernelProgram]>([
    ["an address", withStore(program, 1, 1, ({ value }) => ({ value: moved(value, ({ at: [where] }) => constant(where!.constant)) }))],
    ["two temporaries at one place", withPlacement(program, "t15", () => ({ offset: 0 }))],
    ["two dispatches in one", withDispatches(program, ([a, b, ...rest]) => [{ ...a!, pieces: [...a!.pieces, ...b!.pieces] }, ...rest])],
    ["the order of dispatches", withDispatches(program, ([a, b, ...rest]) => [b!, a!, ...rest])],
    ["a missing piece", withDispatch(program, 1, ({ pieces }) => ({ pieces: pieces.slice(1) }))],
  ])("%s", (_, broken) => expect(differs(broken)).toBe(true));

  test("an address outside", () => {
    const broken = withStore(program, 0, 0, ({ value }) => ({ value: moved(value, ({ at: [where] }) => plus(where!, constant(100))) }));
    expect(() => interpretKernels(broken, "step", environment)).toThrow(IrError);
    expect(() => interpretKernels(broken, "step", environment)).toThrow("has no element");
  });

  test("an entry that is not there", () => expect(() => interpretKernels(program, "evaluate", environment)).toThrow("there is no entry `evaluate`"));
});
