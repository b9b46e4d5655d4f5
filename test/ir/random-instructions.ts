/** The instructions that random programs are made of: each makes a value from those so far, or nothing where none suits. */

import type { Op } from "../../src/ir/program.js";
import type { BinaryKind, UnaryKind } from "../../src/ir/builder.js";
import { type TensorType, extentOf, hasAxis, unionAxes } from "../../src/ir/types.js";
import { type Generator, axisNames, margin } from "./random-generator.js";

type Instruction = (g: Generator) => Op | undefined;

const names = (op: Op) => op.type.axes.map((axis) => axis.name);
const every = (g: Generator, op: Op, test: (value: number) => boolean) => g.data(op).every(test);
const isFarFromZero = (g: Generator, op: Op) => every(g, op, (value) => Math.abs(value) > margin);

/** Whether both give shared axes the same extents. */
function fits(left: TensorType, right: TensorType): boolean {
  return left.axes.every((axis) => !hasAxis(right, axis.name) || extentOf(right, axis.name) === axis.extent);
}

/** Two values that broadcast over each other, with few axes together. */
function two(g: Generator, dtype: "f32" | "i32" | "bool" = "f32"): [Op, Op] | undefined {
  const x = g.value(dtype);
  const y = x && g.value(dtype, (op) => fits(op.type, x.type) && unionAxes([op.type, x.type]).length <= 4);
  return x && y && [x, y];
}

/** A value above 0.2: `x` itself or x² + 1/2. */
function positive(g: Generator, x: Op): Op {
  return every(g, x, (value) => value > 0.2) ? x : g.b.add(g.b.mul(x, x), g.b.constant(0.5));
}

/** The distance between the two largest elements along the axes, at its smallest. */
function isMaximumClear(g: Generator, x: Op, axes: readonly string[]): boolean {
  const hit = g.b.cast(g.b.binary("less_equal", g.b.sub(g.b.maximum(x, axes), g.b.constant(margin)), x), "f32");
  return every(g, g.b.sum(hit, axes), (count) => count === 1);
}

const unary = (kind: UnaryKind): Instruction => (g) => {
  const x = g.value();
  return x && g.b.unary(kind, x);
};
const unaryOfPositive = (kind: UnaryKind): Instruction => (g) => {
  const x = g.value();
  return x && g.b.unary(kind, positive(g, x));
};
const binary = (kind: BinaryKind): Instruction => (g) => {
  const pair = two(g);
  return pair && g.b.binary(kind, ...pair);
};
/** Operands that differ by the margin, as they are or when one is moved. */
function apart(g: Generator): [Op, Op] | undefined {
  const pair = two(g);
  if (pair === undefined) return undefined;
  const moved: [Op, Op] = [pair[0], g.b.add(pair[1], g.b.constant(0.37))];
  return [pair, moved].find(([x, y]) => isFarFromZero(g, g.b.sub(x, y)));
}
const binaryApart = (kind: BinaryKind): Instruction => (g) => {
  const pair = apart(g);
  return pair && g.b.binary(kind, ...pair);
};

/** Some of the axes of `x`, at least one. */
function someAxes(g: Generator, x: Op): string[] {
  return g.shuffled(names(x)).slice(0, 1 + g.number(x.type.axes.length));
}
const withAxes = (op: Op) => op.type.axes.length > 0;

function slice(g: Generator, x: Op): Op {
  const axis = g.pick(x.type.axes)!;
  const start = g.number(axis.extent);
  return g.b.slice(x, axis.name, start, 1 + g.number(axis.extent - start));
}

