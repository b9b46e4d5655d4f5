/**
 * What a kernel computes for one element: a graph of scalars. Equal scalars are one object (`Scalars` interns them), so that
 * common parts are computed once. Loops are part of the graph: a `fold` sums its body, or takes its maximum, over variables.
 */

import type { OpKind } from "../ir/program.js";
import type { DType } from "../ir/types.js";
import { type Coordinate, type Variable, at, rebuild, visitAtoms } from "./coordinate.js";
import type { Tensor } from "./tensor.js";

/** The operations that work element by element. */
export type ElementwiseKind = Extract<
  OpKind,
  | "neg" | "exp" | "log" | "sqrt" | "rsqrt" | "tanh" | "erf" | "sin" | "cos" | "abs" | "sign" | "floor" | "not"
  | "add" | "sub" | "mul" | "div" | "pow" | "max" | "min" | "less" | "less_equal" | "equal" | "and" | "or" | "select" | "cast"
>;

interface Common {
  readonly id: number;
  readonly dtype: DType;
  /** The variables that it depends on. */
  readonly free: ReadonlySet<Variable>;
}

export type Scalar = Common &
  (
    | { readonly kind: "number"; readonly value: number }
    | { readonly kind: "position"; readonly at: Coordinate }
    /** One coordinate for each axis of the tensor. */
    | { readonly kind: "load"; readonly tensor: Tensor; readonly at: readonly Coordinate[] }
    | { readonly kind: "apply"; readonly operation: ElementwiseKind; readonly operands: readonly Scalar[] }
    /** The draw number `element` under a key: a tensor of two words, which the host fills for every step. */
    | { readonly kind: "random"; readonly distribution: "uniform" | "normal"; readonly key: Scalar; readonly other: Scalar; readonly element: Coordinate }
    | { readonly kind: "fold"; readonly combine: "sum" | "max"; readonly over: readonly Variable[]; readonly body: Scalar }
  );
export type ScalarOf<K extends Scalar["kind"]> = Extract<Scalar, { kind: K }>;
export type Fold = ScalarOf<"fold">;
export type Load = ScalarOf<"load">;

/** Makes scalars; equal ones are made once. */
export class Scalars {
  private readonly known = new Map<string, Scalar>();
  private readonly tensors = new Map<Tensor, number>();

  number(value: number, dtype: DType): Scalar {
    const key = Object.is(value, -0) ? "-0" : String(value);
    return this.intern(`number ${key} ${dtype}`, [], [], { kind: "number", dtype, value });
  }

  position(where: Coordinate): Scalar {
    if (where.terms.length === 0) return this.number(where.constant, "i32");
    return this.intern(`position ${where.key}`, [where], [], { kind: "position", dtype: "i32", at: where });
  }

  load(tensor: Tensor, where: readonly Coordinate[]): Scalar {
    let id = this.tensors.get(tensor);
    if (id === undefined) this.tensors.set(tensor, (id = this.tensors.size));
    const key = `load ${id} ${where.map((coordinate) => coordinate.key).join(",")}`;
    return this.intern(key, where, [], { kind: "load", dtype: tensor.dtype, tensor, at: where });
  }

  apply(operation: ElementwiseKind, operands: readonly Scalar[], dtype: DType): Scalar {
    const key = `${operation} ${dtype} ${operands.map((operand) => operand.id).join(",")}`;
    return this.intern(key, [], operands, { kind: "apply", dtype, operation, operands });
  }

  random(distribution: "uniform" | "normal", key: Scalar, other: Scalar, element: Coordinate): Scalar {
    const name = `${distribution} ${key.id} ${other.id} ${element.key}`;
    return this.intern(name, [element], [key, other], { kind: "random", dtype: "f32", distribution, key, other, element });
  }

  fold(combine: "sum" | "max", over: readonly Variable[], body: Scalar): Scalar {
    if (over.length === 0) return body;
    const key = `fold ${combine} ${over.map((loop) => loop.id).join(",")} ${body.id}`;
    return this.intern(key, [], [body], { kind: "fold", dtype: body.dtype, combine, over, body });
  }

  /**
   * The scalar with loads replaced by what `load` gives for them, and then variables by what `variable` gives. Bound variables of
   * folds stay, unless `over` gives others for them.
   */
  rewrite(scalar: Scalar, replace: Replacement): Scalar {
    return new Rewriting(this, replace).run(scalar);
  }

  substitute(scalar: Scalar, by: ReadonlyMap<Variable, Coordinate>): Scalar {
    const isTouched = (own: Scalar) => [...own.free].some((loop) => by.has(loop));
    return this.rewrite(scalar, { variable: (loop) => by.get(loop) ?? at(loop), whole: (own) => (isTouched(own) ? undefined : own) });
  }

