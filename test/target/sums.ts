/** Contractions and reductions in the shapes that take ways of their own, for the tests of targets that print kernels. */

import type { Build } from "../../src/ir/builder.js";
import type { Op } from "../../src/ir/program.js";
import { elements } from "../../src/ir/types.js";
import { tensor, type } from "../ir/support.js";
import { type Case, type Cases, caseOf, random, wholes } from "./cases.js";
import type { Tolerance } from "./compare.js";

/**
 * Operands are normal with deviation 1. The partial sums of n products are about √n, and each of n additions rounds by at most
 * 2^-24 of them: rounding walks to about 2^-24 n, and to less where sums are parted among threads.
 */
export const summed = (count: number): Tolerance => ({ ulps: 2, absolute: 4 * 2 ** -24 * Math.max(8, count) });

const countOf = (axes: string, names: readonly string[]) => elements(type(axes).axes.filter((axis) => names.includes(axis.name)));

export function contraction(x: string, y: string, ...over: readonly string[]): Case {
  return caseOf("contract", [random(x), random(y)], { axes: over }, summed(countOf(x, over)));
}

const contractions: Cases = {
  "odd extents": () => [
    contraction("m:65 k:33", "k:33 n:17", "k"),
    contraction("m:17 k:5", "k:5 n:130", "k"),
    contraction("m:129 k:67", "k:67 n:66", "k"),
    contraction("m:5 k:7", "k:7 n:5", "k"),
  ],
  "multiples of four": () => [contraction("m:64 k:32", "k:32 n:128", "k"), contraction("m:132 k:16", "k:16 n:132", "k"), contraction("m:4 k:4", "k:4 n:4", "k")],
  "operands in every layout": () => [
    contraction("k:33 m:65", "k:33 n:17", "k"),
    contraction("m:65 k:33", "n:17 k:33", "k"),
    contraction("k:33 m:65", "n:17 k:33", "k"),
    contraction("k:32 m:64", "n:32 k:32", "k"),
    contraction("k:32 m:36", "k:32 n:36", "k"),
    contraction("m:36 k:32", "n:36 k:32", "k"),
  ],
  "extents of one": () => [
    contraction("m:1 k:33", "k:33 n:65", "k"),
    contraction("m:65 k:33", "k:33 n:1", "k"),
    contraction("m:65 k:1", "k:1 n:17", "k"),
    contraction("m:1 k:1", "k:1 n:1", "k"),
    contraction("m:2 k:3", "k:3 n:70", "k"),
  ],
  "without rows or columns": () => [contraction("k:33", "k:33 n:65", "k"), contraction("m:65 k:33", "k:33", "k"), contraction("k:100", "k:100", "k")],
  "outer products": () => [contraction("m:65", "n:33"), contraction("b:3 m:5", "n:7 b:3"), contraction("b:5 m:7", "m:7 b:5")],
  batches: () => [
    contraction("b:3 m:17 k:9", "b:3 k:9 n:18", "k"),
    contraction("m:17 b:3 k:9", "k:9 n:18 b:3", "k"),
    contraction("b:2 h:3 t:17 k:8", "b:2 s:19 h:3 k:8", "k"),
    contraction("b:2 t:17 h:3 k:8", "b:2 h:3 k:8 s:17", "k"),
    contraction("a:2 b:3 c:2 m:9 k:5", "c:2 k:5 a:2 n:10 b:3", "k"),
  ],
  "several axes summed": () => [
    contraction("m:17 h:3 k:5", "h:3 k:5 n:20", "h", "k"),
    contraction("b:4 t:9 m:12", "b:4 t:9 n:20", "b", "t"),
    contraction("b:4 m:12 t:9", "t:9 n:20 b:4", "b", "t"),
    contraction("i:5 m:6 j:3 n:7", "o:9 j:3 i:5", "i", "j"),
  ],
  "rows of several axes": () => [contraction("b:5 t:7 k:9", "k:9 h:3 e:4", "k"), contraction("t:7 k:9 b:5", "e:4 k:9 h:3", "k")],
  "long sums": () => [contraction("m:8 k:5000", "k:5000 n:9", "k"), contraction("b:40 t:130 m:8", "b:40 t:130 n:8", "b", "t")],
  "several tiles": () => [contraction("m:300 k:40", "k:40 n:260", "k"), contraction("m:257 k:8", "n:129 k:8", "k")],
  "what is read through views": () => [
    made("slices", [random("t:9 m:20 k:12"), random("k:12 n:20")], 12, (b, [x, y]) => b.contract(b.sum(b.slice(x!, "t", 3, 1), ["t"]), b.slice(y!, "n", 4, 13), ["k"])),
    made("a split axis", [random("m:20 k:12"), random("h:3 k:4 n:20")], 12, (b, [x, y]) => b.contract(b.rename(b.split(x!, "k", type("h:3 e:4").axes), ["e"], ["k"]), y!, ["h", "k"])),
    made("merged axes", [random("m:20 h:3 k:4"), random("j:12 n:20")], 12, (b, [x, y]) => b.contract(b.merge(x!, ["h", "k"], "j"), y!, ["j"])),
    made("joined parts", [random("m:20 k:4"), random("m:20 k:8"), random("k:12 n:20")], 12, (b, [x, y, z]) => b.contract(b.concatenate([x!, y!], "k"), z!, ["k"])),
    made("padding", [random("m:20 k:9"), random("k:12 n:20")], 12, (b, [x, y]) => b.contract(b.pad(x!, "k", 1, 2), y!, ["k"])),
    made("repetition", [random("m:20 k:12"), random("n:20")], 12, (b, [x, y]) => b.contract(x!, b.broadcast(y!, type("k:12").axes), ["k"])),
    made("a matrix and itself", [random("m:20 k:12")], 12, (b, [x]) => b.contract(x!, b.rename(x!, ["m"], ["n"]), ["k"])),
  ],
  "with maps before and after": () => [
    made("a layer", [random("m:33 k:20"), random("k:20 n:18"), random("n:18"), random("m:33 n:18")], 40, (b, [x, w, bias, skip]) => b.add(skip!, b.unary("tanh", b.add(b.contract(b.mul(x!, b.unary("abs", x!)), w!, ["k"]), bias!)))),
    made("a sum of two products", [random("m:33 k:20"), random("k:20 n:18"), random("m:33 k:20")], 40, (b, [x, w, y]) => b.add(b.contract(x!, w!, ["k"]), b.contract(y!, w!, ["k"]))),
    made("products of different layouts", [random("m:33 k:20"), random("k:20 n:18"), random("n:18 j:7 m:33"), random("j:7")], 40, (b, [x, w, y, z]) => b.sub(b.contract(x!, w!, ["k"]), b.contract(y!, z!, ["j"]))),
    made("a chain", [random("m:33 k:20", 0.3), random("k:20 n:18", 0.3), random("n:18 j:7", 0.3)], 40, (b, [x, y, z]) => b.contract(b.contract(x!, y!, ["k"]), z!, ["n"])),
  ],
};

