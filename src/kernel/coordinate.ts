/**
 * Whole-number expressions over loop variables: where in a tensor a loop reads and writes. They are kept as a constant and a sum
 * of factors times atoms, so that most addresses are affine, and equal ones have equal keys.
 */

import type { Scalar } from "./scalar.js";

/** A loop variable: runs from 0 to `extent` − 1. */
export interface Variable {
  readonly id: number;
  readonly name: string;
  readonly extent: number;
}

let variables = 0;
export function variable(name: string, extent: number): Variable {
  return { id: variables++, name, extent };
}

/** What a coordinate is a sum of. `value` is a whole number computed at run time. */
export type Atom =
  | { readonly kind: "variable"; readonly variable: Variable }
  | { readonly kind: "quotient"; readonly of: Coordinate; readonly by: number }
  | { readonly kind: "remainder"; readonly of: Coordinate; readonly by: number }
  | { readonly kind: "clamp"; readonly of: Coordinate; readonly low: number; readonly high: number }
  | { readonly kind: "value"; readonly value: Scalar };

export interface Term {
  readonly atom: Atom;
  readonly factor: number;
}

/** `constant + Σ factor · atom`. */
export interface Coordinate {
  readonly constant: number;
  readonly terms: readonly Term[];
  readonly key: string;
}

export function atomKey(atom: Atom): string {
  switch (atom.kind) {
    case "variable":
      return `v${atom.variable.id}`;
    case "quotient":
      return `(${atom.of.key}/${atom.by})`;
    case "remainder":
      return `(${atom.of.key}%${atom.by})`;
    case "clamp":
      return `<${atom.low},${atom.of.key},${atom.high}>`;
    case "value":
      return `s${atom.value.id}`;
  }
}

function made(constant: number, terms: readonly Term[]): Coordinate {
  let key = String(constant);
  for (const { atom, factor } of terms) key += `+${factor}*${atomKey(atom)}`;
  return { constant, terms, key };
}

/** Terms of one atom are joined, and stand in the order of their atoms' keys. */
function sum(constant: number, terms: readonly Term[]): Coordinate {
  if (terms.length < 2) return made(constant, terms);
  const keyed = terms.map((term) => ({ key: atomKey(term.atom), term })).sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0));
  const joined: Term[] = [];
  for (let i = 0; i < keyed.length; ) {
    const { key, term } = keyed[i]!;
    let { factor } = term;
    for (i++; i < keyed.length && keyed[i]!.key === key; i++) factor += keyed[i]!.term.factor;
    if (factor !== 0) joined.push(factor === term.factor ? term : { atom: term.atom, factor });
  }
  return made(constant, joined);
}

export function constant(value: number): Coordinate {
  return made(value, []);
}

export const zero = constant(0);

/** The variable itself; a loop of one turn is always at 0. */
export function at(loop: Variable): Coordinate {
  return loop.extent === 1 ? zero : sum(0, [{ atom: { kind: "variable", variable: loop }, factor: 1 }]);
}

export function plus(...parts: readonly Coordinate[]): Coordinate {
  const moving = parts.filter((part) => part.terms.length > 0);
  if (moving.length < 2) {
    const [only = zero] = moving;
    const own = parts.reduce((total, part) => total + part.constant, 0);
    return own === only.constant ? only : made(own, only.terms);
  }
  return sum(parts.reduce((total, part) => total + part.constant, 0), parts.flatMap((part) => part.terms));
}

export function times(of: Coordinate, factor: number): Coordinate {
  if (factor === 1) return of;
  if (factor === 0) return zero;
  return made(of.constant * factor, of.terms.map((term) => ({ atom: term.atom, factor: term.factor * factor })));
}

/** The number of an element at `where` in axes of these extents, the last one moving fastest. */
export function numberOf(extents: readonly number[], where: readonly Coordinate[]): Coordinate {
  let stride = extents.reduce((product, extent) => product * extent, 1);
  return plus(...extents.map((extent, i) => {
    stride /= extent;
    return times(where[i]!, stride);
  }));
}

/** The terms that are wanted, without the constant. */
export function termsOf(of: Coordinate, isWanted: (term: Term) => boolean): Coordinate {
  return made(0, of.terms.filter(isWanted));
}

/** The value of a whole-number scalar, kept between `low` and `high`. */
export function valueWithin(value: Scalar, low: number, high: number): Coordinate {
  return clamp(sum(0, [{ atom: { kind: "value", value }, factor: 1 }]), low, high);
}

