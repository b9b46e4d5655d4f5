/**
 * Main effects: what a choice does on average over all that is chosen besides.
 *
 * Exclusions and failed cells would make the plain means of two choices means over different companies. So runs are
 * compared in blocks: a block is one combination of all other factors with one seed, and counts only if every choice has a
 * value in it. When there is no such block, the means are over all runs, there are no differences, and that is said.
 */

import type { Configuration, Report, Results } from "../results.js";
import type { Bootstrap, Interval } from "./bootstrap.js";
import { grouped } from "./group.js";
import { type Axis, axesOf, choiceOf } from "./order.js";
import { type BySeed, type Verdict, verdictOf } from "./paired.js";
import { meanOf } from "./statistics.js";

/** The effects of one axis on one report. */
export interface Effect {
  readonly axis: Axis;
  readonly choices: readonly ChoiceEffect[];
  /** Whether all choices are compared in the same blocks. */
  readonly isBalanced: boolean;
  /** How many combinations of the other factors the means are over, of how many that there are. */
  readonly combinations: number;
  readonly allCombinations: number;
  /** How many seeds the means are over. */
  readonly seeds: number;
}

export interface ChoiceEffect {
  readonly choice: string;
  /** Whether the base has it. */
  readonly isBase: boolean;
  /** How many runs the mean is over. */
  readonly runs: number;
  /** Null when no run has a value. */
  readonly mean: number | null;
  /** Against the base's choice: the mean difference, and its interval when seeds are drawn. Null for the base's choice, and without common blocks. */
  readonly difference: number | null;
  readonly interval: Interval | null;
  readonly verdict: Verdict | null;
  /** The lowest and the highest mean difference in one combination of the other factors; null where `difference` is. */
  readonly range: Interval | null;
}

interface Run {
  readonly choice: string;
  readonly combination: string;
  readonly seed: number;
  readonly value: number;
}

/** The effects of every axis. `columns` has the values of every configuration in the order of `results`. */
export function effectsOf(results: Results, report: Report, columns: readonly BySeed[], bootstrap: Bootstrap): Effect[] {
  const axes = axesOf(results);
  const base = results.configurations.find(({ name }) => name === results.base)!;
  return axes.map((axis) => {
    const others = axes.filter((other) => other !== axis).flatMap(({ factors }) => factors);
    const combinationOf = (configuration: Configuration) => JSON.stringify(others.map(({ label }) => configuration.choices[label]));
    const runs = results.configurations.flatMap((configuration, i): Run[] =>
      columns[i]!.flatMap((value, seed) => (value === null ? [] : [{ choice: choiceOf(configuration, axis.factors), combination: combinationOf(configuration), seed, value }])),
    );
    return effectOf(axis, runs, choiceOf(base, axis.factors), report, bootstrap, new Set(results.configurations.map(combinationOf)).size);
  });
}

function effectOf(axis: Axis, runs: readonly Run[], baseChoice: string, report: Report, bootstrap: Bootstrap, allCombinations: number): Effect {
  const tried = axis.choices.filter((choice) => runs.some((run) => run.choice === choice));
  const blocks = [...grouped(runs, ({ combination, seed }) => `${seed} ${combination}`).values()];
  const whole = blocks.filter((block) => block.length === tried.length);
  const isBalanced = whole.length > 0 && tried.length > 1;
  const counted = isBalanced ? whole.flat() : runs;
  const choices = axis.choices.map((choice): ChoiceEffect => {
    const own = counted.filter((run) => run.choice === choice);
    const isBase = choice === baseChoice;
    const mean = own.length === 0 ? null : meanOf(own.map(({ value }) => value));
    const plain = { choice, isBase, runs: own.length, mean, difference: null, interval: null, verdict: null, range: null };
    if (isBase || !isBalanced || mean === null || !tried.includes(baseChoice)) return plain;
    const differences = whole.map((block) => {
      const run = block.find((one) => one.choice === choice)!;
      return { ...run, value: run.value - block.find((one) => one.choice === baseChoice)!.value };
    });
    const interval = bootstrap.interval(valuesBy(differences, ({ seed }) => seed)) ?? null;
    const inCombinations = valuesBy(differences, ({ combination }) => combination).map(meanOf);
    return {
      ...plain,
      difference: meanOf(differences.map(({ value }) => value)),
      interval,
      verdict: interval === null ? null : verdictOf(interval, report.best),
      range: [Math.min(...inCombinations), Math.max(...inCombinations)],
    };
  });
  return { axis, choices, isBalanced, combinations: new Set(counted.map(({ combination }) => combination)).size, allCombinations, seeds: new Set(counted.map(({ seed }) => seed)).size };
}

function valuesBy<Key>(runs: readonly Run[], key: (run: Run) => Key): number[][] {
  return [...grouped(runs, key).values()].map((group) => group.map(({ value }) => value));
}
