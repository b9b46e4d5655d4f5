/** Products as WGSL: each thread computes a tile of results in registers. */

import { type Coordinate, type Variable, plus, times } from "../../kernel/coordinate.js";
import { address } from "../../kernel/normalise.js";
import { type Product, size } from "../../kernel/product.js";
import type { Piece, ProductSchedule } from "../../kernel/program.js";
import type { Load, Scalar } from "../../kernel/scalar.js";
import { productsOf } from "../../kernel/schedule.js";
import { Block } from "./block.js";
import { Expressions, type Writer, isRunOfFour } from "./expression.js";
import { bindLinear } from "./fold.js";
import { matrixLines } from "./matrix.js";
import { type StoreMode, guardStore } from "./store.js";

/** What one product kernel is written from. */
export interface Tiling {
  readonly products: readonly Product[];
  readonly schedule: ProductSchedule;
  readonly writer: Writer;
  /** The block in which the tile's place is bound. */
  readonly root: Block;
}

/** The lines of a function's body, with `group` and `thread` in scope. */
export function productLines(piece: Piece, writer: Writer, mode: StoreMode, shared: (tiling: Tiling, sums: Sums) => void): readonly string[] {
  const schedule = piece.schedule as ProductSchedule;
  const products = productsOf(piece.part)!;
  const root = new Block();
  const tiling: Tiling = { products, schedule, writer, root };
  bindTile(tiling);
  if (schedule.matrix !== undefined) {
    matrixLines(tiling, schedule.matrix, (block, row, column, value) => writeOne(piece, tiling, block, row, column, value, mode));
    return root.lines;
  }
  const sums = new Sums(tiling);
  if (schedule.isShared) shared(tiling, sums);
  else for (const [i] of products.entries()) sumStraight(tiling, sums, i);
  writeResults(piece, tiling, sums, mode);
  return root.lines;
}

/** Where the thread's tile begins: `m0` and `n0` are its first row and column, `tile_m` and `tile_n` those of the group's. */
function bindTile({ products: [product], schedule, writer, root }: Tiling): void {
  const { batch, m, n } = product!;
  const { threadsM, threadsN, microM, microN, isShared } = schedule;
  const [sizeM, sizeN] = isShared ? [threadsM * microM, threadsN * microN] : [microM, microN];
  const [acrossM, acrossN] = [Math.ceil(size(m) / sizeM), Math.ceil(size(n) / sizeN)];
  const { lines } = root;
  // A shared tile is the group's; others are numbered by thread, so that no thread is idle.
  const index = isShared ? "group" : "tile";
  if (!isShared) lines.push(`let tile = group * ${threadsM * threadsN} + thread;`, `if (tile >= ${size(batch) * acrossM * acrossN}) { return; }`);
  const [tileM, tileN] = isShared ? ["tile_m", "tile_n"] : ["m0", "n0"];
  lines.push(`let ${tileN} = (${index} % ${acrossN}) * ${sizeN};`, `let ${tileM} = (${acrossN === 1 ? index : `(${index} / ${acrossN})`} % ${acrossM}) * ${sizeM};`);
  if (batch.length > 0) {
    lines.push(`let batch = ${index} / ${acrossN * acrossM};`);
    bindLinear(root, batch, "batch", lines, writer);
  }
  if (isShared) lines.push(`let n0 = tile_n + (thread % ${threadsN}) * ${microN};`, `let m0 = tile_m + (thread / ${threadsN}) * ${microM};`);
}

/** The registers that results are summed in: for each product and row, vectors of four columns. */
export class Sums {
  constructor({ products, schedule, root }: Tiling) {
    for (const [p] of products.entries()) {
      for (let i = 0; i < schedule.microM; i++) {
        for (let q = 0; q < schedule.microN / 4; q++) root.lines.push(`var ${this.name(p, i, q)} = vec4<f32>(0.0);`);
      }
    }
  }

  name(product: number, row: number, four: number): string {
    return `sum${product}_${row}_${four}`;
  }
}

