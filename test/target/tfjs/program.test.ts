/** Whole programs: against the interpreter, and against the gradients of TensorFlow.js itself. */

import type { Tensor } from "@tensorflow/tfjs-core";
import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { Builder } from "../../../src/ir/builder.js";
import type { Entry, Op, Program } from "../../../src/ir/program.js";
import { slotTypes } from "../../../src/ir/slots.js";
import { verify } from "../../../src/ir/verify.js";
import { type ProgramModule, type TensorFlow } from "../../../src/runtime/tfjs/program.js";
import { emitTfjs } from "../../../src/target/tfjs/emit.js";
import { differentiate } from "../../../src/transform/differentiate.js";
import { simplify } from "../../../src/transform/simplify.js";
import { randomProgram } from "../../ir/random-program.js";
import { openTestDevice, testDevices } from "./device.js";
import { manifestOf, visionTransformer } from "./model.js";
import { type Values, difference, load, randomValues, reference, runEntry, runtimeOf, tensorOf } from "./run.js";

const sizes = { batch: 6, patches: 4, pixels: 5, dim: 8, depth: 2, heads: 2, classes: 3 };
const tolerance = 1e-4;

/** Values as they are in the middle of training. */
function midway(program: Program): { slots: Values; inputs: Values } {
  const values = randomValues(program);
  for (const [name, data] of values.slots) {
    // A second moment is not negative; small weights keep the softmax soft.
    data.forEach((value, i) => (data[i] = Math.fround(name.endsWith(".v") ? value * value : value / 4)));
  }
  values.inputs.set("step", Float64Array.of(3)).set("steps", Float64Array.of(10));
  values.inputs.set("valid", Float64Array.of(1, 1, 1, 1, 0, 0));
  return values;
}

type Arrays = ReadonlyMap<string, ArrayLike<number>>;

function differences(actual: Arrays, expected: Arrays, least?: number): string[] {
  expect([...actual.keys()].toSorted()).toEqual([...expected.keys()].toSorted());
  return [...expected].flatMap(([name, data]) => {
    const error = difference(actual.get(name)!, data, least);
    return error <= tolerance ? [] : [`${name}: ${error}`];
  });
}

/** With a step that puts in place of every parameter the gradient of `loss` by it. */
function withGradients(program: Program): Program {
  const builder = new Builder(slotTypes(program));
  const copies = new Map<Op, Op>();
  const forward = program.entries.get("forward")!;
  for (const op of forward.operations) {
    builder.position = { place: op.place, phase: op.phase };
    copies.set(op, builder.add(op.kind, op.operands.map((operand) => copies.get(operand)!), op.attributes as never) as Op);
  }
  const sources = program.parameters.map(({ name }) => builder.add("parameter", [], { slot: name }));
  const gradients = differentiate(builder, copies.get(forward.results.get("loss")!)!, sources);
  const results = new Map([...forward.results].map(([name, op]) => [name, copies.get(op)!]));
  program.parameters.forEach(({ name }, i) => builder.add("update", [gradients[i]!], { slot: name }));
  const step: Entry = { name: "step", operations: builder.operations, results };
  const whole = simplify({ ...program, entries: new Map([["forward", forward], ["step", step]]) });
  verify(whole);
  return whole;
}

