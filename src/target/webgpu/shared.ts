/** Products whose factors pass through memory that a group shares. */

import type { Coordinate, Variable } from "../../kernel/coordinate.js";
import { plus } from "../../kernel/coordinate.js";
import { size } from "../../kernel/product.js";
import type { Block } from "./block.js";
import { Expressions, isRunOfFour } from "./expression.js";
import { bindLinear } from "./fold.js";
import { type Sums, type Tiling, partedAddress } from "./product.js";

/**
 * Sums the products a slab of `stepK` summands at a time: all threads fetch the slab's rows and columns into shared memory, then
 * each one sums its own tile from there. Both slabs are kept by summand, so that a thread's rows and columns are read as vectors.
 */
export function sharedSum(tiling: Tiling, sums: Sums): void {
  tiling.products.forEach((_, index) => sumSlabs(tiling, sums, index));
}

function sumSlabs(tiling: Tiling, sums: Sums, index: number): void {
  const { products, schedule, writer, root } = tiling;
  const product = products[index]!;
  const { threadsM, threadsN, microM, microN, stepK } = schedule;
  const [tileM, tileN, threads] = [threadsM * microM, threadsN * microN, threadsM * threadsN];
  const inner = size(product.inner);
  const [slabA, slabB] = ["slab_a", "slab_b"];
  writer.called.add(`tile ${slabA} vec4<f32> ${(tileM * stepK) / 4}`);
  writer.called.add(`tile ${slabB} vec4<f32> ${(tileN * stepK) / 4}`);
  const expressions = new Expressions(writer, []);
  const left = partedAddress(product.left, product.inner);
  const right = partedAddress(product.right, product.inner);

  const first = writer.fresh("k");
  const slab = root.open();
  fetch(slab, slabA, left.load.tensor, plus(left.still, left.moving), product.m, "tile_m", tileM);
  fetch(slab, slabB, right.load.tensor, plus(right.still, right.moving), product.n, "tile_n", tileN);
  slab.lines.push("workgroupBarrier();");
  const step = slab.open();
  const k = writer.fresh("k");
  for (let i = 0; i < microM; i += 4) step.lines.push(`let a${i / 4} = ${slabA}[${k} * ${tileM / 4} + (thread / ${threadsN}) * ${microM / 4} + ${i / 4}];`);
  for (let q = 0; q < microN / 4; q++) step.lines.push(`let b${q} = ${slabB}[${k} * ${tileN / 4} + (thread % ${threadsN}) * ${microN / 4} + ${q}];`);
  for (let i = 0; i < microM; i++) {
    for (let q = 0; q < microN / 4; q++) step.lines.push(`${sums.name(index, i, q)} += a${Math.floor(i / 4)}[${i % 4}] * b${q};`);
  }
  slab.close(`for (var ${k} = 0; ${k} < ${stepK}; ${k}++) {`, step);
  slab.lines.push("workgroupBarrier();");
  root.close(`for (var ${first} = 0; ${first} < ${inner}; ${first} += ${stepK}) {`, slab);

  /** Fetches `count` rows from `start` on, for the slab's summands; zeros beyond the last row or summand. */
  function fetch(block: Block, name: string, tensor: Parameters<typeof writer.access.load>[0], where: Coordinate, loops: readonly Variable[], start: string, count: number): void {
    const [outer, own] = [loops, product.inner];
    const fast = fastest(where, outer, own);
    // Four neighbours along whichever direction lies side by side in memory are fetched at once.
    const alongRows = fast !== undefined && outer.includes(fast) && outer.length === 1 && fast.extent % 4 === 0 && isRunOfFour(where, fast);
    const alongInner = fast !== undefined && own.includes(fast) && own.length === 1 && fast.extent % 4 === 0 && isRunOfFour(where, fast);
    const unitsAlong = alongInner ? (count * stepK) / 16 : (count * stepK) / 4;
    const turns = Math.ceil(unitsAlong / threads);
    const body = block.open();
    const unit = writer.fresh("unit");
    const turn = writer.fresh("turn");
    const [row, summand] = [writer.fresh("row"), writer.fresh("k")];
    body.lines.push(`let ${unit} = ${turn} * ${threads} + thread;`);
    body.lines.push(`let ${row} = (${unit} % ${count / 4}) * 4;`, `let ${summand} = ${alongInner ? `(${unit} / ${count / 4}) * 4` : `${unit} / ${count / 4}`};`);
    const read = (isFour: boolean, rowText: string, innerText: string, target: string) => {
      const inside = body.open();
      const lines = inside.lines;
      const [r, s] = [writer.fresh("r"), writer.fresh("s")];
      lines.push(`let ${r} = ${rowText};`, `let ${s} = ${innerText};`);
      bindLinear(inside, outer, r, lines, writer);
      bindLinear(inside, own, s, lines, writer);
      const at = expressions.coordinate(where, inside);
      const four = isFour ? writer.access.loadFour(tensor, at) : undefined;
      const value = four ?? (isFour ? `vec4<f32>(${[0, 1, 2, 3].map((j) => writer.access.load(tensor, `${at} + ${j}`)).join(", ")})` : writer.access.load(tensor, at));
      lines.push(`${target} = ${value};`);
      body.close(`if (${rowText} < ${size(outer)} && ${innerText} < ${inner}) {`, inside);
    };
    if (alongInner) {
      // A block of four by four, which is turned in registers: threads must not write parts of one vector.
      const rows = [0, 1, 2, 3].map((j) => {
        const name = writer.fresh("v");
        body.lines.push(`var ${name} = vec4<f32>(0.0);`);
        read(true, `${start} + ${row} + ${j}`, `${first} + ${summand}`, name);
        return name;
      });
      for (let j = 0; j < 4; j++) body.lines.push(`${name}[(${summand} + ${j}) * ${count / 4} + ${row} / 4] = vec4<f32>(${rows.map((own) => `${own}[${j}]`).join(", ")});`);
    } else {
      const values = writer.fresh("v");
      body.lines.push(`var ${values} = vec4<f32>(0.0);`);
      if (alongRows) read(true, `${start} + ${row}`, `${first} + ${summand}`, values);
      else for (let j = 0; j < 4; j++) read(false, `${start} + ${row} + ${j}`, `${first} + ${summand}`, `${values}[${j}]`);
      body.lines.push(`${name}[${summand} * ${count / 4} + ${row} / 4] = ${values};`);
    }
    const exact = unitsAlong === turns * threads;
    const wrapped = exact ? body.lines : [body.lines[0]!, `if (${unit} < ${unitsAlong}) {`, ...body.lines.slice(1).map((line) => `  ${line}`), "}"];
    const inLoop = block.open();
    inLoop.lines.push(...wrapped);
    block.close(`for (var ${turn} = 0; ${turn} < ${turns}; ${turn}++) {`, inLoop);
  }
}

/** The loop that moves an address by one element. */
function fastest(where: Coordinate, ...loops: readonly (readonly Variable[])[]): Variable | undefined {
  for (const loop of loops.flat()) {
    if (where.terms.some(({ atom, factor }) => atom.kind === "variable" && atom.variable === loop && factor === 1)) return loop;
  }
  return undefined;
}
