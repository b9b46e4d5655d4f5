/** A matrix as a table of texts, which all forms print. */

import type { Side } from "../change.js";
import type { Matrix } from "../matrix.js";
import { figure, share } from "./figures.js";
import { labels } from "./view.js";

export interface MatrixTable {
  /** The base first. Where all are of one file, its name stands in the title alone. */
  readonly heads: readonly string[];
  readonly title: string;
  readonly sections: readonly MatrixSection[];
  readonly notes: readonly string[];
}

export interface MatrixSection {
  readonly title: string;
  readonly isNumber: boolean;
  readonly rows: readonly { readonly name: string; readonly cells: readonly MatrixCell[] }[];
}

export interface MatrixCell {
  readonly text: string;
  /** How far from the base: `+0.64 %`. */
  readonly share?: string;
  readonly tone: "base" | "changed" | "same";
}

function textOf({ text }: Side): string {
  return text.replaceAll("\n", "; ");
}

export function matrixTable({ base, variants, decisions, quantities }: Matrix): MatrixTable {
  const all = [base, ...variants.map(({ name }) => name)];
  const file = /^(.*)#/.exec(base)?.[1];
  const isOneFile = file !== undefined && all.every((name) => name.startsWith(`${file}#`));
  const differing = quantities.filter((row) => row.variants.some((value) => value !== row.base));
  const same = quantities.filter((row) => !differing.includes(row)).map(({ name }) => name);
  const decided = (isRecipe: boolean) => decisions.filter(({ kind }) => (kind === "recipe") === isRecipe).map(({ name, base: own, variants: others }) => ({
    name,
    cells: [
      { text: own === undefined ? "—" : textOf(own), tone: "base" as const },
      ...others.map((other) => (other === "same" ? { text: "·", tone: "same" as const } : { text: other === "gone" ? "—" : textOf(other), tone: "changed" as const })),
    ],
  }));
  const summary = [
    { name: "verdict", cells: [{ text: "base", tone: "base" as const }, ...variants.map(({ level }) => ({ text: labels[level], tone: level === "identical" ? ("same" as const) : ("changed" as const) }))] },
    { name: "weights that load", cells: [{ text: String(variants[0]!.weights), tone: "base" as const }, ...variants.map(({ loads, weights }) => ({ text: `${loads} of ${weights}`, tone: loads === weights ? ("same" as const) : ("changed" as const) }))] },
    { name: "variables", cells: [{ text: "", tone: "base" as const }, ...variants.map(({ variables }) => ({ text: String(variables), tone: variables > 1 ? ("changed" as const) : ("same" as const) }))] },
  ];
  const costs = differing.map(({ name, unit, base: own, variants: others }) => ({
    name,
    cells: [
      { text: figure(own, unit), tone: "base" as const },
      ...others.map((value) => (value === own ? { text: "·", tone: "same" as const } : { text: figure(value, unit), share: share(own, value), tone: "changed" as const })),
    ],
  }));
  const sections = [
    { title: "", isNumber: false, rows: summary },
    { title: "what differs in the model", isNumber: false, rows: decided(false) },
    { title: "what differs in the recipe", isNumber: false, rows: decided(true) },
    { title: "what it costs", isNumber: true, rows: costs },
  ];
  return {
    title: isOneFile ? file : "",
    heads: isOneFile ? all.map((name) => name.slice(file.length + 1)) : all,
    sections: sections.filter(({ rows }) => rows.length > 0),
    notes: [
      ...(variants.some(({ variables }) => variables > 1) ? ["A variant in which more than one variable differs is no ablation of a single thing."] : []),
      "· is as in the base, — is not there. A multiplication and an addition count as two FLOP; a step is a training step with the recipe's batch.",
      ...(same.length === 0 ? [] : [`The same for all: ${same.join(", ")}.`]),
    ],
  };
}
