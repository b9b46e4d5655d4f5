/** What overviews are made of, in tests: recipes of the examples, and models of texts. */

import { readFileSync, readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { Section, StackItem, StackNode } from "../../../src/compare/overview/figure.js";
import { type Subject, subjectOfModel, subjectOfRecipe } from "../../../src/compare/overview/subject.js";
import { compile } from "../../../src/compiler/compile.js";
import { fileHost } from "../../../src/compiler/host.js";

export const examples = fileURLToPath(new URL("../../../examples/", import.meta.url));

/** The example's first recipe, or the one that is named. */
export function example(name: string, recipe?: string): Subject {
  const text = readFileSync(`${examples}${name}.norm`, "utf8");
  const first = recipe ?? /^train (\w+)/m.exec(text)?.[1];
  return subjectOfRecipe([...compile(`${name}.norm`, text, fileHost(examples), first).recipes.values()][0]!);
}

export function exampleNames(): readonly string[] {
  return readdirSync(examples).flatMap((file) => (file.endsWith(".norm") ? [file.slice(0, -5)] : []));
}

const head = `use std.norms { batch, layer, rms }
use std.placements
use std.layers { attention, dropout, linear, mlp }
`;

/** A model that runs a stack \`s\` of this text on a class token and four tokens. @throws when the text has mistakes */
export function stackModel(stack: string, definitions = ""): Subject {
  const text = `${head}${definitions}
stack s(heads) {
  groups { cls, tokens }
${stack}
}

model m(dim = 8) {
  input x[token: 4, feature: dim]
  y = s(cls: learned(1), tokens: x, heads: 2)
  loss mean(y^2)
}
`;
  const { diagnostics, models } = compile("model.norm", text, fileHost(examples));
  const found = diagnostics.find(({ severity }) => severity === "error");
  if (found !== undefined) throw new Error(found.message);
  return subjectOfModel("m", models.get("m")!);
}

/** A stack's items in brackets: \`2 × (attention: in > before > layer > sum; in > sum; sum > out)\`. */
export function itemsText(items: readonly StackItem[]): string {
  return items.map((item) => (item.kind === "repeat" ? `${item.count} × (${itemsText(item.items)})` : sectionText(item))).join(", ");
}

/** Every way of a section from one end, or from a join, to the next. */
function sectionText({ label, nodes, edges }: Section): string {
  const shown = (id: string) => {
    const node = nodes.find((own) => own.id === id);
    if (node === undefined) return id;
    if (node.kind === "norm") return node.site;
    if (node.kind === "scale") return `×${node.by}`;
    return node.kind === "layer" || node.kind === "sum" ? node.kind : `${node.kind} ${node.label}`;
  };
  return `${label}: ${edges.map(([from, to]) => `${shown(from)} > ${shown(to)}`).toSorted().join("; ")}`;
}

export function stackOf(nodes: readonly { readonly kind: string }[], name: string): StackNode {
  return nodes.find((node): node is StackNode => node.kind === "stack" && (node as StackNode).label === name)!;
}
