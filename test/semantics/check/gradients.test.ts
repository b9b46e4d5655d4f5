/** Gradients that a definition states itself. */

import { describe, expect, it } from "vitest";
import { compiled, expectDiagnostics, only, spec } from "./harness.js";

const of = (gradient: string, body = "y = 2 * x", before = "") => spec({ definitions: `norm own(x) { ${before} ${body} return y with gradient(dy) { ${gradient} } }`, normalize: "normalize { cls, tokens: own }" });

describe("the block of a stated gradient", () => {
  it.each([
    ["returns a tensor with the axes of the first parameter", "return 2 * dy", []],
    ["uses what the forward pass computed", "return y * dy", []],
    ["loses an axis", "«return mean(dy over feature)»", ["N0312"]],
    ["gives an axis another extent", "«return concatenate(dy, dy along feature)»", ["N0312"]],
    ["returns a number", "«return 1»", ["N0312"]],
    ["returns conditions", "«return dy > 0»", ["N0312"]],
    ["returns whole numbers", "return integer(dy)", []],
    ["uses what nothing defines", "return dy * «dx»", ["N0201"]],
    ["names what the forward pass named", "y = 3 return y * dy", []],
    ["names something twice", "a = 3 «a» = 4 return a * dy", ["N0202"]],
    ["holds a line of a model", "«loss mean(dy)» return dy", ["N0210"]],
  ])("%s", (_, gradient, said) => {
    expectDiagnostics(of(gradient), said);
  });

  it("belongs to a result of numbers", () => {
    expectDiagnostics(spec({ definitions: "layer own(x) { return «x > 0» with gradient(dy) { return dy } }", before: "v = own(image)" }), ["N0303"]);
  });

  it("may be empty, which gives no gradient", () => {
    expect(only(of("")).code).toBe("N0312");
  });

  it("updates states by the real cotangent", () => {
    const { program } = compiled(of("size <- mix(size, mean(dy^2 except feature), 0.1) return dy * rsqrt(size + 1)", "y = 2 * x", "state size[feature] = 1"));
    const updated = (entry: string) => program.entries.get(entry)!.operations.flatMap((op) => (op.kind === "update" ? [op.attributes.slot] : []));
    expect(updated("step")).toContain("encoder.0.attention.before.cls+tokens.size");
    expect(updated("forward")).not.toContain("encoder.0.attention.before.cls+tokens.size");
    expect([...program.entries.values()].flatMap(({ operations }) => operations).some(({ kind }) => kind === "cotangent" || kind === "attach_gradient")).toBe(false);
  });

  it("updates what is no state", () => {
    expectDiagnostics(of("«y» <- dy return dy"), ["N0311"]);
  });

  it("leaves the definition's own parameters their derivative", () => {
    const { program } = compiled(of("return 0 * dy", "y = w * x", "param w[feature] = 1"));
    const moved = program.entries.get("step")!.operations.flatMap((op) => (op.kind === "update" ? [op.attributes.slot] : []));
    expect(moved).toContain("encoder.0.attention.before.cls+tokens.w");
  });

  it("is no part of the evaluation", () => {
    const { program } = compiled(of("return 1234 * dy"));
    const has = (entry: string) => program.entries.get(entry)!.operations.some((op) => op.kind === "constant" && op.attributes.value === 1234);
    expect([has("step"), has("evaluate")]).toEqual([true, false]);
  });
});
