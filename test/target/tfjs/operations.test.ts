/** Every operation, in every layout, against the float64 interpreter. */

import { beforeAll, describe, expect, it } from "vitest";
import { type BinaryKind, Builder, type UnaryKind } from "../../../src/ir/builder.js";
import { operationKinds } from "../../../src/ir/ops/index.js";
import type { Op, OpKind, Program } from "../../../src/ir/program.js";
import { slotTypes } from "../../../src/ir/slots.js";
import { type Axis, type TensorType, tensorType } from "../../../src/ir/types.js";
import { verify } from "../../../src/ir/verify.js";
import { keyOf, uniforms } from "../../../src/random/threefry.js";
import { openTestDevice, testDevices } from "./device.js";
import { difference, load, randomValues, reference, runEntry } from "./run.js";

const tolerance = 1e-5;

/** Random choices, the same in every run. */
class Chance {
  private count = 0;
  constructor(private readonly name: string) {}
  below(limit: number): number {
    return Math.floor(uniforms(keyOf(3, this.name, this.count++), 1)[0]! * limit);
  }
  pick<T>(items: readonly T[]): T {
    return items[this.below(items.length)]!;
  }
  shuffled<T>(items: readonly T[]): T[] {
    return items.map((item) => ({ item, at: this.below(1e6) })).toSorted((a, b) => a.at - b.at).map(({ item }) => item);
  }
  some<T>(items: readonly T[], least = 0): T[] {
    return this.shuffled(items).slice(0, least + this.below(items.length - least + 1));
  }
}

const all: readonly Axis[] = [
  { name: "a", extent: 2 },
  { name: "b", extent: 3 },
  { name: "c", extent: 4 },
  { name: "d", extent: 1 },
  { name: "e", extent: 5 },
  { name: "f", extent: 2 },
];

interface Case {
  readonly title: string;
  /** The types of the slots, then of inputs of whole numbers below `below`. */
  readonly slots: readonly TensorType[];
  readonly indices?: readonly { axes: readonly Axis[]; below: number }[];
  build(b: Builder, slots: readonly Op[], indices: readonly Op[]): Op;
}

/** All cases as one program: one emission for hundreds of operations. */
function programOf(cases: readonly Case[]): Program {
  const parameters = cases.flatMap(({ slots }, i) =>
    slots.map((type, j) => ({ name: `case${i}.x${j}`, type, role: "weight" as const })),
  );
  const inputs = cases.flatMap(({ indices = [] }, i) =>
    indices.map(({ axes, below }, j) => ({ name: `case${i}.i${j}`, type: tensorType("i32", axes), below })),
  );
  const types = { parameters, states: [], inputs };
  const builder = new Builder(slotTypes(types));
  const results = cases.map(({ slots, indices = [], build }, i): [string, Op] => {
    const values = slots.map((_, j) => builder.add("parameter", [], { slot: `case${i}.x${j}` }));
    const positions = indices.map((_, j) => builder.add("input", [], { slot: `case${i}.i${j}` }));
    return [`case${i}`, build(builder, values, positions)];
  });
  const entry = { name: "forward", operations: builder.operations, results: new Map(results) };
  const program = { name: "cases", precision: "single" as const, ...types, entries: new Map([["forward", entry]]) };
  verify(program);
  return program;
}

const f32 = (axes: readonly Axis[]) => tensorType("f32", axes);
const variants = 6;
const many = (make: (chance: Chance, i: number) => Case, name: string, count = variants) =>
  Array.from({ length: count }, (_, i) => make(new Chance(`${name}${i}`), i));

function unaryCases(kind: UnaryKind): Case[] {
  const positive = kind === "log" || kind === "sqrt" || kind === "rsqrt";
  return many((chance) => {
    const axes = chance.some(all);
    return {
      title: kind,
      slots: [f32(axes)],
      build: ({ build: b }, [x]) => {
        if (kind === "not") return b.unary("not", b.binary("less", x!, b.constant(0)));
        const given = positive ? b.add(b.unary("abs", x!), b.constant(0.1)) : kind === "floor" ? b.scale(x!, 3) : x!;
        return b.unary(kind, given);
      },
    };
  }, kind);
}

