/** Definitions in words: their heads and their documentation. */

import type { Defined } from "./targets.js";

/** The longest head that is shown whole. */
const longestHead = 300;

/** `norm layer(x, eps = 1e-5)`, or the whole of a definition by `=`. */
export function headOf({ module, definition }: Defined): string {
  const { text } = module.source;
  const { parameters, name, value, keyword } = definition;
  const plain = (from: number, to: number) => text.slice(from, to).replace(/\s+/g, " ");
  if (value !== undefined) return shortened(plain(definition.start, value.end));
  const start = `${keyword} ${name.name}`;
  if (parameters === undefined) return start;
  return shortened(`${start}(${parameters.map((parameter) => plain(parameter.start, parameter.end)).join(", ")})`);
}

function shortened(text: string): string {
  return text.length <= longestHead ? text : `${text.slice(0, longestHead)} …`;
}

/** A piece of the language in Markdown. */
export function fenced(text: string): string {
  return `\`\`\`norm\n${text}\n\`\`\``;
}
