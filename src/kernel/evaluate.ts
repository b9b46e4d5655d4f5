/** Scalars as functions that compute them, in float64, for the interpreter of kernel programs. */

import { erf } from "../ir/ops/erf.js";
import { threefry } from "../random/threefry.js";
import type { Atom, Coordinate, Variable } from "./coordinate.js";
import { address } from "./normalise.js";
import type { ElementwiseKind, Fold, Scalar, ScalarOf } from "./scalar.js";
import type { Tensor } from "./tensor.js";

type Compute = () => number;

/** A loop variable's value, and when it last changed. */
interface Loop {
  value: number;
  changed: number;
}

/** Makes functions that compute the scalars and coordinates of one part, for the current values of its loops. */
export class Evaluation {
  private readonly loops = new Map<Variable, Loop>();
  private readonly functions = new Map<Scalar, Compute>();
  /** Counts the changes of loops. */
  private now = 0;
  private rowBegan = 0;

  /** @param access what reads an element of a tensor. */
  constructor(private readonly access: (tensor: Tensor) => (element: number) => number) {}

  /** Runs `body` for every row; what was computed for one row is not kept for the next. */
  forRows(rows: readonly Variable[], body: () => void): void {
    this.forEach(rows, () => {
      this.rowBegan = ++this.now;
      body();
    });
  }

  /** Runs `body` for all values of variables, the last one moving fastest. Afterwards they are what they were before. */
  forEach(over: readonly Variable[], body: () => void, depth = 0): void {
    const variable = over[depth];
    if (variable === undefined) return body();
    const loop = this.loopOf(variable);
    const before = loop.value;
    for (let i = 0; i < variable.extent; i++) {
      loop.value = i;
      loop.changed = ++this.now;
      this.forEach(over, body, depth + 1);
    }
    loop.value = before;
    loop.changed = ++this.now;
  }

  /** What computes a scalar. */
  value(scalar: Scalar): Compute {
    const known = this.functions.get(scalar);
    if (known !== undefined) return known;
    const compute = this.computation(scalar);
    const made = scalar.kind === "number" || scalar.kind === "position" || scalar.kind === "load" ? compute : this.kept(scalar, compute);
    this.functions.set(scalar, made);
    return made;
  }

  /** What computes a coordinate. */
  coordinate({ constant, terms }: Coordinate): Compute {
    const parts = terms.map(({ atom, factor }) => ({ value: this.atom(atom), factor }));
    return () => {
      let result = constant;
      for (const { value, factor } of parts) result += factor * value();
      return result;
    };
  }

  private loopOf(variable: Variable): Loop {
    const loop = this.loops.get(variable) ?? { value: NaN, changed: 0 };
    this.loops.set(variable, loop);
    return loop;
  }

  /** Computes a value when a row has begun or a loop that it depends on has moved since. */
  private kept(scalar: Scalar, compute: Compute): Compute {
    const loops = [...scalar.free].map((variable) => this.loopOf(variable));
    let value = NaN;
    let when = -1;
    return () => {
      let isOld = when < this.rowBegan;
      for (let i = 0; i < loops.length && !isOld; i++) isOld = loops[i]!.changed > when;
      if (isOld) {
        value = compute();
        when = this.now;
      }
      return value;
    };
  }

  private computation(scalar: Scalar): Compute {
    switch (scalar.kind) {
      case "number":
        return () => scalar.value;
      case "position":
        return this.coordinate(scalar.at);
      case "load": {
        const [where, element] = [this.coordinate(address(scalar.at)), this.access(scalar.tensor)];
        return () => element(where());
      }
      case "apply":
        return this.applied(scalar);
      case "random":
        return this.drawn(scalar);
      case "fold":
        return this.folded(scalar);
    }
  }

  private applied({ operation, operands, dtype }: ScalarOf<"apply">): Compute {
    const [x, y, z] = operands.map((operand) => this.value(operand)) as [Compute, Compute, Compute];
    if (operation === "cast") return () => cast[dtype](x());
    const f = dtype === "i32" && operation === "mul" ? Math.imul : functions[operation];
    const compute = operands.length === 1 ? () => f(x(), 0, 0) : operands.length === 2 ? () => f(x(), y(), 0) : () => f(x(), y(), z());
    return dtype === "i32" ? () => compute() | 0 : compute;
  }

  private drawn({ distribution, key, other, element }: ScalarOf<"random">): Compute {
    const [first, second, counter] = [this.value(key), this.value(other), this.coordinate(element)];
    const words = new Uint32Array(2);
    return () => {
      threefry([first(), second()], counter(), 0, words);
      const [radius, angle] = [words[0]! >>> 8, words[1]! >>> 8];
      if (distribution === "uniform") return radius / 2 ** 24;
      return Math.sqrt(-2 * Math.log((radius + 1) / 2 ** 24)) * Math.cos((2 * Math.PI * angle) / 2 ** 24);
    };
  }

  private folded({ combine, over, body, dtype }: Fold): Compute {
    const term = this.value(body);
    return () => {
      let result = combine === "sum" ? 0 : dtype === "i32" ? -(2 ** 31) : -Infinity;
      this.forEach(over, () => {
        result = combine === "max" ? Math.max(result, term()) : dtype === "i32" ? (result + term()) | 0 : result + term();
      });
      return result;
    };
  }

  private atom(atom: Atom): Compute {
    if (atom.kind === "variable") {
      const loop = this.loopOf(atom.variable);
      return () => loop.value;
    }
    if (atom.kind === "value") return this.value(atom.value);
    const of = this.coordinate(atom.of);
    if (atom.kind === "clamp") return () => Math.min(Math.max(of(), atom.low), atom.high);
    return atom.kind === "quotient" ? () => Math.trunc(of() / atom.by) : () => of() % atom.by;
  }
}

const cast = { f32: (x: number) => x, i32: (x: number) => Math.trunc(x) | 0, bool: (x: number) => Number(x !== 0) };

const functions: Readonly<Record<Exclude<ElementwiseKind, "cast">, (x: number, y: number, z: number) => number>> = {
  neg: (x) => -x,
  exp: Math.exp,
  log: Math.log,
  sqrt: Math.sqrt,
  rsqrt: (x) => 1 / Math.sqrt(x),
  tanh: Math.tanh,
  erf,
  sin: Math.sin,
  cos: Math.cos,
  abs: Math.abs,
  sign: Math.sign,
  floor: Math.floor,
  not: (x) => 1 - x,
  add: (x, y) => x + y,
  sub: (x, y) => x - y,
  mul: (x, y) => x * y,
  div: (x, y) => x / y,
  pow: (x, y) => x ** y,
  max: (x, y) => Math.max(x, y),
  min: (x, y) => Math.min(x, y),
  less: (x, y) => Number(x < y),
  less_equal: (x, y) => Number(x <= y),
  equal: (x, y) => Number(x === y),
  and: (x, y) => Math.min(x, y),
  or: (x, y) => Math.max(x, y),
  select: (condition, x, y) => (condition === 1 ? x : y),
};
