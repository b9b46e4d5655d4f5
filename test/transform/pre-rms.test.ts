/** Layer norm becomes root-mean-square norm where it may, and nowhere else; the float64 interpreter is the judge. */

import { describe, expect, test } from "vitest";
import { interpret } from "../../src/ir/interpret.js";
import { parseProgram } from "../../src/ir/parse.js";
import { cost } from "../../src/transform/cost.js";
import { centred, recentre } from "../../src/transform/recentre.js";
import { type Model, changeBy, environmentOf, going, programOf, rewriteOf, specOf, withCentred } from "./pre-rms.js";
import { type as typeOf } from "../ir/support.js";

/** Of float64 results that are sums of a few thousand terms. */
const close = 1e-12;

const policy = (cls: string, tokens = cls) => `groups { cls, tokens }\n normalize {\n cls: ${cls}\n tokens: ${tokens}\n }`;
const blocks = "repeat depth {\n attention(heads: 3)\n mlp(hidden: 20)\n }";
const preNorm: Model = { stack: `${policy("layer")}\n place pre\n ${blocks}\n normalize` };

describe("a pre-norm network of 12 layers", () => {
  const program = programOf(specOf({ ...preNorm, depth: 12 }));
  const rewrite = recentre(program, "evaluate");

  test("is one stream, whose means all go", () => {
    expect(going(rewrite)).toHaveLength(1);
    expect(rewrite.streams).toHaveLength(1);
    // Two norms of groups before each of 24 sublayers, and at the end.
    expect(rewrite.streams[0]!.sites).toHaveLength(50);
  });

  test("computes the same as before, on its weights made centred", () => {
    expect(changeBy(program, rewrite, "deep")).toBeLessThan(close);
  });

  test("does not on the weights as they were", () => {
    expect(changeBy(program, { ...rewrite, parameters: [] }, "deep")).toBeGreaterThan(1e-3);
    for (const { slot } of rewrite.parameters.filter((_, i) => i % 7 === 0)) {
      const others = rewrite.parameters.filter((own) => own.slot !== slot);
      expect(changeBy(program, { ...rewrite, parameters: others }, "deep"), slot).toBeGreaterThan(1e-6);
    }
  });

  test("centres what is added to the stream, over the axis that becomes its features, and nothing else", () => {
    const names = new Map(rewrite.parameters.map(({ slot, axes }) => [slot, axes]));
    const branch = (i: number): [string, string[]][] => ["attention.w_out", "attention.b_out", "mlp.w_out", "mlp.b_out"].map((name) => [`encoder.${i}.${name}`, ["out"]]);
    const expected: [string, string[]][] = [["encoder.cls.vector", ["feature"]], ["encoder.tokens.weight", ["out"]], ["encoder.tokens.bias", ["feature"]]];
    expect(names).toEqual(new Map([...expected, ...Array.from({ length: 12 }, (_, i) => branch(i)).flat()]));
  });

  test("has a stream of zero mean in it then, wherever it is read", () => {
    const { values } = rewrite.streams[0]!;
    const outcome = interpret(program.entries.get("evaluate")!, withCentred(environmentOf(program, "deep"), program, rewrite));
    for (const [op, axes] of values) {
      if (op.kind === "parameter") continue;
      const { type, data } = outcome.values.get(op)!;
      const apart = centred(data, type, axes);
      const size = Math.max(...data.map(Math.abs));
      expect(Math.max(...apart.map((value, i) => Math.abs(value - data[i]!))) / size).toBeLessThan(1e-13);
    }
    expect(values.size).toBeGreaterThan(100);
  });

  test("has three operations fewer at each site, and so many FLOP", () => {
    const [before, after] = [program, rewrite.program].map((own) => cost(own).entries.get("evaluate")!);
    expect(before!.operations - after!.operations).toBe(3 * 50);
    // A sum and a difference over 12 features, and a product, for each token; the class token is the same in every example at first.
    const tokens = 25 * 2 * (1 + 5) - 1;
    expect(before!.flops.total - after!.flops.total).toBe(tokens * (12 + 1 + 12));
  });

  test("stays as it is when it is rewritten again", () => {
    const again = recentre(rewrite.program, "evaluate");
    expect(again.streams).toEqual([]);
    expect(again.parameters).toEqual([]);
    expect(cost(again.program)).toEqual(cost(rewrite.program));
  });
});

