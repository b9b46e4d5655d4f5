/** What is computed when the program is compiled: numbers, conditions, extents. */

import { describe, expect, it } from "vitest";
import { compiled, expectDiagnostics, spec } from "./harness.js";

/** The value of a compile-time expression, read off the extent of a parameter. */
function value(expression: string, definitions = ""): number {
  const { program } = compiled(spec({ definitions, before: `w = param[wide: ${expression}] = 0`, loss: "loss mean(encoded) + mean(w)" }));
  return program.parameters.find(({ name }) => name === "w")!.type.axes[0]!.extent;
}

describe("numbers", () => {
  it.each([
    ["1 + 2 * 3", 7],
    ["(1 + 2) * 3", 9],
    ["2 ^ 3 ^ 2", 512],
    ["10 - 2 - 3", 5],
    ["64 / 4 / 2", 8],
    ["-(-5)", 5],
    ["-2 ^ 2 + 10", 6],
    ["50% * 8", 4],
    ["1e2", 100],
    ["floor(7 / 2)", 3],
    ["sqrt(49)", 7],
    ["max(2, 5) + min(2, 5)", 7],
    ["size(image over token)", 4],
    ["size(image over token, feature)", 32],
    ["count(image over token)", 4],
    ["select(1 < 2, 3, 4)", 3],
    ["depth + 1", 3],
    ["integer(7.9)", 7],
  ])("%s is %d", (expression, expected) => {
    expect(value(expression)).toBe(expected);
  });

  it("come out of functions", () => {
    expect(value("twice(twice(3))", "function twice(x) { return 2 * x }")).toBe(12);
  });

  it.each([
    ["an infinite number", "param[wide: «1 / 0»] = 0", ["N0315"]],
    ["no number", "param[wide: «0 / 0»] = 0", ["N0315"]],
    ["the root of a negative number", "param[wide: «sqrt(-1)»] = 0", ["N0315"]],
    ["the logarithm of 0", "image * «log(0)»", ["N0315"]],
    ["a power beyond all numbers", "image * «10 ^ 1000»", ["N0315"]],
    ["infinity as an extent", "param[wide: «infinity»] = 0", ["N0315"]],
    ["an extent of 0", "param[wide: «0»] = 0", ["N0315"]],
    ["a negative extent", "param[wide: «-3»] = 0", ["N0315"]],
    ["half an extent", "param[wide: «2.5»] = 0", ["N0308"]],
    ["a tensor as an extent", "param[wide: «mean(image)»] = 0", ["N0208"]],
    ["a condition as a number", "param[wide: 1 + «true»] = 0", ["N0208"]],
    ["a text as a number", "1 + «\"one\"»", ["N0208"]],
    ["nothing as a number", "1 + «none»", ["N0208"]],
    ["a norm as a number", "1 + «layer»", ["N0208"]],
  ])("%s is a mistake", (_, expression, said) => {
    expectDiagnostics(spec({ before: `w = ${expression}` }), said);
  });

  it("may be infinite where one asks for it", () => {
    expectDiagnostics(spec({ before: "w = min(image, infinity)" }), []);
  });
});

describe("conditions", () => {
  it.each([
    ["1 < 2", 1], ["2 <= 2", 1], ["1 > 2", 2], ["2 >= 3", 2], ["1 == 1", 1], ["1 != 1", 2],
    ["not 1 == 2", 1], ["1 < 2 and 2 < 1", 2], ["1 < 2 or 2 < 1", 1],
    ["none == none", 1], ["3 == none", 2], ["layer == none", 2], ["image == none", 2], ["layer != none", 1], ['"a" == "a"', 1], ['"a" == "b"', 2],
    ["false and 1 / 0 > 1", 2], ["true or 1 / 0 > 1", 1],
  ])("%s", (condition, expected) => {
    expect(value(`pick(${condition})`, "function pick(c) { when c { n = 1 } otherwise { n = 2 } return n }")).toBe(expected);
  });

  it.each([
    ["of a tensor", "function f(x) { when «mean(x) > 0» { y = x } otherwise { y = 0 } return y }", ["N0208"]],
    ["of a number", "function f(x) { when «1» { y = x } otherwise { y = 0 } return y }", ["N0208"]],
    ["of nothing", "function f(x) { when «none» { y = x } otherwise { y = 0 } return y }", ["N0208"]],
  ])("%s decide nothing", (_, definitions, said) => {
    expectDiagnostics(spec({ definitions, before: "v = f(image)" }), said);
  });
});

describe("`training`", () => {
  it("chooses one branch for the step and the other for the evaluation", () => {
    const { program } = compiled(spec({ sublayers: "dropout(rate: 0.5)" }));
    const has = (entry: string) => program.entries.get(entry)!.operations.some(({ kind }) => kind === "random");
    expect([has("step"), has("forward"), has("evaluate")]).toEqual([true, true, false]);
  });

  it("leaves out a dropout of 0", () => {
    const { program } = compiled(spec({ sublayers: "dropout(rate: 0)" }));
    expect(program.entries.get("step")!.operations.some(({ kind }) => kind === "random")).toBe(false);
  });

  it("has both branches checked", () => {
    const definitions = "layer f(x) { when training { y = «a» } otherwise { y = «b» } return y }";
    expectDiagnostics(spec({ definitions, sublayers: "f" }), ["N0201", "N0201"]);
  });
});
