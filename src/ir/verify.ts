/** The verifier of the IR: run between passes, it holds every program to the rules that the passes rely on. */

import { neededBy } from "./needed.js";
import { operations, resultType } from "./ops/index.js";
import type { Entry, Op, Program } from "./program.js";
import { slotTypes } from "./slots.js";
import { IrError, checkAxes, printType, sameLayout } from "./types.js";

/**
 * Checks that names are unique, that every operation's type follows its rule, that uses follow definitions, that numbers
 * rise, that a slot is updated at most once in an entry, and that `evaluate` and `forward` update no parameter.
 * @throws IrError naming the entry and the operation.
 */
export function verify(program: Program): void {
  const names = [...program.parameters, ...program.states].map((slot) => slot.name);
  unique(names, "slot");
  unique(program.inputs.map((input) => input.name), "input");
  for (const slot of [...program.parameters, ...program.states, ...program.inputs]) {
    try {
      checkAxes(slot.type.axes);
    } catch (error) {
      throw new IrError(`\`${slot.name}\`: ${(error as Error).message}`);
    }
  }
  const slots = slotTypes(program);
  const parameters = new Set(program.parameters.map((slot) => slot.name));
  for (const entry of program.entries.values()) {
    const updated: string[] = [];
    /** The operations so far, by their numbers. */
    const made: Op[] = [];
    for (const op of entry.operations) {
      const fail = (cause: string): never => {
        throw new IrError(`${entry.name}: %${op.id} = ${op.kind}${op.place === "" ? "" : ` at ${op.place}`}: ${cause}`);
      };
      for (const operand of op.operands) if (made[operand.id] !== operand) fail(`uses %${operand.id} before it is made`);
      if (op.id < made.length) fail(`stands behind %${made.length - 1}`);
      const definition = operations[op.kind];
      const count = definition.operands;
      if (count === "many" ? op.operands.length === 0 : op.operands.length !== count) fail(`has ${op.operands.length} operands`);
      const type = typeOf(op, fail);
      if (type.dtype !== op.type.dtype || !sameLayout(type.axes, op.type.axes)) {
        fail(`is written as ${printType(op.type)} but its rule says ${printType(type)}`);
      }
      if (op.kind === "parameter" && !parameters.has(op.attributes.slot)) fail(`\`${op.attributes.slot}\` is no parameter`);
      if (op.kind === "state" && parameters.has(op.attributes.slot)) fail(`\`${op.attributes.slot}\` is no state`);
      if (op.kind === "update") {
        updated.push(op.attributes.slot);
        if (entry.name === "evaluate") fail("evaluation changes nothing");
        if (entry.name === "forward" && parameters.has(op.attributes.slot)) fail("the forward pass updates no parameter");
      }
      made[op.id] = op;
    }
    unique(updated, `updated slot of ${entry.name}`);
    for (const [name, op] of entry.results) {
      if (made[op.id] !== op) throw new IrError(`${entry.name}: the result \`${name}\` is made nowhere`);
    }
  }

  function typeOf(op: Op, fail: (cause: string) => never) {
    try {
      return resultType(op.kind, op.operands, op.attributes as never, slots);
    } catch (error) {
      if (error instanceof IrError) return fail(error.message);
      throw error;
    }
  }
}

function unique(names: readonly string[], what: string): void {
  const seen = new Set<string>();
  for (const name of names) {
    if (seen.has(name)) throw new IrError(`two of one name: ${what} \`${name}\``);
    seen.add(name);
  }
}

/** The operations that results and updates need, in order: without dead code. */
export function live(entry: Entry): readonly Op[] {
  const updates = entry.operations.filter((op) => op.kind === "update");
  return neededBy([...entry.results.values(), ...updates], entry.operations);
}
