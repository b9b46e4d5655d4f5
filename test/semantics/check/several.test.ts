/** Several mistakes in one file: all of them are told, each once, and nothing that follows from them. */

import { describe, expect, it } from "vitest";
import { diagnosticData, renderDiagnostic } from "../../../src/diagnostics/render.js";
import { check, expectDiagnostics, spec } from "./harness.js";

describe("one mistake is one message", () => {
  it.each([
    ["in a layer that is used twelve times", { depth: "12", definitions: "layer f(x) { y = «z» return x + y }", sublayers: "f" }, "N0201"],
    ["in a norm that lands at many sites", { depth: "6", place: "place sandwich", definitions: "norm f(x) { return mean(x over «feture») }", normalize: "normalize { cls, tokens: f }" }, "N0301"],
    ["in an argument of a repeated sublayer", { depth: "12", sublayers: "«attention(heads: 3)»" }, "N0308"],
    ["in a line of a repeated sublayer", { depth: "12", sublayers: "attention(heads: «hed»)" }, "N0201"],
    ["in a policy", { depth: "12", normalize: "normalize { cls: «layr», tokens: layer }" }, "N0201"],
    ["in a model that two recipes train", { before: "v = «imag»", more: "train other = run with { batch 16 }" }, "N0201"],
    ["in a model that a recipe trains and one that is derived from it", { before: "v = «imag»", more: "model other = classifier" }, "N0201"],
    ["in an optimizer, whatever it updates", { optimizer: "optimizer f", more: "optimizer f(p, g, rate) { p <- p - rate * «gg» }" }, "N0201"],
    ["in an initializer, whatever it draws", { more: "initializer f(p) { return «q» }", definitions: "layer two(x) { param a[feature] ~ f param b[feature] ~ f return x * a * b }", sublayers: "two" }, "N0201"],
    ["in a value that everything else rests on", { before: "v = «imag»", encoded: "encoder(cls: learned(1), tokens: v + v, depth)", loss: "w = linear(encoded.cls, 3) loss cross_entropy(w, label) report accuracy(w, label)" }, "N0201"],
    ["in a group", { encoded: "encoder(cls: learned(«one»), tokens: image, depth)" }, "N0201"],
    ["in a condition, whatever its branches give", { definitions: "function f(x) { when «c» { y = 1 z = 2 } otherwise { y = 3 z = 4 } return x * y * z }", before: "v = f(image)" }, "N0201"],
    ["in a condition, whatever its branches return", { definitions: "function f(x) { when «x» { return 1 } otherwise { return 2 } }", before: "v = f(image)" }, "N0208"],
    ["in a placement", { place: "place «pr»" }, "N0201"],
    ["in the number of repetitions", { depth: "0" }, "N0315"],
  ])("%s", (_, parts, code) => {
    const text = spec(parts);
    expectDiagnostics(code === "N0315" ? text.replace("repeat depth", "repeat «depth»") : text, [code]);
  });
});

describe("several mistakes are several messages", () => {
  it("across a whole file", () => {
    const text = `use std.norms { layer, «bach» }
use std.placements { pre }
norm own(x) {
  return x * «b»
}
stack encoder(depth) {
  groups { cls, tokens }
  normalize «{ cls: own }»
  place pre
  repeat depth {
    «mlp»(8)
  }
}
model one() {
  input x[token: 4, feature: 8]
  loss «x»
  report mean(«xx»)
}
model two() {
  input x[token: 4, feature: 8]
  e = encoder(cls: x, tokens: x, depth: 2)
  loss mean(e)
  report size: size(x over «tokn»)
}
train «go» of one {
  schedule cosine(peak: 1)
  «schedule constant(peak: 1)»
  batch «0»
}
`;
    expectDiagnostics(text, ["N0204", "N0201", "N0304", "N0201", "N0313", "N0201", "N0301", "N0501 + N0501 + N0501", "N0502", "N0315"]);
  });

  it("in one layer", () => {
    expectDiagnostics(spec({ definitions: "layer f(x) { a = mean(x over «one») b = mean(x over «two») return x + a + b }", sublayers: "f" }), ["N0301", "N0301"]);
  });

  it("in the sublayers of one stack", () => {
    expectDiagnostics(spec({ sublayers: "«attention(heads: 3)» mlp(«width») dropout(«rat»: 1)" }), ["N0308", "N0201", "N0206"]);
  });

  it("in a recipe and in its model", () => {
    expectDiagnostics(spec({ before: "v = «imag»", batch: "batch «0»" }), ["N0201", "N0315"]);
  });

  it("in a policy's statistics and in a selector", () => {
    expectDiagnostics(spec({ normalize: "normalize { «cls: instance», tokens: layer }", settings: "freeze «nothing»" }), ["N0403", "N0503"]);
  });

  it("beside a mistake of syntax, whose definition alone is not checked", () => {
    expectDiagnostics(spec({ definitions: "norm broken(x «{» return x }", before: "v = «imag»" }), ["N0102", "N0201"]);
  });
});

describe("as data", () => {
  const text = spec({ normalize: "normalize { cls: layer }", before: "v = linear(image, 8) + learnd(1)", batch: "batch 1", more: "train other of clasifier { }" });
  const { diagnostics } = check(text);

  it("a diagnostic says what its text says", () => {
    expect(diagnostics.length).toBeGreaterThan(2);
    for (const found of diagnostics) {
      const rendered = renderDiagnostic(found);
      const data = diagnosticData(found) as Record<string, unknown> & { start: { line: number; column: number }; related: { file: string; start: { line: number; column: number }; label: string }[] };
      expect(rendered.split("\n")[0]).toBe(`${String(data["severity"])}[${String(data["code"])}]: ${String(data["message"])}`);
      expect(rendered.split("\n")[1]!.trim()).toBe(`--> ${String(data["file"])}:${data.start.line}:${data.start.column}`);
      for (const part of ["label", "help", "note"] as const) {
        expect(found[part]).toBe(data[part]);
        if (data[part] !== undefined) expect(rendered).toContain(String(data[part]));
      }
      expect(data.related).toHaveLength(found.related.length);
      for (const { label } of data.related) expect(rendered).toContain(label);
    }
  });

  it("it can be read back from JSON", () => {
    for (const found of diagnostics) expect(JSON.parse(JSON.stringify(diagnosticData(found)))).toEqual(diagnosticData(found));
  });

  it("its places are those of the text", () => {
    for (const found of diagnostics) {
      const { start, end } = diagnosticData(found) as { start: { line: number; column: number }; end: { line: number; column: number } };
      const lines = found.place.source.text.split("\n");
      const offset = ({ line, column }: { line: number; column: number }) => lines.slice(0, line - 1).reduce((sum, one) => sum + one.length + 1, column - 1);
      expect([offset(start), offset(end)]).toEqual([found.place.start, found.place.end]);
    }
  });
});
