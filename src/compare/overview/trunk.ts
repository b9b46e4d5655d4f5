/** Which way through a section is the stream itself, and what branches off it. */

import type { Section } from "./figure.js";

/** The way of the stream: the shortest one that passes the sublayer by, if there is one, else the shortest. */
export function trunkOf({ nodes, edges }: Section): readonly string[] {
  const shortest = (avoided: ReadonlySet<string>) => {
    const open: string[][] = [["in"]];
    const seen = new Set(["in"]);
    for (let path = open.shift(); path !== undefined; path = open.shift()) {
      for (const [from, to] of edges) {
        if (from !== path.at(-1) || seen.has(to) || avoided.has(to)) continue;
        if (to === "out") return [...path, to];
        seen.add(to);
        open.push([...path, to]);
      }
    }
    return undefined;
  };
  return shortest(new Set(nodes.flatMap(({ kind, id }) => (kind === "layer" ? [id] : [])))) ?? shortest(new Set()) ?? ["in", "out"];
}