/** The least and the greatest value. */
export interface Range {
  readonly low: number;
  readonly high: number;
}

export function range(of: Coordinate): Range {
  let [low, high] = [of.constant, of.constant];
  for (const { atom, factor } of of.terms) {
    const own = atomRange(atom);
    low += factor * (factor > 0 ? own.low : own.high);
    high += factor * (factor > 0 ? own.high : own.low);
  }
  return { low, high };
}

function atomRange(atom: Atom): Range {
  switch (atom.kind) {
    case "variable":
      return { low: 0, high: atom.variable.extent - 1 };
    case "quotient": {
      const { low, high } = range(atom.of);
      return { low: Math.floor(low / atom.by), high: Math.floor(high / atom.by) };
    }
    case "remainder":
      return { low: 0, high: atom.by - 1 };
    case "clamp": {
      const { low, high } = range(atom.of);
      return { low: Math.min(Math.max(low, atom.low), atom.high), high: Math.max(Math.min(high, atom.high), atom.low) };
    }
    case "value":
      return { low: -(2 ** 31), high: 2 ** 31 - 1 };
  }
}

function isWithin(of: Coordinate, low: number, high: number): boolean {
  const own = range(of);
  return own.low >= low && own.high <= high;
}

export function clamp(of: Coordinate, low: number, high: number): Coordinate {
  if (isWithin(of, low, high)) return of;
  return sum(0, [{ atom: { kind: "clamp", of, low, high }, factor: 1 }]);
}

/** Parts `of` into `by · whole + rest`, with the rest as small as the factors allow. */
function parted(of: Coordinate, by: number): { whole: Coordinate; rest: Coordinate } {
  const isWhole = (factor: number) => factor % by === 0;
  const constantRest = ((of.constant % by) + by) % by;
  const whole = sum((of.constant - constantRest) / by, of.terms.filter((term) => isWhole(term.factor)).map((term) => ({ ...term, factor: term.factor / by })));
  return { whole, rest: sum(constantRest, of.terms.filter((term) => !isWhole(term.factor))) };
}

/** `floor(of / by)`, for what is never negative. */
export function quotient(of: Coordinate, by: number): Coordinate {
  if (by === 1) return of;
  const { whole, rest } = parted(of, by);
  if (isWithin(rest, 0, by - 1)) return whole;
  return plus(whole, sum(0, [{ atom: { kind: "quotient", of: rest, by }, factor: 1 }]));
}

/** `of mod by`, for what is never negative. */
export function remainder(of: Coordinate, by: number): Coordinate {
  if (by === 1) return zero;
  const { rest } = parted(of, by);
  if (isWithin(rest, 0, by - 1)) return rest;
  return sum(0, [{ atom: { kind: "remainder", of: rest, by }, factor: 1 }]);
}

/** The variable that a coordinate is, if it is just that. */
export function plainVariable(of: Coordinate): Variable | undefined {
  const [term] = of.terms;
  if (of.constant !== 0 || of.terms.length !== 1 || term!.factor !== 1 || term!.atom.kind !== "variable") return undefined;
  return term!.atom.variable;
}

/** Replaces variables and computed values, and simplifies again. */
export function rebuild(of: Coordinate, replace: { variable(loop: Variable): Coordinate; value(scalar: Scalar): Scalar }): Coordinate {
  if (of.terms.length === 0) return of;
  const terms = of.terms.map(({ atom, factor }) => times(rebuiltAtom(atom, replace), factor));
  return plus(constant(of.constant), ...terms);
}

function rebuiltAtom(atom: Atom, replace: Parameters<typeof rebuild>[1]): Coordinate {
  switch (atom.kind) {
    case "variable":
      return replace.variable(atom.variable);
    case "quotient":
      return quotient(rebuild(atom.of, replace), atom.by);
    case "remainder":
      return remainder(rebuild(atom.of, replace), atom.by);
    case "clamp":
      return clamp(rebuild(atom.of, replace), atom.low, atom.high);
    case "value": {
      const value = replace.value(atom.value);
      if (value.kind === "position") return value.at;
      if (value.kind === "number") return constant(value.value);
      return sum(0, [{ atom: { kind: "value", value }, factor: 1 }]);
    }
  }
}

/** Calls `visit` for every atom, also for those inside others. */
export function visitAtoms(of: Pick<Coordinate, "terms">, visit: (atom: Atom) => void): void {
  for (const { atom } of of.terms) {
    visit(atom);
    if ("of" in atom) visitAtoms(atom.of, visit);
  }
}
