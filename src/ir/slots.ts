/** Looking up the slots and inputs of a program by name. */

import type { SlotTypes } from "./definition.js";
import type { Program } from "./program.js";
import { IrError, type TensorType } from "./types.js";

/** The types of a program's slots. */
export function slotTypes(program: Pick<Program, "parameters" | "states" | "inputs">): SlotTypes {
  const slots = new Map([...program.parameters, ...program.states].map((slot) => [slot.name, slot.type]));
  const inputs = new Map(program.inputs.map((input) => [input.name, input.type]));
  const find = (map: ReadonlyMap<string, TensorType>, what: string) => (name: string) => {
    const type = map.get(name);
    if (type === undefined) throw new IrError(`no ${what} is called \`${name}\``);
    return type;
  };
  return { slot: find(slots, "parameter or state"), input: find(inputs, "input") };
}
