import { expect, test } from "vitest";
import type { Environment } from "../../src/ir/definition.js";
import { interpret } from "../../src/ir/interpret.js";
import { parseProgram } from "../../src/ir/parse.js";
import { IrError } from "../../src/ir/types.js";

const program = parseProgram(`program p {
  parameter w : f32[p: 2, q: 2] weight
  state s : f32[p: 2, q: 2] model
  input x : f32[q: 2, p: 2]
  entry step {
    %0 = parameter() {slot: "w"} : f32[p: 2, q: 2]
    %1 = state() {slot: "s"} : f32[p: 2, q: 2]
    %2 = input() {slot: "x"} : f32[q: 2, p: 2]
    %3 = update(%2) {slot: "s"} : f32[p: 2, q: 2]
    %4 = state() {slot: "s"} : f32[p: 2, q: 2]
    %5 = add(%4, %0) : f32[p: 2, q: 2]
    return y: %5, s: %1
  }
  entry wrong {
    %0 = cotangent() {of: "x", axes: []} : f32[]
    return y: %0
  }
}`);
const environment: Environment = {
  slots: new Map([["w", Float64Array.of(1, 2, 3, 4)], ["s", Float64Array.of(10, 20, 30, 40)]]),
  inputs: new Map([["x", Float64Array.of(5, 6, 7, 8)]]),
  seed: 0,
  step: 0,
};

test("slots and inputs are read, and updates take effect after the last operation, in the slot's layout", () => {
  const { results, updates } = interpret(program.entries.get("step")!, environment);
  expect([...results.get("y")!.data]).toEqual([11, 22, 33, 44]);
  expect([...results.get("s")!.data]).toEqual([10, 20, 30, 40]);
  expect([...updates.get("s")!]).toEqual([5, 7, 6, 8]);
  expect(updates.size).toBe(1);
});

test("a slot without a value and a cotangent without a derivative are told", () => {
  expect(() => interpret(program.entries.get("step")!, { ...environment, slots: new Map() })).toThrow(IrError);
  expect(() => interpret(program.entries.get("wrong")!, environment)).toThrow(IrError);
});
