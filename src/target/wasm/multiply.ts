/**
 * The inner loops of products, shared by all kernels: they put a block of the right factor into panels of eight columns, and
 * multiply rows of the left factor with them, four rows and eight columns at a time, in registers. After Goto and van de Geijn,
 * "Anatomy of high-performance matrix multiplication", 2008.
 *
 * Eight columns of four rows take eight of the sixteen registers that most processors have for vectors of four; what is wider
 * or higher does not fit beside the factors.
 */

import { multiplyAdd } from "./vector.js";
import { get, int, scaled, set, sum } from "./writer.js";

/** Columns of a panel. */
export const panel = 8;
/** Rows that are multiplied with a panel at once. */
export const tallest = 4;

/** The texts of all functions of this file. */
export function multiplyFunctions(isRelaxed: boolean): ReadonlyMap<string, string> {
  return new Map([
    ["pack_rows", packRows],
    ["pack_columns", packColumns()],
    ["pack_gathered", packGathered()],
    ["copy_rows", copyRows],
    ["copy_strided", copyStrided],
    ["multiply", multiply(isRelaxed)],
  ]);
}

function parameters(...names: readonly string[]): string {
  return names.map((name) => `(param $${name} i32)`).join(" ");
}

/** Lines that step through panels: `$n` columns are left, `$to` is where the next panel goes. */
function panels(body: string): string {
  return `(loop $next_panel
    ${body}
    ${set("$to", sum(get("$to"), get("$panel_bytes")))}
    (br_if $next_panel (i32.gt_s (local.tee $n (i32.sub ${get("$n")} ${int(panel)})) ${int(0)})))`;
}

/**
 * A block of which the columns are neighbours in memory, row by row, so that no more pages are open at once than there are panels.
 * What stands beyond the last column is copied and never used.
 */
const packRows = `(func $pack_rows ${parameters("to", "from", "k", "n", "stride", "panel_bytes")} (local $read i32) (local $write i32) (local $left i32)
  (loop $next_k
    ${set("$read", get("$from"))} ${set("$write", get("$to"))} ${set("$left", get("$n"))}
    (loop $next_panel
      (v128.store ${get("$write")} (v128.load ${get("$read")}))
      (v128.store offset=16 ${get("$write")} (v128.load offset=16 ${get("$read")}))
      ${set("$read", sum(get("$read"), int(4 * panel)))}
      ${set("$write", sum(get("$write"), get("$panel_bytes")))}
      (br_if $next_panel (i32.gt_s (local.tee $left (i32.sub ${get("$left")} ${int(panel)})) ${int(0)})))
    ${set("$from", sum(get("$from"), get("$stride")))}
    ${set("$to", sum(get("$to"), int(4 * panel)))}
    (br_if $next_k (local.tee $k (i32.sub ${get("$k")} ${int(1)})))))`;

