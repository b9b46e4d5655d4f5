/** Pieces that work by rows, as WGSL. */

import type { Variable } from "../../kernel/coordinate.js";
import { address } from "../../kernel/normalise.js";
import { elements } from "../../ir/types.js";
import { type Store, tablesOf } from "../../kernel/part.js";
import { type Pass, passesOf } from "../../kernel/passes.js";
import { size } from "../../kernel/product.js";
import type { FoldSchedule, Piece } from "../../kernel/program.js";
import { groupThreads } from "../../kernel/schedule.js";
import type { Fold } from "../../kernel/scalar.js";
import { Block } from "./block.js";
import { Expressions, type Writer } from "./expression.js";
import { type StoreMode, guardStore } from "./store.js";

/**
 * The lines of a function's body, with `group` and `thread` in scope. Sums over a row come in passes: a sum whose terms need
 * another sum runs after it, and what shares its loop runs with it.
 */
export function foldLines(piece: Piece, writer: Writer, mode: StoreMode, subgroup: boolean): readonly string[] {
  const { part } = piece;
  const schedule = piece.schedule as FoldSchedule;
  const { lanes, rowsPerThread } = schedule;
  const expressions = new Expressions(writer, part.stores.map((store) => store.value));
  const root = new Block();
  // What all rows share is computed once by a thread that has several.
  const own = rowsPerThread > 1 ? root.open() : root;
  const { lines: rowLines, head, guard } = bindRows(own, part.rows, schedule, writer);
  const passes = passesOf(part.stores, part.rows);
  const tableLines = bindTables(piece, schedule, writer);
  for (const pass of passes) runPass(own, pass);
  // An update may read what its own stores change: all its values are computed before.
  if (part.isUpdate) for (const store of part.stores) expressions.hold(store.value, own);
  const condition = ["lane == 0", ...(guard === "" ? [] : [guard])].join(" && ");
  for (const store of part.stores) {
    if (store.columns.length > 0) continue;
    const lines = storeLines(store, own);
    own.lines.push(...(lanes === 1 ? lines : [`if (${condition}) {`, ...lines.map((line) => `  ${line}`), "}"]));
  }
  if (rowsPerThread > 1) root.close(`${head} {`, own);
  return [...rowLines, ...tableLines, ...root.lines];

  function storeLines(store: Store, block: Block): readonly string[] {
    return guardStore(mode, store, (value) => expressions.stored(store.tensor, address(store.at), value, block), (value) => expressions.value(value, block));
  }

  function runPass(block: Block, pass: Pass): void {
    const names = pass.folds.map((fold) => {
      const name = writer.fresh(fold.combine);
      block.lines.push(`var ${name} = ${expressions.start(fold)};`);
      return name;
    });
    const body = (inner: Block) => {
      pass.folds.forEach((fold, i) => inner.lines.push(expressions.combined(fold, names[i]!, expressions.value(fold.body, inner))));
      for (const store of pass.stores) {
        const lines = storeLines(store, inner);
        // A table is its row's own, also when the row only repeats the last one.
        if (store.tensor.storage === "local") inner.lines.push(...lines);
        else inner.lines.push(...(guard === "" ? lines : [`if (${guard}) {`, ...lines.map((line) => `  ${line}`), "}"]));
      }
    };
    if (lanes === 1) expressions.loops(block, pass.loops, body);
    else {
      const index = writer.fresh("i");
      const inner = block.open();
      bindLinear(inner, pass.loops, index, inner.lines, writer);
      body(inner);
      block.close(`for (var ${index} = lane; ${index} < ${size(pass.loops)}; ${index} += ${lanes}) {`, inner);
    }
    if (lanes > 1 && pass.stores.some((store) => store.tensor.storage === "local")) block.lines.push("workgroupBarrier();");
    pass.folds.forEach((fold, i) => {
      if (lanes > 1) block.lines.push(...gathered(fold, names[i]!, schedule, writer, subgroup));
      block.name(fold, { text: names[i]!, isVector: false });
    });
  }
}

/**
 * Binds the row variables, in a loop that `head` begins when a thread has several rows. With one lane a thread, rows beyond the last
 * return at once.
 */