describe.each(testDevices)("on %s", (choice) => {
  let tf: TensorFlow;
  beforeAll(async () => {
    ({ tf } = await openTestDevice(choice));
  });

  describe("a vision transformer", () => {
    const program = visionTransformer(sizes);
    const values = midway(program);
    let module: ProgramModule;
    beforeAll(async () => {
      module = await load(program);
    });

    it.each([...program.entries.keys()])("%s agrees with the interpreter", (name) => {
      const actual = runEntry(tf, program, module, name, values);
      const expected = reference(program.entries.get(name)!, values);
      expect(differences(actual.results, expected.results)).toEqual([]);
      expect(differences(actual.updates, expected.updates)).toEqual([]);
    });

    it("evaluation counts only valid examples", () => {
      const before = runEntry(tf, program, module, "evaluate", values).results;
      const label = values.inputs.get("label")!.slice();
      label[5] = (label[5]! + 1) % 3;
      const after = runEntry(tf, program, module, "evaluate", { ...values, inputs: new Map(values.inputs).set("label", label) }).results;
      expect(after).toEqual(before);
    });
  });

  it("random programs and their gradients agree with the interpreter", async () => {
    await fc.assert(
      fc.asyncProperty(randomProgram(), async ({ program, environment }) => {
        const whole = withGradients(program);
        const values = { slots: new Map(environment.slots), inputs: new Map(environment.inputs) };
        const module = await load(whole);
        for (const name of ["forward", "step"]) {
          const actual = runEntry(tf, whole, module, name, values);
          const expected = reference(whole.entries.get(name)!, values);
          expect(differences(actual.results, expected.results, 1)).toEqual([]);
          expect(differences(actual.updates, expected.updates, 1)).toEqual([]);
        }
      }),
      { numRuns: 40, seed: 20, endOnFailure: true },
    );
  }, 60_000);
});

/**
 * TensorFlow.js differentiates the emitted forward pass by its own rules: an independent check of ours. The core package brings
 * them in a form that only bundlers, and so this test runner, can import; they are there for the cpu backend.
 */
describe("gradients of TensorFlow.js", () => {
  let tf: TensorFlow;
  beforeAll(async () => {
    ({ tf } = await openTestDevice("cpu"));
    await import("@tensorflow/tfjs-core/dist/register_all_gradients.js");
  });

  async function check(program: Program, values: { slots: Values; inputs: Values }): Promise<void> {
    const whole = withGradients(program);
    const module = await load(whole);
    const parameters = program.parameters.map(({ name }) => name);
    const ours = runEntry(tf, whole, module, "step", values).updates;
    const types = new Map([...program.parameters, ...program.states, ...program.inputs].map(({ name, type }) => [name, type]));
    const upload = (given: Values) => new Map([...given].map(([name, data]) => [name, tensorOf(tf, types.get(name)!, data)]));
    const [slots, inputs] = [upload(values.slots), upload(values.inputs)];
    // The tape needs what the program would dispose.
    const kept: TensorFlow = Object.assign(Object.create(tf) as TensorFlow, { dispose: () => undefined });
    const loss = (...weights: Tensor[]) => {
      const own = new Map([...slots, ...weights.map((tensor, i): [string, Tensor] => [parameters[i]!, tensor])]);
      const { forward } = module.createProgram(kept, runtimeOf(tf, own, inputs)) as unknown as { forward(): { loss: Tensor } };
      return forward().loss;
    };
    const theirs = tf.grads(loss as never)(parameters.map((name) => slots.get(name)!));
    const wrong = parameters.flatMap((name, i) => {
      const error = difference(ours.get(name)!, theirs[i]!.dataSync());
      return error <= tolerance ? [] : [`${name}: ${error}`];
    });
    expect(wrong).toEqual([]);
  }

  it("are ours, for a vision transformer", async () => {
    const program = visionTransformer({ ...sizes, depth: 1 });
    await check(program, midway(program));
  });
});

describe("the text", () => {
  it("grows with depth only by calls", async () => {
    const lines = async (depth: number) => {
      const program = visionTransformer({ ...sizes, depth });
      const text = await emitTfjs(program, manifestOf(program, sizes.batch));
      return text.slice(0, text.indexOf("export const origins")).split("\n").length;
    };
    const [two, eight] = [await lines(2), await lines(8)];
    // Per layer: calls of its functions in four entries, and of the optimizer's for each of its twelve parameters.
    expect(eight - two).toBeLessThanOrEqual(6 * 30);
  });

  it("reads well", async () => {
    const usual = { batch: 128, patches: 16, pixels: 49, dim: 64, depth: 2, heads: 4, classes: 10 };
    const program = visionTransformer(usual);
    await expect(await emitTfjs(program, manifestOf(program, usual.batch))).toMatchFileSnapshot("golden/program.js");
  });
});
