/** Bringing a definition of the standard library into use. */

import type { TextEdit } from "vscode-languageserver";
import { rangeOf } from "./ranges.js";
import type { Spec } from "./spec.js";

/** The change of a spec that puts a name of a module into its `use` lines. */
export function useEdit({ main: { file, source } }: Spec, module: string, name: string): TextEdit {
  const at = (offset: number, newText: string) => ({ range: rangeOf(source, { start: offset, end: offset }), newText });
  const known = file.uses.find((use) => use.module === module && use.items !== undefined);
  if (known?.items !== undefined) {
    const following = known.items.find((item) => item.name.name > name);
    return following === undefined ? at(known.items.at(-1)!.end, `, ${name}`) : at(following.start, `${name}, `);
  }
  const newline = source.text.includes("\r\n") ? "\r\n" : "\n";
  const line = `use ${module} { ${name} }`;
  const last = file.uses.at(-1);
  return last === undefined ? at(firstDefinition(source.text, file.definitions[0]?.start), `${line}${newline}${newline}`) : at(last.end, `${newline}${line}`);
}

/** Where the first definition begins with its documentation. */
function firstDefinition(text: string, start: number | undefined): number {
  if (start === undefined) return text.startsWith("\uFEFF") ? 1 : 0;
  const documented = /(?:^[ \t]*\/\/\/[^\r\n]*(?:\r\n|[\r\n]))*$/m.exec(text.slice(0, start));
  return documented === null ? start : documented.index;
}