/** A block of which the summands are neighbours in memory: it is transposed, four by four. Columns beyond the last repeat it. */
function packColumns(): string {
  const rows = Array.from({ length: panel }, (_, i) => i);
  const next = rows.slice(1).map((i) => `(local.set $r${i} (select ${sum(get(`$r${i - 1}`), get("$stride"))} ${get(`$r${i - 1}`)} (i32.gt_s ${get("$n")} ${int(i)})))`);
  const shuffle = (order: string, a: string, b: string) => `(i8x16.shuffle ${order} ${get(a)} ${get(b)})`;
  const [low, high] = ["0 1 2 3 16 17 18 19 4 5 6 7 20 21 22 23", "8 9 10 11 24 25 26 27 12 13 14 15 28 29 30 31"];
  const [left, right] = ["0 1 2 3 4 5 6 7 16 17 18 19 20 21 22 23", "8 9 10 11 12 13 14 15 24 25 26 27 28 29 30 31"];
  const square = (half: number) => {
    const [a, b, c, d] = [0, 1, 2, 3].map((i) => `$r${4 * half + i}`) as [string, string, string, string];
    const out = (k: number) => `offset=${4 * panel * k + 16 * half}`;
    return `(local.set $a (v128.load ${get(a)})) (local.set $b (v128.load ${get(b)})) (local.set $c (v128.load ${get(c)})) (local.set $d (v128.load ${get(d)}))
        (local.set $e ${shuffle(low!, "$a", "$b")}) (local.set $f ${shuffle(low!, "$c", "$d")}) (local.set $g ${shuffle(high!, "$a", "$b")}) (local.set $h ${shuffle(high!, "$c", "$d")})
        (v128.store ${out(0)} ${get("$write")} ${shuffle(left!, "$e", "$f")}) (v128.store ${out(1)} ${get("$write")} ${shuffle(right!, "$e", "$f")})
        (v128.store ${out(2)} ${get("$write")} ${shuffle(left!, "$g", "$h")}) (v128.store ${out(3)} ${get("$write")} ${shuffle(right!, "$g", "$h")})`;
  };
  const advance = (bytes: number) => rows.map((i) => set(`$r${i}`, sum(get(`$r${i}`), int(bytes)))).join(" ");
  const single = (half: number) =>
    [1, 2, 3].reduce((vector, i) => `(v128.load32_lane ${i} ${get(`$r${4 * half + i}`)} ${vector})`, `(v128.load32_zero ${get(`$r${4 * half}`)})`);
  return `(func $pack_columns ${parameters("to", "from", "k", "n", "stride", "panel_bytes")} (local $write i32) (local $left i32)
  ${rows.map((i) => `(local $r${i} i32)`).join(" ")} ${[..."abcdefgh"].map((name) => `(local $${name} v128)`).join(" ")}
  ${panels(`${set("$r0", get("$from"))} ${next.join(" ")}
    ${set("$write", get("$to"))} ${set("$left", get("$k"))}
    (if (i32.ge_s ${get("$left")} ${int(4)}) (then
      (loop $next_four
        ${square(0)}
        ${square(1)}
        ${advance(16)}
        ${set("$write", sum(get("$write"), int(16 * panel)))}
        (br_if $next_four (i32.ge_s (local.tee $left (i32.sub ${get("$left")} ${int(4)})) ${int(4)})))))
    (if ${get("$left")} (then
      (loop $next_one
        (v128.store ${get("$write")} ${single(0)})
        (v128.store offset=16 ${get("$write")} ${single(1)})
        ${advance(4)}
        ${set("$write", sum(get("$write"), int(4 * panel)))}
        (br_if $next_one (local.tee $left (i32.sub ${get("$left")} ${int(1)}))))))
    ${set("$from", sum(get("$from"), scaled(get("$stride"), panel)))}`)})`;
}

/** A block of which each column begins where a table says, in bytes from `$from`. */
function packGathered(): string {
  const columns = Array.from({ length: panel }, (_, i) => i);
  const offsets = columns.map((i) => `(local.set $r${i} (i32.add ${get("$from")} (i32.load (select ${sum(get("$table"), int(4 * i))} ${get("$table")} (i32.gt_s ${get("$n")} ${int(i)})))))`);
  const vector = (half: number) =>
    [1, 2, 3].reduce((own, i) => `(v128.load32_lane ${i} ${get(`$r${4 * half + i}`)} ${own})`, `(v128.load32_zero ${get(`$r${4 * half}`)})`);
  return `(func $pack_gathered ${parameters("to", "from", "k", "n", "stride", "panel_bytes", "table")} (local $write i32) (local $left i32) ${columns.map((i) => `(local $r${i} i32)`).join(" ")}
  ${panels(`${offsets.join(" ")}
    ${set("$write", get("$to"))} ${set("$left", get("$k"))}
    (loop $next_k
      (v128.store ${get("$write")} ${vector(0)})
      (v128.store offset=16 ${get("$write")} ${vector(1)})
      ${columns.map((i) => set(`$r${i}`, sum(get(`$r${i}`), get("$stride")))).join(" ")}
      ${set("$write", sum(get("$write"), int(4 * panel)))}
      (br_if $next_k (local.tee $left (i32.sub ${get("$left")} ${int(1)}))))
    ${set("$table", sum(get("$table"), int(4 * panel)))}`)})`;
}

/** Copies rows of `$vectors` vectors that lie `$stride` bytes apart to where one follows the other. */
const copyRows = `(func $copy_rows ${parameters("to", "from", "count", "vectors", "stride")} (local $read i32) (local $left i32)
  (loop $next_row
    ${set("$read", get("$from"))} ${set("$left", get("$vectors"))}
    (loop $next
      (v128.store ${get("$to")} (v128.load ${get("$read")}))
      ${set("$to", sum(get("$to"), int(16)))}
      ${set("$read", sum(get("$read"), int(16)))}
      (br_if $next (local.tee $left (i32.sub ${get("$left")} ${int(1)}))))
    ${set("$from", sum(get("$from"), get("$stride")))}
    (br_if $next_row (local.tee $count (i32.sub ${get("$count")} ${int(1)})))))`;