function wholeNumbers(kind: UnaryKind | BinaryKind, count: 1 | 2): Case[] {
  return many((chance) => ({
    title: `${kind} of whole numbers`,
    slots: [],
    indices: Array.from({ length: count }, () => ({ axes: chance.some(all), below: 5 })),
    build: ({ build: b }, _, given) => {
      const [x, y] = given.map((value) => b.sub(value, b.constant(2, "i32")));
      return count === 1 ? b.unary(kind as UnaryKind, x!) : b.binary(kind as BinaryKind, x!, y!);
    },
  }), `${kind}i`, 3);
}

function binaryCases(kind: BinaryKind): Case[] {
  return many((chance, i) => {
    const [left, right] = [chance.some(all), i === 0 ? [] : chance.some(all)];
    const number = chance.pick([0, 1, 2, 0.5, -0.5, -1, 3]);
    return {
      title: `${kind} ${i}`,
      slots: [f32(left), f32(right)],
      build: ({ build: b }, [x, y]) => {
        const isTruth = kind === "and" || kind === "or";
        const truth = (value: Op) => b.binary("less", value, b.constant(0.2));
        if (isTruth) return b.binary(kind, truth(x!), truth(y!));
        const base = kind === "pow" ? b.add(b.unary("abs", x!), b.constant(0.1)) : x!;
        const other = kind === "div" ? b.add(b.mul(y!, y!), b.constant(0.5)) : y!;
        if (i === 1) return b.binary(kind, base, b.constant(number));
        if (i === 2 && kind !== "pow") return b.binary(kind, b.constant(number), other);
        if (i === 3 && (kind === "equal" || kind === "less_equal")) return b.binary(kind, b.unary("sign", x!), b.unary("sign", y!));
        return b.binary(kind, base, other);
      },
    };
  }, kind, 8);
}

