/** One order of configurations and cells, so that a report does not depend on the order in which they came. */

import type { Configuration, Factor, Results } from "../results.js";

/** The same results: configurations in the order of their choices as written, the first factor slowest, and cells in the order of the seeds. */
export function ordered(results: Results): Results {
  const { factors, seeds } = results;
  const configurations = results.configurations
    .map((configuration) => ({ ...configuration, cells: configuration.cells.toSorted((a, b) => seeds.indexOf(a.seed) - seeds.indexOf(b.seed)) }))
    .toSorted((a, b) => byChoices(factors, a, b));
  return { ...results, configurations };
}

function byChoices(factors: readonly Factor[], a: Configuration, b: Configuration): number {
  for (const { label, choices } of factors) {
    const difference = choices.indexOf(a.choices[label]!) - choices.indexOf(b.choices[label]!);
    if (difference !== 0) return difference;
  }
  return a.name < b.name ? -1 : 1;
}

/** Factors as the configurations have them: those that never vary apart are one. */
export interface Axis {
  readonly factors: readonly Factor[];
  /** `place`, or `place, depth`. */
  readonly label: string;
  /** What is chosen in some configuration: `pre`, or `pre, 2`. */
  readonly choices: readonly string[];
}

/**
 * The axes of an ablation, from the configurations that there are. Factors of which one says what the other is, as in a
 * paired list or by exclusions, cannot be told apart by any comparison, and make one axis.
 */
export function axesOf({ factors, configurations }: Results): Axis[] {
  const varying = factors.filter(({ label }) => new Set(configurations.map(({ choices }) => choices[label])).size > 1);
  const groups: Factor[][] = [];
  for (const factor of varying) {
    const bound = groups.filter((group) => group.some((other) => determines(factor, other, configurations) || determines(other, factor, configurations)));
    for (const group of bound) groups.splice(groups.indexOf(group), 1);
    groups.push([...bound.flat(), factor]);
  }
  return groups
    .toSorted((a, b) => factors.indexOf(a[0]!) - factors.indexOf(b[0]!))
    .map((group) => ({
      factors: group,
      label: group.map(({ label }) => label).join(", "),
      choices: [...new Set(configurations.toSorted((a, b) => byChoices(group, a, b)).map((configuration) => choiceOf(configuration, group)))],
    }));
}

/** What a configuration has on an axis. */
export function choiceOf({ choices }: Configuration, factors: readonly Factor[]): string {
  return factors.map(({ label }) => choices[label]).join(", ");
}

function determines(one: Factor, other: Factor, configurations: readonly Configuration[]): boolean {
  const seen = new Map<string, string>();
  return configurations.every(({ choices }) => {
    const known = seen.get(choices[one.label]!) ?? choices[other.label]!;
    seen.set(choices[one.label]!, known);
    return known === choices[other.label];
  });
}
