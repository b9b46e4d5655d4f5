/** Padding has no say: in a whole stack of any placement, in its statistics, its gradients and its evaluation. */

import { describe, expect, test } from "vitest";
import { type CompiledLayer, type NamedTensor, type NamedTensors, type Passed, compileLayer } from "../../oracle/harness.js";
import { train } from "../../oracle/recipes.js";
import { Draw, tensor } from "./draw.js";

const draw = new Draw("padding");
const [batch, tokens, features] = [3, 5, 6];
const lengthList = [5, 2, 3];
const lengths = tensor({ batch }, lengthList);
const cls = draw.normal({ batch, token: 1, feature: features });
const x = draw.normal({ batch, token: tokens, feature: features });
const isReal = (i: number) => Math.floor(i / features) % tokens < lengthList[Math.floor(i / (tokens * features))]!;
const otherPadding: NamedTensor = { ...x, data: Float64Array.from(x.data, (value, i) => (isReal(i) ? value : 30 * Math.sin(i))) };

const spec = (placement: string, norm: string, argument: string, result = "mean(tanh(encoded))") => `
  use std.norms { layer, ${norm} }
  use std.placements { ${placement.replace(/\(.*/, "")} }
  use std.layers { attention, mlp }
  stack encoder() {
    groups { cls, tokens }
    normalize { cls: layer tokens: ${norm} }
    place ${placement}
    repeat 2 {
      attention(heads: 2)
      mlp(hidden: 5)
    }
    normalize
  }
  layer main(cls, x, lengths) {
    encoded = encoder(cls: cls, tokens: ${argument})
    return ${result}
  }`;
const valid = "x where index(x over token) < lengths";

function run(compiled: CompiledLayer, inputs: NamedTensors): Passed {
  const values = new Draw("padding: slots");
  const states = values.slots(new Map(compiled.program.states.map(({ name, type }) => [name, type])));
  return compiled.run("training", { inputs, parameters: values.slots(compiled.parameters), states });
}

describe.each(["pre", "post", "sandwich", "output", "deep(alpha: 1.3)"])("in placement %s", (placement) => {
  test.each(["batch", "instance"])("other numbers at padding change nothing under %s norm", (norm) => {
    const compiled = compileLayer(spec(placement, norm, valid), { cls, x, lengths });
    const [own, other] = [run(compiled, { cls, x, lengths }), run(compiled, { cls, x: otherPadding, lengths })];
    expect(own.loss).toBe(other.loss);
    expect(own.statesAfter).toEqual(other.statesAfter);
    expect(own.gradients).toEqual(other.gradients);
    const gradient = [...own.gradients.get("x")!.data];
    expect(gradient.map((value, i) => value !== 0 && !isReal(i)).indexOf(true)).toBe(-1);
    expect(gradient.filter((value) => value !== 0).length).toBe(features * (5 + 2 + 3));
  });
});

test("a padded example is what it is alone, without its padding", () => {
  const whole = run(compileLayer(spec("sandwich", "instance", valid, "encoded"), { cls, x, lengths }), { cls, x, lengths }).output;
  const one = ({ shape, data }: NamedTensor, count: number) => {
    const start = shape[1]! * features;
    return tensor({ batch: 1, token: count, feature: features }, data.slice(start, start + count * features));
  };
  const inputs = { cls: one(cls, 1), x: one(x, 2), lengths: tensor({ batch: 1 }, [2]) };
  const alone = run(compileLayer(spec("sandwich", "instance", "x", "encoded"), inputs), inputs).output;
  const start = (1 + tokens) * features;
  // Sums over other numbers of zeros.
  alone.data.forEach((value, i) => expect(value).toBeCloseTo(whole.data[start + i]!, 12));
});

describe("in the last batch of an evaluation", () => {
  const training = train(`
    use std.norms { batch, instance }
    use std.placements { sandwich }
    use std.layers { attention, linear }
    stack encoder() {
      groups { cls, tokens }
      normalize { cls: batch tokens: instance }
      place sandwich
      attention(heads: 2)
      normalize
    }
    model model_() {
      input x[token: 5, feature: 6]
      input label in 3
      encoded = encoder(cls: slice(x along token, size: 2), tokens: slice(x along token, from: 2, size: 3))
      logits = linear(mean(encoded over token), 3)
      loss cross_entropy(logits, label, smoothing: 0.1)
      report accuracy(logits, label)
      report mean_logit: mean(log_softmax(logits over feature))
    }
    train recipe of model_ {
      data npy("nothing")
      optimizer sgd
      schedule constant(peak: 0.1)
      batch 3
      steps 1
    }`);
  const look = (value: NamedTensor, label: readonly number[], filled: readonly number[]) =>
    training.look("evaluate", { x: value, label: tensor({ batch }, label), valid: tensor({ batch }, filled) });
  const secondFrom = (value: NamedTensor): NamedTensor => {
    return { ...x, data: Float64Array.from(x.data, (own, i) => (i < tokens * features ? own : value.data[i]!)) };
  };

  test("what stands in for missing examples does not count", () => {
    const own = look(x, [0, 1, 2], [1, 0, 0]);
    expect(look(secondFrom(otherPadding), [0, 2, 1], [1, 0, 0])).toEqual(own);
    expect(look(x, [0, 1, 2], [1, 1, 1])).not.toEqual(own);
    // The mean over two copies of the example is that of one.
    const repeated: NamedTensor = { ...x, data: Float64Array.from(x.data, (_, i) => x.data[i % (tokens * features)]!) };
    const twice = look(repeated, [0, 0, 1], [1, 1, 0]);
    for (const [name, value] of Object.entries(own)) expect(twice[name], name).toBeCloseTo(value, 13);
  });
});
