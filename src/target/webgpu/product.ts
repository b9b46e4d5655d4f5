/** Products as WGSL: each thread computes a tile of results in registers. */

import { type Coordinate, type Term, type Variable, constant, plus, termsOf } from "../../kernel/coordinate.js";
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
  if (schedule.isShared) {
    shared(tiling, sums);
    writeUnrolled(piece, tiling, sums, mode);
  } else {
    for (const [i] of products.entries()) sumStraight(tiling, sums, i);
    writeLooped(piece, tiling, mode);
  }
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
  private readonly isArray: boolean;
  private readonly fours: number;

  constructor({ products, schedule, root }: Tiling) {
    // An array, so that a loop can store what is in it. A GPU would not keep one in registers.
    this.isArray = !schedule.isShared;
    this.fours = schedule.microN / 4;
    for (const [p] of products.entries()) {
      if (this.isArray) root.lines.push(`var sum${p}: array<vec4<f32>, ${schedule.microM * this.fours}>;`);
      else {
        for (let i = 0; i < schedule.microM; i++) {
          for (let q = 0; q < this.fours; q++) root.lines.push(`var ${this.name(p, i, q)} = vec4<f32>(0.0);`);
        }
      }
    }
  }

  name(product: number, row: number, four: number): string {
    return this.isArray ? `sum${product}[${row * this.fours + four}]` : `sum${product}_${row}_${four}`;
  }
}

/** The part of an address that moves with the loops summed over, and the rest. Both factors are loads of affine addresses. */
export function partedAddress(factor: Scalar, inner: readonly Variable[]): { load: Load; moving: Coordinate; still: Coordinate } {
  const load = factor as Load;
  const where = address(load.at);
  const isMoving = ({ atom }: Term) => atom.kind === "variable" && inner.includes(atom.variable);
  return { load, moving: termsOf(where, isMoving), still: plus(termsOf(where, (term) => !isMoving(term)), constant(where.constant)) };
}

/** Sums a product with both factors read straight from memory. */
function sumStraight(tiling: Tiling, sums: Sums, index: number): void {
  const { products, schedule, writer, root } = tiling;
  const product = products[index]!;
  const expressions = new Expressions(writer, []);
  const { microM, microN } = schedule;
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

  // One summand at a time: several at once take longer to compile, and keep more values alive than a processor has registers.
  expressions.loops(root, product.inner, (block) => {
    const offsetOf = (of: Coordinate): string => {
      if (of.terms.length === 0) return "";
      const name = writer.fresh("move");
      block.lines.push(`let ${name} = ${expressions.coordinate(of, block)};`);
      return ` + ${name}`;
    };
    const element = (load: Load, at: string, offset: string, stem: string): string => {
      const name = writer.fresh(stem);
      block.lines.push(`let ${name} = ${writer.access.load(load.tensor, `${at}${offset}`)};`);
      return name;
    };
    const [leftOffset, rightOffset] = [offsetOf(left.moving), offsetOf(right.moving)];
    const a = leftStarts.map((at) => element(left.load, at, leftOffset, "a"));
    const b = runsAlongN
      ? rightStarts.map((at) => fourFrom(right.load, `${at}${rightOffset}`, block))
      : fours(rightStarts.map((at) => element(right.load, at, rightOffset, "c")), block);
    for (let i = 0; i < microM; i++) {
      for (let q = 0; q < microN / 4; q++) block.lines.push(`${sums.name(index, i, q)} += ${a[i]!} * ${b[q]!};`);
    }
  });

  /** Four neighbouring elements. */
  function fourFrom(load: Load, at: string, block: Block): string {
    const { access } = writer;
    const name = writer.fresh("b");
    const four = access.loadFour(load.tensor, at) ?? `vec4<f32>(${[0, 1, 2, 3].map((j) => access.load(load.tensor, `${at} + ${j}`)).join(", ")})`;
    block.lines.push(`let ${name} = ${four};`);
    return name;
  }

  /** Elements as vectors of four. */
  function fours(names: readonly string[], block: Block): readonly string[] {
    return Array.from({ length: names.length / 4 }, (_, q) => {
      const name = writer.fresh("b");
      block.lines.push(`let ${name} = vec4<f32>(${names.slice(4 * q, 4 * q + 4).join(", ")});`);
      return name;
    });
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
  block.close(`if (${row} < ${size(m)} && ${column} < ${size(n)}) {`, inner);
}

/** Computes what is stored from the sums of a shared tile, row by row, four columns at a time. */
function writeUnrolled(piece: Piece, { products, schedule, writer, root }: Tiling, sums: Sums, mode: StoreMode): void {
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
        row.close(`if (n0 + ${4 * q + j} < ${size(n)}) {`, block);
      }
    }
    root.close(`if (${guard}) {`, row);
  }
}

/**
 * Computes what is stored from the sums of a thread's own tile, in loops: unrolled, it would be most of what a processor has to
 * compile.
 */
function writeLooped(piece: Piece, { products, schedule, writer, root }: Tiling, mode: StoreMode): void {
  const { m, n } = products[0]!;
  const { microM, microN } = schedule;
  const { stores } = piece.part;
  const last = n.at(-1)!;
  const inFours = n.length === 1 && last.extent % 4 === 0;
  const expressions = new Expressions(writer, stores.map((store) => store.value), inFours ? last : undefined);
  const row = root.open();
  const inner = row.open();
  bindLinear(row, m, "m", row.lines, writer);
  bindLinear(inner, n, "n", inner.lines, writer);
  const four = `(m - m0) * ${microN / 4} + (n - n0) / 4`;
  products.forEach(({ fold }, p) => inner.name(fold, { text: inFours ? `sum${p}[${four}]` : `sum${p}[${four}][(n - n0) % 4]`, isVector: inFours }));
  for (const store of stores) {
    inner.lines.push(...guardStore(mode, store, (value) => expressions.stored(store.tensor, address(store.at), value, inner), (value) => expressions.value(value, inner)));
  }
  row.close(`for (var n = n0; n < min(n0 + ${microN}, ${size(n)}); n += ${inFours ? 4 : 1}) {`, inner);
  root.close(`for (var m = m0; m < min(m0 + ${microM}, ${size(m)}); m++) {`, row);
}