const cases: Record<string, () => Case[]> = {
  constant: () => [
    { title: "constant", slots: [], build: ({ build: b }) => b.constant(0.1) },
    { title: "repeated constant", slots: [], build: ({ build: b }) => b.broadcast(b.constant(-2), all) },
    { title: "arithmetic of constants", slots: [], build: ({ build: b }) => b.unary("exp", b.div(b.constant(1), b.constant(3))) },
    { title: "constant truth", slots: [], build: ({ build: b }) => b.constant(1, "bool") },
  ],
  iota: () => many((chance) => {
    const axis = chance.pick(all);
    return { title: "iota", slots: [f32(chance.some(all))], build: (builder, [x]) => builder.build.add(x!, builder.build.cast(builder.build.iota(axis.name, axis.extent), "f32")) };
  }, "iota"),
  random: () => [
    ...many((chance) => {
      const axes = chance.some(all, 1);
      return { title: "random", slots: [], build: (builder) => builder.add("random", [], { distribution: chance.pick(["uniform", "normal"]), stream: "dropout", axes }) };
    }, "random"),
  ],
  select: () => many((chance, i) => ({
    title: `select ${i}`,
    slots: [f32(chance.some(all)), f32(chance.some(all)), f32(chance.some(all))],
    build: ({ build: b }, [x, y, z]) =>
      b.select(b.binary("less", x!, b.constant(0)), i === 0 ? b.constant(-Infinity) : y!, i === 1 ? b.constant(0) : z!),
  }), "select", 8),
  cast: () => [
    ...many((chance) => ({ title: "cast to i32", slots: [f32(chance.some(all))], build: ({ build: b }, [x]) => b.cast(b.scale(x!, 4), "i32") }), "ci"),
    ...many((chance) => ({ title: "cast to bool", slots: [f32(chance.some(all))], build: ({ build: b }, [x]) => b.cast(b.unary("floor", x!), "bool") }), "cb"),
    ...many((chance) => ({ title: "cast of whole numbers", slots: [], indices: [{ axes: chance.some(all), below: 3 }], build: ({ build: b }, _, [i]) => b.cast(b.cast(i!, "bool"), "f32") }), "cw"),
    ...many((chance) => ({ title: "cast to i32 and back", slots: [f32(chance.some(all))], build: ({ build: b }, [x]) => b.cast(b.cast(b.cast(b.scale(x!, 2), "i32"), "bool"), "i32") }), "cc"),
  ],
  reduce_sum: () => reductionCases("reduce_sum"),
  reduce_max: () => reductionCases("reduce_max"),
  contract: () => many((chance) => {
    const [left, right] = [chance.some(all, 1), chance.some(all, 1)];
    const shared = left.filter((axis) => right.includes(axis));
    const over = chance.some(shared).map((axis) => axis.name);
    const repeated = chance.some(all.filter((axis) => !left.includes(axis)));
    return {
      title: `contract ${left.map((axis) => axis.name).join("")} ${right.map((axis) => axis.name).join("")} over ${over.join("")}`,
      slots: [f32(left), f32(right)],
      build: ({ build: b }, [x, y]) => {
        const wide = b.broadcast(x!, repeated);
        const also = repeated.filter((axis) => right.includes(axis)).slice(0, 1).map((axis) => axis.name);
        return b.contract(wide, y!, [...over, ...also]);
      },
    };
  }, "contract", 40),
  broadcast: () => many((chance) => {
    const axes = chance.some(all);
    return { title: "broadcast", slots: [f32(axes)], build: ({ build: b }, [x]) => b.broadcast(x!, chance.shuffled(all).filter((axis) => !axes.includes(axis))) };
  }, "broadcast"),
  rename: () => many((chance) => {
    const axes = chance.some(all, 2);
    return { title: "rename", slots: [f32(axes)], build: ({ build: b }, [x]) => b.add(b.rename(x!, [axes[0]!.name, axes[1]!.name], ["new", axes[0]!.name]), b.constant(1)) };
  }, "rename"),
  split: () => many((chance) => {
    const axes = [...chance.some(all), { name: "long", extent: 12 }];
    const into = chance.pick([[{ name: "x", extent: 3 }, { name: "y", extent: 4 }], [{ name: "x", extent: 2 }, { name: "y", extent: 1 }, { name: "z", extent: 6 }]]);
    return {
      title: "split",
      slots: [f32(chance.shuffled(axes)), f32([into[0]!])],
      build: ({ build: b }, [x, y]) => b.mul(b.split(x!, "long", into), y!),
    };
  }, "split"),
  merge: () => many((chance) => {
    const axes = chance.some(all, 2);
    const merged = chance.some(axes, 2).map((axis) => axis.name);
    return {
      title: "merge",
      slots: [f32(axes), f32(chance.some(all))],
      build: ({ build: b }, [x, y], ) => {
        const given = b.add(x!, b.sum(y!, y!.type.axes.filter((axis) => !axes.some((own) => own.name === axis.name)).map((axis) => axis.name)));
        return b.unary("abs", b.merge(given, merged, "merged"));
      },
    };
  }, "merge", 12),
  slice: () => many((chance) => {
    const axes = chance.some(all, 1);
    const axis = chance.pick(axes);
    const start = chance.below(axis.extent);
    const extent = 1 + chance.below(axis.extent - start);
    return { title: "slice", slots: [f32(axes)], build: ({ build: b }, [x]) => b.unary("neg", b.slice(x!, axis.name, start, extent)) };
  }, "slice", 10),
  pad: () => many((chance, i) => {
    const axes = chance.some(all, 1);
    const axis = chance.pick(axes);
    return {
      title: "pad",
      slots: [f32(i % 3 === 0 ? axes.filter((own) => own !== axis) : axes)],
      build: ({ build: b }, [x]) => b.unary("neg", b.pad(b.broadcast(x!, axes), axis.name, chance.below(3), chance.below(3))),
    };
  }, "pad", 10),
  concatenate: () => many((chance, i) => {
    const axes = chance.some(all, 1);
    const axis = chance.pick(axes);
    const parts = [chance.shuffled(axes), chance.shuffled(axes).map((own) => (own === axis ? { ...own, extent: 1 + chance.below(3) } : own)), chance.shuffled(axes)];
    return {
      title: "concatenate",
      slots: parts.map((part, j) => f32(i % 3 === 0 && j === 1 ? part.filter((own) => own.name !== axis.name) : part)),
      build: ({ build: b }, values) => b.unary("neg", b.concatenate(values.map((value, j) => b.broadcast(value, parts[j]!)), axis.name)),
    };
  }, "concatenate", 12),
  take: () => many((chance) => {
    const table = chance.some(all, 1);
    const axis = chance.pick(table);
    const index = [...chance.some(all.filter((own) => own !== axis)), { name: "row", extent: 3 }];
    const given = chance.below(3) === 0 ? [...index, { name: axis.name, extent: 2 }] : index;
    return {
      title: "take",
      slots: [f32(table)],
      indices: [{ axes: chance.shuffled(given), below: axis.extent }],
      build: ({ build: b }, [x], [i]) => b.unary("neg", b.take(x!, i!, axis.name)),
    };
  }, "take", 14),
  scatter_add: () => many((chance) => {
    const index = chance.some(all, 1);
    const values = [...index, ...chance.some(all.filter((own) => !index.includes(own)))];
    const aligned = chance.some(index).map((axis) => axis.name);
    return {
      title: "scatter_add",
      slots: [f32(chance.shuffled(values))],
      indices: [{ axes: index, below: 3 }],
      build: ({ build: b }, [x], [i]) => b.unary("neg", b.scatterAdd(x!, i!, { name: "row", extent: 4 }, aligned)),
    };
  }, "scatter", 14),
  argsort: () => many((chance, i) => {
    const axes = chance.some(all, 1);
    const axis = chance.pick(axes);
    return {
      title: "argsort",
      slots: [f32(axes)],
      // Rounded, so that there are equal elements.
      build: ({ build: b }, [x]) => b.argsort(i % 2 === 0 ? x! : b.unary("floor", x!), axis.name),
    };
  }, "argsort", 10),
  stop_gradient: () => many((chance) => ({ title: "stop", slots: [f32(chance.some(all))], build: ({ build: b }, [x]) => b.stop(x!) }), "stop", 3),
  attach_gradient: () => [
    {
      title: "attach",
      slots: [f32(all)],
      build: (builder, [x]) => builder.add("attach_gradient", [builder.build.neg(x!), x!, builder.build.scale(x!, 2)], {}),
    },
  ],
};

