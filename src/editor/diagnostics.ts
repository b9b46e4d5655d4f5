/** Mistakes as editors show them. */

import { type Diagnostic, DiagnosticSeverity } from "vscode-languageserver";
import { type PlainDiagnostic, renderPlain } from "./plain-diagnostics.js";
import { rangeOf } from "./ranges.js";
import type { View, Workspace } from "./workspace.js";

const severities = { error: DiagnosticSeverity.Error, warning: DiagnosticSeverity.Warning, note: DiagnosticSeverity.Information };

/** What the text alone can be told to be wrong with; all other mistakes only the compiler finds. */
function isOfText({ code }: { readonly code: string }): boolean {
  return /^N01|^N020[1-4]$/.test(code);
}

/**
 * The mistakes of a document: those of its text as it is now, and those that the compiler found last.
 * @param isCurrent whether the analysis is of this very text, so that it tells everything.
 */
export function mistakesOf({ spec, analysis }: View, isCurrent: boolean): readonly PlainDiagnostic[] {
  if (isCurrent && analysis !== undefined) return analysis.diagnostics;
  return [...spec.diagnostics.map(renderPlain), ...(analysis?.diagnostics ?? []).filter((found) => !isOfText(found))];
}

/** The mistakes of a document by the address of the file that they are in; the document itself is always there. */
export function diagnosticsByUri(workspace: Workspace, view: View, found: readonly PlainDiagnostic[]): Map<string, Diagnostic[]> {
  const byUri = new Map<string, Diagnostic[]>([[view.uri, []]]);
  const location = ({ file, start, end }: PlainDiagnostic["at"]) => {
    const source = workspace.sourceOf(view, file);
    return source && { uri: workspace.uriOf(view, file), range: rangeOf(source, { start, end }) };
  };
  for (const { code, severity, message, at, related } of found) {
    const place = location(at);
    if (place === undefined) continue;
    const relatedInformation = related.flatMap((other) => {
      const where = location(other.at);
      return where === undefined ? [] : [{ location: where, message: other.label }];
    });
    byUri.set(place.uri, [
      ...(byUri.get(place.uri) ?? []),
      { range: place.range, severity: severities[severity], code, source: "norm", message, ...(relatedInformation.length > 0 && { relatedInformation }) },
    ]);
  }
  return byUri;
}
