/** Code actions: the mends of mistakes. */

import { type CodeAction, CodeActionKind, type Diagnostic, type Range, type TextEdit } from "vscode-languageserver";
import { standardModules } from "../semantics/modules.js";
import { isOfLibrary } from "./files.js";
import { useEdit } from "./imports.js";
import type { PlainDiagnostic, PlainFix } from "./plain-diagnostics.js";
import { rangeOf } from "./ranges.js";
import type { View, Workspace } from "./workspace.js";

/** The actions for the mistakes of a document that touch a range. */
export function codeActions(workspace: Workspace, view: View, mistakes: readonly PlainDiagnostic[], range: Range, asked: readonly Diagnostic[]): CodeAction[] {
  const { source } = view.spec.main;
  const here = mistakes.filter(({ at }) => at.file === source.path && touches(rangeOf(source, at), range));
  return here.flatMap((mistake) => {
    const place = rangeOf(source, mistake.at);
    const diagnostics = asked.filter(({ code, range: { start } }) => code === mistake.code && start.line === place.start.line && start.character === place.start.character);
    const fixes = mistake.fixes.flatMap((fix, i) => {
      const changes = editsOf(workspace, view, fix);
      // With several mends, the user's intent is not known.
      return changes === undefined ? [] : [{ title: fix.title, kind: CodeActionKind.QuickFix, diagnostics, edit: { changes }, ...(i === 0 && mistake.fixes.length === 1 && { isPreferred: true }) }];
    });
    return [...(mistake.code === "N0201" ? usesOf(view, mistake, diagnostics) : []), ...fixes];
  });
}

function touches(a: Range, b: Range): boolean {
  const before = (x: Range["start"], y: Range["start"]) => x.line < y.line || (x.line === y.line && x.character < y.character);
  return !before(a.end, b.start) && !before(b.end, a.start);
}

/** Undefined for a fix that would change the standard library. */
function editsOf(workspace: Workspace, view: View, { edits }: PlainFix): Record<string, TextEdit[]> | undefined {
  const changes: Record<string, TextEdit[]> = {};
  for (const { at, text } of edits) {
    const source = workspace.sourceOf(view, at.file);
    if (source === undefined || isOfLibrary(at.file)) return undefined;
    (changes[workspace.uriOf(view, at.file)] ??= []).push({ range: rangeOf(source, at), newText: text });
  }
  return changes;
}

/** A name that the standard library defines, in a module that is not in use. */
function usesOf({ uri, spec }: View, { at }: PlainDiagnostic, diagnostics: Diagnostic[]): CodeAction[] {
  const name = spec.main.source.text.slice(at.start, at.end);
  return standardModules.flatMap((short) => {
    const module = spec.modules.named(`std.${short}`);
    const definition = module?.definitions.get(name);
    if (module === undefined || definition === undefined) return [];
    return [{ title: `use the ${definition.keyword} \`${name}\` of ${module.name}`, kind: CodeActionKind.QuickFix, diagnostics, edit: { changes: { [uri]: [useEdit(spec, module.name, name)] } } }];
  });
}
