/** Each rule that a piece keeps by itself can be broken. */

import { describe, expect, test } from "vitest";
import { parseProgram } from "../../src/ir/parse.js";
import { type DType, IrError } from "../../src/ir/types.js";
import { type Atom, type Coordinate, type Variable, at, clamp, constant, plus, quotient, times, variable } from "../../src/kernel/coordinate.js";
import { portable } from "../../src/kernel/device.js";
import { lower } from "../../src/kernel/lower.js";
import type { Store } from "../../src/kernel/part.js";
import type { KernelProgram } from "../../src/kernel/program.js";
import { type Scalar, Scalars } from "../../src/kernel/scalar.js";
import { verifyKernels } from "../../src/kernel/verify.js";
import { changed, entryOf, moved, remade, small, sumOf, tensorOf, withPart, withStore, withUpdates } from "./broken.js";

type Rule = readonly [rule: string, broken: (program: KernelProgram) => KernelProgram, message: string];

function refuses(_: string, broken: (program: KernelProgram) => KernelProgram, message: string): void {
  const check = () => verifyKernels(broken(small()), portable);
  expect(check).toThrow(IrError);
  expect(check).toThrow(message);
}

/** Changes the value of the first product. */
const withValue = (make: (scalars: Scalars, value: Scalar) => Scalar) => (program: KernelProgram) =>
  withStore(program, 0, 0, ({ value }) => ({ value: remade(value, make) }));

const inLayer = "step, dispatch 0, `contract` in layer";

describe("addresses", () => {
  const alone = (atom: Atom): Coordinate => ({ constant: 0, terms: [{ atom, factor: 1 }], key: "alone" });
  const shifted = (by: number) => (program: KernelProgram) => withStore(program, 0, 0, ({ value }) => ({ value: moved(value, (load) => plus(load.at[0]!, constant(by))) }));
  /** Reads `x` somewhere. */
  const readAt = (where: (row: Coordinate) => Coordinate) => (program: KernelProgram) =>
    withStore(program, 1, 0, ({ value, at: [own] }) => ({ value: moved(value, () => where(own!)) }));
  const drawn = (key: DType, element: number) => withValue((own, value) =>
    own.apply("add", [value, own.random("uniform", own.number(1, key), own.number(2, "i32"), constant(element))], "f32"));
  test.each<Rule>([
    ["a read beyond the last element", shifted(1), `${inLayer}: x has 128 elements and may be read at 128`],
    ["a read before the first", shifted(-1), `${inLayer}: x has 128 elements and may be read at -1`],
    ["a write beyond the last element", (program) => withStore(program, 0, 0, (store) => ({ at: [plus(store.at[0]!, constant(1))] })), `${inLayer}: t2 has 128 elements and may be written at 128`],
    [
      "a computed index that is not kept within the axis",
      (program) => withStore(program, 2, 0, ({ value }) => ({ value: moved(value, ({ at: [where], tensor }) => {
        const found = where!.terms.find(({ atom }) => atom.kind === "clamp")?.atom as Extract<Atom, { kind: "clamp" }> | undefined;
        return tensor.storage === "temporary" ? found!.of : where!;
      }) })),
      "step, dispatch 2, `reduce_sum` in loss: t6 has 256 elements and may be read at -2147483648",
    ],
    ["a coordinate that is computed from a float", (program) => readAt(() => clamp(alone({ kind: "value", value: new Scalars().load(tensorOf(program, "x"), [constant(0)]) }), 0, 9))(program), "a coordinate is computed from f32"],
    ["one that 32 bits do not hold", readAt((row) => clamp(times(row, 2 ** 30), 0, 9)), "a coordinate may be 273804165120, which 32 bits do not hold"],
    ["a quotient of less than 0", readAt((row) => alone({ kind: "quotient", of: plus(row, constant(-9)), by: 200 })), "a quotient is taken of what may be -1"],
    ["a remainder of less than 0", readAt((row) => alone({ kind: "remainder", of: plus(row, constant(-9)), by: 7 })), "a remainder is taken of what may be -1"],
    ["an empty interval", readAt((row) => alone({ kind: "clamp", of: row, low: 5, high: 4 })), "a coordinate is kept between 5 and 4"],
    ["two coordinates", (program) => withStore(program, 0, 0, (store) => ({ at: [...store.at, ...store.at] })), "t2 is written at 2 coordinates, not at the number of an element"],
    ["a random number below the first", drawn("i32", -1), "a random number may be drawn for an element below 0"],
    ["a random number with a key of floats", drawn("f32", 0), "a key of random numbers is not whole"],
  ])("%s", refuses);
});

