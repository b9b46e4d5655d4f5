/** One product of a block, as WebAssembly text: its factors are put where the inner loops of `multiply.ts` want them. */

import { type Coordinate, type Variable, constant, plus, termsOf } from "../../kernel/coordinate.js";
import { address } from "../../kernel/normalise.js";
import { type Product, size } from "../../kernel/product.js";
import { type Load, variablesOf } from "../../kernel/scalar.js";
import { stepsAlong } from "./address.js";
import { type Blocking, padded, summandsOf } from "./blocking.js";
import { Expressions, lanes, repeat } from "./expression.js";
import { panel } from "./multiply.js";
import { bindLinear } from "./rows.js";
import { type Block, type Writer, get, int, scaled, set, sum } from "./writer.js";

/** A factor's address, apart by what it moves with. */
export interface Factor {
  readonly load: Load;
  /** What moves with the rows of the part that the factor has. */
  readonly still: Coordinate;
  readonly own: Coordinate;
  readonly inner: Coordinate;
}

/** A factor that moves with these loops; undefined when its address cannot be taken apart. */
export function factorOf(load: Load, batch: readonly Variable[], own: readonly Variable[], inner: readonly Variable[]): Factor | undefined {
  const where = address(load.at);
  const moving = (loops: readonly Variable[]) => termsOf(where, (term) => [...variablesOf({ terms: [term] })].every((loop) => loops.includes(loop)));
  const parts = [batch, own, inner].map(moving);
  if (parts.reduce((total, { terms }) => total + terms.length, 0) !== where.terms.length) return undefined;
  const [still, ofOwn, ofInner] = parts as [Coordinate, Coordinate, Coordinate];
  return { load, still: plus(still, constant(where.constant)), own: ofOwn, inner: ofInner };
}

/** Where a block begins and how large it is. */
export interface Extent {
  readonly row: string;
  readonly column: string;
  readonly height: string;
  readonly width: string;
}

/** How much of a block is there: the last one may be smaller. */
export function remaining(writer: Writer, block: Block, extent: number, most: number, from: string): string {
  if (extent % most === 0) return int(most);
  const left = writer.local("left");
  block.lines.push(set(left, `(i32.sub ${int(extent)} ${from})`), set(left, `(select ${get(left)} ${int(most)} (i32.lt_u ${get(left)} ${int(most)}))`));
  return get(left);
}

/** One product of a block. */
export class Multiplication {
  private readonly expressions: Expressions;
  private readonly lead: readonly Variable[];
  private readonly last: Variable;
  private readonly total: number;
  private readonly summands: number;

  constructor(
    private readonly writer: Writer,
    private readonly block: Block,
    private readonly product: Product,
    private readonly left: Factor,
    private readonly right: Factor,
    private readonly blocking: Blocking,
    private readonly extent: Extent,
  ) {
    this.expressions = new Expressions(writer, []);
    this.lead = product.inner.slice(0, -1);
    this.last = product.inner.at(-1)!;
    this.total = size(product.inner);
    this.summands = summandsOf(product.inner);
  }

