/** Streams of placements: where they may be declared, and how they come together at the end of a stack. */

import { describe, expect, it } from "vitest";
import { compiled, expectDiagnostics, only, spec } from "./harness.js";

const placed = (body: string, parts: Parameters<typeof spec>[0] = {}) =>
  spec({ definitions: `placement own(x, sublayer, norm) { ${body} }`, place: "place own", ...parts });
const dual = "stream sum = x when ending { y = x + norm(sum) } otherwise { branch = sublayer(x) sum <- sum + branch y = norm(x + branch) } return y";

describe("a stream", () => {
  it.each([
    ["in a norm", spec({ definitions: "norm own(x) { «stream sum = x» return x }", normalize: "normalize { cls, tokens: own }" }), ["N0210"]],
    ["in a layer", spec({ definitions: "layer own(x) { «stream sum = x» return x }", sublayers: "own" }), ["N0210"]],
    ["in a model", spec({ before: "«stream sum = image»" }), ["N0210"]],
    ["in an optimizer", spec({ optimizer: "optimizer own", more: "optimizer own(p, g, rate) { «stream sum = 0» p <- p - rate * g }" }), ["N0210"]],
    ["of a placement that a layer calls", spec({ definitions: "placement own(x, sublayer, norm) { «stream sum = x» return sublayer(x) }\nlayer calls(x) { return own(x, relu, relu) }", sublayers: "calls" }), ["N0210"]],
    ["with axes", placed("«stream sum[feature] = 0» return x + sublayer(norm(x))"), ["N0210"]],
    ["of a condition", placed("stream sum = «x > 0» return x + sublayer(norm(x))"), ["N0303"]],
    ["that would get another axis", placed("stream sum = 0 y = sublayer(norm(x)) sum <- «sum + y» return y"), ["N0302"]],
    ["that every sublayer reads", placed("stream sum = x sum <- sum + sublayer(norm(x)) return sum"), []],
    ["that is changed in a stated gradient", placed("stream sum = x y = x + sublayer(norm(x)) return y with gradient(dy) { «sum» <- sum + dy return dy }"), ["N0311"]],
    ["whose name is given twice", placed("stream sum = x «sum» = sublayer(norm(x)) return sum"), ["N0202"]],
    ["that nothing changes", placed("stream first = x when ending { y = x } otherwise { y = norm(x + sublayer(x) + first) } return y"), []],
  ])("%s", (_, text, said) => {
    expectDiagnostics(text, said);
  });
});

describe("the end of a stack", () => {
  it("needs a bare `normalize`, where the placement says what happens there", () => {
    expectDiagnostics(placed(dual, { end: "" }).replace("stack encoder", "stack «encoder»"), ["N0501"]);
    expect(only(placed(dual, { end: "" })).help).toBe("end the stack with `normalize`");
  });

  it("needs none where another placement has all the sublayers, or the stream is only read", () => {
    expectDiagnostics(placed(dual, { sublayers: "attention(heads: 2) placed post", end: "" }), []);
    expectDiagnostics(placed("stream sum = x sum <- sum + sublayer(norm(x)) return sum", { end: "" }), []);
  });

  it("may stand in the branches of a `when`", () => {
    expectDiagnostics(placed(dual, { end: "when depth > 1 { normalize } otherwise { attention(heads: 2) normalize }" }), []);
    expectDiagnostics(placed(dual, { end: "when depth > 5 { normalize } otherwise { normalize }" }), []);
  });

  it("has no sublayer to call", () => {
    expectDiagnostics(placed("stream sum = x sum <- sum + x when ending { y = «sublayer(sum)» } otherwise { y = sublayer(norm(x)) } return y"), ["N0210"]);
  });

  it("is known to placements alone", () => {
    expectDiagnostics(spec({ definitions: "norm own(x) { when «ending» { y = x } otherwise { y = 2 * x } return y }", normalize: "normalize { cls, tokens: own }" }), ["N0201"]);
    expectDiagnostics(placed("when ending { y = x } otherwise { y = x + sublayer(norm(x)) } return y"), []);
  });
});

describe("sites", () => {
  const sites = (overrides: string) => compiled(placed(dual, { overrides })).training.sites.map(({ path, parts }) => `${path}: ${parts.map(({ policy }) => policy).join(", ")}`);

  it("have one norm at each sublayer, and one at the end", () => {
    expect(sites("")).toEqual(["encoder.0.attention.after: layer", "encoder.1.attention.after: layer", "encoder.final: layer"]);
  });

  it("are counted by what runs, so that the last one is found", () => {
    expect(sites("normalize at last { cls, tokens: rms }").at(-1)).toBe("encoder.final: rms");
    expect(sites("normalize at last { cls, tokens: rms }").filter((site) => site.endsWith("rms"))).toHaveLength(1);
  });
});

it("a deep stack whose second stream goes past the norms needs no warm-up", () => {
  const deep = { depth: "12", schedule: "schedule constant(peak: 1e-3)" };
  expectDiagnostics(placed(dual, deep), []);
  expectDiagnostics(spec({ ...deep, place: "place post" }).replace("schedule constant(peak: 1e-3)", "«schedule constant(peak: 1e-3)»"), ["warning N0408"]);
});