  private intern(key: string, coordinates: readonly Coordinate[], operands: readonly Scalar[], fields: DistributiveOmit<Scalar, "id" | "free">): Scalar {
    const known = this.known.get(key);
    if (known !== undefined) return known;
    const free = freeIn(coordinates, operands, fields.kind === "fold" ? fields.over : []);
    const scalar = { ...fields, id: this.known.size, free } as Scalar;
    this.known.set(key, scalar);
    return scalar;
  }
}
/** The variables of coordinates and operands, but for those that are bound. Sets are shared where they are equal. */
function freeIn(coordinates: readonly Coordinate[], operands: readonly Scalar[], bound: readonly Variable[]): ReadonlySet<Variable> {
  const moving = operands.filter((operand) => operand.free.size > 0);
  const largest = moving.reduce<ReadonlySet<Variable>>((best, { free }) => (free.size > best.size ? free : best), nothing);
  const holdsAll = moving.every(({ free }) => free === largest || [...free].every((loop) => largest.has(loop)));
  if (coordinates.every((coordinate) => coordinate.terms.length === 0) && bound.length === 0 && holdsAll) return largest;
  const free = new Set<Variable>(largest);
  for (const operand of moving) for (const loop of operand.free) free.add(loop);
  for (const coordinate of coordinates) collectVariables(coordinate, free);
  for (const loop of bound) free.delete(loop);
  return free.size === 0 ? nothing : free;
}
const nothing: ReadonlySet<Variable> = new Set();

type DistributiveOmit<T, K extends PropertyKey> = T extends unknown ? Omit<T, K> : never;

export interface Replacement {
  /** What stands for a free variable; by default itself. */
  readonly variable?: (loop: Variable) => Coordinate;
  /** What stands for the bound variables of a fold; `variable` must agree with it. By default they stay. */
  readonly over?: (loops: readonly Variable[]) => readonly Variable[];
  /** What stands for a load whose coordinates were rewritten already; by default itself. */
  readonly load?: (load: Load) => Scalar | undefined;
  /** What stands for a whole scalar, whatever it is made of; by default it is rewritten. */
  readonly whole?: (scalar: Scalar) => Scalar | undefined;
}

class Rewriting {
  private readonly done = new Map<Scalar, Scalar>();

  constructor(
    private readonly scalars: Scalars,
    private readonly replace: Replacement,
  ) {}

  run(scalar: Scalar): Scalar {
    const known = this.done.get(scalar);
    if (known !== undefined) return known;
    const result = this.replace.whole?.(scalar) ?? this.rewritten(scalar);
    this.done.set(scalar, result);
    return result;
  }

  private coordinate(of: Coordinate): Coordinate {
    const isStill = this.replace.variable === undefined && of.terms.every(({ atom }) => atom.kind === "variable");
    if (isStill) return of;
    return rebuild(of, { variable: this.replace.variable ?? at, value: (value) => this.run(value) });
  }

  private rewritten(scalar: Scalar): Scalar {
    switch (scalar.kind) {
      case "number":
        return scalar;
      case "position":
        return this.scalars.position(this.coordinate(scalar.at));
      case "load": {
        const moved = this.scalars.load(scalar.tensor, scalar.at.map((where) => this.coordinate(where))) as Load;
        return this.replace.load?.(moved) ?? moved;
      }
      case "apply":
        return this.scalars.apply(scalar.operation, scalar.operands.map((operand) => this.run(operand)), scalar.dtype);
      case "random":
        return this.scalars.random(scalar.distribution, this.run(scalar.key), this.run(scalar.other), this.coordinate(scalar.element));
      case "fold": {
        return this.scalars.fold(scalar.combine, this.replace.over?.(scalar.over) ?? scalar.over, this.run(scalar.body));
      }
    }
  }
}

/** The variables that a coordinate depends on. */
export function variablesOf(of: Pick<Coordinate, "terms">): ReadonlySet<Variable> {
  const result = new Set<Variable>();
  collectVariables(of, result);
  return result;
}

function collectVariables(of: Pick<Coordinate, "terms">, into: Set<Variable>): void {
  visitAtoms(of, (atom) => {
    if (atom.kind === "variable") into.add(atom.variable);
    if (atom.kind === "value") for (const loop of atom.value.free) into.add(loop);
  });
}

/** What a scalar is made of directly: its operands, and the values in its coordinates. */
export function partsOf(scalar: Scalar): readonly Scalar[] {
  switch (scalar.kind) {
    case "number":
      return [];
    case "position":
      return valuesOf([scalar.at]);
    case "load":
      return valuesOf(scalar.at);
    case "random":
      return [scalar.key, scalar.other, ...valuesOf([scalar.element])];
    case "apply":
      return scalar.operands;
    case "fold":
      return [scalar.body];
  }
}

function valuesOf(coordinates: readonly Coordinate[]): readonly Scalar[] {
  const result: Scalar[] = [];
  for (const of of coordinates) {
    visitAtoms(of, (atom) => {
      if (atom.kind === "value") result.push(atom.value);
    });
  }
  return result;
}

/** Every scalar that the given ones are made of, themselves included, parts first. */
export function reachable(roots: readonly Scalar[]): readonly Scalar[] {
  const seen = new Set<Scalar>();
  const order: Scalar[] = [];
  const visit = (scalar: Scalar): void => {
    if (seen.has(scalar)) return;
    seen.add(scalar);
    partsOf(scalar).forEach(visit);
    order.push(scalar);
  };
  roots.forEach(visit);
  return order;
}

/** The loads that the given scalars are made of. */
export function loadsOf(roots: readonly Scalar[]): readonly Load[] {
  return reachable(roots).filter((scalar) => scalar.kind === "load");
}
