/** The values of an entry as scalars: what is computed for one element, read through views, down to what is stored. */

import type { Op } from "../ir/program.js";
import { type Axis, IrError, elements, extentOf } from "../ir/types.js";
import { type Coordinate, type Variable, at, clamp, constant, numberOf, plus, quotient, range, remainder, valueWithin, variable, zero } from "./coordinate.js";
import type { ElementwiseKind, Scalar, Scalars } from "./scalar.js";
import { variablesOf } from "./scalar.js";
import type { Tensor } from "./tensor.js";

/** Where along each axis of a value an element lies. */
export type Place = ReadonlyMap<string, Coordinate>;

/** Where a stored value lies: in a tensor, from `start` along one of its axes. */
export interface Home {
  readonly tensor: Tensor;
  readonly shift?: { readonly axis: string; readonly start: number };
}

/** The coordinates, in the order of the home's axes, of the element at `place`. */
export function addressOf({ tensor, shift }: Home, place: Place): readonly Coordinate[] {
  return tensor.axes.map(({ name }) => {
    const own = place.get(name)!;
    return shift?.axis === name ? plus(own, constant(shift.start)) : own;
  });
}

/** Reads values for one part. */
export class Expansion {
  private readonly memo = new Map<string, Scalar>();
  private readonly loops = new Map<string, Variable>();

  constructor(
    private readonly scalars: Scalars,
    private readonly homeOf: (op: Op) => Home | undefined,
    private readonly leaf: (op: Op) => Tensor,
  ) {}

  /** The element of `op` at `place`; loaded when it is stored. */
  read(op: Op, place: Place): Scalar {
    const home = this.homeOf(op);
    return home === undefined ? this.compute(op, place) : this.scalars.load(home.tensor, addressOf(home, place));
  }

  /** The element of `op` at `place`, computed from its operands. */
  compute(op: Op, place: Place): Scalar {
    const own = new Map(op.type.axes.map(({ name }) => [name, place.get(name)!]));
    const key = `${op.id} ${[...own.values()].map((coordinate) => coordinate.key).join(" ")}`;
    const known = this.memo.get(key);
    if (known !== undefined) return known;
    const result = this.computed(op, own);
    this.memo.set(key, result);
    return result;
  }

  private computed(op: Op, place: Place): Scalar {
    const { scalars } = this;
    const [x, y] = op.operands;
    switch (op.kind) {
      case "parameter":
      case "state":
      case "input": {
        const tensor = this.leaf(op);
        return scalars.load(tensor, addressOf({ tensor }, place));
      }
      case "constant":
        return scalars.number(op.attributes.value, op.type.dtype);
      case "iota":
        return scalars.position(place.get(op.attributes.axis.name)!);
      case "random":
        return scalars.random(op.attributes.distribution, this.keyWord(op, 0), this.keyWord(op, 1), linear(op.type.axes, place));
      case "reduce_sum":
      case "reduce_max": {
        const { loops, inner } = this.looped(axesNamed(x!, op.attributes.axes), place);
        return scalars.fold(op.kind === "reduce_sum" ? "sum" : "max", loops, this.read(x!, inner));
      }
      case "contract": {
        const { loops, inner } = this.looped(axesNamed(x!, op.attributes.axes), place);
        return scalars.fold("sum", loops, scalars.apply("mul", [this.read(x!, inner), this.read(y!, inner)], "f32"));
      }
      case "scatter_add":
        return this.scattered(op, place);
      case "rename": {
        const { from, to } = op.attributes;
        const original = (name: string) => (to.includes(name) ? from[to.indexOf(name)]! : name);
        return this.read(x!, new Map([...place].map(([name, own]) => [original(name), own])));
      }
      case "broadcast":
        return this.read(x!, place);
      case "split": {
        const { axis, into } = op.attributes;
        return this.read(x!, new Map([...place, [axis, linear(into, place)]]));
      }
      case "merge":
        return this.read(x!, parted(op.attributes.axes.map((name) => ({ name, extent: extentOf(x!.type, name) })), place, place.get(op.attributes.into)!));
      case "slice":
        return this.read(x!, moved(place, op.attributes.axis, op.attributes.start));
      case "pad": {
        const { axis, before } = op.attributes;
        const extent = extentOf(x!.type, axis);
        const value = this.read(x!, moved(place, axis, -before, extent));
        return this.within(place.get(axis)!, before, before + extent, value, scalars.number(0, op.type.dtype));
      }
      case "concatenate":
        return this.concatenated(op, place);
      case "take": {
        const { axis } = op.attributes;
        const index = this.read(y!, place);
        const position = this.scalarAt(index, extentOf(x!.type, axis));
        return this.read(x!, new Map([...place, [axis, position]]));
      }
      case "stop_gradient":
      case "attach_gradient":
      case "update":
        return this.read(x!, place);
      case "argsort":
      case "cotangent":
      case "singular_values":
        throw new IrError(`\`${op.kind}\` has no kernel`);
      default:
        return scalars.apply(op.kind satisfies ElementwiseKind, op.operands.map((operand) => this.read(operand, place)), op.type.dtype);
    }
  }

