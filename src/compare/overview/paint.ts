/** Colours of a text: each token group and each norm has its own. */

import type { Colors } from "picocolors/types.js";
import type { Overview } from "./overview.js";

export interface Paint {
  readonly group: (name: string, text: string) => string;
  readonly norm: (name: string | undefined, text: string) => string;
  readonly title: (text: string) => string;
  readonly quiet: (text: string) => string;
}

/** @param colors of picocolors; those that are switched off give plain text. */
export function paintFor(overview: Pick<Overview, "sites" | "ownNorms">, colors: Colors): Paint {
  const groupColors = [colors.cyan, colors.yellow, colors.magenta, colors.green, colors.blue, colors.red];
  const normColors = [colors.greenBright, colors.blueBright, colors.redBright, colors.yellowBright, colors.magentaBright, colors.cyanBright];
  const groups = groupNames(overview);
  const norms = normNames(overview);
  const pick = <T>(from: readonly T[], i: number): T => from[Math.max(i, 0) % from.length]!;
  return {
    group: (name, text) => pick(groupColors, groups.indexOf(name))(text),
    norm: (name, text) => (name === undefined ? colors.dim(text) : pick(normColors, norms.indexOf(name))(colors.bold(text))),
    title: colors.bold,
    quiet: colors.dim,
  };
}

/** All token groups, those of the first stack first. */
export function groupNames({ sites }: Pick<Overview, "sites">): readonly string[] {
  return [...new Set(sites.flatMap(({ groups }) => groups.map(({ name }) => name)))];
}

/** All norms that land anywhere, by their own names. */
export function normNames({ sites, ownNorms }: Pick<Overview, "sites" | "ownNorms">): readonly string[] {
  const landing = sites.flatMap(({ rows }) => rows.flatMap(({ landings }) => landings.flatMap(({ norm }) => norm ?? [])));
  return [...new Set([...landing, ...ownNorms.flatMap(({ norm }) => norm ?? [])])];
}

/** How many columns of a terminal a text takes, its colours apart. */
export function width(text: string): number {
  // eslint-disable-next-line no-control-regex -- colours begin with the escape character
  return [...text.replace(/\u001b\[\d+(;\d+)*m/g, "")].length;
}

export function padded(text: string, columns: number): string {
  return text + " ".repeat(Math.max(0, columns - width(text)));
}

/** At most so many columns; what is cut off shows as an ellipsis. For texts without colours. */
export function shortened(text: string, columns: number): string {
  return text.length <= columns ? text : `${text.slice(0, Math.max(0, columns - 1))}…`;
}
