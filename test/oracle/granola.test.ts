/** GRANOLA: against torch, and what random numbers and an adjacency must change, and must not. */

import { describe, expect, test } from "vitest";
import { expectClose } from "./fixtures.js";
import { type NamedTensor, compileLayer } from "./harness.js";
import { drawn, drawnParameters, expectTorch, parameterCount } from "./methods.js";

const [batch, tokens, features] = [2, 4, 6];
const x = drawn("x", ["batch", "token", "feature"], [batch, tokens, features]);
const exact = { absolute: 0, relative: 0 };
const close = { absolute: 1e-11, relative: 1e-10 };

const spec = (call: string, parameters = "x") => `use std.norms { granola } layer main(${parameters}) { return granola(x${call}) }`;
const plain = ", random: false";

describe("without random numbers, against torch", () => {
  test("among all tokens", () => expectTorch("granola", spec(plain)));
  test("along an adjacency", () => expectTorch("granola_adjacency", spec(`${plain}, adjacency: adjacency`, "x, adjacency")));
});

test("has the parameters of its networks, which read the random numbers beside the features", () => {
  const d = features;
  // Two rounds of two maps each with a number of their own, and two perceptrons.
  const networks = 2 * (2 * (d ** 2 + d) + 1) + 4 * (d ** 2 + d);
  expect(parameterCount(compileLayer(spec(plain), { x }))).toBe(networks);
  expect(parameterCount(compileLayer(spec(""), { x }))).toBe(networks + d ** 2);
});

test("is layer normalisation where its perceptrons give nothing", () => {
  const compiled = compileLayer(spec(""), { x });
  const parameters = drawnParameters(compiled, (name) => (/\.(w_out|b_out)$/.test(name) ? 0 : undefined));
  const layer = compileLayer("use std.norms { layer } layer main(x) { return layer(x) }", { x });
  const expected = layer.run("training", { inputs: { x }, parameters: drawnParameters(layer, (name) => Number(name.endsWith("scale"))) });
  expectClose("output", compiled.run("training", { inputs: { x }, parameters }).output, expected.output, exact);
});

describe("random numbers", () => {
  const output = (call: string, step: number) => {
    const compiled = compileLayer(spec(call), { x });
    return [...compiled.run("training", { inputs: { x }, parameters: drawnParameters(compiled), step }).output.data];
  };
  test("are others in each step, and the same when it is repeated", () => {
    expect(output("", 3)).toEqual(output("", 3));
    expect(output("", 4)).not.toEqual(output("", 3));
    expect(output(plain, 4)).toEqual(output(plain, 3));
  });
});

/** Rows of neighbours as an adjacency. */
function adjacencyOf(neighbours: readonly (readonly number[])[]): NamedTensor {
  const count = neighbours.length;
  return { axes: ["token", "source"], shape: [count, count], data: neighbours.flatMap((own) => Array.from({ length: count }, (_, i) => Number(own.includes(i)))) };
}

describe("a ring of six nodes, and two rings of three, with the same features at all nodes", () => {
  const ring = adjacencyOf([[1, 5], [0, 2], [1, 3], [2, 4], [3, 5], [4, 0]]);
  const triangles = adjacencyOf([[1, 2], [0, 2], [0, 1], [4, 5], [3, 5], [3, 4]]);
  const same: NamedTensor = { axes: ["batch", "token", "feature"], shape: [1, 6, 2], data: Array.from({ length: 12 }, (_, i) => 1 + (i % 2)) };
  const output = (call: string, adjacency: NamedTensor) => {
    const compiled = compileLayer(spec(`${call}, adjacency: adjacency`, "x, adjacency"), { x: same, adjacency });
    return [...compiled.run("training", { inputs: { x: same, adjacency }, parameters: drawnParameters(compiled) }).output.data];
  };

  test("message passing alone cannot tell them apart", () => {
    const found = output(plain, ring);
    expect(found).toEqual(output(plain, triangles));
    expect(new Set(found.filter((_, i) => i % 2 === 0)).size).toBe(1);
  });

  test("random numbers do", () => {
    expect(output("", ring)).not.toEqual(output("", triangles));
  });
});

test("what a node hears comes from two edges away at most", () => {
  const path = adjacencyOf([[1], [0, 2], [1, 3], [2]]);
  const compiled = compileLayer(spec(`${plain}, adjacency: adjacency`, "x, adjacency"), { x, adjacency: path });
  const parameters = drawnParameters(compiled);
  const output = (input: NamedTensor) => compiled.run("training", { inputs: { x: input, adjacency: path }, parameters }).output.data;
  const isLast = (i: number) => Math.floor(i / features) % tokens === tokens - 1;
  const [before, after] = [output(x), output({ ...x, data: x.data.map((value, i) => (isLast(i) ? -value : value)) })];
  const changed = (token: number) => Array.from({ length: features }, (_, i) => token * features + i).some((i) => Math.abs(before[i]! - after[i]!) > 1e-6);
  expect([0, 1, 2, 3].map(changed)).toEqual([false, true, true, true]);
});

test("a stack hands its adjacency on to the norms of all its sites", () => {
  const path = adjacencyOf([[1], [0, 2], [1, 3], [2]]);
  const graph = compileLayer(
    `use std.norms { granola } use std.placements { pre } use std.layers { linear }
     stack graph(edges) { groups { nodes } normalize { nodes: granola(random: false, adjacency: edges) } place pre
       linear(${features})
       normalize }
     layer main(x, edges) { return graph(nodes: x, edges: edges) }`,
    { x, edges: path },
  );
  const parameters = drawnParameters(graph);
  const output = (edges: NamedTensor) => [...graph.run("training", { inputs: { x, edges }, parameters }).output.data];
  expect(output(path)).not.toEqual(output(adjacencyOf([[0], [1], [2], [3]])));
  expect(Object.keys(parameters).filter((name) => name.endsWith("near.own"))).toEqual(["graph.linear.before.nodes.near.own", "graph.final.nodes.near.own"]);
});

test("among all tokens it knows no order", () => {
  const compiled = compileLayer(spec(plain), { x });
  const parameters = drawnParameters(compiled);
  const reversed = (own: NamedTensor): NamedTensor => ({ ...own, data: own.data.map((_, i) => {
    const [row, feature] = [Math.floor(i / features), i % features];
    return own.data[(row - (row % tokens) + tokens - 1 - (row % tokens)) * features + feature]!;
  }) });
  const { output } = compiled.run("training", { inputs: { x }, parameters });
  expectClose("reversed", compiled.run("training", { inputs: { x: reversed(x) }, parameters }).output, reversed(output), close);
});

test("padded tokens are not heard", () => {
  const lengths = { axes: ["batch"], shape: [batch], data: [2, 3] };
  const text = (call: string) => spec("", "x, lengths").replace("granola(x", `granola(x where index(x over token) < lengths${call}`);
  const compiled = compileLayer(text(plain), { x, lengths });
  const parameters = drawnParameters(compiled);
  const isReal = (i: number) => Math.floor(i / features) % tokens < lengths.data[Math.floor(i / (tokens * features))]!;
  const output = (input: NamedTensor) => compiled.run("training", { inputs: { x: input, lengths }, parameters }).output;
  const other = output({ ...x, data: x.data.map((value, i) => (isReal(i) ? value : 1e3)) });
  expectClose("output", output(x), other, exact, isReal);
});
