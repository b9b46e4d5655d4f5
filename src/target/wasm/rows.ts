/**
 * Pieces that work by rows, as WebAssembly text. Four elements at once are four columns of one row, or one column of four rows,
 * whichever lie side by side in memory.
 */

import type { Coordinate, Variable } from "../../kernel/coordinate.js";
import { address } from "../../kernel/normalise.js";
import { type Part, type Store, hasFolds, tablesOf } from "../../kernel/part.js";
import { type Pass, passesOf } from "../../kernel/passes.js";
import { size } from "../../kernel/product.js";
import { leadOf } from "../../kernel/turns.js";
import { type Fold, type Scalar, loadsOf } from "../../kernel/scalar.js";
import { stepsAlong } from "./address.js";
import { Expressions, type StoreMode, joined, lanes, repeat } from "./expression.js";
import { Block, type Writer, get, int, set, sum } from "./writer.js";

/** A function's body and how many units of work it can do. */
export interface Body {
  readonly lines: readonly string[];
  readonly units: number;
}

/** @param turns in how many equal parts the units are asked for, where they are done in turns. */
export function rowsBody(part: Part, writer: Writer, mode: StoreMode, turns?: number): Body {
  const passes = passesOf(part.stores, part.rows);
  // Four neighbouring rows have to be of one turn.
  const isWhole = turns === undefined || !leadOf(part, turns)!.loops.includes(part.rows.at(-1)!);
  return isWhole && runsAlongRows(part, passes) ? fourRows(part, passes, writer, mode) : rowByRow(part, passes, writer, mode);
}

/** Vectors that sums of many rows are taken in side by side, so that all of a line of the cache is used when it is there. */
const wideRows = 4;
/** Rows that a unit of work is made of at least. */
const leastRows = lanes * wideRows;
/** Units that work is cut into where there is enough of it, so that threads get equal shares. */
const wantedUnits = 32;

/** Units of neighbouring rows, of which four are computed at once. */
function fourRows(part: Part, passes: readonly Pass[], writer: Writer, mode: StoreMode): Body {
  const last = part.rows.at(-1)!;
  const others = part.rows.slice(0, -1);
  const cuts = Math.max(1, Math.min(Math.ceil(last.extent / leastRows), Math.ceil(wantedUnits / size(others))));
  const run = Math.ceil(last.extent / cuts / leastRows) * leastRows;
  const perRow = Math.ceil(last.extent / run);
  const root = new Block();
  const row = writer.local(last.name);
  const units = size(others) * perRow;
  eachUnit(writer, root, false, (block, unit) => {
    if (perRow > 1) bindLinear(writer, block, others, `(i32.div_u ${unit} ${int(perRow)})`);
    else bindLinear(writer, block, others, unit);
    const from = perRow === 1 ? int(0) : `(i32.mul (i32.rem_u ${unit} ${int(perRow)}) ${int(run)})`;
    let end = int(last.extent);
    if (perRow > 1) {
      const local = writer.local("last");
      block.lines.push(set(row, from), set(local, sum(get(row), int(run))));
      end = get(local);
      if (last.extent % run !== 0) block.lines.push(set(local, `(select ${end} ${int(last.extent)} (i32.lt_u ${end} ${int(last.extent)}))`));
    } else block.lines.push(set(row, from));
    const isWide = hasFolds(part) && last.extent >= leastRows;
    for (const wide of [...(isWide ? [wideRows] : []), 1, 0]) {
      // What is left after whole vectors is done one by one.
      if (wide === 0 && last.extent % lanes === 0) continue;
      if (wide === 1 && last.extent < lanes) continue;
      const expressions = new Expressions(writer, part.stores.map((store) => store.value), wide === 0 ? undefined : last, Math.max(1, wide));
      repeat(writer, block, { counter: row, from: get(row), to: end, by: Math.max(1, lanes * wide), isEntered: false, isFloor: hasFolds(part) }, (inner) => {
        inner.bind(last, get(row));
        const vectors = Array.from({ length: Math.max(1, wide) }, (_, w) => w);
        for (const pass of passes) passOverRows(pass, expressions, inner, vectors, mode);
        storeRows(part, expressions, inner, vectors, mode);
      });
    }
  });
  return { lines: root.lines, units };
}

/** A pass over the columns of several rows at once. */
function passOverRows(pass: Pass, expressions: Expressions, block: Block, vectors: readonly number[], mode: StoreMode): void {
  const totals = pass.folds.map((fold) => vectors.map(() => expressions.accumulator(fold, block)));
  expressions.loops(block, pass.loops, (inner) => {
    for (const w of vectors) {
      pass.folds.forEach((fold, i) => inner.lines.push(expressions.combined(fold, totals[i]![w]!, inner, w)));
      for (const own of pass.stores) inner.lines.push(...expressions.stored(own, inner, mode, w));
    }
  });
  pass.folds.forEach((fold, i) => vectors.forEach((w) => expressions.bind(fold, block, get(totals[i]![w]!), w)));
}

/** A unit is a row; in each pass four columns are computed at once. */
function rowByRow(part: Part, passes: readonly Pass[], writer: Writer, mode: StoreMode): Body {
  const root = new Block();
  const values = part.stores.map((own) => own.value);
  const expressions = new Expressions(writer, values);
  eachUnit(writer, root, hasFolds(part), (block, unit) => {
    bindLinear(writer, block, part.rows, unit);
    for (const pass of passes) passOverColumns(pass, values, writer, expressions, block, mode);
    storeRows(part, expressions, block, [0], mode);
  });
  return { lines: root.lines, units: size(part.rows) };
}