/** Copies elements that lie `$stride` bytes apart to where they are neighbours. */
const copyStrided = `(func $copy_strided ${parameters("to", "from", "count", "stride")}
  (loop $next
    (i32.store ${get("$to")} (i32.load ${get("$from")}))
    ${set("$to", sum(get("$to"), int(4)))}
    ${set("$from", sum(get("$from"), get("$stride")))}
    (br_if $next (local.tee $count (i32.sub ${get("$count")} ${int(1)})))))`;

/**
 * `c = a · b`, or `c += a · b` if `$adds`. `$rows` is a table of where each row of `a` begins, `$shift` and `$step` the bytes to
 * its first element and from one to the next; `b` lies in panels. `c` has room for whole panels.
 */
function multiply(isRelaxed: boolean): string {
  const a = [0, 1, 2, 3].map((i) => `(local $a${i} i32)`).join(" ");
  const sums = [0, 1, 2, 3].flatMap((i) => [0, 1].map((j) => `(local $s${i}${j} v128)`)).join(" ");
  const tile = (rows: number, vectors: number) => {
    const r = Array.from({ length: rows }, (_, i) => i);
    const v = Array.from({ length: vectors }, (_, j) => j);
    const all = r.flatMap((i) => v.map((j) => ({ i, j, name: `$s${i}${j}` })));
    const place = (i: number) => (i === 0 ? get("$write") : sum(get("$write"), scaled(get("$c_stride"), i)));
    return `${r.map((i) => set(`$a${i}`, sum(`(i32.load offset=${4 * i} ${get("$row")})`, get("$shift")))).join(" ")}
      (if ${get("$adds")}
        (then ${all.map(({ i, j, name }) => set(name, `(v128.load offset=${16 * j} ${place(i)})`)).join(" ")})
        (else ${all.map(({ name }) => set(name, "(v128.const f32x4 0 0 0 0)")).join(" ")}))
      ${set("$read", get("$b"))}
      (loop $next_k
        ${v.map((j) => set(`$b${j}`, `(v128.load offset=${16 * j} ${get("$read")})`)).join(" ")}
        ${r
          .map((i) => [
            set("$x", `(v128.load32_splat ${get(`$a${i}`)})`),
            ...v.map((j) => set(`$s${i}${j}`, multiplyAdd(isRelaxed, get("$x"), get(`$b${j}`), get(`$s${i}${j}`)))),
            set(`$a${i}`, sum(get(`$a${i}`), get("$step"))),
          ].join(" "))
          .join("\n        ")}
        (br_if $next_k (i32.lt_u (local.tee $read ${sum(get("$read"), int(4 * panel))}) ${get("$end")})))
      ${all.map(({ i, j, name }) => `(v128.store offset=${16 * j} ${place(i)} ${get(name)})`).join(" ")}`;
  };
  const rest = (vectors: number) => [3, 2, 1].map((rows) => `(if (i32.eq ${get("$rest")} ${int(rows)}) (then\n      ${tile(rows, vectors)}))`).join("\n    ");
  const column = (vectors: number) => `${set("$row", get("$rows"))} ${set("$write", get("$c"))}
    (if (i32.ge_s ${get("$m")} ${int(tallest)}) (then
      ${set("$tiles", `(i32.shr_u ${get("$m")} ${int(2)})`)}
      (loop $next_tile
      ${tile(tallest, vectors)}
      ${set("$row", sum(get("$row"), int(4 * tallest)))}
      ${set("$write", sum(get("$write"), scaled(get("$c_stride"), tallest)))}
      (br_if $next_tile (local.tee $tiles (i32.sub ${get("$tiles")} ${int(1)}))))))
    ${rest(vectors)}`;
  return `(func $multiply ${parameters("rows", "m", "shift", "step", "b", "n", "k", "panel_bytes", "c", "c_stride", "adds")}
  (local $rest i32) (local $row i32) (local $write i32) (local $read i32) (local $end i32) (local $tiles i32)
  ${a} ${sums} (local $b0 v128) (local $b1 v128) (local $x v128)
  ${set("$rest", `(i32.and ${get("$m")} ${int(tallest - 1)})`)}
  (loop $next_panel
    ${set("$end", sum(get("$b"), scaled(get("$k"), 4 * panel)))}
    (if (i32.gt_s ${get("$n")} ${int(panel / 2)}) (then
    ${column(2)}
    ) (else
    ${column(1)}
    ))
    ${set("$b", sum(get("$b"), get("$panel_bytes")))}
    ${set("$c", sum(get("$c"), int(4 * panel)))}
    (br_if $next_panel (i32.gt_s (local.tee $n (i32.sub ${get("$n")} ${int(panel)})) ${int(0)}))))`;
}