function bindRows(block: Block, rows: readonly Variable[], { lanes, rowsPerThread, rowsFirst }: FoldSchedule, writer: Writer): { lines: readonly string[]; head: string; guard: string } {
  const count = size(rows);
  const perGroup = groupThreads / lanes;
  const lines: string[] = [];
  const row = writer.fresh("row");
  let head = "";
  if (rowsPerThread > 1) {
    lines.push(`let first = (group * ${groupThreads} + thread) * ${rowsPerThread};`);
    head = `for (var ${row} = first; ${row} < min(first + ${rowsPerThread}, ${count}); ${row}++)`;
  } else if (lanes === 1) lines.push(`let ${row} = group * ${groupThreads} + thread;`, `if (${row} >= ${count}) { return; }`);
  else {
    const [lane, own] = rowsFirst ? [`thread / ${perGroup}`, `thread % ${perGroup}`] : [`thread % ${lanes}`, `thread / ${lanes}`];
    lines.push(`let lane = ${lane};`, `let own = group * ${perGroup} + ${own};`, `let ${row} = min(own, ${count - 1});`);
  }
  bindLinear(block, rows, row, rowsPerThread > 1 ? block.lines : lines, writer);
  return { lines, head, guard: lanes === 1 || count % perGroup === 0 ? "" : `own < ${count}` };
}

/** Declares the tables of a row: in registers when a thread has the row alone, else in memory that the group shares. */
function bindTables({ part }: Piece, { lanes }: FoldSchedule, writer: Writer): readonly string[] {
  const perGroup = groupThreads / lanes;
  return tablesOf(part).flatMap((tensor) => {
    const count = elements(tensor.axes);
    const name = writer.fresh("table");
    const type = tensor.dtype === "f32" ? "f32" : "i32";
    if (lanes === 1) {
      writer.tables.set(tensor, { name, start: "" });
      return [`var ${name}: array<${type}, ${count}>;`];
    }
    writer.called.add(`tile ${name} ${type} ${count * perGroup}`);
    writer.tables.set(tensor, { name, start: `(thread / ${lanes}) * ${count} + ` });
    return [];
  });
}

/** Reads loop variables off the number of an element, the last one moving fastest. */
export function bindLinear(block: Block, loops: readonly Variable[], index: string, lines: string[], writer: Writer): void {
  if (loops.length === 1) return block.bind(loops[0]!, index);
  let stride = size(loops);
  loops.forEach((loop, i) => {
    stride /= loop.extent;
    const name = writer.fresh(loop.name);
    const whole = stride === 1 ? index : `${index} / ${stride}`;
    lines.push(`let ${name} = ${i === 0 ? whole : `(${whole}) % ${loop.extent}`};`);
    block.bind(loop, name);
  });
}

/** Combines what the lanes of a row found; afterwards each of them has all of it. */
function gathered(fold: Fold, name: string, { lanes, rowsFirst }: FoldSchedule, writer: Writer, subgroup: boolean): readonly string[] {
  if (subgroup) {
    const lines: string[] = [];
    for (let step = lanes / 2; step >= 1; step /= 2) {
      const other = `subgroupShuffleXor(${name}, ${step}u)`;
      lines.push(fold.combine === "sum" ? `${name} += ${other};` : `${name} = max(${name}, ${other});`);
    }
    return lines;
  }
  const stride = rowsFirst ? groupThreads / lanes : 1;
  const shared = fold.dtype === "i32" ? "shared_i32" : "shared_f32";
  writer.called.add(shared);
  const combine = (left: string, right: string) => (fold.combine === "sum" ? `${left} + ${right}` : `max(${left}, ${right})`);
  return [
    `${shared}[thread] = ${name};`,
    "workgroupBarrier();",
    `for (var step = ${lanes / 2}; step > 0; step /= 2) {`,
    `  if (lane < step) { ${shared}[thread] = ${combine(`${shared}[thread]`, `${shared}[thread + step * ${stride}]`)}; }`,
    "  workgroupBarrier();",
    "}",
    `${name} = ${shared}[thread - lane * ${stride}];`,
    "workgroupBarrier();",
  ];
}