function reductionCases(kind: "reduce_sum" | "reduce_max"): Case[] {
  const reduce = (b: Builder, x: Op, axes: readonly string[]) => b.add(kind, [x], { axes }) as Op;
  return [
    ...many((chance) => {
      const axes = chance.some(all, 1);
      const own = chance.some(axes, 1);
      const over = chance.some(axes, 1).map((axis) => axis.name);
      return { title: `${kind} with repetition`, slots: [f32(own)], build: (b: Builder, [x]: readonly Op[]) => reduce(b, b.build.broadcast(x!, axes), over) };
    }, kind, 12),
    ...many((chance) => {
      const axes = chance.some(all, 1);
      const over = chance.some(axes, 1).map((axis) => axis.name);
      return { title: `${kind} of whole numbers`, slots: [], indices: [{ axes, below: 9 }], build: (b: Builder, _: readonly Op[], [i]: readonly Op[]) => reduce(b, i!, over) };
    }, `${kind}i`),
    ...many((chance) => {
      const axes = chance.shuffled([{ name: "long", extent: 10_000 }, { name: "short", extent: 3 }]);
      return { title: `long ${kind}`, slots: [f32(axes)], build: (b: Builder, [x]: readonly Op[]) => reduce(b, x!, ["long"]) };
    }, `${kind}l`, 3),
  ];
}

for (const kind of ["neg", "exp", "log", "sqrt", "rsqrt", "tanh", "erf", "sin", "cos", "abs", "sign", "floor", "not"] as const) {
  cases[kind] = () => [...unaryCases(kind), ...(["neg", "abs", "sign"].includes(kind) ? wholeNumbers(kind, 1) : [])];
}
for (const kind of ["add", "sub", "mul", "div", "pow", "max", "min", "less", "less_equal", "equal", "and", "or"] as const) {
  const onlyFloat = ["div", "pow", "and", "or"].includes(kind);
  cases[kind] = () => [...binaryCases(kind), ...(onlyFloat ? [] : wholeNumbers(kind, 2))];
}

/** Kinds that every case has, that a whole program is needed for, or that only the interpreter computes. */
const elsewhere: ReadonlySet<OpKind> = new Set<OpKind>(["parameter", "state", "input", "cotangent", "update", "singular_values"]);

describe.each(testDevices)("on %s", (choice) => {
  let tf: typeof import("@tensorflow/tfjs-core");
  beforeAll(async () => {
    ({ tf } = await openTestDevice(choice));
  });

  it.each(operationKinds.filter((kind) => !elsewhere.has(kind)))("%s agrees with the interpreter", async (kind) => {
    const some = cases[kind]!();
    const program = programOf(some);
    const values = randomValues(program);
    const actual = runEntry(tf, program, await load(program), "forward", values);
    const expected = reference(program.entries.get("forward")!, values);
    const wrong = some.flatMap(({ title }, i) => {
      const error = difference(actual.results.get(`case${i}`)!, expected.results.get(`case${i}`)!);
      return error <= tolerance ? [] : [`${title} (case ${i}): ${error}`];
    });
    expect(wrong).toEqual([]);
  });
});
