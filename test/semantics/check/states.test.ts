/** States of the model: those that evaluation never reads, and updates of what is no state. */

import { describe, expect, it } from "vitest";
import { compiled, expectDiagnostics, spec } from "./harness.js";

const own = (body: string, more = "") => spec({ definitions: `norm own(x) { ${body} }`, normalize: "normalize { cls, tokens: own }", more });

describe("a state that training moves", () => {
  it.each([
    ["and nothing reads", "«state seen = 0» seen <- seen + 1 return x", ["warning N0409"]],
    ["and training alone reads", "«state mu[feature] = 0» when training { y = x - mu mu <- mean(x except feature) } otherwise { y = x } return y", ["warning N0409"]],
    ["and evaluation reads", "state mu[feature] = 0 when training { m = mean(x except feature) mu <- mix(mu, m, 0.1) } otherwise { m = mu } return x - m", []],
    ["and both read", "state mu[feature] = 0 mu <- mix(mu, mean(x except feature), 0.1) return x - mu", []],
    ["in evaluation alone", "state seen = 0 when training { y = x } otherwise { seen <- seen + 1 y = x } return y", []],
    ["by nothing", "state seen = 0 return x", []],
  ])("%s", (_, body, said) => {
    expectDiagnostics(own(body), said);
  });

  it("is not told of a norm whose result evaluation leaves out", () => {
    expectDiagnostics(spec({ normalize: "normalize { cls: layer, tokens: batch }" }), []);
  });

  it("becomes a state of the program, one for each site", () => {
    const { program } = compiled(spec({ normalize: "normalize { cls: layer, tokens: batch }", depth: "1", loss: "loss mean(encoded.tokens^2)" }));
    expect(program.states.filter(({ owner }) => owner === "model").map(({ name }) => name)).toEqual([
      "encoder.0.attention.before.tokens.running_mean",
      "encoder.0.attention.before.tokens.running_variance",
      "encoder.final.tokens.running_mean",
      "encoder.final.tokens.running_variance",
    ]);
  });

  it("is moved by the step alone", () => {
    const { program } = compiled(spec({ normalize: "normalize { cls: layer, tokens: batch }" }));
    const updated = (entry: string) => program.entries.get(entry)!.operations.flatMap((op) => (op.kind === "update" ? [op.attributes.slot] : []));
    expect(updated("step")).toContain("encoder.0.attention.before.tokens.running_mean");
    expect(updated("evaluate")).toEqual([]);
  });
});

describe("updates", () => {
  it.each([
    ["of a name", "y = x «y» <- x return y", ["N0311"]],
    ["of the first parameter", "«x» <- x + 1 return x", ["N0311"]],
    ["of a parameter of the model", "param w = 1 «w» <- w + 1 return x * w", ["N0311"]],
    ["of nothing", "«seen» <- 1 return x", ["N0311"]],
    ["by a value with another axis", "state mu[feature] = 0 mu <- «mean(x over batch)» return x - mu", ["N0302"]],
    ["by a condition", "state seen = 0 seen <- «mean(x) > 0» return x", ["N0303"]],
    ["by a binding", "state mu[feature] = 0 «mu» = mean(x except feature) return x - mu", ["N0202"]],
    ["of a state that takes the extent of no axis", "state mu[«other»] = 0 return x", ["N0307"]],
    ["of a state with a first value that is no number", "state mu[feature] = «x» return x - mu", ["N0208"]],
  ])("%s", (_, body, said) => {
    expectDiagnostics(own(body), said);
  });

  it("of the parameter are what an optimizer is for", () => {
    const optimizer = (body: string) => spec({ optimizer: "«optimizer own»", more: `optimizer own(p, g, rate) { ${body} }` });
    expectDiagnostics(optimizer("p <- p - rate * g").replaceAll(/[«»]/g, ""), []);
    expectDiagnostics(optimizer("step = rate * g"), ["N0311"]);
  });
});
