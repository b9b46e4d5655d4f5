/** What names are, for hovers and inlay hints: axes with extents, numbers, sizes. Names that are run several times are one note. */

import type { Compilation } from "../compiler/compile.js";
import type { Elaborator } from "../semantics/elaborator.js";
import { type Axis, type DType, elements } from "../ir/types.js";
import { formatBytes, formatCount } from "../runtime/format.js";
import type { Fact } from "../semantics/facts.js";
import { place } from "../semantics/modules.js";
import { type Segment, type Value, describe, numberText } from "../semantics/values.js";
import { type DefinitionNote, type Ran, type ValueNote, spotOf } from "./analysis.js";
import { grouped } from "./fold.js";

/** So many different extents or values of one name are shown. */
const mostShown = 3;

/** What the names of the spec's own text are, over all recipes and repetitions. */
export function valueNotes(ran: readonly Ran[]): ValueNote[] {
  const facts = ran.flatMap(({ elaborator }) => elaborator.facts.filter(({ kind }) => kind !== "sublayer"));
  return [...grouped(facts, ({ place: { source, start, end } }) => `${source.path} ${start} ${end}`).values()].flatMap((alike) => {
    const { kind, name, place: where } = alike[0]!;
    if (kind === "sublayer") return [];
    const shapes = alike.map(shapeOf);
    const long = [...new Set(shapes.map(({ text }) => text))];
    return [{ at: spotOf(where), kind, name, short: shortText(shapes), long: listed(long) }];
  });
}

/** What a value is: of a tensor its axes, of anything else its words. */
interface Shape {
  readonly text: string;
  readonly dtype?: DType;
  readonly axes?: readonly Axis[];
  readonly groups?: readonly Segment[];
}

function shapeOf({ value }: Fact): Shape {
  const known: Value = (value.kind === "pending" ? value.declared() : undefined) ?? value;
  if (known.kind === "tensor") {
    const { type } = known.op;
    const { groups } = known;
    const words = { f32: "", i32: " of whole numbers", bool: " of conditions" }[type.dtype];
    const masked = known.masks.length > 0 ? "; masked elements do not count" : "";
    return { text: `tensor${axesText(type.axes, groups)}${words}${masked}`, dtype: type.dtype, axes: type.axes, ...(groups && { groups }) };
  }
  return { text: known.kind === "number" ? numberText(known.value) : known.kind === "text" ? `"${known.value}"` : describe(known) };
}

/** `[batch: 64, token: 1 cls + 16 tokens, feature: 64]`. */
export function axesText(axes: readonly Axis[], groups?: readonly Segment[]): string {
  return `[${axes.map(({ name, extent }) => `${name}: ${name === "token" && groups !== undefined && groups.length > 0 ? groupsText(groups) : extent}`).join(", ")}]`;
}

function groupsText(groups: readonly Segment[]): string {
  return groups.map(({ name, extent }) => `${extent} ${name}`).join(" + ");
}

/** One line for all: tensors with the same axes show each axis with its extents. */
function shortText(shapes: readonly Shape[]): string {
  const [first] = shapes;
  const names = (shape: Shape) => shape.axes?.map(({ name }) => name).join(" ");
  if (first?.axes === undefined || shapes.some((shape) => names(shape) !== names(first) || shape.dtype !== first.dtype)) {
    return listed([...new Set(shapes.map(({ text }) => text))]).join(" | ");
  }
  const axes = first.axes.map(({ name }, i) => {
    const extents = shapes.map(({ axes: own, groups }) => (name === "token" && groups !== undefined && groups.length > 0 ? groupsText(groups) : String(own![i]!.extent)));
    return `${name}: ${listed([...new Set(extents)]).join(" | ")}`;
  });
  return `${first.dtype === "f32" ? "" : first.dtype}[${axes.join(", ")}]`;
}

function listed(texts: readonly string[]): readonly string[] {
  return texts.length <= mostShown ? texts : [...texts.slice(0, mostShown), "…"];
}

/** How large models are, and what the steps of recipes cost. */
export function notesOfDefinitions({ main, recipes, models }: Compilation): DefinitionNote[] {
  const notes: DefinitionNote[] = [];
  const add = (name: string, lines: readonly string[]): void => {
    const definition = main.definitions.get(name);
    if (definition !== undefined) notes.push({ at: spotOf(place(main.source, definition.name)), lines });
  };
  for (const [name, { cost, recipe }] of recipes) {
    const step = cost.entries.get("step")!;
    add(name, [
      `${formatCount(cost.parameters.total)} parameters, ${formatCount(cost.parameters.norm)} of them in norms`,
      `a step with ${recipe.batch} examples: ${formatCount(step.flops.total)} FLOP, ${formatBytes(step.bytesActivations)} of activations kept for the gradients`,
    ]);
  }
  const sizes = [...models, ...[...recipes.values()].map(({ recipe, training }) => [recipe.model.definition.name.name, training] as const)];
  for (const [name, alike] of grouped(sizes, ([model]) => model)) {
    add(name, [...new Set(alike.map(([, elaborator]) => `${formatCount(sizeOf(elaborator))} parameters`))]);
  }
  return notes;
}

function sizeOf({ slots }: Elaborator): number {
  return [...slots.parameters.values()].reduce((sum, { type }) => sum + elements(type.axes), 0);
}