  /** @param across tells which columns the block has, and `packed` those that the panels have. */
  write(across: string, packed: string, to: string, stride: number): void {
    const { writer, block, blocking, total, summands } = this;
    const { keepsPanels } = blocking;
    const depth = keepsPanels ? total : summands;
    const panels = sum(get("$scratch"), int(writer.reserve(4 * padded(blocking.columns) * depth)));
    const panelBytes = 4 * panel * depth;
    const offsets = this.columnTable();
    const way = this.leftWay();
    const height = Math.ceil(blocking.rows / lanes) * lanes;
    const copied = writer.reserve(way === "direct" ? 0 : 4 * height * summands);
    // Where rows begin: in the factor, and in its copy. Rows that are copied together need the latter alone.
    const inFactor = way === "rows" ? undefined : this.rowTable();
    const step = way === "direct" ? 4 * stepsAlong(this.left.inner, this.last)! : way === "rows" ? 4 * height : 4;
    const rows = way === "direct" ? inFactor! : this.copiedRows(copied, way === "rows" ? 4 : 4 * summands);
    const first = writer.local("first");
    if (keepsPanels) {
      const inner = block.open();
      this.packRight(inner, int(0), int(total), panels, panelBytes, offsets);
      block.close(`(if (i32.ne ${across} ${packed}) (then`, inner, "))");
    }
    const multiplied = (inner: Block, from: string, count: string) => {
      if (!keepsPanels) this.packRight(inner, from, count, panels, panelBytes, offsets);
      if (way === "rows") this.copyRows(inner, from, count, copied, height);
      if (way === "strided") this.copyStrided(inner, from, count, copied, inFactor!);
      const shift = way === "direct" ? scaled(from, step) : int(0);
      const where = keepsPanels ? sum(panels, scaled(from, 4 * panel)) : panels;
      const adds = from === int(0) ? int(0) : `(i32.ne ${from} ${int(0)})`;
      const table = sum(get("$scratch"), int(rows));
      inner.lines.push(writer.call("multiply", table, this.extent.height, shift, int(step), where, this.extent.width, count, int(panelBytes), to, int(stride), adds));
    };
    if (total <= summands) return multiplied(block, int(0), int(total));
    repeat(writer, block, { counter: first, from: int(0), to: int(total), by: summands, isEntered: true, isRagged: true }, (inner) => {
      multiplied(inner, get(first), remaining(writer, inner, total, summands, get(first)));
    });
  }

  /** Whether the left factor is read where it is, or copied before: by rows of neighbouring rows, or row by row. */
  private leftWay(): "direct" | "rows" | "strided" {
    const { left, product, lead, last } = this;
    const [only] = product.m;
    const isEven = lead.length === 0 && stepsAlong(left.inner, last) === 1;
    if (!isEven && product.m.length === 1 && stepsAlong(left.own, only!) === 1) return "rows";
    return lead.length === 0 ? "direct" : "strided";
  }

  /** The table of where each row of the left factor begins. */
  private rowTable(): number {
    const { writer, left, product, extent } = this;
    return this.table(this.blocking.rows, extent.height, (inner, index) => {
      bindLinear(writer, inner, product.m, sum(index, extent.row));
      return this.placed(left, plus(left.still, left.own), inner);
    });
  }

  /** The table of where the columns of the right factor begin, if they are not evenly apart; in bytes. */
  private columnTable(): number | undefined {
    const { writer, right, product, last, extent } = this;
    const [only] = product.n;
    const step = product.n.length === 1 ? stepsAlong(right.own, only!) : undefined;
    const isPlain = step === 1 || (step !== undefined && step > 0 && stepsAlong(right.inner, last) === 1);
    if (isPlain) return undefined;
    return this.table(this.blocking.columns, extent.width, (inner, index) => {
      bindLinear(writer, inner, product.n, sum(index, extent.column));
      return scaled(this.expressions.addresses.coordinate(right.own, inner), 4);
    });
  }

  /** Fills a table of the thread's own, with room for so many numbers, and gives its place. */
  private table(room: number, count: string, value: (inner: Block, index: string) => string): number {
    const table = this.writer.reserve(4 * room);
    this.forEach(this.block, count, (inner, index) => {
      const own = value(inner, index);
      inner.lines.push(`(i32.store offset=${table} ${inTable(index)} ${own})`);
    });
    return table;
  }

  /** The address of an element of a factor. */
  private placed(factor: Factor, where: Coordinate, block: Block): string {
    const { text, offset } = this.expressions.addresses.place(factor.load.tensor, where, block);
    return sum(text, int(offset));
  }

  private forEach(block: Block, count: string, body: (inner: Block, index: string) => void): void {
    const index = this.writer.local("index");
    repeat(this.writer, block, { counter: index, from: int(0), to: count, by: 1, isEntered: true }, (inner) => body(inner, get(index)));
  }