describe("rows write different elements", () => {
  const written = (where: (store: Store, rows: readonly [Variable, Variable]) => Coordinate) => (program: KernelProgram) =>
    withStore(program, 0, 0, (store, part) => ({ at: [where(store, part.rows as never)] }));
  test.each<Rule>([
    ["not where a row is left out", written((_, [, q]) => at(q)), `${inLayer}: rows may write one element of t2 twice`],
    ["not where rows overlap", written((_, [b, q]) => sumOf([b, 7], [q, 1])), `${inLayer}: rows may write one element of t2 twice`],
    ["not where it is not known", written((_, [b, q]) => plus(quotient(at(b), 3), sumOf([q, 16]))), `${inLayer}: rows may write one element of t2 twice`],
    ["not where columns are left out", (program) => withStore(program, 1, 1, ({ columns }) => ({ columns: [...columns, variable("more", 2)] })), "step, dispatch 1, `sub` in norm: rows may write one element of t6 twice"],
  ])("%s", refuses);
});

describe("loops", () => {
  test.each<Rule>([
    ["a variable of an address that nothing binds", (program) => withPart(program, 0, 0, ({ rows }) => ({ rows: rows.slice(1) })), `${inLayer}: \`b\` is used where no loop binds it, for t2`],
    [
      "a variable of a value that nothing binds",
      withValue((own, value) => own.apply("add", [value, own.apply("cast", [own.position(at(variable("elsewhere", 3)))], "f32")], "f32")),
      `${inLayer}: \`elsewhere\` is used where no loop binds it, for t2`,
    ],
    ["a variable that is bound twice", (program) => withPart(program, 0, 0, ({ rows }) => ({ rows: [...rows, rows[0]!] })), `${inLayer}: the loop \`b\` is bound twice`],
    [
      "a fold over a row",
      (program) => withStore(program, 1, 1, ({ value }, { rows }) => ({ value: remade(value, (own, whole) => own.fold("sum", rows, whole)) })),
      "step, dispatch 1, `sub` in norm: the loop `b` is bound twice",
    ],
    ["a loop of no turns", (program) => withPart(program, 0, 0, ({ rows }) => ({ rows: [...rows, variable("none", 0)] })), `${inLayer}: the loop \`none\` has 0 turns`],
    ["nothing to do", (program) => withPart(program, 0, 0, () => ({ stores: [] })), "step, dispatch 0, a piece: nothing is stored"],
    ["columns in a product", (program) => withStore(program, 0, 0, () => ({ columns: [variable("c", 2)] })), `${inLayer}: a product writes t2 by columns`],
  ])("%s", refuses);
});