/** The part of an address that moves with the loops summed over, and the rest. Both factors are loads of affine addresses. */
export function partedAddress(factor: Scalar, inner: readonly Variable[]): { load: Load; moving: Coordinate; still: Coordinate } {
  const load = factor as Load;
  const where = address(load.at);
  const isMoving = (term: Coordinate["terms"][number]) => term.atom.kind === "variable" && inner.includes(term.atom.variable);
  const only = (keep: boolean) => plus(...where.terms.filter((term) => isMoving(term) === keep).map((term) => times({ constant: 0, terms: [{ ...term, factor: 1 }], key: "" }, term.factor)));
  return { load, moving: only(true), still: plus(only(false), { constant: where.constant, terms: [], key: "" }) };
}

/** How far an address moves with one loop. */
function strideOf(where: Coordinate, loop: Variable): number {
  return where.terms.find(({ atom }) => atom.kind === "variable" && atom.variable === loop)?.factor ?? 0;
}

/** Sums a product with both factors read straight from memory. */
function sumStraight(tiling: Tiling, sums: Sums, index: number): void {
  const { products, schedule, writer, root } = tiling;
  const product = products[index]!;
  const expressions = new Expressions(writer, []);
  const { microM, microN } = schedule;
  const last = product.inner.at(-1)!;
  const left = partedAddress(product.left, product.inner);
  const right = partedAddress(product.right, product.inner);
  // Rows and columns beyond the last repeat it; they are not stored.
  const starts = (factor: typeof left, loops: readonly Variable[], first: string, count: number, stem: string) =>
    Array.from({ length: count }, (_, i) => {
      const block = root.open();
      const linear = writer.fresh(stem);
      root.lines.push(`let ${linear} = min(${first} + ${i}, ${size(loops) - 1});`);
      bindLinear(block, loops, linear, root.lines, writer);
      const name = writer.fresh(`${stem}_at`);
      root.lines.push(`let ${name} = ${expressions.coordinate(factor.still, block)};`);
      return name;
    });
  const leftStarts = starts(left, product.m, "m0", microM, "m");
  const nLast = product.n.at(-1)!;
  const runsAlongN = product.n.length === 1 && nLast.extent % 4 === 0 && isRunOfFour(plus(right.still, right.moving), nLast);
  const rightStarts = runsAlongN
    ? Array.from({ length: microN / 4 }, (_, q) => {
        const block = root.open();
        const first = writer.fresh("n");
        root.lines.push(`let ${first} = min(n0 + ${4 * q}, ${nLast.extent - 4});`);
        block.bind(nLast, first);
        const name = writer.fresh("n_at");
        root.lines.push(`let ${name} = ${expressions.coordinate(right.still, block)};`);
        return name;
      })
    : starts(right, product.n, "n0", microN, "n");

  expressions.loops(root, product.inner.slice(0, -1), (outer) => {
    const offset = (of: Coordinate, block: Block) => (of.terms.length === 0 ? "" : ` + ${expressions.coordinate(of, block)}`);
    const whole = Math.floor(last.extent / 4) * 4;
    const run = (from: number, to: number, step: number) => {
      if (from >= to) return;
      const k = writer.fresh(last.name);
      const inner = outer.open();
      inner.bind(last, k);
      step4(inner, step, offset(left.moving, inner), offset(right.moving, inner));
      if (to - from === step) outer.lines.push(`{`, `  let ${k} = ${from};`, ...inner.lines.map((line) => `  ${line}`), "}");
      else outer.close(`for (var ${k} = ${from}; ${k} < ${to}; ${k} += ${step})`, inner);
    };
    run(0, whole, 4);
    run(whole, last.extent, 1);
  });

  /** `steps` summands from the bound one on. */
  function step4(block: Block, steps: number, leftOffset: string, rightOffset: string): void {
    const { access } = writer;
    const [leftStride, rightStride] = [strideOf(left.moving, last), strideOf(right.moving, last)];
    const isLeftRun = steps === 4 && isRunOfFour(plus(left.moving, left.still), last);
    const isRightRun = steps === 4 && !runsAlongN && isRunOfFour(plus(right.moving, right.still), last);
    const move = (k: number, stride: number) => (k * stride === 0 ? "" : ` + ${k * stride}`);
    /** The elements of one row or column at each of the steps. */
    const along = (load: Load, at: string, offset: string, stride: number, isRun: boolean, stem: string): readonly string[] => {
      const four = isRun ? access.loadFour(load.tensor, `${at}${offset}`) : undefined;
      const name = writer.fresh(stem);
      if (four !== undefined) {
        block.lines.push(`let ${name} = ${four};`);
        return [0, 1, 2, 3].map((k) => `${name}[${k}]`);
      }
      return Array.from({ length: steps }, (_, k) => {
        block.lines.push(`let ${name}_${k} = ${access.load(load.tensor, `${at}${offset}${move(k, stride)}`)};`);
        return `${name}_${k}`;
      });
    };
    const a = leftStarts.map((at) => along(left.load, at, leftOffset, leftStride, isLeftRun, "a"));
    const b: string[][] = Array.from({ length: steps }, () => []);
    if (runsAlongN) {
      for (const at of rightStarts) {
        for (let k = 0; k < steps; k++) {
          const index = `${at}${rightOffset}${move(k, rightStride)}`;
          const name = writer.fresh("b");
          const four = access.loadFour(right.load.tensor, index) ?? `vec4<f32>(${[0, 1, 2, 3].map((j) => access.load(right.load.tensor, `${index} + ${j}`)).join(", ")})`;
          block.lines.push(`let ${name} = ${four};`);
          b[k]!.push(name);
        }
      }
    } else {
      const columns = rightStarts.map((at) => along(right.load, at, rightOffset, rightStride, isRightRun, "c"));
      for (let k = 0; k < steps; k++) {
        for (let q = 0; q < microN / 4; q++) {
          const name = writer.fresh("b");
          block.lines.push(`let ${name} = vec4<f32>(${[0, 1, 2, 3].map((j) => columns[4 * q + j]![k]).join(", ")});`);
          b[k]!.push(name);
        }
      }
    }
    for (let k = 0; k < steps; k++) {
      for (let i = 0; i < microM; i++) {
        for (let q = 0; q < microN / 4; q++) block.lines.push(`${sums.name(index, i, q)} += ${a[i]![k]} * ${b[k]![q]};`);
      }
    }
  }
}

