/** The Graphormer of the example, made small, against torch (pytorch/graphormer.py): outputs, all gradients, running statistics. */

import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { example } from "./example-recipes.js";
import { type Tolerance, expectAllClose, expectClose } from "./fixtures.js";
import { type NamedTensor, type NamedTensors, compileLayer } from "./harness.js";

interface Case {
  readonly output: NamedTensor;
  readonly gradients?: NamedTensors;
}
interface Fixture {
  readonly tolerance: Tolerance;
  readonly settings: Readonly<Record<string, number>>;
  readonly vocabulary: number;
  readonly inputs: NamedTensors;
  readonly parameters: NamedTensors;
  readonly states: NamedTensors;
  readonly cases: Readonly<Record<"sequence" | "loss" | "prediction", Case>>;
  readonly statesAfter: NamedTensors;
  readonly evaluated: NamedTensor;
}

const fixture = JSON.parse(readFileSync(new URL("pytorch/graphormer.json", import.meta.url), "utf8")) as Fixture;
const { tolerance, parameters, states } = fixture;
const { cotangent, ...inputs } = fixture.inputs;

/** The example's stack, and its model as a layer that returns `result`. Nothing is changed but the sizes. */
function modelReturning(result: string): string {
  const text = example("graph-molecules.norm");
  let model = `model ${text.split("\nmodel ")[1]!.split("\ntrain ")[0]!}`;
  const replace = (what: RegExp, by: string) => {
    expect(model, `${what} is in the example`).toMatch(what);
    model = model.replace(what, by);
  };
  replace(/model regressor\(/, `layer main(${Object.keys(inputs).join(", ")}, `);
  replace(/( {2}input .*\n)+/, "");
  for (const [name, value] of Object.entries(fixture.settings)) replace(new RegExp(`\\b${name} = \\d+`), `${name} = ${value}`);
  replace(/embed\(atom, 119,/, `embed(atom, ${fixture.vocabulary},`);
  replace(/ {2}loss [^]*$/, `  return ${result}\n}`);
  return `${text.split("\nmodel ")[0]!}\n${model}`;
}

/** The harness reads the size of the batch off the tensor `x`. */
const given = { ...inputs, x: inputs["target"]! };
const compiled = (result: string) => compileLayer(modelReturning(result), given, ["atom", "atoms", "degree", "distance"]);

const sequence = compiled("encoded");
const loss = compiled("absolute_error(prediction, target)");
const pass = { inputs: given, parameters, states };

test("the parameters and states are those of the fixture, and no other", () => {
  expect([...loss.parameters.keys()].sort()).toEqual(Object.keys(parameters).sort());
  expect(loss.program.states.map((state) => state.name).sort()).toEqual(Object.keys(states).sort());
});

describe("in training", () => {
  test("the encoded virtual node and atoms, with their gradients and statistics", () => {
    const { output, gradients, statesAfter } = sequence.run("training", { ...pass, cotangent: cotangent! });
    const expected = fixture.cases.sequence;
    // What stands at padding, where the fixture has zeros, is nobody's business.
    const at = (axis: string, i: number) => Math.floor(i / output.shape.slice(output.axes.indexOf(axis) + 1).reduce((a, b) => a * b, 1)) % output.shape[output.axes.indexOf(axis)]!;
    expectClose("sequence", output, expected.output, tolerance, (i) => at("token", i) <= inputs["atoms"]!.data[at("batch", i)]!);
    expectAllClose("gradient of", gradients, withoutHead(expected.gradients!), tolerance);
    expectAllClose("state", statesAfter, fixture.statesAfter, tolerance);
  });

  test("the error of the prediction, with its gradients", () => {
    const { output, gradients } = loss.run("training", pass);
    expectClose("loss", output, fixture.cases.loss.output, tolerance);
    expectAllClose("gradient of", gradients, fixture.cases.loss.gradients!, tolerance);
  });
});

test("in evaluation, by the running statistics", () => {
  const { output } = compiled("prediction").run("evaluation", { ...pass, states: fixture.statesAfter });
  expectClose("prediction", { axes: ["batch"], shape: [output.data.length], data: output.data }, fixture.evaluated, tolerance);
});

/** The encoded sequence does not depend on the map behind it. */
function withoutHead(gradients: NamedTensors): NamedTensors {
  return Object.fromEntries(Object.entries(gradients).filter(([name]) => !name.startsWith("linear.")));
}