  /** Runs of summands that are evenly apart, among `count` from number `from` on. */
  private runs(block: Block, from: string, count: string, body: (inner: Block, done: string, summands: string) => void): void {
    const { writer, lead, last } = this;
    if (lead.length === 0) {
      const start = block.open();
      start.bind(last, from);
      body(start, int(0), count);
      block.lines.push(...start.lines);
      return;
    }
    const done = writer.local("done");
    repeat(writer, block, { counter: done, from: int(0), to: count, by: last.extent, isEntered: true }, (inner) => {
      bindLinear(writer, inner, lead, `(i32.div_u ${sum(from, get(done))} ${int(last.extent)})`);
      inner.bind(last, int(0));
      body(inner, get(done), int(last.extent));
    });
  }

  private packRight(block: Block, from: string, count: string, to: string, panelBytes: number, table: number | undefined): void {
    const { writer, right, product, last, extent } = this;
    const step = stepsAlong(right.inner, last)!;
    this.runs(block, from, count, (inner, done, summands) => {
      const write = sum(to, scaled(done, 4 * panel));
      const own = inner.open();
      const bytes = int(4 * step);
      if (table !== undefined) {
        const read = this.placed(right, plus(right.still, right.inner), own);
        own.lines.push(writer.call("pack_gathered", write, read, summands, extent.width, bytes, int(panelBytes), sum(get("$scratch"), int(table))));
      } else {
        own.bind(product.n[0]!, extent.column);
        const read = this.placed(right, plus(right.still, right.inner, right.own), own);
        const along = stepsAlong(right.own, product.n[0]!)!;
        const [name, stride] = along === 1 ? ["pack_rows", bytes] : ["pack_columns", int(4 * along)];
        own.lines.push(writer.call(name!, write, read, summands, extent.width, stride!, int(panelBytes)));
      }
      inner.lines.push(...own.lines);
    });
  }

  /** Copies what the rows of the block have for each summand, so that the summands follow each other. */
  private copyRows(block: Block, from: string, count: string, to: number, height: number): void {
    const { writer, left, product, last, extent } = this;
    const step = stepsAlong(left.inner, last)!;
    this.runs(block, from, count, (inner, done, summands) => {
      const own = inner.open();
      own.bind(product.m[0]!, extent.row);
      const read = this.placed(left, plus(left.still, left.inner, left.own), own);
      const write = sum(get("$scratch"), scaled(done, 4 * height), int(to));
      own.lines.push(writer.call("copy_rows", write, read, summands, int(height / lanes), int(4 * step)));
      inner.lines.push(...own.lines);
    });
  }

  /** Copies row by row, from where the table `rows` says, so that the summands of a row are neighbours. */
  private copyStrided(block: Block, from: string, count: string, to: number, rows: number): void {
    const { writer, left, last, summands: apart } = this;
    const step = stepsAlong(left.inner, last)!;
    this.runs(block, from, count, (inner, done, summands) => {
      const moved = writer.local("moved");
      inner.lines.push(set(moved, scaled(this.expressions.addresses.coordinate(left.inner, inner), 4)));
      this.forEach(inner, this.extent.height, (own, index) => {
        const row = `(i32.load offset=${rows} ${inTable(index)})`;
        const write = sum(get("$scratch"), scaled(index, 4 * apart), scaled(done, 4), int(to));
        own.lines.push(writer.call("copy_strided", write, sum(row, get(moved)), summands, int(4 * step)));
      });
    });
  }

  /** The table of where copied rows begin, which are so many bytes apart. */
  private copiedRows(to: number, apart: number): number {
    return this.table(this.blocking.rows, this.extent.height, (_, index) => sum(get("$scratch"), scaled(index, apart), int(to)));
  }
}

/** The address of a number of a table, but for the table's own place. */
function inTable(index: string): string {
  return sum(get("$scratch"), scaled(index, 4));
}