  /** One of the two words of a draw's key. */
  private keyWord(op: Op, word: number): Scalar {
    return this.scalars.load(this.leaf(op), [constant(word)]);
  }

  /** A computed index, kept within the axis: a wrong one must not read elsewhere. */
  private scalarAt(index: Scalar, extent: number): Coordinate {
    if (index.kind === "position") return clamp(index.at, 0, extent - 1);
    if (index.kind === "number") return clamp(constant(index.value), 0, extent - 1);
    return valueWithin(index, 0, extent - 1);
  }

  /** Loops over `axes`, which no coordinate of `place` depends on. */
  private looped(axes: readonly Axis[], place: Place): { loops: readonly Variable[]; inner: Place } {
    const taken = new Set([...place.values()].flatMap((own) => [...variablesOf(own)]));
    const inner = new Map(place);
    const loops: Variable[] = [];
    for (const { name, extent } of axes) {
      if (extent === 1) {
        inner.set(name, zero);
        continue;
      }
      let loop: Variable;
      for (let n = 0; ; n++) {
        const key = `${name} ${extent} ${n}`;
        loop = this.loops.get(key) ?? variable(name, extent);
        this.loops.set(key, loop);
        if (!taken.has(loop)) break;
      }
      taken.add(loop);
      loops.push(loop);
      inner.set(name, at(loop));
    }
    return { loops, inner };
  }

  private scattered(op: Extract<Op, { kind: "scatter_add" }>, place: Place): Scalar {
    const { scalars } = this;
    const [values, index] = op.operands;
    const { axis, aligned } = op.attributes;
    const wanted = place.get(axis.name)!;
    const summed = index!.type.axes.filter((own) => !aligned.includes(own.name));
    // An axis of the values may share the name of the one that is added along.
    const outside = new Map([...place].filter(([name]) => name !== axis.name));
    const { loops, inner } = this.looped(summed, new Map([...outside, ["", wanted]]));
    const isHit = scalars.apply("equal", [this.read(index!, inner), scalars.position(wanted)], "bool");
    return scalars.fold("sum", loops, scalars.apply("select", [isHit, this.read(values!, inner), scalars.number(0, "f32")], "f32"));
  }

  /** `value` where `low <= own < high`, else `other`. */
  private within(own: Coordinate, low: number, high: number, value: Scalar, other: Scalar): Scalar {
    const { scalars } = this;
    const reach = range(own);
    const conditions: Scalar[] = [];
    if (reach.low < low) conditions.push(scalars.apply("less_equal", [scalars.number(low, "i32"), scalars.position(own)], "bool"));
    if (reach.high >= high) conditions.push(scalars.apply("less", [scalars.position(own), scalars.number(high, "i32")], "bool"));
    if (conditions.length === 0) return value;
    const condition = conditions.reduce((left, right) => scalars.apply("and", [left, right], "bool"));
    return scalars.apply("select", [condition, value, other], value.dtype);
  }

  private concatenated(op: Extract<Op, { kind: "concatenate" }>, place: Place): Scalar {
    const { axis } = op.attributes;
    let start = 0;
    const pieces = op.operands.map((part) => {
      const extent = extentOf(part.type, axis);
      start += extent;
      return { part, start: start - extent, extent };
    });
    const own = place.get(axis)!;
    const { low, high } = range(own);
    const reached = pieces.filter((piece) => piece.start <= high && piece.start + piece.extent > low);
    const value = ({ part, start: from, extent }: (typeof pieces)[number]) => this.read(part, moved(place, axis, -from, extent));
    return reached.slice(0, -1).reduceRight<Scalar>(
      (rest, piece) => this.within(own, -Infinity, piece.start + piece.extent, value(piece), rest),
      value(reached.at(-1)!),
    );
  }
}

function axesNamed(op: Op, names: readonly string[]): readonly Axis[] {
  return op.type.axes.filter((axis) => names.includes(axis.name));
}

/** The number of an element in a tensor of `axes`. */
function linear(axes: readonly Axis[], place: Place): Coordinate {
  return numberOf(axes.map(({ extent }) => extent), axes.map(({ name }) => place.get(name)!));
}

/** `place` with the coordinates of `axes` read off their number `own`. */
function parted(axes: readonly Axis[], place: Place, own: Coordinate): Place {
  const result = new Map(place);
  let stride = elements(axes);
  let outer = stride;
  for (const { name, extent } of axes) {
    outer = stride;
    stride /= extent;
    const rest = outer === elements(axes) ? own : remainder(own, outer);
    result.set(name, quotient(rest, stride));
  }
  return result;
}

/** `place` moved along an axis, and kept within `extent` when that is given. */
function moved(place: Place, axis: string, by: number, extent?: number): Place {
  const own = plus(place.get(axis)!, constant(by));
  return new Map([...place, [axis, extent === undefined ? own : clamp(own, 0, extent - 1)]]);
}

