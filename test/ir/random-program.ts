/**
 * Random programs of the IR, for property tests of passes and targets.
 *
 * `randomProgram()` is a fast-check arbitrary of verified programs with one entry, `forward`, and values for their slots and
 * inputs. The programs use every operation that has a derivative, with random axes of extents 1 to 4, layouts and
 * broadcasts, and comparisons, i32 values and masks besides. They shrink by leaving operations out.
 *
 * Programs are built while they are evaluated, so that they stay tame: every element lies within ±4, logarithms, roots and
 * divisors are away from 0, and whatever jumps or bends (`max`, `abs`, `floor`, comparisons, `argsort`) is away from its ties
 * by `margin`. So float32 targets agree with the float64 interpreter, and central differences with the derivatives.
 */

import fc from "fast-check";
import { Builder } from "../../src/ir/builder.js";
import type { Environment } from "../../src/ir/definition.js";
import { printProgram } from "../../src/ir/print.js";
import type { Program } from "../../src/ir/program.js";
import { slotTypes } from "../../src/ir/slots.js";
import { type Axis, type TensorType, elements } from "../../src/ir/types.js";
import { verify } from "../../src/ir/verify.js";
import { hashText, uniforms } from "../../src/random/threefry.js";
import { Generator, axisNames } from "./random-generator.js";
import { instructions } from "./random-instructions.js";

export interface RandomProgram {
  /**
   * Its entry `forward` gives `loss`, an f32 scalar that depends on all values, and those values, `value0` and on.
   * Parameters `w0` …, a state `s0`, inputs `x0` (f32) and `i0` (i32).
   */
  readonly program: Program;
  /** Values for the slots and inputs. */
  readonly environment: Environment;
}

/** Random programs of at most `size` instructions, of one to three operations each. */
export function randomProgram(size = 16): fc.Arbitrary<RandomProgram> {
  const choices = fc.array(fc.nat(9999), { minLength: 6, maxLength: 6 });
  const plan = fc.record({
    slots: fc.array(choices, { minLength: 5, maxLength: 5 }),
    steps: fc.array(choices, { minLength: 1, maxLength: size, size: "max" }),
  });
  return plan.map(({ slots, steps }) => {
    const { program, environment } = build(slots, steps);
    return { program, environment, [fc.toStringMethod]: () => printProgram(program) };
  });
}

function build(slotChoices: readonly number[][], steps: readonly number[][]): RandomProgram {
  const types = slotChoices.map((choice) => slotType(choice));
  const base: Omit<Program, "entries"> = {
    name: "random",
    precision: steps.length % 2 === 0 ? "single" : "mixed",
    parameters: types.slice(0, 3).map((type, i) => ({ name: `w${i}`, type, role: "weight" })),
    states: [{ name: "s0", type: types[3]!, owner: "model" }],
    inputs: [
      { name: "x0", type: types[4]! },
      { name: "i0", type: { dtype: "i32", axes: types[4]!.axes }, below: 2 },
    ],
  };
  const environment: Environment = {
    slots: new Map([...base.parameters, ...base.states].map((slot) => [slot.name, floats(slot.name, slot.type)])),
    inputs: new Map([
      ["x0", floats("x0", types[4]!)],
      ["i0", floats("i0", types[4]!).map((value) => Number(value > 0))],
    ]),
    seed: 7,
    step: 3,
  };
  const generator = new Generator(new Builder(slotTypes(base)), environment);
  const { builder } = generator;
  for (const { name } of base.parameters) generator.keep(builder.add("parameter", [], { slot: name }));
  generator.keep(builder.add("state", [], { slot: "s0" }));
  generator.keep(builder.add("input", [], { slot: "x0" }));
  generator.keep(builder.add("input", [], { slot: "i0" }));
  for (const [first = 0, ...rest] of steps) {
    builder.position = { place: `layer.${first % 4}`, phase: "forward" };
    generator.choose(rest);
    generator.keep(instructions[first % instructions.length]!(generator));
  }
  const results = generator.results();
  const program = { ...base, entries: new Map([["forward", { name: "forward", operations: builder.operations, results }]]) };
  verify(program);
  return { program, environment };
}

/** Up to three axes in any order. */
function slotType([count = 0, ...rest]: readonly number[]): TensorType {
  const names = axisNames.slice(0, 4);
  const axes: Axis[] = [];
  for (const choice of rest.slice(0, count % 4)) {
    const [name] = names.splice(choice % names.length, 1);
    // The extent follows from the name, so that slots broadcast over each other.
    axes.push({ name: name!, extent: { p: 2, q: 3, r: 1, s: 4 }[name!]! });
  }
  return { dtype: "f32", axes };
}

/** Numbers of either sign, of sizes from 0.2 to 1.7. */
function floats(name: string, type: TensorType): Float64Array {
  const unit = uniforms([hashText(name), 1], elements(type.axes), new Float64Array(elements(type.axes)));
  return Float64Array.from(unit, (value) => (value < 0.5 ? 0.2 + 3 * value : 1.3 - 3 * value));
}
