/** Single operations, or a few, on a target and in float64. */

import { beforeAll, describe, expect, test } from "vitest";
import { Builder } from "../../src/ir/builder.js";
import type { Environment, Tensor } from "../../src/ir/definition.js";
import { interpret } from "../../src/ir/interpret.js";
import type { AttributesOf, Op, OpKind, Program } from "../../src/ir/program.js";
import { slotTypes } from "../../src/ir/slots.js";
import { elements } from "../../src/ir/types.js";
import { verify } from "../../src/ir/verify.js";
import { keyOf, normals } from "../../src/random/threefry.js";
import { tensor, type } from "../ir/support.js";
import { type Tolerance, mistakes } from "./compare.js";
import type { RunStep } from "./run.js";

export interface Case {
  readonly title: string;
  /** The values of the inputs; numbers of f32 are float32's. */
  readonly operands: readonly Tensor[];
  readonly build: (builder: Builder, operands: readonly Op[]) => Op;
  /** Exact by default. */
  readonly tolerance?: Tolerance;
}

/** A case of one operation. */
export function caseOf<K extends OpKind>(kind: K, operands: readonly Tensor[], attributes: AttributesOf[K], tolerance: Tolerance = {}): Case {
  const axes = operands.map(({ type: own }) => `[${own.axes.map((axis) => `${axis.name}: ${axis.extent}`).join(", ")}]`);
  return { title: `${kind} of ${axes.join(" and ")}`, operands, build: (builder, given) => builder.add(kind, given, attributes) as Op, tolerance };
}

/** How many tensors the cases at hand have drawn. */
let drawn = 0;

/** A tensor of normal numbers, others for every tensor of a program: `random("p:2 q:3")`. */
export function random(axes: string, scale = 1): Tensor {
  const count = elements(type(axes).axes);
  return tensor(axes, [...normals(keyOf(11, "operand", drawn++), count)].map((value) => Math.fround(scale * value)));
}

/** A tensor of whole numbers from 0 to `below` - 1. */
export function wholes(axes: string, below: number): Tensor {
  const { data } = random(axes);
  return tensor(axes, [...data].map((value) => Math.floor(Math.abs(value) * 1000) % below), "i32");
}

export function truths(axes: string): Tensor {
  return tensor(axes, [...random(axes).data].map((value) => Number(value > 0)), "bool");
}

/** By title; each function makes the cases of one program. */
export type Cases = Readonly<Record<string, () => readonly Case[]>>;

/** Tests that all cases give what the interpreter does, however they are run. */
export function testCases(cases: Cases, runners: Readonly<Record<string, RunStep>>): void {
  describe.each(Object.entries(cases))("%s", (_, make) => {
    let own: Prepared;
    beforeAll(() => {
      own = prepared(make);
    });
    test.each(Object.entries(runners))("%s", { timeout: 60_000 }, async (_, run) => {
      expect(await wrongIn(own, run)).toEqual([]);
    });
  });
}

/** Cases as one program, and what it gives in float64. */
interface Prepared {
  readonly cases: readonly Case[];
  readonly program: Program;
  readonly environment: Environment;
  readonly expected: ReadonlyMap<string, Tensor>;
}

function prepared(make: () => readonly Case[]): Prepared {
  drawn = 0;
  const cases = make();
  const { program, environment } = programOf(cases);
  return { cases, program, environment, expected: interpret(program.entries.get("step")!, environment).results };
}

/** Every element that is wrong, with the title of its case. */
async function wrongIn({ cases, program, environment, expected }: Prepared, run: RunStep): Promise<readonly string[]> {
  const { results } = await run(program, environment);
  return cases.flatMap(({ title, tolerance = {} }, i) => mistakes(title, results.get(`case${i}`)!, expected.get(`case${i}`)!.data, tolerance));
}

function programOf(cases: readonly Case[]): { program: Program; environment: Environment } {
  const given = cases.flatMap(({ operands }, i) => operands.map((operand, j) => ({ ...operand, name: `case${i}.${j}` })));
  // Every third one is a parameter, a state, an input.
  const [parameters, states, inputs] = [0, 1, 2].map((turn) => given.filter((_, i) => i % 3 === turn)) as [typeof given, typeof given, typeof given];
  const base: Omit<Program, "entries"> = {
    name: "cases",
    precision: "single",
    parameters: parameters.map(({ name, type: own }) => ({ name, type: own, role: "weight" })),
    states: states.map(({ name, type: own }) => ({ name, type: own, owner: "model" })),
    inputs: inputs.map(({ name, type: own }) => ({ name, type: own })),
  };
  const builder = new Builder(slotTypes(base));
  const kindOf = (i: number) => (["parameter", "state", "input"] as const)[i % 3]!;
  const ops = new Map(given.map(({ name }, i): [string, Op] => [name, builder.add(kindOf(i), [], { slot: name }) as Op]));
  const results = cases.map(({ operands, build }, i): [string, Op] => [`case${i}`, build(builder, operands.map((_, j) => ops.get(`case${i}.${j}`)!))]);
  const entry = { name: "step", operations: builder.operations, results: new Map(results) };
  const program = { ...base, entries: new Map([["step", entry]]) };
  verify(program);
  const values = (of: typeof given) => new Map(of.map(({ name, data }) => [name, data]));
  return { program, environment: { slots: values([...parameters, ...states]), inputs: values(inputs), seed: 7, step: 3 } };
}
