/**
 * Brings a part into normal form: coordinates become addresses in a tensor's elements, loops of the same extents share their
 * variables, whole quotients and remainders become loops of their own, and loops that always move together become one.
 */

import { type Atom, type Coordinate, type Variable, at, constant, numberOf, plus, rebuild, times, variable, visitAtoms, zero } from "./coordinate.js";
import type { Part, Store } from "./part.js";
import { type Scalar, type Scalars, reachable } from "./scalar.js";
import type { Tensor } from "./tensor.js";

/** A part whose loads and stores have one coordinate: the number of the element. */
export function normalise(part: Part, scalars: Scalars): Part {
  const linear = shareLoops(linearise(part, scalars), scalars);
  const apart = splitLoops(linear, scalars);
  return joinLoops(shareLoops(sortLoops(apart, scalars), scalars), scalars);
}

function addressIn({ axes }: Tensor, where: readonly Coordinate[]): Coordinate {
  return numberOf(axes.map(({ extent }) => extent), where);
}

function linearise(part: Part, scalars: Scalars): Part {
  const stores = part.stores.map((store): Store => ({
    ...store,
    at: [addressIn(store.tensor, store.at)],
    value: scalars.rewrite(store.value, { load: (load) => scalars.load(load.tensor, [addressIn(load.tensor, load.at)]) }),
  }));
  return { ...part, stores };
}

/** Rewrites a part's variables, also where they are bound. */
function renamed(part: Part, scalars: Scalars, by: (loop: Variable) => Coordinate, list: (loops: readonly Variable[]) => readonly Variable[]): Part {
  const stores = part.stores.map((store): Store => ({
    ...store,
    at: store.at.map((where) => rebuild(where, { variable: by, value: (value) => value })),
    columns: list(store.columns),
    value: scalars.rewrite(store.value, { variable: by, over: list }),
  }));
  return { ...part, rows: list(part.rows), stores };
}

/**
 * Loops at the same depth with the same extents get the same variables, so that equal bodies are equal scalars. The depth of a
 * loop is that of the loops that its body depends on from outside, and one more.
 */
export function shareLoops(part: Part, scalars: Scalars, take = loopPool()): Part {
  const stores = part.stores.map((store): Store => {
    const columns = take(0, store.columns);
    const outer = new Map(store.columns.map((loop, i) => [loop, columns[i]!]));
    const by = (loop: Variable) => at(outer.get(loop) ?? loop);
    return {
      ...store,
      columns,
      at: store.at.map((where) => rebuild(where, { variable: by, value: (value) => scalars.rewrite(value, { variable: by }) })),
      value: shareWithin(store.value, new Map(outer), new Map(columns.map((loop) => [loop, 0])), scalars, take),
    };
  });
  return { ...part, stores };
}

export type LoopPool = (depth: number, loops: readonly Variable[]) => readonly Variable[];

/** Gives loops of one depth and one list of extents always the same variables. */
export function loopPool(): LoopPool {
  const pool = new Map<string, readonly Variable[]>();
  return (depth, loops) => {
    const key = `${depth} ${loops.map((loop) => loop.extent).join(" ")}`;
    const known = pool.get(key) ?? loops.map(({ name, extent }) => variable(name, extent));
    pool.set(key, known);
    return known;
  };
}

/** A scalar with the variables of its loops taken from a pool. `names` are given for variables bound outside, with their `depths`. */
export function shareWithin(
  root: Scalar,
  names: ReadonlyMap<Variable, Variable>,
  depths: ReadonlyMap<Variable, number>,
  scalars: Scalars,
  take: LoopPool,
  /** What rewrites a scalar of the fold around this one that none of the fold's own loops is in: once, however many folds have it. */
  outside?: { readonly bound: readonly Variable[]; readonly run: (scalar: Scalar) => Scalar },
): Scalar {
  const by = (loop: Variable) => at(names.get(loop) ?? loop);
  const done = new Map<Scalar, Scalar>();
  const run = (scalar: Scalar): Scalar => {
    const known = done.get(scalar);
    if (known !== undefined) return known;
    const result = outside !== undefined && outside.bound.every((loop) => !scalar.free.has(loop)) ? outside.run(scalar) : rewritten(scalar);
    done.set(scalar, result);
    return result;
  };
  return run(root);

  function rewritten(scalar: Scalar): Scalar {
    switch (scalar.kind) {
      case "fold": {
        const depth = Math.max(-1, ...[...scalar.free].map((loop) => depths.get(names.get(loop) ?? loop) ?? -1)) + 1;
        const over = take(depth, scalar.over);
        const inner = new Map([...names, ...scalar.over.map((loop, i): [Variable, Variable] => [loop, over[i]!])]);
        const deeper = new Map([...depths, ...over.map((loop): [Variable, number] => [loop, depth])]);
        return scalars.fold(scalar.combine, over, shareWithin(scalar.body, inner, deeper, scalars, take, { bound: scalar.over, run }));
      }
      case "apply":
        return scalars.apply(scalar.operation, scalar.operands.map(run), scalar.dtype);
      case "random":
        return scalars.random(scalar.distribution, run(scalar.key), run(scalar.other), coordinate(scalar.element));
      case "position":
        return scalars.position(coordinate(scalar.at));
      case "load":
        return scalars.load(scalar.tensor, scalar.at.map(coordinate));
      case "number":
        return scalar;
    }
  }

  function coordinate(of: Coordinate): Coordinate {
    return rebuild(of, { variable: by, value: run });
  }
}

