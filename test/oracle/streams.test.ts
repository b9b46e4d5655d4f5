/** Second streams of a stack: ResiDual against torch, and placements of one's own. */

import { describe, expect, test } from "vitest";
import { expectClose } from "./fixtures.js";
import { type NamedTensor, type NamedTensors, compileLayer } from "./harness.js";
import { drawn, expectTorch } from "./methods.js";

const residualDual = (groups: string, sublayers: string) => `
  use std.norms { layer }
  use std.placements { pre, residual_dual }
  use std.layers { mlp }
  stack encoder() {
    groups { ${groups} }
    normalize { ${groups}: layer }
    normalize at last { ${groups}: layer(eps: 1e-7) }
    place residual_dual
    ${sublayers}
    normalize
  }`;

test("ResiDual, against torch", () => {
  expectTorch("residual_dual", `${residualDual("tokens", "mlp(hidden: 5) mlp(hidden: 5)")} layer main(x) { return encoder(tokens: x) }`);
});

const x = drawn("x", ["batch", "token", "feature"], [2, 3, 4]);
const close = { absolute: 1e-12, relative: 1e-12 };

/** A stack of squares in a placement, run once. */
function squares(placements: string, lines: string, sublayers: string, inputs: NamedTensors = { x }, call = "encoder(tokens: x)") {
  const compiled = compileLayer(
    `use std.norms { layer }
     ${placements}
     layer square(x) { return x^2 }
     stack encoder() { groups { tokens } ${lines} ${sublayers} }
     layer main(${Object.keys(inputs).join(", ")}) { return ${call} }`,
    inputs,
  );
  return compiled.run("training", { inputs });
}

const mapped = (of: NamedTensor, f: (value: number) => number): NamedTensor => ({ ...of, data: of.data.map(f) });

describe("a stream", () => {
  const sums = "placement sums(x, sublayer, norm) { stream sum = x y = sublayer(x) sum <- sum + y when ending { z = sum } otherwise { z = y } return z }";
  // Without a norm and `ending`, so that each sublayer reads it.
  const gathers = "placement gathers(x, sublayer, norm) { stream all = 2 * x y = sublayer(x) all <- all + y return all }";

  test("begins with its value at the first sublayer and goes through all of them, also those of a repetition", () => {
    // x, 2x + x^2 =: a, a + a^2, ...
    const by = (value: number, times: number) => {
      let all = 2 * value;
      let own = value;
      for (let i = 0; i < times; i++) own = all += own ** 2;
      return all;
    };
    expectClose("once", squares(gathers, "place gathers", "square").output, mapped(x, (value) => by(value, 1)), close);
    expectClose("four times", squares(gathers, "place gathers", "square repeat 3 { square }").output, mapped(x, (value) => by(value, 4)), close);
  });

  test("gives its gradient to every sublayer", () => {
    const { gradients } = squares(gathers, "place gathers", "square square");
    // Of a + a^2 for a = 2x + x^2.
    expectClose("dx", gradients.get("x"), mapped(x, (value) => (2 + 2 * value) * (1 + 2 * (2 * value + value ** 2))), close);
  });

  test("is passed over by sublayers in another placement", () => {
    const other = `${gathers} placement skips(x, sublayer, norm) { return x + sublayer(x) }`;
    const expected = mapped(x, (value) => {
      const first = 2 * value + value ** 2;
      const second = first + first ** 2;
      return first + second ** 2;
    });
    expectClose("output", squares(other, "place gathers", "square square placed skips square").output, expected, close);
  });

  test("is its own for each stack, each placement and each name", () => {
    const twice = squares(gathers, "place gathers", "square", { x }, "encoder(tokens: encoder(tokens: x))").output;
    expectClose("two stacks", twice, mapped(x, (value) => 2 * (2 * value + value ** 2) + (2 * value + value ** 2) ** 2), close);
    const copy = `${gathers} ${gathers.replace("gathers", "gathers_too")}`;
    const apart = squares(copy, "place gathers", "square square placed gathers_too").output;
    expectClose("two placements", apart, mapped(x, (value) => 2 * (2 * value + value ** 2) + (2 * value + value ** 2) ** 2), close);
    const pair = "placement pair(x, sublayer, norm) { stream a = x stream b = 0 * x y = sublayer(x) a <- a + y b <- b + a return a * b }";
    expectClose("two names", squares(pair, "place pair", "square").output, mapped(x, (value) => (value + value ** 2) ** 2), close);
  });

  test("is brought together by the bare `normalize` at the end, where there is no sublayer", () => {
    const dual = sums.replace("y = sublayer(x) sum <- sum + y when ending { z = sum } otherwise { z = y }", "when ending { z = x + 10 * sum } otherwise { z = sublayer(x) sum <- sum + z }");
    expectClose("output", squares(dual, "place sums", "square square normalize").output, mapped(x, (value) => value ** 4 + 10 * (value + value ** 2 + value ** 4)), close);
  });

  test("is unknown to a `normalize` elsewhere", () => {
    const dual = sums.replace("y = sublayer(x) sum <- sum + y when ending { z = sum } otherwise { z = y }", "when ending { z = x + 10 * sum } otherwise { z = sublayer(x) sum <- sum + z }");
    const half = "norm half(x) { return x / 2 }";
    const found = squares(`${dual} ${half}`, "normalize { tokens: half } place sums", "normalize square normalize square normalize").output;
    const expected = mapped(x, (value) => {
      const first = (value / 2) ** 2;
      const second = (first / 2) ** 2;
      return second + 10 * (value / 2 + first + second);
    });
    expectClose("output", found, expected, close);
  });
});

test("padding in the sequence is padding in a stream", () => {
  const lengths = { axes: ["batch"], shape: [2], data: [2, 1] };
  // The mean over tokens of the stream skips what is not valid.
  const placement = "placement means(x, sublayer, norm) { stream sum = x sum <- sum + sublayer(x) return sum - mean(sum over token) }";
  const call = "encoder(tokens: x where index(x over token) < lengths)";
  const { output } = squares(placement, "place means", "square", { x, lengths }, call);
  for (const [example, length] of lengths.data.entries()) {
    for (let feature = 0; feature < 4; feature++) {
      const values = Array.from({ length }, (_, token) => output.data[(example * 3 + token) * 4 + feature]!);
      expect(values.reduce((sum, value) => sum + value, 0)).toBeCloseTo(0, 12);
    }
  }
  expect(output.data.slice(0, 4).some((value) => Math.abs(value) > 0.01)).toBe(true);
});

test("ResiDual of two groups is ResiDual of their union", () => {
  const cut = (from: number, size: number) => `slice(x along token, from: ${from}, size: ${size})`;
  const both = compileLayer(`${residualDual("cls, tokens", "mlp(hidden: 5)")} layer main(x) { return encoder(cls: ${cut(0, 1)}, tokens: ${cut(1, 2)}) }`, { x });
  const one = compileLayer(`${residualDual("tokens", "mlp(hidden: 5)")} layer main(x) { return encoder(tokens: x) }`, { x });
  const parameters = Object.fromEntries([...one.parameters].map(([name, { axes }]) => [name, drawn(name, axes.map((axis) => axis.name), axes.map((axis) => axis.extent))]));
  const joined = Object.fromEntries(Object.entries(parameters).map(([name, value]) => [name.replace(".tokens.", ".cls+tokens."), value]));
  const output = one.run("training", { inputs: { x }, parameters }).output;
  expectClose("output", both.run("training", { inputs: { x }, parameters: joined }).output, output, close);
});
