/** What holds for softmax and attention whatever the numbers: weights, padding, causality, order, large logits. */

import { describe, expect, test } from "vitest";
import { type CompiledLayer, type NamedTensor, type NamedTensors, compileLayer, runLayer } from "../../oracle/harness.js";
import { Draw, tensor } from "./draw.js";

const draw = new Draw("attention invariants");
const [batch, tokens, features] = [3, 6, 8];
const x = draw.normal({ batch, token: tokens, feature: features });
const lengthList = [6, 2, 4];
const lengths = tensor({ batch }, lengthList);
const exampleOf = (i: number) => Math.floor(i / (tokens * features));
const tokenOf = (i: number) => Math.floor(i / features) % tokens;
const changed = (value: NamedTensor, by: (own: number, i: number) => number): NamedTensor => ({ ...value, data: Float64Array.from(value.data, by) });
const where = (value: NamedTensor, holds: (i: number) => boolean) => [...value.data].filter((_, i) => holds(i));

const spec = (argument: string, more = "") => `
  use std.layers { attention }
  layer main(x, lengths) { return attention(${argument}, heads: 2${more}) }`;
const attention = (argument: string, more?: string) => compileLayer(spec(argument, more), { x, lengths });
const valid = "x where index(x over token) < lengths";

describe("softmax", () => {
  const softmax = (value: NamedTensor, masked = false) => {
    const seen = masked ? "x where index(x over source) < lengths" : "x";
    return runLayer(`layer main(x, lengths) {\nseen = ${seen}\nreturn softmax(seen over source) }`, { inputs: { x: value, lengths } });
  };
  const logits = draw.normal({ batch, token: 4, source: tokens }, 3);
  const rows = ({ data }: NamedTensor) => Array.from({ length: data.length / tokens }, (_, i) => [...data].slice(i * tokens, (i + 1) * tokens));
  const sum = (row: readonly number[]) => row.reduce((total, value) => total + value, 0);

  test.each([false, true])("rows sum to 1 (masked: %s)", (masked) => {
    for (const row of rows(softmax(logits, masked).output)) expect(sum(row)).toBeCloseTo(1, 14);
  });

  test("what is masked gets exactly 0, and the others what they get without it", () => {
    const masked = rows(softmax(logits, true).output);
    const exps = rows(logits).map((row) => row.map(Math.exp));
    masked.forEach((row, i) => {
      const length = lengthList[Math.floor(i / 4)]!;
      expect(row.slice(length)).toEqual(row.slice(length).map(() => 0));
      const total = sum(exps[i]!.slice(0, length));
      row.slice(0, length).forEach((value, j) => expect(value).toBeCloseTo(exps[i]![j]! / total, 13));
    });
  });

  test("is stable for logits of 10000 and -10000, and so is its gradient", () => {
    const large = changed(logits, (value, i) => (i % 5 === 0 ? 1e4 : i % 3 === 0 ? -1e4 : value));
    for (const value of [large, changed(large, (own) => own + 1e4), changed(large, (own) => own - 1e4)]) {
      const { output, gradients } = softmax(value);
      for (const row of rows(output)) expect(sum(row)).toBeCloseTo(1, 14);
      expect([...gradients.get("x")!.data].every(Number.isFinite)).toBe(true);
    }
    const { output } = runLayer("layer main(x) { return log_softmax(x over source) }", { inputs: { x: large } });
    // Several logits of 10000 share the weight: their logarithm is above -3.
    expect(Math.min(...output.data)).toBeGreaterThan(-2e4 - 3);
    expect(Math.max(...output.data)).toBeGreaterThan(-3);
  });

  test("does not see an offset of a whole row", () => {
    const moved = changed(logits, (value, i) => value + 7 * Math.floor(i / tokens));
    const [own, other] = [softmax(logits).output, softmax(moved).output];
    // 7 * 11 rows added: the rounding of numbers below 100.
    own.data.forEach((value, i) => expect(value).toBeCloseTo(other.data[i]!, 13));
  });
});

