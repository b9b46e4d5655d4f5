/** Hovers: what a name is, what it comes to here, and which norms land at a place. */

import { type Hover, MarkupKind } from "vscode-languageserver";
import type { Span } from "../syntax/ast.js";
import type { Analysis, Spot } from "./analysis.js";
import { nodesAt } from "./cursor.js";
import { rangeOf } from "./ranges.js";
import { type Target, definedBy } from "./targets.js";
import { fenced, headOf } from "./words.js";
import type { View } from "./workspace.js";

/** So many sites of one policy line are listed. */
const mostSites = 12;

/** What is known of the place at an offset; undefined when it is nothing. */
export function hoverAt({ spec, analysis }: Pick<View, "spec" | "analysis">, offset: number): Hover | undefined {
  const { main } = spec;
  const own = ({ file }: Spot) => file === main.source.path;
  const occurrence = spec.occurrenceAt(offset);
  const nodes = nodesAt(main.file, offset);
  const parts: string[] = [];
  if (occurrence !== undefined) parts.push(...targetText(occurrence.target));
  const inLine = nodes.find((node) => node.kind === "PolicyLine");
  if (inLine !== undefined && analysis !== undefined) parts.push(...policyText(analysis, inLine, own));
  const around = nodes.findLast((node) => node.kind === "Sublayer" || node.kind === "Normalize");
  if (analysis !== undefined && around !== undefined && inLine === undefined && (around.kind === "Normalize" || isHead(around, occurrence))) {
    const landing = analysis.landings.find(({ at }) => own(at) && isSame(at, around));
    if (landing !== undefined) parts.push(...landingText(landing));
  }
  if (occurrence !== undefined && analysis !== undefined) parts.push(...valueText(analysis, occurrence.target, own));
  if (parts.length === 0) return undefined;
  const span = occurrence ?? around ?? inLine!;
  return { contents: { kind: MarkupKind.Markdown, value: parts.join("\n\n") }, range: rangeOf(main.source, span) };
}

function landingText({ long, details }: Analysis["landings"][number]): string[] {
  const norms = long.length === 1 ? `norms here: ${long[0]}` : ["norms here:", ...long.map((line) => `- ${line}`)].join("\n");
  return [norms, ...(details.length > 0 ? [details.join("  \n")] : [])];
}

/** Whether a name is that of the layer that a sublayer calls, and not one of its arguments. */
function isHead(sublayer: Span, occurrence: Span | undefined): boolean {
  return occurrence === undefined || occurrence.start === sublayer.start;
}

function isSame(a: Span, b: Span): boolean {
  return a.start === b.start && a.end === b.end;
}

function targetText(target: Target): string[] {
  const defined = definedBy(target);
  if (defined !== undefined) {
    const { documentation } = defined.definition;
    const where = defined.module.isLibrary ? `*${defined.module.name}*` : undefined;
    return [fenced(headOf(defined)), ...(documentation === "" ? [] : [escaped(documentation)]), ...(where === undefined ? [] : [where])];
  }
  switch (target.kind) {
    case "group":
      return [`token group \`${target.name}\` of the stack \`${target.definition.name.name}\``];
    case "module":
      return [`module \`${target.module.isLibrary ? target.module.name : target.module.source.path.replace(/^.*\//, "")}\``];
    case "axes":
      return [`the axes that the caller names for a parameter of \`${target.definition.name.name}\``];
    case "given":
      return [`\`${target.name}\`, of the language itself`];
    default:
      return [];
  }
}

/** Documentation is plain text, in which `*` and `_` stand for themselves; sources and defaults have lines of their own. */
function escaped(text: string): string {
  return text.split(/(`[^`\n]*`)/).map((part, i) => (i % 2 === 1 ? part : part.replace(/[\\*_<>[\]#]/g, "\\$&"))).join("").replace(/\n(?=(?:Source|Defaults?):)/g, "  \n");
}

function policyText({ policies }: Analysis, line: Span, own: (spot: Spot) => boolean): string[] {
  const note = policies.find(({ at }) => own(at) && isSame(at, line));
  if (note === undefined) return [];
  const shown = note.sites.slice(0, mostSites).map((site) => `- ${site}`);
  return [["lands at", ...shown, ...(note.sites.length > mostSites ? [`- and ${note.sites.length - mostSites} more`] : [])].join("\n")];
}

/** What a local name is, where it is given or used; the size of a model or a recipe. */
function valueText({ values, definitions }: Analysis, target: Target, own: (spot: Spot) => boolean): string[] {
  if (target.kind === "definition") return definitions.filter(({ at }) => own(at) && isSame(at, target.definition.name)).map(({ lines }) => lines.join("  \n"));
  if (target.kind !== "local") return [];
  const { definition, module, name } = target;
  const notes = values.filter(({ at, name: noted }) => at.file === module.source.path && noted === name && definition.start <= at.start && at.end <= definition.end);
  const lines = [...new Set(notes.flatMap(({ long }) => long))];
  return lines.length === 0 ? [`\`${name}\``] : [fenced(`${name}: ${lines.join(`\n${" ".repeat(name.length)}  `)}`)];
}
