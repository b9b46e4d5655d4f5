/** Updates of slots: in their own layout, from old values alone, and all of them or none. */

import { describe, expect, test } from "vitest";
import type { Environment } from "../../src/ir/definition.js";
import { interpret } from "../../src/ir/interpret.js";
import { parseProgram } from "../../src/ir/parse.js";
import { elements } from "../../src/ir/types.js";
import { verify } from "../../src/ir/verify.js";
import { keyOf, normals } from "../../src/random/threefry.js";
import { mistakes } from "./compare.js";
import type { RunStep } from "./run.js";

/** Everything here is a sum of a few numbers or products. */
const tolerance = { ulps: 4, absolute: 1e-6 };

const programs: Readonly<Record<string, string>> = {
  "a value of another layout": `
    parameter w : f32[p: 5, q: 7] weight
    input x : f32[q: 7, p: 5]
    entry step {
      %0 = input() {slot: "x"} : f32[q: 7, p: 5]
      %1 = exp(%0) : f32[q: 7, p: 5]
      %2 = update(%1) {slot: "w"} : f32[p: 5, q: 7]
      return loss: %0
    }`,
  "two slots that change places": `
    parameter a : f32[p: 70] weight
    parameter b : f32[p: 70] weight
    entry step {
      %0 = parameter() {slot: "a"} : f32[p: 70]
      %1 = parameter() {slot: "b"} : f32[p: 70]
      %2 = update(%1) {slot: "a"} : f32[p: 70]
      %3 = update(%0) {slot: "b"} : f32[p: 70]
      return loss: %0
    }`,
  "a slot that the same kernel changes": `
    parameter w : f32[p: 70] weight
    state m : f32[p: 70] optimizer
    input x : f32[p: 70]
    entry step {
      %0 = parameter() {slot: "w"} : f32[p: 70]
      %1 = state() {slot: "m"} : f32[p: 70]
      %2 = input() {slot: "x"} : f32[p: 70]
      %3 = update(%2) {slot: "m"} : f32[p: 70]
      %4 = sub(%0, %1) : f32[p: 70]
      %5 = add(%4, %2) : f32[p: 70]
      %6 = update(%5) {slot: "w"} : f32[p: 70]
      return loss: %2
    }`,
  "a slot that is turned": `
    parameter a : f32[p: 9, q: 9] weight
    entry step {
      %0 = parameter() {slot: "a"} : f32[p: 9, q: 9]
      %1 = rename(%0) {from: [p, q], to: [q, p]} : f32[q: 9, p: 9]
      %2 = update(%1) {slot: "a"} : f32[p: 9, q: 9]
      return loss: %0
    }`,
  "a sum over the slot itself": `
    parameter a : f32[p: 9, q: 8] weight
    entry step {
      %0 = parameter() {slot: "a"} : f32[p: 9, q: 8]
      %1 = reduce_sum(%0) {axes: [q]} : f32[p: 9]
      %2 = sub(%0, %1) : f32[p: 9, q: 8]
      %3 = update(%2) {slot: "a"} : f32[p: 9, q: 8]
      return loss: %1
    }`,
  "a slot less a product": `
    parameter w : f32[p: 70, q: 33] weight
    input x : f32[b: 9, p: 70]
    input y : f32[q: 33, b: 9]
    entry step {
      %0 = parameter() {slot: "w"} : f32[p: 70, q: 33]
      %1 = input() {slot: "x"} : f32[b: 9, p: 70]
      %2 = input() {slot: "y"} : f32[q: 33, b: 9]
      %3 = contract(%1, %2) {axes: [b]} : f32[p: 70, q: 33]
      %4 = sub(%0, %3) : f32[p: 70, q: 33]
      %5 = update(%4) {slot: "w"} : f32[p: 70, q: 33]
      return loss: %2
    }`,
  "a product of the slot itself": `
    parameter w : f32[p: 9, q: 9] weight
    input x : f32[q: 9, r: 9]
    entry step {
      %0 = parameter() {slot: "w"} : f32[p: 9, q: 9]
      %1 = input() {slot: "x"} : f32[q: 9, r: 9]
      %2 = contract(%0, %1) {axes: [q]} : f32[p: 9, r: 9]
      %3 = rename(%2) {from: [r], to: [q]} : f32[p: 9, q: 9]
      %4 = update(%3) {slot: "w"} : f32[p: 9, q: 9]
      return loss: %1
    }`,
  "whole numbers, truths and single numbers": `
    parameter a : f32[] weight
    state n : i32[] model
    state seen : bool[p: 3] model
    entry step {
      %0 = state() {slot: "n"} : i32[]
      %1 = constant() {value: 1, dtype: "i32"} : i32[]
      %2 = add(%0, %1) : i32[]
      %3 = state() {slot: "seen"} : bool[p: 3]
      %4 = not(%3) : bool[p: 3]
      %5 = parameter() {slot: "a"} : f32[]
      %6 = neg(%5) : f32[]
      %7 = update(%2) {slot: "n"} : i32[]
      %8 = update(%4) {slot: "seen"} : bool[p: 3]
      %9 = update(%6) {slot: "a"} : f32[]
      return loss: %5
    }`,
  "slots of one formula, packed": `
    parameter a : f32[p: 9] weight
    parameter b : f32[p: 64] weight
    parameter c : f32[p: 3, q: 5] weight
    state a1 : f32[p: 9] optimizer
    state b1 : f32[p: 64] optimizer
    state c1 : f32[p: 3, q: 5] optimizer
    input x : f32[p: 9]
    input y : f32[p: 64]
    input z : f32[p: 3, q: 5]
    entry step {
      %0 = parameter() {slot: "a"} : f32[p: 9]
      %1 = parameter() {slot: "b"} : f32[p: 64]
      %2 = parameter() {slot: "c"} : f32[p: 3, q: 5]
      %3 = state() {slot: "a1"} : f32[p: 9]
      %4 = state() {slot: "b1"} : f32[p: 64]
      %5 = state() {slot: "c1"} : f32[p: 3, q: 5]
      %6 = input() {slot: "x"} : f32[p: 9]
      %7 = input() {slot: "y"} : f32[p: 64]
      %8 = input() {slot: "z"} : f32[p: 3, q: 5]
      %9 = constant() {value: 0.5, dtype: "f32"} : f32[]
      %10 = mul(%3, %9) : f32[p: 9]
      %11 = mul(%4, %9) : f32[p: 64]
      %12 = mul(%5, %9) : f32[p: 3, q: 5]
      %13 = add(%10, %0) : f32[p: 9]
      %14 = add(%11, %1) : f32[p: 64]
      %15 = add(%12, %2) : f32[p: 3, q: 5]
      %16 = update(%13) {slot: "a1"} : f32[p: 9]
      %17 = update(%14) {slot: "b1"} : f32[p: 64]
      %18 = update(%15) {slot: "c1"} : f32[p: 3, q: 5]
      %19 = sub(%0, %13) : f32[p: 9]
      %20 = sub(%1, %14) : f32[p: 64]
      %21 = sub(%2, %15) : f32[p: 3, q: 5]
      %22 = update(%19) {slot: "a"} : f32[p: 9]
      %23 = update(%20) {slot: "b"} : f32[p: 64]
      %24 = update(%21) {slot: "c"} : f32[p: 3, q: 5]
      %25 = reduce_sum(%6) {axes: [p]} : f32[]
      return loss: %25
    }`,
};