describe("attention", () => {
  const parametersOf = (compiled: CompiledLayer) => new Draw("attention parameters").slots(compiled.parameters);
  const run = (compiled: CompiledLayer, value: NamedTensor, parameters: NamedTensors = parametersOf(compiled)) =>
    compiled.run("training", { inputs: { x: value, lengths }, parameters });

  test.each([["x", ""], [valid, ""], ["x", ", causal: true"], [valid, ", causal: true"]])("mixes values with weights that sum to 1: %s%s", (argument, more) => {
    const compiled = attention(argument, more);
    const { [`attention.w_value`]: w, [`attention.b_value`]: b, ...others } = parametersOf(compiled);
    // Every value is a vector of ones, and so is every mixture of them.
    const ones: NamedTensors = { ...others, "attention.w_value": changed(w!, () => 0), "attention.b_value": changed(b!, () => 1) };
    const { output } = run(compiled, x, ones);
    const [out, bias] = [others["attention.w_out"]!, others["attention.b_out"]!];
    const at = (feature: number) => where(out, (i) => i % features === feature).reduce((sum, value) => sum + value, bias.data[feature]!);
    expect(out.axes.at(-1)).toBe("out");
    output.data.forEach((value, i) => expect(value).toBeCloseTo(at(i % features), 13));
  });

  test("does not see what stands at padding", () => {
    const compiled = attention(valid);
    const isReal = (i: number) => tokenOf(i) < lengthList[exampleOf(i)]!;
    const other = run(compiled, changed(x, (value, i) => (isReal(i) ? value : 50 - i))).output;
    const own = run(compiled, x).output;
    expect(where(own, isReal)).toEqual(where(other, isReal));
    expect(other.data.every(Number.isFinite)).toBe(true);
    const unmasked = run(attention("x"), x).output;
    expect(where(unmasked, (i) => isReal(i) && exampleOf(i) === 1)).not.toEqual(where(own, (i) => isReal(i) && exampleOf(i) === 1));
  });

  test.each([0, 2, 4])("causal: tokens up to %i do not see those after it", (last) => {
    const compiled = attention("x", ", causal: true");
    const later = changed(x, (value, i) => (tokenOf(i) > last ? -3 * value + 1 : value));
    const [own, other] = [run(compiled, x).output, run(compiled, later).output];
    expect(where(own, (i) => tokenOf(i) <= last)).toEqual(where(other, (i) => tokenOf(i) <= last));
    const seen = where(own, (i) => tokenOf(i) === last + 1);
    where(other, (i) => tokenOf(i) === last + 1).forEach((value, i) => expect(value).not.toBe(seen[i]));
    const plain = attention("x");
    expect(where(run(plain, x).output, (i) => tokenOf(i) <= last)).not.toEqual(where(run(plain, later).output, (i) => tokenOf(i) <= last));
  });

  test("causal: the gradient of a token reaches itself and those before it", () => {
    const compiled = attention("x", ", causal: true");
    const cotangent = changed(x, (_, i) => (tokenOf(i) === 3 ? 1 : 0));
    const gradient = compiled.run("training", { inputs: { x, lengths }, parameters: parametersOf(compiled), cotangent }).gradients.get("x")!;
    expect(where(gradient, (i) => tokenOf(i) > 3).every((value) => value === 0)).toBe(true);
    expect(where(gradient, (i) => tokenOf(i) <= 3).every((value) => value !== 0)).toBe(true);
  });

  test("of tokens in another order is the attention in that order", () => {
    const compiled = attention("x");
    const order = [3, 0, 5, 1, 4, 2];
    const moved = (value: NamedTensor) => changed(value, (_, i) => value.data[i + (order[tokenOf(i)]! - tokenOf(i)) * features]!);
    const [own, other] = [run(compiled, x).output, run(compiled, moved(x)).output];
    // Sums in another order.
    moved(own).data.forEach((value, i) => expect(value).toBeCloseTo(other.data[i]!, 13));
  });
});