describe("means go", () => {
  const parallel = "placement parallel(x, sublayer, norm) { return x + sublayer(norm(x)) - 0.5 * sublayer(norm(x)) }";
  const mine = "norm mine(x) {\n param steepness = 1\n mu = mean(x over feature)\n c = x - mu\n return tanh(steepness * c) / (mean(abs(c) over feature) + 1e-3)\n}";
  const bare = "norm bare(x) {\n c = x - mean(x over feature)\n return c * rsqrt(mean(c^2 over feature) + 1e-5)\n}";
  const cases: Readonly<Record<string, Model & { readonly sites: number; readonly streams?: number }>> = {
    "with one norm for all groups": { stack: preNorm.stack.replace(/cls: layer\s+tokens: layer/, "cls, tokens: layer"), sites: 5 },
    "under ReZero, whose weight is one number": { stack: preNorm.stack.replace("place pre", "place rezero"), sites: 10 },
    "where a group norm bears the shift": { stack: `${policy("group(groups: 3)", "layer")}\n place pre\n ${blocks}\n normalize`, sites: 5 },
    "at sites that share what they compute": { stack: preNorm.stack.replace("place pre", "place parallel"), definitions: parallel, sites: 10 },
    "of a norm that a user wrote": { stack: `${policy("mine", "layer")}\n place pre\n ${blocks}\n normalize`, definitions: mine, sites: 10 },
    "with masked tokens": { ...preNorm, call: "cls: learned(1), tokens: linear(x, dim) where index(token) < 4", sites: 10 },
    "with an embedding table": { ...preNorm, call: "cls: learned(1), tokens: embed(ids, 7, dim) + learned_positions(embed(ids, 7, dim))", sites: 10 },
    "of queries and keys, over each head's own": { stack: preNorm.stack.replace("heads: 3", "heads: 3, qk: layer"), sites: 10 + 4, streams: 5 },
    "of queries and keys, over all heads": { stack: preNorm.stack.replace("heads: 3", "heads: 3, qk: layer, qk_wide: true"), sites: 10 + 4, streams: 5 },
    "after a sublayer, where the norm has no scale": { stack: `${policy("bare")}\n place post\n ${blocks}`, definitions: bare, sites: 6, streams: 3 },
  };
  test.each(Object.entries(cases))("%s", (_, { sites, streams = 1, ...model }) => {
    const { rewrite, change } = rewriteOf(model);
    expect(going(rewrite)).toHaveLength(streams);
    expect(going(rewrite).flatMap((stream) => stream.sites)).toHaveLength(sites);
    expect(change).toBeLessThan(close);
  });

  test("with fixed positions, which are centred in the program", () => {
    const { rewrite, change } = rewriteOf({ ...preNorm, call: "cls: learned(1), tokens: linear(x, dim) + sinusoidal_positions(linear(x, dim))" });
    expect(going(rewrite)[0]!.data.map((op) => op.kind)).toEqual(["concatenate"]);
    expect(change).toBeLessThan(close);
  });

  test("with a number that is added to the stream, which is left out", () => {
    const { rewrite, change } = rewriteOf({ ...preNorm, call: "cls: learned(1), tokens: linear(x, dim) + 0.1" });
    expect(going(rewrite)[0]!.shifts.map((op) => op.kind)).toEqual(["add"]);
    expect(change).toBeLessThan(close);
  });

  test("of data that comes as it is, which is centred once", () => {
    const { rewrite, change } = rewriteOf({ ...preNorm, dim: 7, stack: preNorm.stack.replace("heads: 3", "heads: 1"), call: "cls: learned(1), tokens: x" });
    expect(going(rewrite)[0]!.data.map((op) => op.kind)).toEqual(["input"]);
    expect(change).toBeLessThan(close);
  });
});

