/** Numbers for the slots and inputs of any program. */

import type { Environment } from "../../src/ir/definition.js";
import type { Program } from "../../src/ir/program.js";
import { type TensorType, elements } from "../../src/ir/types.js";
import { hashText, uniforms } from "../../src/random/threefry.js";

const [step, steps] = [3, 10];

/** Values from −0.4 to 0.6, moments of 0, whole numbers that an input's `below` allows, and step 3 of 10. */
export function environmentOf(program: Program): Environment {
  const slots = [...program.parameters, ...program.states].map(({ name, type }): [string, Float64Array] => {
    const values = drawn(name, type);
    return [name, type.dtype !== "f32" ? values.map((value) => Number(value > 0.5)) : name.includes(".adamw.") ? values.fill(0) : values.map((value) => value - 0.4)];
  });
  const inputs = program.inputs.map(({ name, type, below = 2 }): [string, Float64Array] => {
    const values = drawn(name, type);
    if (name === "step" || name === "steps") return [name, values.fill(name === "step" ? step : steps)];
    return [name, type.dtype === "f32" ? values : values.map((value) => Math.floor(value * below))];
  });
  return { slots: new Map(slots), inputs: new Map(inputs), seed: 7, step };
}

function drawn(name: string, type: TensorType): Float64Array {
  const values = new Float64Array(elements(type.axes));
  uniforms([hashText(name), 1], values.length, values);
  return values;
}
