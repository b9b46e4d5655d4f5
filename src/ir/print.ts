/** The text form of a program. `parse.ts` reads it back. */

import type { Entry, Op, Program } from "./program.js";
import { type Axis, printType } from "./types.js";

/** The whole program, or the named entries of it. */
export function printProgram(program: Program, entries: readonly string[] = [...program.entries.keys()]): string {
  const lines = [`program ${program.name}${program.precision === "single" ? "" : ` ${program.precision}`} {`];
  for (const slot of program.parameters) lines.push(`  parameter ${slot.name} : ${printType(slot.type)} ${slot.role}`);
  for (const slot of program.states) lines.push(`  state ${slot.name} : ${printType(slot.type)} ${slot.owner}`);
  for (const input of program.inputs) {
    lines.push(`  input ${input.name} : ${printType(input.type)}${input.below === undefined ? "" : ` below ${input.below}`}`);
  }
  for (const name of entries) {
    const entry = program.entries.get(name);
    if (entry !== undefined) lines.push("", ...printEntry(entry));
  }
  return [...lines, "}", ""].join("\n");
}

function printEntry(entry: Entry): string[] {
  const numbers = new Map(entry.operations.map((op, i) => [op, i]));
  const name = (op: Op) => `%${numbers.get(op)}`;
  const lines = entry.operations.map((op) => {
    const call = `${op.kind}(${op.operands.map(name).join(", ")})`;
    const place = `${op.place === "" ? "" : ` @${op.place}`}${op.phase === "forward" ? "" : ` ${op.phase}`}`;
    return `    ${name(op)} = ${call}${printAttributes(op.attributes)} : ${printType(op.type)}${place}`;
  });
  const results = [...entry.results].map(([key, op]) => `${key}: ${name(op)}`);
  return [`  entry ${entry.name} {`, ...lines, `    return ${results.join(", ")}`.trimEnd(), "  }"];
}

function printAttributes(attributes: object): string {
  const parts = Object.entries(attributes).map(([key, value]) => `${key}: ${printAttribute(value)}`);
  return parts.length === 0 ? "" : ` {${parts.join(", ")}}`;
}

function printAttribute(value: number | string | readonly string[] | readonly Axis[] | Axis): string {
  if (typeof value === "number") return Object.is(value, -0) ? "-0" : String(value);
  if (typeof value === "string") return JSON.stringify(value);
  if (Array.isArray(value)) {
    return `[${value.map((item: string | Axis) => (typeof item === "string" ? item : printAxis(item))).join(", ")}]`;
  }
  return printAxis(value as Axis);
}

function printAxis(axis: Axis): string {
  return `${axis.name}: ${axis.extent}`;
}
