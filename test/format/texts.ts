/** The texts that the format is held to: every example, the samples, which hold every construct, and the standard library. */

import { readFileSync, readdirSync } from "node:fs";
import { type Sample, samples } from "../syntax/samples.js";
import { read } from "../syntax/tree.js";

function specsOf(folder: string): Sample[] {
  const at = new URL(`../../${folder}/`, import.meta.url);
  const names = readdirSync(at).filter((name) => name.endsWith(".norm"));
  return names.map((name) => ({ name: `${folder}/${name}`, text: readFileSync(new URL(name, at), "utf8") }));
}

export const examples: readonly Sample[] = [...samples, ...specsOf("examples")];
export const texts: readonly Sample[] = [...examples, ...specsOf("stdlib/std")];

/** The definitions and `use` lines of a text, each with the comments in front of it; the last with those behind it too. */
export function partsOf(text: string): string[] {
  const { uses, definitions } = read(text);
  const ends = [...uses, ...definitions].sort((a, b) => a.start - b.start).map(({ end }) => end);
  return ends.map((end, i) => text.slice(ends[i - 1] ?? 0, i === ends.length - 1 ? undefined : end).trim());
}
