/** Products and sums in the shapes that the blocks, panels and vectors of WebAssembly's kernels treat differently. */

import type { Build } from "../../../src/ir/builder.js";
import type { Op } from "../../../src/ir/program.js";
import { type } from "../../ir/support.js";
import { type Case, type Cases, caseOf, random } from "../cases.js";
import { contraction, made, maximum, sum, summed } from "../sums.js";

/** Around the multiples of a vector, a panel, and the most rows, columns and summands of a block. */
const extents = [1, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 32, 33, 63, 64, 65, 127, 128, 129, 130, 257, 300];
const others = [4, 5, 7, 8, 9, 16, 17, 33];

const lefts = (m: number, k: number) => [`m:${m} k:${k}`, `k:${k} m:${m}`];
const rights = (n: number, k: number) => [`k:${k} n:${n}`, `n:${n} k:${k}`];

/** Both factors in both layouts. */
function everyLayout(m: number, n: number, k: number): readonly Case[] {
  return lefts(m, k).flatMap((left) => rights(n, k).map((right) => contraction(left, right, "k")));
}

function along(place: "m" | "n" | "k"): readonly Case[] {
  return extents.flatMap((extent, i) => {
    const [one, other] = [others[i % others.length]!, others[(3 * i + 1) % others.length]!];
    return place === "m" ? everyLayout(extent, one, other) : place === "n" ? everyLayout(one, extent, other) : everyLayout(one, other, extent);
  });
}

/** A layer's bias, activation and residual. */
function layer(m: string, k: string, n: string, count: number, left = `${m} ${k}`, right = `${k} ${n}`): Case {
  const title = `a layer of [${left}] and [${right}]`;
  const summands = type(k).axes.map(({ name }) => name);
  return made(title, [random(left, 0.3), random(right, 0.3), random(n), random(`${m} ${n}`)], count, (b, [x, w, bias, skip]) =>
    b.add(skip!, b.unary("erf", b.add(b.contract(x!, w!, summands), bias!))),
  );
}

const sumOfProducts = (b: Build, factors: readonly Op[]): Op => {
  const [x, w, y, v, z, u] = factors as [Op, Op, Op, Op, Op, Op];
  return b.add(b.add(b.contract(x, w, ["k"]), b.contract(y, v, ["j"])), b.contract(z, u, ["h", "i"]));
};

