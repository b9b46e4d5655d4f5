/** Inlay hints: what bindings are, and which norms land at each sublayer. */

import { type InlayHint, InlayHintKind, type Range } from "vscode-languageserver";
import type { Analysis, ValueNote } from "./analysis.js";
import { namings, statementsOf } from "./targets.js";
import { rangeOf } from "./ranges.js";
import type { View } from "./workspace.js";

/** Longer hints are cut. */
const longest = 120;

/** The hints of a part of the document, from the last analysis. */
export function inlayHints({ spec, analysis }: Pick<View, "spec" | "analysis">, range: Range): InlayHint[] {
  if (analysis === undefined) return [];
  const { file, source } = spec.main;
  const isAsked = ({ line }: { line: number }) => line >= range.start.line && line <= range.end.line;
  const hint = (offset: number, label: string, kind?: InlayHintKind): InlayHint[] => {
    const position = rangeOf(source, { start: offset, end: offset }).end;
    const isCut = label.length > longest;
    return isAsked(position) ? [{ position, label: isCut ? `${label.slice(0, longest)}…` : label, ...(isCut && { tooltip: label }), ...(kind && { kind }), paddingLeft: kind === undefined }] : [];
  };
  const bindings = file.definitions.flatMap(({ body }) => namings(body)).filter((node) => node.kind === "Binding");
  const values = notesAt(analysis.values, source.path);
  const landed = notesAt(analysis.landings, source.path);
  const ofBindings = bindings.flatMap((node) => {
    const note = values.get(`${node.name.start}:${node.name.end}`);
    return note === undefined || node.value.kind === "Number" || !isTelling(note) ? [] : hint(node.name.end, `: ${note.short}`, InlayHintKind.Type);
  });
  const sites = file.definitions.flatMap(({ body }) => statementsOf(body)).filter((node) => node.kind === "Sublayer" || (node.kind === "Normalize" && node.policy === undefined));
  const ofSites = sites.flatMap((node) => {
    const note = landed.get(`${node.start}:${node.end}`);
    return note === undefined ? [] : hint(node.end, note.short);
  });
  return [...ofBindings, ...ofSites].sort((a, b) => a.position.line - b.position.line || a.position.character - b.position.character);
}

/** A number or a tensor; that a name is a norm or a text, its line says itself. */
function isTelling({ short }: ValueNote): boolean {
  return /^(?:i32|bool)?\[|^-?[\d.]/.test(short);
}

function notesAt<T extends Analysis["values"][number] | Analysis["landings"][number]>(notes: readonly T[], file: string): ReadonlyMap<string, T> {
  return new Map(notes.filter(({ at }) => at.file === file).map((note) => [`${note.at.start}:${note.at.end}`, note]));
}
