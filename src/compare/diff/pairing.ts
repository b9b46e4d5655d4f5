/** Two specs, as they are named, and what of the one is compared with what of the other. */

import { diagnostic } from "../../diagnostics/diagnostic.js";
import { SourceFile } from "../../diagnostics/source.js";
import { type SpecText, type Subject, SubjectError, namesIn, subject, subjects } from "../subject.js";
import type { Comparison } from "./comparison.js";
import { diff } from "./diff.js";

/** A spec with, perhaps, one of its definitions: `sepnorm` or `classifier(dim: 96)`. */
export interface Named {
  readonly spec: SpecText;
  readonly definition?: string;
}

/** Two subjects to compare. */
export interface Pair {
  readonly before: Subject;
  readonly after: Subject;
}

export interface Pairing {
  readonly before: Named;
  readonly after: Named;
  readonly pairs: readonly Pair[];
  readonly onlyBefore: readonly string[];
  readonly onlyAfter: readonly string[];
}

/**
 * What is compared with what: the definitions that are named; of a file alone the only recipe it has; of files with several,
 * those of one name.
 * @throws SubjectError
 */
export function pairsOf(before: Named, after: Named): Pairing {
  const one = (pair: Pair): Pairing => ({ before, after, pairs: [pair], onlyBefore: [], onlyAfter: [] });
  const [old, now] = [optionsOf(before), optionsOf(after)];
  if (old.length <= 1 && now.length <= 1) return one({ before: subject(before.spec, before.definition), after: subject(after.spec, after.definition) });
  if (old.length <= 1) return one(named(before, old[0], after, now, (own, other) => ({ before: own, after: other })));
  if (now.length <= 1) return one(named(after, now[0], before, old, (own, other) => ({ before: other, after: own })));
  const both = old.filter((name) => now.includes(name));
  if (both.length === 0) throw severalIn(after, now, `none of its recipes has the name of one of ${before.spec.path}`);
  const [first, second] = [subjects(before.spec, both), subjects(after.spec, both)];
  return {
    before,
    after,
    pairs: both.map((name) => ({ before: first.get(name)!, after: second.get(name)! })),
    onlyBefore: old.filter((name) => !both.includes(name)),
    onlyAfter: now.filter((name) => !both.includes(name)),
  };
}

/** The diffs of all pairs. */
export function compare({ before, after, pairs, onlyBefore, onlyAfter }: Pairing): Comparison {
  return { before: nameOf(before), after: nameOf(after), diffs: pairs.map((pair) => diff(pair.before, pair.after)), onlyBefore, onlyAfter };
}

/** The one definition that is named, or those that the file stands for. */
function optionsOf({ spec, definition }: Named): readonly string[] {
  return definition === undefined ? namesIn(spec) : [definition];
}

/** One side says what it is, and the other has several of which one may be called the same. */
function named(own: Named, name: string | undefined, other: Named, names: readonly string[], pair: (own: Subject, other: Subject) => Pair): Pair {
  const wanted = name?.replace(/\(.*$/s, "").trim();
  if (wanted === undefined || !names.includes(wanted)) throw severalIn(other, names, `it has several recipes, of which none is called as in ${own.spec.path}`);
  return pair(subject(own.spec, own.definition), subject(other.spec, wanted));
}

function severalIn({ spec }: Named, names: readonly string[], message: string): SubjectError {
  const source = new SourceFile(spec.path, spec.text);
  return new SubjectError([diagnostic("N0504", { source, start: 0, end: 1 }, message, { help: `name one: ${names.map((name) => `\`${spec.path}#${name}\``).join(", ")}` })]);
}

export function nameOf({ spec: { path }, definition }: Named): string {
  return definition === undefined ? path : `${path}#${definition}`;
}
