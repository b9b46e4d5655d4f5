/**
 * Products by subgroup matrices: factors of 16 bits, sums in 32. WGSL's `chromium_experimental_subgroup_matrix`.
 *
 * The group's four subgroups compute a tile of 4 m by 4 n results, each a quarter of two by two matrices. Matrices cannot be looked
 * into, so that each one passes through shared memory once more before its results are used.
 */

import type { Coordinate, Variable } from "../../kernel/coordinate.js";
import { plus } from "../../kernel/coordinate.js";
import { size } from "../../kernel/product.js";
import type { Matrix } from "../../kernel/program.js";
import type { Load } from "../../kernel/scalar.js";
import type { Block } from "./block.js";
import { Expressions } from "./expression.js";
import { bindLinear } from "./fold.js";
import { type Tiling, partedAddress } from "./product.js";

/** @param write stores what follows from the result at a row and a column. */
export function matrixLines(tiling: Tiling, { m, n, k, subgroup }: Matrix, write: (block: Block, row: string, column: string, value: string) => void): void {
  const { products, schedule, writer, root } = tiling;
  const product = products[0]!;
  const { stepK } = schedule;
  const [tileM, tileN, threads] = [4 * m, 4 * n, 4 * subgroup];
  const inner = size(product.inner);
  writer.called.add(`tile matrix_a f16 ${tileM * stepK}`);
  writer.called.add(`tile matrix_b f16 ${tileN * stepK}`);
  writer.called.add(`tile matrix_sum f32 ${4 * m * n}`);
  const expressions = new Expressions(writer, []);
  const [left, right] = [partedAddress(product.left, product.inner), partedAddress(product.right, product.inner)];

  root.lines.push(`let quarter = thread / ${subgroup};`, `let quarter_m = (quarter / 2) * ${2 * m};`, `let quarter_n = (quarter % 2) * ${2 * n};`);
  const places = [[0, 0], [0, 1], [1, 0], [1, 1]] as const;
  for (const [i, j] of places) root.lines.push(`var sum_${i}_${j}: subgroup_matrix_result<f32, ${n}, ${m}>;`);
  const first = writer.fresh("k");
  const slab = root.open();
  fetch(slab, "matrix_a", left.load, plus(left.still, left.moving), product.m, "tile_m", tileM, (row, summand) => `${row} * ${stepK} + ${summand}`);
  fetch(slab, "matrix_b", right.load, plus(right.still, right.moving), product.n, "tile_n", tileN, (row, summand) => `${summand} * ${tileN} + ${row}`);
  slab.lines.push("workgroupBarrier();");
  for (let step = 0; step < stepK; step += k) {
    for (const i of [0, 1]) slab.lines.push(`let left_${step}_${i} = subgroupMatrixLoad<subgroup_matrix_left<f16, ${k}, ${m}>, row_major>(&matrix_a, u32((quarter_m + ${i * m}) * ${stepK} + ${step}), ${stepK}u);`);
    for (const j of [0, 1]) slab.lines.push(`let right_${step}_${j} = subgroupMatrixLoad<subgroup_matrix_right<f16, ${n}, ${k}>, row_major>(&matrix_b, u32(${step * tileN} + quarter_n + ${j * n}), ${tileN}u);`);
    for (const [i, j] of places) slab.lines.push(`sum_${i}_${j} = subgroupMatrixMultiplyAccumulate(left_${step}_${i}, right_${step}_${j}, sum_${i}_${j});`);
  }
  slab.lines.push("workgroupBarrier();");
  root.close(`for (var ${first} = 0; ${first} < ${inner}; ${first} += ${stepK}) {`, slab);

  for (const [i, j] of places) {
    root.lines.push(`subgroupMatrixStore<row_major>(&matrix_sum, u32(quarter * ${m * n}), sum_${i}_${j}, ${n}u);`, "workgroupBarrier();");
    const own = root.open();
    const [element, row, column] = [writer.fresh("element"), writer.fresh("row"), writer.fresh("column")];
    own.lines.push(`let ${row} = tile_m + quarter_m + ${i * m} + ${element} / ${n};`, `let ${column} = tile_n + quarter_n + ${j * n} + ${element} % ${n};`);
    write(own, row, column, `matrix_sum[quarter * ${m * n} + ${element}]`);
    root.close(`for (var ${element} = thread % ${subgroup}; ${element} < ${m * n}; ${element} += ${subgroup}) {`, own);
    root.lines.push("workgroupBarrier();");
  }

  /** Fetches `count` rows from `start` on, for the slab's summands, rounded to 16 bits; zeros beyond the last row or summand. */
  function fetch(block: Block, name: string, load: Load, where: Coordinate, loops: readonly Variable[], start: string, count: number, place: (row: string, summand: string) => string): void {
    // Neighbouring threads fetch neighbouring elements.
    const runsAlongInner = where.terms.some(({ atom, factor }) => atom.kind === "variable" && factor === 1 && product.inner.includes(atom.variable));
    const [unit, row, summand] = [writer.fresh("unit"), writer.fresh("row"), writer.fresh("k")];
    const body = block.open();
    if (runsAlongInner) body.lines.push(`let ${summand} = ${unit} % ${stepK};`, `let ${row} = ${unit} / ${stepK};`);
    else body.lines.push(`let ${row} = ${unit} % ${count};`, `let ${summand} = ${unit} / ${count};`);
    const value = writer.fresh("v");
    body.lines.push(`var ${value} = 0.0;`);
    const inside = body.open();
    const [r, s] = [writer.fresh("r"), writer.fresh("s")];
    inside.lines.push(`let ${r} = ${start} + ${row};`, `let ${s} = ${first} + ${summand};`);
    bindLinear(inside, loops, r, inside.lines, writer);
    bindLinear(inside, product.inner, s, inside.lines, writer);
    inside.lines.push(`${value} = ${writer.load(load.tensor, expressions.coordinate(where, inside))};`);
    body.close(`if (${start} + ${row} < ${size(loops)} && ${first} + ${summand} < ${inner}) {`, inside);
    body.lines.push(`${name}[${place(row, summand)}] = f16(${value});`);
    block.close(`for (var ${unit} = thread; ${unit} < ${count * stepK}; ${unit} += ${threads}) {`, body);
  }
}