/** Programs, and the elements of slots and inputs that make them fail. */
const faulty: readonly (readonly [title: string, name: string, place: number])[] = [
  ["slots of one formula, packed", "c", 14],
  ["slots of one formula, packed", "b", 1],
  // The loss alone.
  ["slots of one formula, packed", "x", 8],
  ["a slot less a product", "w", 2309],
  ["a slot less a product", "x", 70],
];

function prepared(text: string) {
  const program = parseProgram(`program updates {\n${text}\n}`);
  verify(program);
  const values = new Map([...program.parameters, ...program.states, ...program.inputs].map(({ name, type }) => {
    const drawn = Float64Array.from(normals(keyOf(5, name, 0), elements(type.axes)));
    return [name, type.dtype === "f32" ? drawn : drawn.map((value) => (type.dtype === "bool" ? Number(value > 0) : Math.round(10 * value)))] as const;
  }));
  const environment: Environment = { slots: values, inputs: values, seed: 7, step: 0 };
  return { program, environment };
}

/** Tests that updates take effect as the interpreter says. */
export function testUpdates(run: RunStep): void {
  test.each(Object.entries(programs))("of %s", { timeout: 60_000 }, async (_, text) => {
    const { program, environment } = prepared(text);
    const { updates, results } = interpret(program.entries.get("step")!, environment);
    const found = await run(program, environment);
    expect(found.healthy).toBe(true);
    expect([...results].flatMap(([name, { data }]) => mistakes(name, found.results.get(name)!, data, tolerance))).toEqual([]);
    expect([...updates].flatMap(([name, data]) => mistakes(name, found.slots.get(name)!, data, tolerance))).toEqual([]);
  });

  describe.each(faulty)("of %s", (title, name, place) => {
    test.each([NaN, Infinity, -Infinity])("take no effect when one value is %d", { timeout: 60_000 }, async (fault) => {
      const { program, environment } = prepared(programs[title]!);
      const values = new Map(environment.slots).set(name, environment.slots.get(name)!.map((value, i) => (i === place ? fault : value)));
      const found = await run(program, { ...environment, slots: values, inputs: values });
      expect(found.healthy).toBe(false);
      for (const { name: slot } of [...program.parameters, ...program.states]) expect(found.slots.get(slot)).toEqual(Float64Array.from(values.get(slot)!, Math.fround));
    });
  });
}
