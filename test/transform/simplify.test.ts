import { readFileSync } from "node:fs";
import fc from "fast-check";
import { afterEach, describe, expect, test, vi } from "vitest";
import { Builder } from "../../src/ir/builder.js";
import { interpret } from "../../src/ir/interpret.js";
import { parseProgram } from "../../src/ir/parse.js";
import { printProgram } from "../../src/ir/print.js";
import type { Op, Program } from "../../src/ir/program.js";
import { slotTypes } from "../../src/ir/slots.js";
import { sameLayout } from "../../src/ir/types.js";
import { verify } from "../../src/ir/verify.js";
import { elementwiseRules } from "../../src/transform/rules/elementwise.js";
import { reductionRules } from "../../src/transform/rules/reduction.js";
import { structureRules } from "../../src/transform/rules/structure.js";
import { simplify } from "../../src/transform/simplify.js";
import { randomProgram } from "../ir/random-program.js";
import { inLayoutOf, inputsOnly, relativeError, type, withGradients } from "../ir/support.js";

/** The cases of simplify-cases.txt: the body of an entry, `=>`, and the body that it becomes. */
const [header, ...blocks] = readFileSync(new URL("simplify-cases.txt", import.meta.url), "utf8").split(/^## /m);
const cases = blocks.map((block) => {
  const [name, ...lines] = block.trimEnd().split("\n");
  const [before, after] = lines.join("\n").split("\n=>\n");
  return { name: name!, before: parse(before!), after: parse(after!) };
});

function parse(body: string, entry = "test", slots = header!): Program {
  return parseProgram(`${slots.trimEnd()}\n  entry ${entry} {\n${body}\n  }\n}`);
}

describe("each rule", () => {
  test.each(cases)("$name", ({ before, after }) => {
    expect(printProgram(simplify(before))).toBe(printProgram(after));
  });

  test("has a case", () => {
    const rules = [elementwiseRules, reductionRules, structureRules].flatMap((table) => Object.values(table).flat());
    const names = new Set(rules.map((rule) => rule.name).filter((name) => name !== ""));
    const covered = new Set(cases.map(({ name }) => name.split(":")[0]!));
    expect([...names].filter((name) => !covered.has(name))).toEqual([]);
  });
});

describe("random programs", () => {
  test("keep their values and gradients within 1e-12, their types, and change no more the second time", () => {
    fc.assert(
      fc.property(randomProgram(30), ({ program, environment }) => {
        const full = withGradients(program);
        const simple = simplify(full);
        verify(simple);
        expect(printProgram(simplify(simple))).toBe(printProgram(simple));
        for (const name of ["forward", "step"]) {
          const before = interpret(full.entries.get(name)!, environment).results;
          const after = interpret(simple.entries.get(name)!, environment).results;
          expect([...after.keys()]).toEqual([...before.keys()]);
          for (const [key, value] of before) {
            expect(sameLayout(after.get(key)!.type.axes, value.type.axes)).toBe(true);
            expect(relativeError(after.get(key)!.data, value.data)).toBeLessThan(1e-12);
          }
        }
      }),
      { numRuns: 200 },
    );
  }, 60_000);

  test("can be differentiated after they were simplified", () => {
    fc.assert(
      fc.property(randomProgram(), ({ program, environment }) => {
        const before = interpret(withGradients(program).entries.get("step")!, environment).results;
        const after = interpret(simplify(withGradients(simplify(program))).entries.get("step")!, environment).results;
        for (const { name, type: own } of program.parameters) {
          const [found, expected] = [after, before].map((values) => inLayoutOf(values.get(`d_${name}`)!, own));
          expect(relativeError(found!, expected!)).toBeLessThan(1e-12);
        }
      }),
    );
  }, 60_000);
});

describe("an entry", () => {
  const slots = "program p {\n  parameter w : f32[p: 2] weight\n  state s : f32[p: 2] optimizer\n  input x : f32[p: 2]";

  test("keeps gradient steering only if it is called `forward`", () => {
    const body = [
      '%0 = input() {slot: "x"} : f32[p: 2]',
      "%1 = stop_gradient(%0) : f32[p: 2]",
      '%2 = cotangent() {of: "x", axes: [p: 2]} : f32[p: 2]',
      "%3 = attach_gradient(%1, %0, %2) : f32[p: 2]",
      "return y: %3",
    ].join("\n");
    const kinds = (entry: string) => simplify(parse(body, entry, slots)).entries.get(entry)!.operations.map((op) => op.kind);
    expect(kinds("forward")).toEqual(["input", "stop_gradient", "cotangent", "attach_gradient"]);
    expect(kinds("step")).toEqual(["input"]);
  });

  test("loses dead code, shares equal operations, and keeps updates, places and phases", () => {
    const body = [
      '%0 = parameter() {slot: "w"} : f32[p: 2]',
      '%1 = input() {slot: "x"} : f32[p: 2] @layer.0',
      "%2 = exp(%1) : f32[p: 2] @layer.0",
      "%3 = exp(%1) : f32[p: 2] @layer.1 backward",
      "%4 = log(%0) : f32[p: 2] @layer.1 backward",
      "%5 = mul(%2, %3) : f32[p: 2] @layer.1 backward",
      '%6 = update(%5) {slot: "s"} : f32[p: 2] @recipe update',
      "return",
    ].join("\n");
    const simple = simplify(parse(body, "step", slots));
    expect(printProgram(simple).split("\n").slice(6, -3).map((line) => line.trim())).toEqual([
      '%0 = input() {slot: "x"} : f32[p: 2] @layer.0',
      "%1 = exp(%0) : f32[p: 2] @layer.0",
      "%2 = mul(%1, %1) : f32[p: 2] @layer.1 backward",
      '%3 = update(%2) {slot: "s"} : f32[p: 2] @recipe update',
      "return",
    ]);
    expect(simple.entries.get("step")!.operations.map((op) => op.id)).toEqual([0, 1, 2, 3]);
  });

  test("keeps where in the spec an operation comes from, also one that a rule made", () => {
    const base = inputsOnly([type("p:2")]);
    const builder = new Builder(slotTypes(base));
    const at = (source: string) => (builder.position = { place: "layer", phase: "forward", source });
    at("spec.norm:1:1");
    const x = builder.add("input", [], { slot: "x0" }) as Op;
    at("spec.norm:2:1");
    const negated = builder.build.neg(x);
    at("spec.norm:3:1");
    const results = new Map([["y", builder.build.add(builder.build.unary("exp", x), negated)]]);
    const simple = simplify({ ...base, entries: new Map([["step", { name: "step", operations: builder.operations, results }]]) });
    const found = simple.entries.get("step")!.operations.map((op) => `${op.kind} ${op.place} ${op.source}`);
    expect(found).toEqual(["input layer spec.norm:1:1", "exp layer spec.norm:3:1", "sub layer spec.norm:3:1"]);
  });

  test("names one value by two results", () => {
    const body = '%0 = input() {slot: "x"} : f32[p: 2]\n%1 = neg(%0) : f32[p: 2]\n%2 = neg(%1) : f32[p: 2]\nreturn a: %0, b: %2';
    const { results } = simplify(parse(body, "step", slots)).entries.get("step")!;
    expect([...results.keys()]).toEqual(["a", "b"]);
    expect(results.get("a")).toBe(results.get("b"));
  });

  test("keeps the layout of a result whose value has another", () => {
    const body = [
      '%0 = input() {slot: "x"} : f32[p: 2]',
      "%1 = constant() {value: 1, dtype: \"f32\"} : f32[]",
      "%2 = broadcast(%1) {axes: [p: 2, q: 3]} : f32[p: 2, q: 3]",
      "%3 = rename(%2) {from: [p, q], to: [q, p]} : f32[q: 2, p: 3]",
      "return y: %3",
    ].join("\n");
    const simple = simplify(parse(body, "step", slots));
    expect(simple.entries.get("step")!.results.get("y")!.type.axes.map((axis) => axis.name)).toEqual(["q", "p"]);
    expect(printProgram(simplify(simple))).toBe(printProgram(simple));
  });
});

describe("the work", () => {
  afterEach(() => vi.restoreAllMocks());

  /** Layers in which three groups of tokens are normalised apart. */
  function layers(count: number): Program {
    const base = { ...inputsOnly([type("token:9 f:4")]), parameters: [{ name: "w", type: type("f:4 g:4"), role: "weight" as const }] };
    const builder = new Builder(slotTypes(base));
    const b = builder.build;
    const w = builder.add("parameter", [], { slot: "w" }) as Op;
    let x = builder.add("input", [], { slot: "x0" }) as Op;
    for (let i = 0; i < count; i++) {
      const parts = [[0, 1], [1, 2], [3, 6]].map(([start, extent]) => {
        const part = b.slice(x, "token", start!, extent!);
        const size = b.unary("rsqrt", b.add(b.scale(b.sum(b.mul(part, part), ["f"]), 1 / 4), b.constant(i + 1)));
        return b.mul(part, b.broadcast(size, [{ name: "f", extent: 4 }]));
      });
      x = b.add(x, b.rename(b.contract(b.concatenate(parts, "token"), w, ["f"]), ["g"], ["f"]));
    }
    const results = new Map([["loss", b.sum(x, ["token", "f"])]]);
    return withGradients({ ...base, entries: new Map([["forward", { name: "forward", operations: builder.operations, results }]]) });
  }

  /** How many operations are tried, rules' own among them. */
  function tries(program: Program): number {
    const spy = vi.spyOn(Builder.prototype, "add");
    simplify(program);
    const { length } = spy.mock.calls;
    spy.mockRestore();
    return length;
  }

  test("grows in proportion to the operations", () => {
    const [small, large] = [tries(layers(8)), tries(layers(64))];
    expect(large / small).toBeLessThan(8.5);
  }, 60_000);

  test("leaves no sum of padded values: each layer's cotangent is one concatenation", () => {
    const { operations } = simplify(layers(3)).entries.get("step")!;
    const backward = operations.filter((op) => op.phase === "backward").map((op) => op.kind);
    expect(backward.filter((kind) => kind === "pad")).toEqual([]);
    expect(backward.filter((kind) => kind === "concatenate")).toHaveLength(2);
  });
});
