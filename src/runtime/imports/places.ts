/** What `--from` says: where the runs of stages are. */

import type { Manifest } from "../trainer.js";

/** The names of the stages that a recipe begins with, each once. */
export function stageNames({ start = [] }: Pick<Manifest, "start">): string[] {
  return [...new Set(start.flatMap(({ source }) => (source.kind === "stage" ? [source.name] : [])))];
}

/**
 * Places by the names of stages, out of texts such as `mae=runs/mae-2`; where there is one stage, its name may be left out. Gives
 * what is wrong with the texts, as a text, when they cannot be read.
 */
export function readPlaces(texts: readonly string[], manifest: Pick<Manifest, "start">): ReadonlyMap<string, string> | string {
  const stages = stageNames(manifest);
  const places = new Map<string, string>();
  for (const text of texts) {
    const named = stages.find((stage) => text.startsWith(`${stage}=`));
    const name = named ?? (stages.length === 1 ? stages[0] : undefined);
    if (name === undefined) {
      return stages.length === 0 ? "--from is for recipes that begin with a stage, and this one does not" : `--from ${text}: name the stage too, as in --from ${stages[0]}=FOLDER (there are ${stages.join(", ")})`;
    }
    if (places.has(name)) return `--from says twice where ${name} is`;
    places.set(name, named === undefined ? text : text.slice(named.length + 1));
  }
  return places;
}
