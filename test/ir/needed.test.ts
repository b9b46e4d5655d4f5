import { expect, test } from "vitest";
import { neededBy, valuesOf } from "../../src/ir/needed.js";
import { parseProgram } from "../../src/ir/parse.js";
import type { Op } from "../../src/ir/program.js";
import { verify } from "../../src/ir/verify.js";

const text = `program p {
  input x : f32[p: 2]
  entry forward {
    %0 = input() {slot: "x"} : f32[p: 2]
    %1 = exp(%0) : f32[p: 2]
    %2 = log(%0) : f32[p: 2]
    %3 = sin(%2) : f32[p: 2]
    %4 = attach_gradient(%1, %0, %3) : f32[p: 2]
    return y: %4
  }
}`;
const program = parseProgram(text);
const { operations } = program.entries.get("forward")!;
const numbers = (ops: readonly Op[]) => ops.map(({ id }) => id);

test("what is needed stands in order, with the roots", () => {
  expect(numbers(neededBy([operations[3]!], operations))).toEqual([0, 2, 3]);
  expect(numbers(neededBy([operations[4]!], operations))).toEqual([0, 1, 2, 3, 4]);
  expect(numbers(neededBy([], operations))).toEqual([]);
});

test("the value of a stated gradient's operation needs no gradient", () => {
  expect(numbers(neededBy([operations[4]!], operations, valuesOf))).toEqual([0, 1, 4]);
});

test("operations among which a number is missing are found by their numbers", () => {
  const some = operations.filter(({ id }) => id !== 1);
  expect(numbers(neededBy([some.at(2)!], some))).toEqual([0, 2, 3]);
});

test("a program whose numbers do not rise is refused", () => {
  const [x, exp] = operations as [Op, Op];
  const again = { ...exp, id: x.id };
  const entries = new Map([["forward", { name: "forward", operations: [x, again], results: new Map([["y", again]]) }]]);
  expect(() => verify({ ...program, entries })).toThrow("forward: %0 = exp: stands behind %0");
});
