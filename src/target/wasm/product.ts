/**
 * Products as WebAssembly text. A unit of work is a block of the result: its factors' blocks are multiplied by the shared functions
 * of `multiply.ts` into memory of the thread, and then everything that belongs to a result (bias, activation, residual) is
 * computed from there, row by row, four columns at once.
 */

import { type Product, size } from "../../kernel/product.js";
import type { Part } from "../../kernel/part.js";
import type { Load } from "../../kernel/scalar.js";
import { stepsAlong } from "./address.js";
import { blockingOf, padded } from "./blocking.js";
import { Expressions, type StoreMode, lanes, repeat } from "./expression.js";
import { type Extent, type Factor, Multiplication, factorOf, remaining } from "./multiplication.js";
import { type Body, bindLinear, eachUnit, storeRows } from "./rows.js";
import { Block, type Writer, get, int, scaled, set, sum } from "./writer.js";

/** Undefined when the addresses of a factor cannot be taken apart. */
export function productBody(part: Part, products: readonly Product[], writer: Writer, mode: StoreMode): Body | undefined {
  const pairs: { product: Product; left: Factor; right: Factor }[] = [];
  for (const product of products) {
    const left = factorOf(product.left as Load, product.batch, product.m, product.inner);
    const right = factorOf(product.right as Load, product.batch, product.n, product.inner);
    if (left === undefined || right === undefined) return undefined;
    // A run of summands has to be evenly apart.
    if ([left, right].some((factor) => stepsAlong(factor.inner, product.inner.at(-1)!) === undefined)) return undefined;
    pairs.push({ product, left, right });
  }
  const { batch, m, n } = products[0]!;
  const blocking = blockingOf(products);
  const { rows, columns } = blocking;
  const [acrossM, acrossN] = [Math.ceil(size(m) / rows), Math.ceil(size(n) / columns)];
  const stride = 4 * padded(columns);
  const root = new Block();
  const row = writer.local("row");
  const column = writer.local("column");
  const tiles = products.map(() => writer.reserve(rows * stride));
  const packed = writer.local("packed");
  root.lines.push(set(packed, int(-1)));
  eachUnit(writer, root, false, (block, unit) => {
    const across = writer.local("across");
    block.lines.push(set(row, scaled(acrossM === 1 ? int(0) : `(i32.rem_u ${unit} ${int(acrossM)})`, rows)));
    block.lines.push(set(across, acrossM === 1 ? unit : `(i32.div_u ${unit} ${int(acrossM)})`));
    block.lines.push(set(column, scaled(acrossN === 1 ? int(0) : `(i32.rem_u ${get(across)} ${int(acrossN)})`, columns)));
    bindLinear(writer, block, batch, acrossN === 1 ? get(across) : `(i32.div_u ${get(across)} ${int(acrossN)})`);
    const height = remaining(writer, block, size(m), rows, get(row));
    const width = remaining(writer, block, size(n), columns, get(column));
    const extent: Extent = { row: get(row), column: get(column), height, width };
    pairs.forEach(({ product, left, right }, i) => {
      new Multiplication(writer, block, product, left, right, blocking, extent).write(get(across), get(packed), sum(get("$scratch"), int(tiles[i]!)), stride);
    });
    block.lines.push(set(packed, get(across)));
    writeResults(part, products, tiles, stride, extent, writer, block, mode);
  });
  return { lines: root.lines, units: size(batch) * acrossM * acrossN };
}

/** Stores everything that is computed from the sums of a block. */
function writeResults(part: Part, products: readonly Product[], tiles: readonly number[], stride: number, extent: Extent, writer: Writer, block: Block, mode: StoreMode): void {
  const { m, n } = products[0]!;
  const [outer, last] = [n.slice(0, -1), n.at(-1)!];
  const values = part.stores.map((own) => own.value);
  const index = writer.local("row");
  const counter = writer.local(last.name);
  const from = writer.local("from");
  repeat(writer, block, { counter: index, from: int(0), to: extent.height, by: 1, isEntered: true }, (inner) => {
    bindLinear(writer, inner, m, sum(get(index), extent.row));
    const start = sum(get("$scratch"), scaled(get(index), stride));
    if (outer.length === 0) {
      // The loop counts columns of the whole product: the tile's address is that of its column 0.
      inner.lines.push(set(from, `(i32.sub ${start} ${scaled(extent.column, 4)})`));
      const end = writer.local("end");
      inner.lines.push(set(end, sum(extent.column, extent.width)), set(counter, extent.column));
      columns(inner, get(end), size(n) % lanes !== 0);
      return;
    }
    const turn = writer.local("turn");
    repeat(writer, inner, { counter: turn, from: int(0), to: extent.width, by: last.extent, isEntered: true }, (own) => {
      bindLinear(writer, own, outer, `(i32.div_u ${sum(get(turn), extent.column)} ${int(last.extent)})`);
      own.lines.push(set(from, sum(start, scaled(get(turn), 4))), set(counter, int(0)));
      columns(own, int(last.extent), last.extent % lanes !== 0);
    });
  });

  function columns(inner: Block, end: string, hasRest: boolean): void {
    for (const by of [lanes, 1]) {
      if (by === 1 && !hasRest) continue;
      const expressions = new Expressions(writer, values, by === 1 ? undefined : last);
      repeat(writer, inner, { counter, from: get(counter), to: end, by, isEntered: false }, (own) => {
        own.bind(last, get(counter));
        products.forEach(({ fold }, i) => {
          const value = writer.local("sum", "v128");
          const load = by === 1 ? "v128.load32_splat" : "v128.load";
          own.lines.push(set(value, `(${load} offset=${tiles[i]!} ${sum(get(from), scaled(get(counter), 4))})`));
          expressions.bind(fold, own, get(value));
        });
        storeRows(part, expressions, own, [0], mode);
      });
    }
  }
}
