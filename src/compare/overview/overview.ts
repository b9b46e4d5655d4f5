/** What a recipe or a model resolves to, as data: what `norm explain` shows. */

import type { TensorType } from "../../ir/types.js";
import type { Elaborator } from "../../semantics/elaborator.js";
import { policyText } from "../../semantics/sites.js";
import { type Segment, type Value, numberText } from "../../semantics/values.js";
import type { Cost, EntryCost } from "../../transform/cost.js";
import { type PartCost, costsByPart } from "./costs.js";
import { definitionAt } from "./expressions.js";
import type { Figure } from "./figure.js";
import type { Kernels } from "./kernels.js";
import { figureOf } from "./model-figure.js";
import { isWithin } from "./paths.js";
import { type OwnNorm, type SiteTable, ownNorms, siteTables } from "./sites.js";
import { type Subject, shownEntry } from "./subject.js";

export interface Overview {
  readonly name: string;
  readonly model: string;
  /** The model's parameters with their values, in order. */
  readonly settings: readonly { readonly name: string; readonly value: string }[];
  readonly batch: number;
  /** Undefined for a model that no recipe trains. */
  readonly recipe?: { readonly data: string; readonly length: string; readonly seed: number; readonly precision: string };
  readonly figure: Figure;
  readonly sites: readonly SiteTable[];
  readonly ownNorms: readonly OwnNorm[];
  readonly shapes: readonly ShapeRow[];
  readonly costs: readonly PartCost[];
  readonly totals: Pick<Cost, "parameters" | "states"> & { readonly entry: "step" | "forward"; readonly cost: EntryCost };
  /** Of a training step; counting them takes as long as compiling, so that it is left to those who show it. */
  readonly kernels?: Kernels;
}

/** A value on the way through the model. */
export interface ShapeRow {
  readonly name: string;
  readonly type: TensorType;
  readonly groups?: readonly Segment[];
}

/** @param stack shows this stack of the model alone. */
export function overviewOf(subject: Subject, stack?: string): Overview {
  const { name, elaborator, cost, recipe } = subject;
  const figure = figureOf(subject);
  const sites = siteTables(subject);
  const norms = ownNorms(subject);
  const costs = costsByPart(subject);
  const entry = shownEntry(subject);
  const own = (path: string) => stack === undefined || isWithin(path, stack);
  return {
    name,
    model: recipe?.model.definition.name.name ?? name,
    settings: settingsOf(elaborator),
    batch: elaborator.batch,
    ...(recipe !== undefined && {
      recipe: {
        data: `${recipe.data.loader}(${recipe.data.arguments.map(({ name: argument, value }) => `${argument === undefined ? "" : `${argument}: `}${JSON.stringify(value)}`).join(", ")})`,
        length: recipe.epochs === undefined ? counted(recipe.steps ?? 0, "step") : counted(recipe.epochs, "epoch"),
        seed: recipe.seed,
        precision: recipe.precision,
      },
    }),
    figure: stack === undefined ? figure : around(figure, stack),
    sites: sites.filter((table) => own(table.stack)),
    ownNorms: norms.filter(({ path }) => own(path)),
    shapes: shapesOf(elaborator, stack),
    costs: costs.filter(({ part }) => own(part)),
    totals: { parameters: cost.parameters, states: cost.states, entry, cost: cost.entries.get(entry)! },
  };
}

export function counted(count: number, one: string): string {
  return `${count} ${one}${count === 1 ? "" : "s"}`;
}

/** A stack with what goes into it. */
function around(figure: Figure, stack: string): Figure {
  const edges = figure.edges.filter(({ to, from }) => to === stack || figure.edges.some((edge) => edge.to === stack && edge.from === to && to.startsWith("sum ") && from !== stack));
  const ids = new Set([stack, ...edges.map(({ from }) => from)]);
  return { nodes: figure.nodes.filter(({ id }) => ids.has(id)), edges };
}

function settingsOf(e: Elaborator): readonly { name: string; value: string }[] {
  const model = e.losses[0] && definitionAt(e.modules.own, e.losses[0].place);
  return (model?.definition.parameters ?? []).flatMap((parameter) => {
    const fact = e.facts.find(({ kind, place }) => kind === "parameter" && place.source === model!.module.source && place.start === parameter.name.start);
    return fact === undefined ? [] : [{ name: fact.name, value: valueText(fact.value) }];
  });
}

/** A value as one would write it. */
export function valueText(value: Value): string {
  switch (value.kind) {
    case "number":
      return numberText(value.value);
    case "boolean":
      return String(value.value);
    case "text":
      return JSON.stringify(value.value);
    case "none":
      return "none";
    case "callable":
      return policyText(value);
    case "intrinsic":
      return value.name;
    case "policy":
      return `{ ${value.lines.map((line) => `${line.groups?.map(({ name }) => name).join(", ") ?? ".."}: ${policyText(line.norm)}`).join("; ")} }`;
    case "tuple":
      return `(${value.items.map(valueText).join(", ")})`;
    default:
      return value.kind;
  }
}

/** The inputs and the values that the model's own lines name, and the groups of its stacks. */
function shapesOf(e: Elaborator, only: string | undefined): readonly ShapeRow[] {
  const model = e.losses[0] && definitionAt(e.modules.own, e.losses[0].place);
  if (model === undefined) return [];
  const facts = e.facts.filter(({ kind, path, place }) => path === "" && place.source === model.module.source && kind !== "parameter" && place.start >= model.definition.start && place.end <= model.definition.end);
  return facts.flatMap(({ name, value }) => {
    const tensor = value.kind === "pending" ? value.declared() : value;
    if (tensor?.kind !== "tensor") return [];
    if (only !== undefined && e.outputs.get(only)?.op !== tensor.op) return [];
    return [{ name, type: tensor.op.type, ...(tensor.groups !== undefined && { groups: tensor.groups }) }];
  });
}
