import { expect, test } from "vitest";
import { parseProgram } from "../../src/ir/parse.js";
import { cost } from "../../src/transform/cost.js";

const text = `
program counted {
  parameter w : f32[f: 3, g: 4] weight
  parameter gain : f32[f: 3] norm
  state mean : f32[g: 4] model
  state m : f32[f: 3, g: 4] optimizer
  input x : f32[b: 2, f: 3]
  entry step {
    %0 = input() {slot: "x"} : f32[b: 2, f: 3]
    %1 = parameter() {slot: "w"} : f32[f: 3, g: 4]
    %2 = contract(%0, %1) {axes: [f]} : f32[b: 2, g: 4]
    %3 = rename(%2) {from: [g], to: [h]} : f32[b: 2, h: 4]
    %4 = mul(%3, %3) : f32[b: 2, h: 4]
    %5 = reduce_sum(%4) {axes: [b, h]} : f32[]
    %6 = constant() {value: 2, dtype: "f32"} : f32[]
    %7 = mul(%2, %6) : f32[b: 2, g: 4] backward
    %8 = contract(%0, %7) {axes: [b]} : f32[f: 3, g: 4] backward
    %9 = sub(%1, %8) : f32[f: 3, g: 4] update
    %10 = update(%9) {slot: "w"} : f32[f: 3, g: 4] update
    return loss: %5
  }
}`;

test("counts parameters and states by what they are for", () => {
  const { parameters, states } = cost(parseProgram(text));
  expect(parameters).toEqual({ weight: 12, norm: 3, bias: 0, embedding: 0, total: 15 });
  expect(states).toEqual({ model: 4, optimizer: 12, total: 16 });
});

test("counts what an entry computes, moves and holds", () => {
  const step = cost(parseProgram(text)).entries.get("step")!;
  expect(step).toEqual({
    operations: 11,
    flops: {
      // 2·2·4·3 of the contraction, 8 of the product, 8 of the sum
      forward: 48 + 8 + 8,
      // 8 of the product, 2·12·2 of the contraction
      backward: 8 + 48,
      update: 12,
      total: 132,
    },
    // In numbers of four bytes: contract 6 + 12 + 8, mul 8 + 8, sum 8 + 1, mul 8 + 1 + 8, contract 6 + 8 + 12,
    // sub 12 + 12 + 12, update 12 + 12; the rename, and reading slots and constants, move nothing.
    bytesUnfused: 4 * (26 + 16 + 9 + 17 + 26 + 36 + 24),
    // x and w are read, w is written
    bytesLeast: 4 * (6 + 12 + 12),
    // At %8: the loss 1, %7 8, %8 12 are 21. At %9: 1, %8 12, %9 12 are 25. At %4: %2 8, %4 8 are 16.
    bytesPeak: 4 * 25,
    // %2, of which %3 is a view
    bytesActivations: 4 * 8,
  });
});

test("a new value of a slot that is read later waits for the end", () => {
  const peak = (order: readonly string[]) =>
    cost(parseProgram(`program p {
  parameter w : f32[p: 8] weight
  entry step {
    %0 = parameter() {slot: "w"} : f32[p: 8]
    %1 = neg(%0) : f32[p: 8]
    ${order.join("\n    ")}
    return
  }
}`)).entries.get("step")!.bytesPeak;
  // %1 may go into w at once, so that beside it only the last two values are alive together.
  expect(peak(['%2 = update(%1) {slot: "w"} : f32[p: 8]', "%3 = iota() {axis: q: 8} : i32[q: 8]"])).toBe(32);
  expect(peak(['%2 = update(%1) {slot: "w"} : f32[p: 8]', "%3 = exp(%0) : f32[p: 8]"])).toBe(64);
});

test("an entry without values costs nothing", () => {
  const { entries } = cost(parseProgram("program p {\n  entry evaluate {\n    return\n  }\n}"));
  expect(entries.get("evaluate")).toEqual({
    operations: 0,
    flops: { forward: 0, backward: 0, update: 0, total: 0 },
    bytesUnfused: 0,
    bytesLeast: 0,
    bytesPeak: 0,
    bytesActivations: 0,
  });
});
