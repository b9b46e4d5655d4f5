/** What holds for losses, orders and positions whatever the numbers. */

import { describe, expect, test } from "vitest";
import { type NamedTensor, runLayer } from "../../oracle/harness.js";
import { Draw, tensor } from "./draw.js";

const draw = new Draw("function invariants");
const valueOf = (body: string, inputs: Readonly<Record<string, NamedTensor>>, more: { seed?: number; step?: number } = {}) =>
  runLayer(`layer main(${Object.keys(inputs).join(", ")}) { return ${body} }`, { inputs, ...more }).output;

describe("cross-entropy", () => {
  const labels = tensor({ batch: 4 }, [6, 0, 3, 3]);

  test.each([0, 0.1, 0.9])("of uniform logits is ln K, with smoothing %d", (smoothing) => {
    for (const level of [0, 1e4, -1e4]) {
      const x = tensor({ batch: 4, feature: 7 }, new Float64Array(28).fill(level));
      expect(valueOf(`cross_entropy(x, labels, smoothing: ${smoothing})`, { x, labels }).data[0]).toBeCloseTo(Math.log(7), 14);
    }
  });

  test("of logits that name the label goes to 0", () => {
    const x = tensor({ batch: 4, feature: 7 }, Array.from({ length: 28 }, (_, i) => (i % 7 === labels.data[Math.floor(i / 7)] ? 1e4 : 0)));
    expect(valueOf("cross_entropy(x, labels)", { x, labels }).data[0]).toBeCloseTo(0, 14);
    expect(valueOf("accuracy(x, labels)", { x, labels }).data[0]).toBe(1);
  });

  test("and accuracy skip what is not valid", () => {
    const x = draw.normal({ batch: 2, token: 3, feature: 5 });
    const [labels, lengths] = [draw.wholes({ batch: 2, token: 3 }, 0, 4), tensor({ batch: 2 }, [3, 1])];
    const lossAt = (token: number) => {
      const logits = [...x.data].slice(5 * token, 5 * token + 5);
      return Math.log(logits.reduce((sum, value) => sum + Math.exp(value), 0)) - logits[labels.data[token]!]!;
    };
    // The valid tokens are 0, 1 and 2 of the first example and 0 of the second: a mean over four, not over examples.
    const expected = [0, 1, 2, 3].reduce((sum, token) => sum + lossAt(token), 0) / 4;
    const seen = "x where index(x over token) < lengths";
    expect(valueOf(`cross_entropy(${seen}, labels)`, { x, labels, lengths }).data[0]).toBeCloseTo(expected, 13);
    const right = [0, 1, 2, 3].filter((token) => {
      const logits = [...x.data].slice(5 * token, 5 * token + 5);
      return logits.indexOf(Math.max(...logits)) === labels.data[token];
    });
    expect(valueOf(`accuracy(${seen}, labels)`, { x, labels, lengths }).data[0]).toBe(right.length / 4);
  });

  test("argmax is the first of several", () => {
    const x = tensor({ batch: 3, feature: 4 }, [1, 5, 5, 2, 0, 0, 0, 0, -3, -4, -1, -1]);
    expect([...valueOf("argmax(x over feature)", { x }).data]).toEqual([1, 0, 2]);
  });
});

describe("a random order of the tokens", () => {
  const x = draw.normal({ batch: 4, token: 9, feature: 2 });
  const orders = (more: { seed?: number; step?: number }) => {
    const { data, axes } = valueOf("permutation(x over token)", { x }, more);
    expect(axes).toEqual(["batch", "token"]);
    return Array.from({ length: 4 }, (_, example) => [...data].slice(9 * example, 9 * example + 9));
  };

  test("has every position once, and is each example's own", () => {
    const found = orders({ seed: 1 });
    for (const order of found) expect([...order].sort((a, b) => a - b)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8]);
    expect(new Set(found.map((order) => order.join())).size).toBe(4);
  });

  test("is drawn by seed and step", () => {
    expect(orders({ seed: 1, step: 2 })).toEqual(orders({ seed: 1, step: 2 }));
    expect(orders({ seed: 1, step: 2 })).not.toEqual(orders({ seed: 1, step: 3 }));
    expect(orders({ seed: 1, step: 2 })).not.toEqual(orders({ seed: 2, step: 2 }));
  });

  test("is undone by its inverse", () => {
    const main = (result: string) => runLayer(`layer main(x) {\norder = permutation(x over token)\nreturn ${result} }`, { inputs: { x }, seed: 3 }).output;
    const [order, moved] = [main("order"), main("take(x, order along token)")];
    moved.data.forEach((value, i) => {
      const [example, token, feature] = [Math.floor(i / 18), Math.floor(i / 2) % 9, i % 2];
      expect(value).toBe(x.data[18 * example + 2 * order.data[9 * example + token]! + feature]);
    });
    expect(moved.data).not.toEqual(x.data);
    const back = main("take(take(x, order along token), inverse(order over token) along token)");
    expect([...back.data]).toEqual([...x.data]);
    expect([...main("take(order, inverse(order over token) along token)").data]).toEqual(Array.from({ length: 36 }, (_, i) => i % 9));
  });
});

test("sinusoidal positions are sines, then cosines, of MAE's wavelengths", () => {
  const x = tensor({ batch: 2, token: 5, feature: 6 }, new Float64Array(60));
  const { axes, data } = valueOf("sinusoidal_positions(x)", { x });
  expect(axes).toEqual(["token", "feature"]);
  const expected = (position: number, feature: number) => {
    const angle = position / 10000 ** ((feature % 3) / 3);
    return feature < 3 ? Math.sin(angle) : Math.cos(angle);
  };
  data.forEach((value, i) => expect(value).toBeCloseTo(expected(Math.floor(i / 6), i % 6), 14));
  // By hand: position 1, wave 0; and position 4, wave 2, with 10000^(-2/3) = 0.00215443.
  expect(data[6]).toBeCloseTo(0.8414709848, 10);
  expect(data[4 * 6 + 2]).toBeCloseTo(0.0086176, 7);
  expect(data[4 * 6 + 5]).toBeCloseTo(0.9999629, 7);
});

test("a patch holds the pixels of its square, and the tokens are in reading order", () => {
  const image = tensor({ batch: 1, row: 4, column: 6, channel: 2 }, Array.from({ length: 48 }, (_, i) => i));
  const spec = "use std.layers { patchify } layer main(image) { return patchify(image, 2) }";
  const { axes, shape, data } = runLayer(spec, { inputs: { image } }).output;
  expect([axes, shape]).toEqual([["batch", "token", "feature"], [1, 6, 8]]);
  // Token 4 is the second patch of the second row: rows 2 and 3, columns 2 and 3.
  expect([...data].slice(32, 40)).toEqual([28, 29, 30, 31, 40, 41, 42, 43]);
});