/** Stores what follows from one result, whose row and column are given as texts. */
function writeOne(piece: Piece, { products, writer }: Tiling, block: Block, row: string, column: string, value: string, mode: StoreMode): void {
  const { m, n, fold } = products[0]!;
  const { stores } = piece.part;
  const expressions = new Expressions(writer, stores.map((store) => store.value));
  const inner = block.open();
  bindLinear(inner, m, row, inner.lines, writer);
  bindLinear(inner, n, column, inner.lines, writer);
  inner.name(fold, { text: value, isVector: false });
  for (const store of stores) {
    inner.lines.push(...guardStore(mode, store, (own) => expressions.stored(store.tensor, address(store.at), own, inner), (own) => expressions.value(own, inner)));
  }
  block.close(`if (${row} < ${size(m)} && ${column} < ${size(n)})`, inner);
}

/** Computes what is stored from the sums, row by row, four columns at a time. */
function writeResults(piece: Piece, { products, schedule, writer, root }: Tiling, sums: Sums, mode: StoreMode): void {
  const { m, n } = products[0]!;
  const { stores } = piece.part;
  const last = n.at(-1)!;
  const inFours = n.length === 1 && last.extent % 4 === 0;
  const roots = stores.map((store) => store.value);
  for (let i = 0; i < schedule.microM; i++) {
    const row = root.open();
    const index = writer.fresh("m");
    const guard = `m0 + ${i} < ${size(m)}`;
    row.lines.push(`let ${index} = m0 + ${i};`);
    bindLinear(row, m, index, row.lines, writer);
    for (let q = 0; q < schedule.microN / 4; q++) {
      const steps = inFours ? [0] : [0, 1, 2, 3];
      for (const j of steps) {
        const expressions = new Expressions(writer, roots, inFours ? last : undefined);
        const block = row.open();
        const column = writer.fresh("n");
        block.lines.push(`let ${column} = n0 + ${4 * q + j};`);
        bindLinear(block, n, column, block.lines, writer);
        products.forEach(({ fold }, p) => block.name(fold, { text: inFours ? sums.name(p, i, q) : `${sums.name(p, i, q)}[${j}]`, isVector: inFours }));
        for (const store of stores) {
          block.lines.push(...guardStore(mode, store, (value) => expressions.stored(store.tensor, address(store.at), value, block), (value) => expressions.value(value, block)));
        }
        row.close(`if (n0 + ${4 * q + j} < ${size(n)})`, block);
      }
    }
    root.close(`if (${guard})`, row);
  }
}