describe("means stay, and it is said why", () => {
  const stays: Readonly<Record<string, readonly [model: Model, place: string, kind: string]>> = {
    "where batch norm reads the class token": [{ stack: `${policy("batch", "layer")}\n normalize at first { cls: layer }\n place pre\n ${blocks}\n normalize` }, "encoder.0.mlp.before.cls", "mul"],
    "where RMS norm reads it": [{ stack: `${policy("rms", "layer")}\n place pre\n ${blocks}\n normalize` }, "encoder.0.attention.before.cls", "mul"],
    "where ScaleNorm does": [{ stack: `${policy("scale", "layer")}\n place pre\n ${blocks}\n normalize` }, "encoder.0.attention.before.cls", "mul"],
    "where instance norm does": [{ stack: `${policy("layer", "instance")}\n place pre\n ${blocks}\n normalize` }, "encoder.0.attention.before.tokens", "mul"],
    "where dynamic tanh does": [{ stack: `${policy("layer", "dyt")}\n place pre\n ${blocks}\n normalize` }, "encoder.0.attention.before.tokens", "tanh"],
    "where a site has no norm": [{ stack: `${policy("layer")}\n normalize at 1.mlp.before { cls: none }\n place pre\n ${blocks}\n normalize` }, "encoder.1.mlp", "contract"],
    "where the stream ends without a norm": [{ stack: `${policy("layer")}\n place pre\n ${blocks}` }, "linear", "contract"],
    "where a report reads the stream": [{ ...preNorm, call: "cls: learned(1), tokens: given", definitions: "", rest: "report size: sum(given^2)" }, "", "mul"],
  };
  test.each(Object.entries(stays))("%s", (_, [model, place, kind]) => {
    const text = specOf(model).replace("encoded =", model.call?.includes("given") === true ? "given = linear(x, dim)\n encoded =" : "encoded =");
    const program = programOf(text);
    const rewrite = recentre(program, "evaluate");
    const reads = rewrite.streams.flatMap(({ reasons }) => reasons.filter((reason) => reason.kind === "read"));
    expect(reads.map(({ reader }) => `${reader?.kind} at ${reader?.place}`)).toContain(`${kind} at ${place}`);
    for (const { reader } of reads) expect(reader!.source).toMatch(/^(std\/\w+|net)\.norm:\d+:\d+$/);
    expect(rewrite.parameters).toEqual([]);
    expect(cost(rewrite.program).entries.get("evaluate")).toEqual(cost(program).entries.get("evaluate"));
  });

  test("in post-norm: sublayers read what the norms give, and their scale could not be centred", () => {
    const { rewrite } = rewriteOf({ stack: `${policy("layer")}\n place post\n ${blocks}` });
    expect(going(rewrite)).toEqual([]);
    const reasons = rewrite.streams[1]!.reasons;
    expect(reasons.map((reason) => reason.kind)).toContain("made");
    expect(reasons.some((reason) => reason.kind === "read" && reason.reader?.kind === "contract" && reason.reader.place === "encoder.0.mlp")).toBe(true);
  });

  test.each(["layer_scale", "sandwich"])("in %s, whose branches are weighed feature by feature", (placement) => {
    const { rewrite } = rewriteOf({ stack: preNorm.stack.replace("place pre", `place ${placement}`) });
    const stream = rewrite.streams.find(({ sites }) => sites.some((op) => op.place === "encoder.final.cls"))!;
    const made = stream.reasons.filter((reason) => reason.kind === "made").map((reason) => `${reason.of.kind} at ${reason.of.place}`);
    expect(made.length).toBeGreaterThan(0);
    expect(made.every((text) => text.startsWith("mul at encoder."))).toBe(true);
  });

  test("in sandwich norm, but what a sublayer gives to the norm behind it is centred by its weights", () => {
    const { rewrite, change } = rewriteOf({ stack: preNorm.stack.replace("place pre", "place sandwich") });
    expect(going(rewrite).flatMap(({ sites }) => sites).every((op) => /\.after\./.test(op.place))).toBe(true);
    expect(going(rewrite)).toHaveLength(4);
    expect(change).toBeLessThan(close);
  });

  test("in output norm, whose sublayers read the stream", () => {
    const { rewrite, change } = rewriteOf({ stack: preNorm.stack.replace("place pre", "place output") });
    const stream = rewrite.streams.find(({ sites }) => sites.some((op) => op.place === "encoder.final.cls"))!;
    expect(stream.reasons.map((reason) => (reason.kind === "read" ? reason.reader?.place : reason.kind))).toContain("encoder.1.attention");
    expect(going(rewrite).flatMap(({ sites }) => sites).every((op) => /\.after\./.test(op.place))).toBe(true);
    expect(change).toBeLessThan(close);
  });

  test("where the mean itself is a result", () => {
    const entry = (results: string) => `program p {
  parameter w : f32[feature: 4] weight
  entry evaluate {
    %0 = parameter() {slot: "w"} : f32[feature: 4]
    %1 = reduce_sum(%0) {axes: [feature]} : f32[]
    %2 = constant() {value: 0.25, dtype: "f32"} : f32[]
    %3 = mul(%1, %2) : f32[]
    %4 = sub(%0, %3) : f32[feature: 4]
    %5 = mul(%4, %4) : f32[feature: 4]
    return ${results}
  }
}`;
    const goes = (results: string) => recentre(parseProgram(entry(results)), "evaluate").parameters.length;
    expect(goes("y: %5")).toBe(1);
    for (const result of ["%0", "%1", "%3"]) expect(goes(`y: %5, z: ${result}`), result).toBe(0);
  });

  test("where a table is tied to the classes", () => {
    const definitions = "layer tied(x, ids) {\n param table[vocabulary: 7, feature: 12] ~ normal(0.5)\n e = encoder(cls: learned(1), tokens: take(table, ids along vocabulary), dim: 12, depth: 1)\n return dot(e, table over feature)\n}";
    const program = programOf(specOf({ ...preNorm, definitions, rest: "loss mean(tied(x, ids)^2)" }));
    const { streams } = recentre(program, "evaluate");
    const tied = streams.find(({ parameters }) => parameters.some(({ slot }) => slot === "tied.table"))!;
    expect(tied.reasons.map((reason) => reason.kind === "read" && reason.reader?.kind)).toEqual(["contract"]);
    expect(streams.filter(({ reasons }) => reasons.length === 0)).toHaveLength(1);
  });
});

test("centred values have zero mean over the axes together, and are moved by shifts alone", () => {
  const type = typeOf("a:2 b:3 c:2");
  const data = Float64Array.from([1, 2, 3, 4, 5, 9, 0, 1, 2, 6, 7, 8]);
  // Means over a and c: of 1 2 0 1, of 3 4 2 6, and of 5 9 7 8.
  expect([...centred(data, type, ["a", "c"])]).toEqual([0, 1, -0.75, 0.25, -2.25, 1.75, -1, 0, -1.75, 2.25, -0.25, 0.75]);
});
