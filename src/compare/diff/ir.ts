/** Which operations of two programs differ: values are numbered otherwise as soon as one line differs, so they are compared by what they are. */

import type { Entry, Op, Program } from "../../ir/program.js";
import { printType } from "../../ir/types.js";
import { type Held, multisetChanges, multisetText } from "./multiset.js";
import { grouped } from "./numbers.js";

/** The operations of a training step and of an evaluation that only one of the programs has, part by part, as lines of text. */
export function irText(before: Program, after: Program): string[] {
  return [["step", "a training step"], ["evaluate", "an evaluation"]].flatMap(([name, title]) => {
    const [old, now] = [before.entries.get(name!)!, after.entries.get(name!)!];
    return multisetText(`operations of ${title}: ${count(old)} → ${count(now)}`, "operation", multisetChanges(held(before, old), held(after, now)));
  });
}

function count({ operations }: Entry): string {
  return grouped(operations.length);
}

function held({ parameters }: Program, { operations }: Entry): Held[] {
  const names = new Set(parameters.map(({ name }) => name));
  return operations.map((op) => {
    const place = partOf(op.place, names);
    return { place, phase: op.phase, signature: signature(op, place) };
  });
}

/** The part of the model: updates stand below the parameter that they update, and those of one part are shown together. */
function partOf(place: string, parameters: ReadonlySet<string>): string {
  for (let end = place.length; end > 0; end = place.lastIndexOf(".", end - 1)) {
    if (parameters.has(place.slice(0, end))) return place.slice(0, Math.max(0, place.lastIndexOf(".", end - 1)));
  }
  return place;
}

/** `reduce_sum {axes: [feature]} (f32[token: 16, feature: 64]) → f32[token: 16]`, with names below the operation's own part. */
function signature({ kind, attributes, operands, type }: Op, place: string): string {
  const own = Object.entries(attributes).map(([name, value]) => `${name}: ${attribute(value, place)}`);
  const from = operands.length === 0 ? "" : ` (${operands.map((operand) => printType(operand.type)).join(", ")})`;
  return `${kind}${own.length === 0 ? "" : ` {${own.join(", ")}}`}${from} → ${printType(type)}`;
}

function attribute(value: unknown, place: string): string {
  if (Array.isArray(value)) return `[${value.map((item) => attribute(item, place)).join(", ")}]`;
  if (typeof value === "object" && value !== null) {
    const { name, extent } = value as { name: string; extent: number };
    return `${name}: ${extent}`;
  }
  const text = String(value);
  return place !== "" && text.startsWith(`${place}.`) ? text.slice(place.length) : text === place ? "." : text;
}