const arithmetic: readonly Instruction[] = [
  unary("neg"), unary("exp"), unary("tanh"), unary("erf"), unary("sin"), unary("cos"),
  unaryOfPositive("log"), unaryOfPositive("sqrt"), unaryOfPositive("rsqrt"),
  binary("add"), binary("sub"), binary("mul"), binary("mul"),
  binaryApart("max"), binaryApart("min"), binaryApart("less"), binaryApart("less_equal"),
  (g) => {
    const pair = two(g);
    return pair && g.b.div(pair[0], positive(g, pair[1]));
  },
  (g) => {
    const pair = two(g);
    return pair && g.b.binary("pow", positive(g, pair[0]), pair[1]);
  },
  (g) => {
    const x = g.value();
    return x && g.b.binary("pow", x, g.b.constant(g.pick([0, 1, 2, 3])!));
  },
  (g) => {
    const x = g.value();
    return x && g.b.binary(g.pick(["add", "sub", "mul", "div"] as const)!, x, g.b.constant(g.pick([-1, 0, 1, 2])! || 1));
  },
  (g) => {
    const x = g.value("f32", (op) => isFarFromZero(g, op));
    return x && g.b.unary(g.pick(["abs", "sign"] as const)!, x);
  },
  (g) => {
    const x = g.value("f32", (op) => every(g, op, (value) => Math.abs(value - Math.round(value)) > margin));
    return x && g.b.unary("floor", x);
  },
];

/** One of two values by a mask, which may be made of two. */
const select: Instruction = (g) => {
  const pair = two(g);
  const suits = (op: Op) => pair!.every((value) => fits(value.type, op.type));
  const [condition, other] = pair === undefined ? [] : [g.value("bool", suits), g.value("bool", suits)];
  if (pair === undefined || condition === undefined || other === undefined) return undefined;
  const isSame = !fits(condition.type, other.type) || g.number(2) === 0;
  return g.b.select(isSame ? condition : g.b.binary(g.pick(["and", "or"] as const)!, condition, other), ...pair);
};

const masks: readonly Instruction[] = [
  select,
  select,
  (g) => {
    const x = g.value("bool");
    return x && g.b.unary("not", x);
  },
  (g) => {
    const pair = two(g, "bool");
    return pair && g.b.binary(g.pick(["and", "or"] as const)!, ...pair);
  },
  (g) => {
    const pair = two(g, "i32");
    return pair && g.b.binary(g.pick(["equal", "less", "less_equal"] as const)!, ...pair);
  },
  (g) => {
    const x = g.value(g.pick(["bool", "i32"] as const)!);
    return x && g.b.cast(x, g.pick(["f32", "i32"] as const)!);
  },
];

const whole: readonly Instruction[] = [
  (g) => g.b.iota(g.pick(axisNames)!, 1 + g.number(4)),
  (g) => {
    // The numbers the other way round: they stay in the range of the same axis.
    const x = g.value("i32", (op) => every(g, op, (value) => value >= 0 && value < 4));
    return x && g.b.sub(g.b.constant(Math.max(...g.data(x)), "i32"), x);
  },
  (g) => {
    const x = g.value("f32", withAxes);
    if (x === undefined) return undefined;
    const sorted = [...g.data(x)].sort((left, right) => left - right);
    return sorted.some((value, i) => i > 0 && value - sorted[i - 1]! < margin) ? undefined : g.b.argsort(x, g.pick(names(x))!);
  },
  (g) => g.builder.add("random", [], {
    distribution: "normal",
    stream: `noise${g.number(3)}`,
    axes: [{ name: g.pick(axisNames)!, extent: 1 + g.number(4) }],
  }) as Op,
];

const sums: readonly Instruction[] = [
  (g) => {
    const x = g.value("f32", withAxes);
    return x && g.b.sum(x, someAxes(g, x));
  },
  (g) => {
    const x = g.value("f32", withAxes);
    if (x === undefined) return undefined;
    const axes = someAxes(g, x);
    return isMaximumClear(g, x, axes) ? g.b.maximum(x, axes) : undefined;
  },
  ...[0, 1].map((): Instruction => (g) => {
    const pair = two(g);
    if (pair === undefined) return undefined;
    const shared = g.shuffled(names(pair[0]).filter((name) => hasAxis(pair[1].type, name)));
    // What is left out stays as a batch.
    return g.b.contract(...pair, shared.slice(0, g.number(shared.length + 1)));
  }),
];