/** A pass over the columns of one row, in vectors of four and then one by one. */
function passOverColumns(pass: Pass, values: readonly Scalar[], writer: Writer, single: Expressions, block: Block, mode: StoreMode): void {
  const last = pass.loops.at(-1)!;
  const fours = Math.floor(last.extent / lanes) * lanes;
  const parts = [
    ...(fours > 0 ? [{ from: 0, to: fours, by: lanes, expressions: new Expressions(writer, values, last) }] : []),
    ...(fours < last.extent ? [{ from: fours, to: last.extent, by: 1, expressions: single }] : []),
  ];
  const totals = parts.map(({ expressions }) => pass.folds.map((fold) => expressions.accumulator(fold, block)));
  single.loops(block, pass.loops.slice(0, -1), (outer) => {
    parts.forEach(({ from, to, by, expressions }, p) => {
      const counter = writer.local(last.name);
      repeat(writer, outer, { counter, from: int(from), to: int(to), by, isEntered: true }, (inner) => {
        inner.bind(last, get(counter));
        pass.folds.forEach((fold, i) => inner.lines.push(expressions.combined(fold, totals[p]![i]!, inner)));
        for (const own of pass.stores) inner.lines.push(...expressions.stored(own, inner, mode));
      });
    });
  });
  pass.folds.forEach((fold, i) => {
    const [first, second] = totals.map((own) => own[i]!);
    if (fours > 0) block.lines.push(...acrossLanes(fold, first!, writer));
    if (second !== undefined) block.lines.push(set(first!, joined(fold.combine, fold.dtype, get(first!), get(second))));
    single.bind(fold, block, get(first!));
  });
}

/** Combines the lanes of a total; afterwards all lanes have all of it. */
function acrossLanes({ combine, dtype }: Fold, total: string, writer: Writer): readonly string[] {
  const other = writer.local("other", "v128");
  return ["8 9 10 11 12 13 14 15 0 1 2 3 4 5 6 7", "4 5 6 7 0 1 2 3 12 13 14 15 8 9 10 11"].flatMap((order) => [
    set(other, `(i8x16.shuffle ${order} ${get(total)} ${get(total)})`),
    set(total, joined(combine, dtype, get(total), get(other))),
  ]);
}

/** The stores of whole rows. An update may read what its own stores change: all its values are computed before. */
export function storeRows(part: Part, expressions: Expressions, block: Block, vectors: readonly number[], mode: StoreMode): void {
  const own = part.stores.filter(({ columns }) => columns.length === 0);
  for (const w of vectors) {
    if (part.isUpdate) for (const { value } of part.stores) expressions.hold(value, block, w);
    for (const each of own) block.lines.push(...expressions.stored(each, block, mode, w));
  }
}

/** A loop over the units that the function is asked to do; for `isFloor` see `Turns`. */
export function eachUnit(writer: Writer, block: Block, isFloor: boolean, body: (inner: Block, unit: string) => void): void {
  const unit = writer.local("unit");
  repeat(writer, block, { counter: unit, from: get("$begin"), to: get("$end"), by: 1, isEntered: false, isFloor }, (inner) => body(inner, get(unit)));
}

/** Reads loop variables off the number of an element, the last one moving fastest. */
export function bindLinear(writer: Writer, block: Block, loops: readonly Variable[], index: string): void {
  let stride = size(loops);
  loops.forEach((loop, i) => {
    stride /= loop.extent;
    const whole = stride === 1 ? index : `(i32.div_u ${index} ${int(stride)})`;
    const text = i === 0 ? whole : `(i32.rem_u ${whole} ${int(loop.extent)})`;
    const local = writer.local(loop.name);
    block.lines.push(set(local, text));
    block.bind(loop, get(local));
  });
}

/** Whether neighbours in memory are neighbouring rows rather than neighbouring columns. */
function runsAlongRows(part: Part, passes: readonly Pass[]): boolean {
  const row = part.rows.at(-1);
  if (row === undefined || tablesOf(part).length > 0) return false;
  const columns = new Set(passes.map((pass) => pass.loops.at(-1)).filter((loop) => loop !== undefined));
  if (columns.size === 0) return true;
  const places = [...loadsOf(part.stores.map((own) => own.value)).map((load) => address(load.at)), ...part.stores.map((own: Store) => address(own.at))];
  return effort(places, (where) => stepsAlong(where, row), row.extent) < effort(places, (where) => alongAny(where, columns), Math.max(...[...columns].map((loop) => loop.extent)));
}

/** What loads and stores take for each element, in vectors of which only some lanes are of use at the end. */
function effort(places: readonly Coordinate[], steps: (where: Coordinate) => number | undefined, extent: number): number {
  const accesses = places.reduce((total, where) => total + ([0, 1].includes(steps(where) ?? lanes) ? 1 : lanes), 1);
  return accesses * ((Math.floor(extent / lanes) + (extent % lanes)) / extent);
}

function alongAny(where: Coordinate, columns: ReadonlySet<Variable>): number | undefined {
  for (const loop of columns) {
    const steps = stepsAlong(where, loop);
    if (steps !== 0) return steps;
  }
  return 0;
}