/** Every coordinate of a part. */
function coordinatesOf(part: Part): readonly Coordinate[] {
  const result: Coordinate[] = part.stores.flatMap((store) => store.at);
  for (const scalar of reachable(part.stores.map((store) => store.value))) {
    if (scalar.kind === "position") result.push(scalar.at);
    if (scalar.kind === "load") result.push(...scalar.at);
    if (scalar.kind === "random") result.push(scalar.element);
  }
  return result;
}

/** Splits loops of which quotients and remainders are taken, until all that can be are gone. */
function splitLoops(part: Part, scalars: Scalars): Part {
  let current = part;
  for (let turn = 0; turn < 64; turn++) {
    const found = splitWanted(current);
    if (found === undefined) return current;
    const { loop, by } = found;
    const [outer, inner] = [variable(loop.name, loop.extent / by), variable(loop.name, by)];
    const whole = plus(times(at(outer), by), at(inner));
    current = renamed(current, scalars, (own) => (own === loop ? whole : at(own)), (loops) =>
      loops.flatMap((own) => (own === loop ? [outer, inner] : [own])));
  }
  return current;
}

function splitWanted(part: Part): { loop: Variable; by: number } | undefined {
  let found: { loop: Variable; by: number } | undefined;
  const visit = (atom: Atom) => {
    if (found !== undefined || (atom.kind !== "quotient" && atom.kind !== "remainder")) return;
    for (const { atom: own, factor } of atom.of.terms) {
      if (own.kind !== "variable" || factor <= 0 || atom.by % factor !== 0) continue;
      const by = atom.by / factor;
      if (by > 1 && by < own.variable.extent && own.variable.extent % by === 0) found = { loop: own.variable, by };
    }
  };
  for (const of of coordinatesOf(part)) visitAtoms(of, visit);
  return found;
}

/** Puts rows in the order of the first store's memory, and the loops of a fold in the order in which its first load moves. */
function sortLoops(part: Part, scalars: Scalars): Part {
  const sorted = (loops: readonly Variable[], of: Coordinate = zero) => [...loops].sort((a, b) => factorOf(of, b) - factorOf(of, a));
  const first = part.stores[0]!;
  const order = (scalar: Scalar): Scalar => {
    const loads = reachable([scalar]).filter((own) => own.kind === "load");
    const folds = new Map<Variable, Coordinate>();
    for (const load of loads) for (const loop of load.free) if (!folds.has(loop)) folds.set(loop, load.at[0]!);
    return scalars.rewrite(scalar, { over: (loops) => sorted(loops, folds.get(loops.at(-1)!)) });
  };
  const stores = part.stores.map((store): Store => ({ ...store, columns: sorted(store.columns, store.at[0]), value: order(store.value) }));
  return { ...part, rows: sorted(part.rows, first.at[0]), stores };
}

/** Joins neighbouring loops that every coordinate moves along as one. */
function joinLoops(part: Part, scalars: Scalars): Part {
  let current = part;
  for (let turn = 0; turn < 64; turn++) {
    const pair = joinable(current);
    if (pair === undefined) return current;
    const [outer, inner] = pair;
    const whole = variable(inner.name, outer.extent * inner.extent);
    const by = (loop: Variable) => (loop === outer ? zero : loop === inner ? at(whole) : at(loop));
    current = renamed(current, scalars, by, (loops) => loops.flatMap((own) => (own === outer ? [] : own === inner ? [whole] : [own])));
  }
  return current;
}

function joinable(part: Part): readonly [Variable, Variable] | undefined {
  const outer = coordinatesOf(part);
  const coordinates = [...outer];
  for (const of of outer) visitAtoms(of, (atom) => void ("of" in atom && coordinates.push(atom.of)));
  const lists = [part.rows, ...part.stores.map((store) => store.columns)];
  for (const scalar of reachable(part.stores.map((store) => store.value))) if (scalar.kind === "fold") lists.push(scalar.over);
  // Joining must not tear apart two loops that share one of the variables.
  const isTogether = (outer: Variable, inner: Variable) =>
    lists.every((loops) => {
      const i = loops.indexOf(outer);
      return i < 0 ? !loops.includes(inner) : loops[i + 1] === inner;
    });
  for (const loops of lists) {
    for (let i = 0; i + 1 < loops.length; i++) {
      const [outer, inner] = [loops[i]!, loops[i + 1]!];
      const movesAsOne = coordinates.every((of) => factorOf(of, outer) === factorOf(of, inner) * inner.extent);
      if (movesAsOne && isTogether(outer, inner)) return [outer, inner];
    }
  }
  return undefined;
}

function factorOf(of: Coordinate, loop: Variable): number {
  return of.terms.find(({ atom }) => atom.kind === "variable" && atom.variable === loop)?.factor ?? 0;
}

/** The coordinate of a normalised load or store. */
export function address(where: readonly Coordinate[]): Coordinate {
  return where[0] ?? constant(0);
}