export const products: Cases = {
  "products of every number of rows": () => along("m"),
  "products of every number of columns": () => along("n"),
  "products of every number of summands": () => along("k"),
  "products of every extent at once": () => extents.filter((extent) => extent < 129).flatMap((extent) => everyLayout(extent, extent, extent)),
  "blocks of rows and columns": () => [...everyLayout(130, 257, 9), ...everyLayout(300, 130, 5), ...everyLayout(65, 129, 33), contraction("b:3 m:70 k:5", "b:3 k:5 n:140", "k")],
  "blocks of summands, with all panels kept": () => [...everyLayout(17, 9, 257), ...everyLayout(66, 13, 512), ...everyLayout(5, 130, 513), contraction("m:70 k:600", "n:131 k:600", "k")],
  "blocks of summands, with panels made anew": () => [
    ...everyLayout(70, 128, 2100),
    contraction("b:2 k:2100 m:9", "b:2 n:64 k:2100", "k"),
    contraction("h:7 m:9 k:300", "h:7 k:300 n:128", "h", "k"),
    contraction("h:7 k:300 m:9", "n:128 h:7 k:300", "h", "k"),
    contraction("k:300 h:7 m:9", "h:7 f:16 k:300 e:8", "h", "k"),
    contraction("h:70 m:9 k:30", "n:128 h:70 k:30", "h", "k"),
  ],
  "wide blocks of summands, with panels made anew": () => [contraction("m:520 k:2050", "k:2050 n:130", "k"), contraction("k:2050 m:520", "n:130 k:2050", "k")],
  "several loops along columns": () => [
    contraction("m:9 k:12", "k:12 h:9 e:17", "k"),
    contraction("m:9 k:12", "h:9 k:12 e:17", "k"),
    contraction("k:12 m:9", "e:17 k:12 h:9", "k"),
    contraction("m:70 k:12", "k:12 h:40 e:3", "k"),
    contraction("m:5 k:12", "h:3 k:12 e:130", "k"),
    contraction("m:5 k:12", "f:3 h:4 e:12 k:12", "k"),
    contraction("m:5 k:12", "e:8 f:5 k:12 h:7", "k"),
  ],
  "several loops along rows": () => [
    contraction("h:9 e:17 k:12", "k:12 n:9", "k"),
    contraction("h:9 k:12 e:17", "n:9 k:12", "k"),
    contraction("k:12 h:9 e:17", "k:12 n:9", "k"),
    contraction("e:3 k:12 h:40", "k:12 n:70", "k"),
    contraction("f:3 h:5 e:7 k:12", "k:12 g:4 n:9", "k"),
  ],
  "several loops of summands": () => [
    contraction("m:20 h:20 k:30", "h:20 k:30 n:20", "h", "k"),
    contraction("m:20 k:30 h:20", "n:20 h:20 k:30", "h", "k"),
    contraction("h:20 m:20 k:30", "k:30 n:20 h:20", "h", "k"),
    contraction("h:20 k:30 m:20", "h:20 n:20 k:30", "h", "k"),
    contraction("h:3 m:9 k:300", "h:3 k:300 n:9", "h", "k"),
    contraction("h:7 m:9 k:300", "h:7 k:300 n:70", "h", "k"),
    contraction("h:7 k:300 m:9", "n:70 h:7 k:300", "h", "k"),
    contraction("f:5 h:7 m:9 k:8", "k:8 f:5 n:9 h:7", "f", "h", "k"),
    contraction("m:9 k:3 h:5", "h:5 n:9 k:3", "h", "k"),
    contraction("h:300 m:9 k:1", "k:1 n:9 h:300", "h", "k"),
  ],
  "several loops everywhere": () => [
    contraction("b:2 p:5 h:3 q:7 k:4", "h:3 b:2 e:6 k:4 f:3", "h", "k"),
    contraction("b:2 p:5 h:3 q:7 k:4", "f:3 k:4 e:6 b:2 h:3", "k"),
    contraction("k:4 q:7 h:3 p:5 b:2", "f:3 k:4 e:6 b:2 h:3", "k", "h"),
  ],
  "batches in every place": () => ["b:6 m:9 k:12", "m:9 b:6 k:12", "m:9 k:12 b:6", "k:12 m:9 b:6", "b:6 k:12 m:9", "k:12 b:6 m:9"].flatMap((left) =>
    ["b:6 n:10 k:12", "n:10 b:6 k:12", "n:10 k:12 b:6", "k:12 n:10 b:6", "b:6 k:12 n:10", "k:12 b:6 n:10"].map((right) => contraction(left, right, "k")),
  ),
  "batches of blocks": () => [contraction("b:3 h:2 m:66 k:8", "b:3 n:130 h:2 k:8", "k"), contraction("b:40 m:5 k:6", "n:7 b:40 k:6", "k"), contraction("b:2 m:5 c:3 k:300", "c:3 k:300 n:9 b:2", "k")],
  "factors that are slices": () =>
    [["m:90 k:20", "k:30 n:150"], ["k:20 m:90", "n:150 k:30"]].map(([left, right]) =>
      made(`[${left}] and [${right}]`, [random(left!), random(right!)], 12, (b, [x, y]) => b.contract(b.slice(b.slice(x!, "m", 7, 67), "k", 5, 12), b.slice(b.slice(y!, "n", 3, 131), "k", 18, 12), ["k"])),
    ),
  "factors that are padded": () =>
    [["m:60 k:12", "k:10 n:120"], ["k:12 m:60", "n:120 k:10"]].flatMap(([left, right]) => [
      made(`[${left}] and [${right}], along summands`, [random(left!), random(right!)], 12, (b, [x, y]) => b.contract(x!, b.pad(y!, "k", 2, 0), ["k"])),
      made(`[${left}] and [${right}], along rows and columns`, [random(left!), random(right!)], 10, (b, [x, y]) => b.contract(b.slice(b.pad(x!, "m", 3, 4), "k", 1, 10), b.pad(y!, "n", 5, 6), ["k"])),
    ]),
  "factors with other axes": () => [
    made("merged summands", [random("m:20 h:3 k:40"), random("j:120 n:20")], 120, (b, [x, y]) => b.contract(b.merge(x!, ["h", "k"], "j"), y!, ["j"])),
    made("summands merged against their order", [random("m:20 h:3 k:40"), random("n:20 j:120")], 120, (b, [x, y]) => b.contract(b.merge(x!, ["k", "h"], "j"), y!, ["j"])),
    made("merged rows and columns", [random("p:9 k:8 q:11"), random("k:8 r:12 s:13")], 8, (b, [x, y]) => b.contract(b.merge(x!, ["p", "q"], "m"), b.merge(y!, ["s", "r"], "n"), ["k"])),
    made("split summands", [random("m:20 k:120"), random("h:3 n:20 e:40")], 120, (b, [x, y]) => b.contract(b.split(x!, "k", type("h:3 e:40").axes), y!, ["h", "e"])),
    made("split rows and columns", [random("m:66 k:8"), random("n:140 k:8")], 8, (b, [x, y]) => b.contract(b.split(x!, "m", type("p:6 q:11").axes), b.split(y!, "n", type("r:10 s:14").axes), ["k"])),
    made("heads of attention", [random("t:17 d:24"), random("t:17 d:24")], 8, (b, [x, y]) => {
      const heads = (own: Op) => b.split(own, "d", type("h:3 e:8").axes);
      return b.contract(heads(x!), b.rename(heads(y!), ["t"], ["s"]), ["e"]);
    }),
    made("a matrix and its transpose", [random("m:130 k:20")], 20, (b, [x]) => b.contract(x!, b.rename(x!, ["m"], ["n"]), ["k"])),
  ],
  "layers": () => [
    ...[[9, 7, 5], [17, 33, 8], [70, 140, 30], [66, 9, 300], [130, 70, 12]].flatMap(([m, n, k]) => [layer(`m:${m}`, `k:${k}`, `n:${n}`, k!), layer(`m:${m}`, `k:${k}`, `n:${n}`, k!, `k:${k} m:${m}`, `n:${n} k:${k}`)]),
    layer("b:3 t:7", "k:12", "h:5 e:6", 12),
    layer("b:3 t:7", "h:5 e:6", "n:9", 30),
  ],
  "a layer whose result is used twice": () => [
    made("by a product", [random("m:66 k:12", 0.3), random("k:12 n:34", 0.3), random("n:34"), random("n:34 j:9", 0.3)], 46, (b, [x, w, bias, v]) => {
      const before = b.add(b.contract(x!, w!, ["k"]), bias!);
      return b.contract(b.mul(b.unary("erf", before), before), v!, ["n"]);
    }),
    made("by its own sum", [random("m:66 k:12", 0.3), random("k:12 n:34", 0.3)], 46, (b, [x, w]) => {
      const value = b.contract(x!, w!, ["k"]);
      return b.sub(value, b.scale(b.sum(value, ["n"]), 1 / 34));
    }),
  ],
  "several products of one size": () => [
    made("of different depths", [random("m:33 k:20"), random("k:20 n:18"), random("j:7 m:33"), random("n:18 j:7"), random("m:33 h:5 i:9"), random("i:9 n:18 h:5")], 72, sumOfProducts),
    made("of several blocks", [random("m:70 k:300"), random("n:140 k:300"), random("m:70 j:7"), random("j:7 n:140"), random("h:5 m:70 i:9"), random("h:5 i:9 n:140")], 352, sumOfProducts),
    made("with a common factor", [random("m:33 k:20"), random("k:20 n:18"), random("k:20 n:18")], 40, (b, [x, w, v]) => b.mul(b.contract(x!, w!, ["k"]), b.unary("tanh", b.contract(x!, v!, ["k"])))),
    made("times numbers of rows and columns", [random("m:33 k:20"), random("k:20 n:18"), random("m:33"), random("n:18")], 60, (b, [x, w, row, column]) => b.mul(b.mul(b.contract(x!, w!, ["k"]), row!), column!)),
  ],
  "what is not finite stays where it is": () =>
    [["m:17 k:9", "k:9 n:13"], ["k:9 m:17", "n:13 k:9"]].map(([left, right]) => {
      const spoilt = (axes: string, value: number) => {
        const { type: own, data } = random(axes);
        return { type: own, data: data.map((given, i) => (i === 40 ? value : given)) };
      };
      return caseOf("contract", [spoilt(left!, NaN), spoilt(right!, Infinity)], { axes: ["k"] }, summed(9));
    }),
  "rows of every extent": () => extents.flatMap((extent) => [`p:${extent} q:5`, `q:5 p:${extent}`, `r:2 q:6 p:${extent}`].flatMap((axes) => [sum(axes, "q"), maximum(axes, "q")])),
  "sums of every extent": () => extents.flatMap((extent) => [`p:5 q:${extent}`, `q:${extent} p:5`, `r:2 q:${extent} p:6`].flatMap((axes) => [sum(axes, "q"), maximum(axes, "q")])),
};