export function made(title: string, operands: Case["operands"], count: number, build: (b: Build, operands: readonly Op[]) => Op): Case {
  return { title, operands, build: (builder, given) => build(builder.build, given), tolerance: summed(count) };
}

export function sum(axes: string, ...over: readonly string[]): Case {
  return caseOf("reduce_sum", [random(axes)], { axes: over }, summed(countOf(axes, over)));
}
export const maximum = (axes: string, ...over: readonly string[]): Case => caseOf("reduce_max", [random(axes)], { axes: over });

const reductions: Cases = {
  "of rows": () => ["p:3 q:5", "p:1 q:7", "p:70 q:64", "p:5 q:200", "p:300 q:8", "r:2 p:3 q:33"].flatMap((axes) => [sum(axes, "q"), maximum(axes, "q")]),
  "of columns": () => ["q:5 p:3", "q:64 p:70", "q:200 p:5", "q:1000 p:67", "r:2 q:33 p:3"].flatMap((axes) => [sum(axes, "q"), maximum(axes, "q")]),
  "of an axis of one": () => [sum("p:3 q:1", "q"), maximum("q:1 p:3", "q"), sum("p:1", "p")],
  "of several axes": () => [sum("p:5 q:6 r:7", "p", "r"), sum("p:5 q:6 r:7", "r", "q"), maximum("p:5 q:6 r:7", "p", "q"), sum("p:5 q:6 r:7", "p", "q", "r")],
  "of everything, in two stages": () => [
    sum("p:10000", "p"), sum("p:100 q:101", "p", "q"), sum("p:12289", "p"), sum("p:7 q:3000", "q", "p"), sum("p:2 q:3 r:2000", "p", "q", "r"),
    maximum("p:10000", "p"), maximum("q:3 p:9973", "p", "q"),
  ],
  "to few, in two stages": () => [sum("b:64 t:100 f:6", "b", "t"), sum("f:3 b:5000", "b"), sum("b:4999 f:5", "b"), sum("b:50 f:6 t:120", "t", "b"), maximum("b:5000 f:7", "b"), maximum("f:7 b:5003", "b")],
  "of whole numbers": () => [
    caseOf("reduce_sum", [wholes("p:70 q:33", 100)], { axes: ["p"] }), caseOf("reduce_sum", [wholes("p:5000", 100)], { axes: ["p"] }),
    caseOf("reduce_sum", [tensor("p:2", [2 ** 31 - 1, 0], "i32")], { axes: ["p"] }),
    caseOf("reduce_max", [wholes("p:70 q:33", 100)], { axes: ["q"] }), caseOf("reduce_max", [tensor("p:3", [-(2 ** 31), -5, -7], "i32")], { axes: ["p"] }),
  ],
  "of what is not finite": () => [
    caseOf("reduce_sum", [tensor("p:2 q:5", [1, Infinity, 2, 3, 4, 5, NaN, 6, 7, 8])], { axes: ["q"] }),
    caseOf("reduce_sum", [tensor("q:40", Array.from({ length: 40 }, (_, i) => (i === 3 ? -Infinity : i)))], { axes: ["q"] }),
    caseOf("reduce_max", [tensor("p:3 q:2", [-Infinity, -Infinity, -Infinity, -3e38, Infinity, 1])], { axes: ["q"] }),
  ],
  "of products that are no tiles": () => [
    made("a row of squares", [random("p:33 q:40")], 40, (b, [x]) => b.sum(b.mul(x!, x!), ["q"])),
    made("a variance", [random("p:33 q:40")], 40, (b, [x]) => {
      const centred = b.sub(x!, b.scale(b.sum(x!, ["q"]), 1 / 40));
      return b.scale(b.sum(b.mul(centred, centred), ["q"]), 1 / 40);
    }),
    made("a variance of columns", [random("b:7 t:9 q:40")], 63, (b, [x]) => {
      const centred = b.sub(x!, b.scale(b.sum(x!, ["b", "t"]), 1 / 63));
      return b.scale(b.sum(b.mul(centred, centred), ["t", "b"]), 1 / 63);
    }),
    made("a row of three", [random("p:33 q:40"), random("q:40"), random("p:33")], 200, (b, [x, y, z]) => b.sum(b.mul(b.mul(x!, y!), z!), ["q"])),
  ],
};