describe("types", () => {
  test.each<Rule>([
    ["a store of another type", withValue((own) => own.number(1, "i32")), `${inLayer}: t2 is f32, and i32 is written there`],
    ["an operation of another type than its rule's", withValue((own, x) => own.apply("less", [x, x], "f32")), `${inLayer}: \`less\` is f32 where its rule says bool`],
    ["an operation of other operands than its rule's", withValue((own, x) => own.apply("exp", [own.apply("cast", [x], "i32")], "f32")), `${inLayer}: takes f32, not i32`],
    ["too many operands", withValue((own, x) => own.apply("exp", [x, x], "f32")), `${inLayer}: \`exp\` has 2 operands`],
    ["a whole number that is not whole", withValue((own) => own.apply("cast", [own.number(1.5, "i32")], "f32")), `${inLayer}: 1.5 is no i32`],
    ["a truth that is none", withValue((own, x) => own.apply("select", [own.number(2, "bool"), x, x], "f32")), `${inLayer}: 2 is no bool`],
    [
      "a sum of truths",
      withValue((own) => own.apply("cast", [own.fold("sum", [variable("i", 3)], own.number(1, "bool"))], "f32")),
      `${inLayer}: a sum of bool is bool`,
    ],
  ])("%s", refuses);
});

/** Attention whose scores are kept in a table, and divided by their sum in another. */
const attention = parseProgram(`program attention {
  input q : f32[h: 2, i: 16, d: 2]
  input k : f32[h: 2, j: 16, d: 2]
  input v : f32[h: 2, j: 16, c: 8]
  entry step {
    %0 = input() {slot: "q"} : f32[h: 2, i: 16, d: 2]
    %1 = input() {slot: "k"} : f32[h: 2, j: 16, d: 2]
    %2 = input() {slot: "v"} : f32[h: 2, j: 16, c: 8]
    %3 = contract(%0, %1) {axes: [d]} : f32[h: 2, i: 16, j: 16]
    %4 = exp(%3) : f32[h: 2, i: 16, j: 16]
    %5 = reduce_sum(%4) {axes: [j]} : f32[h: 2, i: 16]
    %6 = div(%4, %5) : f32[h: 2, i: 16, j: 16]
    %7 = contract(%6, %2) {axes: [j]} : f32[h: 2, i: 16, c: 8]
    return y: %7
  }
}`);

describe("tables", () => {
  const kernels = () => lower(attention, portable, ["step"]);

  test("may be used once they are filled", () => {
    expect(entryOf(kernels()).dispatches[0]!.pieces[0]!.part.stores.map((store) => store.tensor.name)).toEqual(["table0", "table1", "y"]);
    verifyKernels(kernels(), portable);
  });

  test.each<readonly [rule: string, change: (stores: readonly Store[]) => readonly Store[], message: string]>([
    ["not before", ([first, second, last]) => [second!, first!, last!], "the table table0 is read before it is filled"],
    ["not when they never are", ([, ...rest]) => rest, "the table table0 is read before it is filled"],
    ["not when they are filled twice", ([first, ...rest]) => [first!, first!, ...rest], "the table table0 is filled twice"],
    [
      "not when a part is missing",
      ([first, ...rest]) => {
        const few = variable("j", 15);
        return [changed(first!, ({ columns: [j], value }) => ({ columns: [few], at: [at(few)], value: remade(value, (own, whole) => own.substitute(whole, new Map([[j!, at(few)]]))) })), ...rest];
      },
      "the table table0 is not filled wholly",
    ],
    ["not when columns meet in one element", ([first, ...rest]) => [changed(first!, ({ columns }) => ({ columns: [...columns, variable("more", 2)] })), ...rest], "columns may write one element of table0 twice"],
  ])("%s", (_, change, message) => {
    expect(() => verifyKernels(withPart(kernels(), 0, 0, ({ stores }) => ({ stores: change(stores) })), portable)).toThrow(`step, dispatch 0, \`contract\`: ${message}`);
  });

  test("not in an update", () => {
    const own = small();
    const broken = withUpdates(own, ([update, ...rest]) => {
      const table = changed(update!.part.stores[0]!, () => ({ tensor: { ...tensorOf(own, "t15"), storage: "local" } }));
      return [{ ...update!, part: { ...update!.part, stores: [table, ...update!.part.stores] } }, ...rest];
    });
    expect(() => verifyKernels(broken, portable)).toThrow("step, update 0, `update` in w: an update keeps a table");
  });
});