const structure: readonly Instruction[] = [
  (g) => {
    const x = g.value("f32", (op) => op.type.axes.length < 4);
    return x && g.b.broadcast(x, [{ name: g.freshName(x.type), extent: 1 + g.number(3) }]);
  },
  (g) => {
    const x = g.value("f32", withAxes);
    if (x === undefined) return undefined;
    const [from, into] = [names(x), g.shuffled(names(x))];
    return g.number(2) === 0 ? g.b.rename(x, from, into) : g.b.rename(x, from.slice(0, 1), [g.freshName(x.type)]);
  },
  (g) => {
    const x = g.value("f32", (op) => op.type.axes.length < 4 && op.type.axes.some((axis) => axis.extent % 2 === 0));
    const axis = x && g.pick(x.type.axes.filter((own) => own.extent % 2 === 0));
    if (x === undefined || axis === undefined) return undefined;
    const into = [{ name: g.freshName(x.type), extent: axis.extent / 2 }, { name: axis.name, extent: 2 }];
    return g.b.split(x, axis.name, g.number(2) === 0 ? into : into.toReversed());
  },
  (g) => {
    const x = g.value("f32", withAxes);
    if (x === undefined) return undefined;
    const axes = someAxes(g, x);
    return g.b.merge(x, axes, g.number(2) === 0 ? axes[0]! : g.freshName(x.type));
  },
  (g) => {
    const x = g.value("f32", withAxes);
    return x && slice(g, x);
  },
  (g) => {
    const x = g.value("f32", withAxes);
    return x && g.b.pad(x, g.pick(names(x))!, g.number(3), g.number(3));
  },
  (g) => {
    // Groups: slices that cover an axis, one of them changed, joined again.
    const x = g.value("f32", (op) => op.type.axes.some((axis) => axis.extent > 1));
    const axis = x && g.pick(x.type.axes.filter((own) => own.extent > 1));
    if (x === undefined || axis === undefined) return undefined;
    const at = 1 + g.number(axis.extent - 1);
    const parts = [g.b.slice(x, axis.name, 0, at), g.b.unary("sin", g.b.slice(x, axis.name, at, axis.extent - at))];
    return g.b.concatenate(g.number(2) === 0 ? parts : [...parts, parts[0]!], axis.name);
  },
];

const indexing: readonly Instruction[] = [
  (g) => {
    const table = g.value("f32", withAxes);
    const axis = table && g.pick(table.type.axes);
    if (table === undefined || axis === undefined) return undefined;
    const index = g.value("i32", (op) => isIndex(g, op, axis.extent) && fits(without(table.type, axis.name), op.type));
    return index && g.b.take(table, index, axis.name);
  },
  (g) => {
    const extent = 2 + g.number(3);
    const index = g.value("i32", (op) => isIndex(g, op, extent));
    const values = index && g.value("f32", (op) => names(index).every((name) => hasAxis(op.type, name)) && fits(op.type, index.type));
    if (values === undefined || index === undefined) return undefined;
    const kept = g.shuffled(names(index)).slice(0, g.number(index.type.axes.length + 1));
    return g.b.scatterAdd(values, index, { name: g.freshName(values.type), extent }, kept);
  },
];

const isIndex = (g: Generator, op: Op, extent: number) => every(g, op, (value) => value >= 0 && value < extent);
const without = (type: TensorType, name: string): TensorType => ({ ...type, axes: type.axes.filter((axis) => axis.name !== name) });

/** All instructions; those that come several times are likelier. */
export const instructions: readonly Instruction[] = [
  ...arithmetic, ...masks, ...masks, ...whole, ...sums, ...sums, ...structure, ...structure, ...indexing, ...indexing, ...indexing,
];