/** exp(x - max) / sum. Weights are at most 1, and their errors are some times those of the exponential. */
function softmax(ulps: number, title: string, values: (i: number) => number, axes: string, over: string): Case {
  const count = elements(type(axes).axes);
  const x = tensor(axes, Array.from({ length: count }, (_, i) => Math.fround(values(i))));
  const build: Case["build"] = ({ build: b }, [given]) => {
    const exponential = b.unary("exp", b.sub(given!, b.maximum(given!, [over])));
    return b.div(exponential, b.sum(exponential, [over]));
  };
  return { title, operands: [x], build, tolerance: { ulps, absolute: 1e-30 } };
}

const draw = (i: number) => Math.sin(i * 12.9898) * 4;
const softmaxes = (ulps: number): readonly Case[] => [
  softmax(ulps, "rows", draw, "p:9 q:17", "q"),
  softmax(ulps, "columns", draw, "q:17 p:9", "q"),
  softmax(ulps, "long rows", draw, "p:3 q:1000", "q"),
  softmax(ulps, "large scores", (i) => 1e4 * draw(i), "p:9 q:17", "q"),
  softmax(ulps, "a causal mask", (i) => (i % 17 > Math.floor(i / 17) ? -Infinity : draw(i)), "p:17 q:17", "q"),
  softmax(ulps, "a mask of padding in columns", (i) => (Math.floor(i / 9) >= 1 + (i % 9) ? -Infinity : draw(i)), "q:17 p:9", "q"),
  softmax(ulps, "a row that is masked as a whole", (i) => (i < 17 ? -Infinity : draw(i)), "p:3 q:17", "q"),
];

/** @param softmaxUlps how far weights may be off, in units in the last place. */
export const sumCases = (softmaxUlps: number): Cases => ({
  ...titled("contractions", contractions),
  ...titled("reductions", reductions),
  softmax: () => softmaxes(softmaxUlps),
});

function titled(kind: string, cases: Cases): Cases {
  return Object.fromEntries(Object.entries(cases).map(([title, make]) => [`${kind}: ${title}`, make]));
}
