/** All kernels of a program as one WebAssembly module. */

import { structureOf } from "../../kernel/alike.js";
import type { Part } from "../../kernel/part.js";
import type { Dispatch, Piece, Schedule } from "../../kernel/program.js";
import { productsOf } from "../../kernel/schedule.js";
import type { Tensor } from "../../kernel/tensor.js";
import { words } from "../../runtime/wasm/plan.js";
import { barrierText } from "./barrier.js";
import type { StoreMode } from "./expression.js";
import { libraryOf } from "./library.js";
import { multiplyFunctions } from "./multiply.js";
import { productBody } from "./product.js";
import { type Body, rowsBody } from "./rows.js";
import { constantsOf } from "./vector.js";
import { Writer, get, int, scaled, set, sum } from "./writer.js";

interface Kernel {
  readonly name: string;
  readonly text: string;
  /** How many units of work it can do. */
  readonly units: number;
  /** Its parameters: which of the part's tensors they are. */
  readonly tensors: readonly number[];
}

export class Module {
  /** Kernels by the structure of their parts. */
  private readonly kernels = new Map<string, Kernel>();
  private readonly called = new Set<string>();
  private readonly dispatches: { name: string; text: string }[] = [];
  /** Bytes that a thread needs for itself. */
  scratchBytes = 256;

  constructor(
    private readonly isRelaxed: boolean,
    private readonly addressOf: (tensor: Tensor) => number,
  ) {}

  /** How many dispatches there are. */
  get count(): number {
    return this.dispatches.length;
  }

  /**
   * Adds a dispatch: each thread does its share of all pieces.
   * @param comment says what it computes.
   * @param isGuarded whether it does nothing when a value was found that is not finite.
   */
  add(name: string, { pieces, turns }: Dispatch, mode: StoreMode, comment: string, isGuarded = false): void {
    const guard = isGuarded ? [`(if (i32.load offset=${words.health} ${int(0)}) (then (return)))`] : [];
    const calls = turns === undefined ? pieces.map((piece, i) => this.call(piece, mode, i)) : this.inTurns(pieces, turns, mode);
    const head = `(func $${name} (param $thread i32) (param $threads i32) (param $scratch i32) ;; ${comment}`;
    this.dispatches.push({ name, text: [head, ...[...guard, ...calls].map((line) => `  ${line}`), ")"].join("\n") });
  }

  /** The call of a piece's kernel for the thread's share. Each piece begins with another thread, so that remainders are spread. */
  private call(piece: Piece, mode: StoreMode, first: number): string {
    const own = first === 0 ? get("$thread") : `(i32.rem_u (i32.add ${get("$thread")} ${int(first)}) ${get("$threads")})`;
    return this.callFor(piece, mode, undefined, (units) => [share(units, own), share(units, sum(own, int(1)))]);
  }

  /** A loop over the thread's share of the turns, in which each piece's kernel does its part. */
  private inTurns(pieces: readonly Piece[], turns: number, mode: StoreMode): readonly string[] {
    const calls = pieces.map((piece) => this.callFor(piece, mode, turns, (units) => [0, 1].map((next) => scaled(sum(get("$turn"), int(next)), units / turns)) as [string, string]));
    return [
      "(local $turn i32) (local $last i32)",
      set("$turn", share(turns, get("$thread"))),
      set("$last", share(turns, sum(get("$thread"), int(1)))),
      `(if (i32.lt_u ${get("$turn")} ${get("$last")}) (then`,
      "(loop $next",
      ...calls.map((call) => `  ${call}`),
      `  (br_if $next (i32.lt_u (local.tee $turn ${sum(get("$turn"), int(1))}) ${get("$last")})))))`,
    ];
  }

  private callFor({ part, schedule }: Piece, mode: StoreMode, turns: number | undefined, unitsOf: (units: number) => readonly [begin: string, end: string]): string {
    const { key, tensors } = structureOf(part);
    const kernel = this.kernelOf(`${mode} ${schedule.kind} ${turns} ${key}`, tensors, () => this.written(part, schedule, mode, turns));
    const addresses = kernel.tensors.map((i) => int(this.addressOf(tensors[i]!)));
    return `(call $${kernel.name} ${unitsOf(kernel.units).join(" ")} ${get("$scratch")} ${addresses.join(" ")})`;
  }

  /** A product whose factors' addresses do not come apart is computed row by row. */
  private written(part: Part, schedule: Schedule, mode: StoreMode, turns: number | undefined): { writer: Writer; body: Body; stem: string } {
    if (schedule.kind === "product") {
      const writer = new Writer(this.isRelaxed);
      const body = productBody(part, productsOf(part)!, writer, mode);
      if (body !== undefined) return { writer, body, stem: "product" };
    }
    const writer = new Writer(this.isRelaxed);
    return { writer, body: rowsBody(part, writer, mode, turns), stem: "rows" };
  }

  /** The kernel of a part with these tensors; parts that are alike but for them have one. */
  private kernelOf(key: string, tensors: readonly Tensor[], write: () => { writer: Writer; body: Body; stem: string }): Kernel {
    const known = this.kernels.get(key);
    if (known !== undefined) return known;
    const { writer, body, stem } = write();
    const name = `${stem}_${this.kernels.size}`;
    const kernel = { name, text: writer.function(name, body.lines), units: body.units, tensors: writer.tensors().map((tensor) => tensors.indexOf(tensor)) };
    this.kernels.set(key, kernel);
    for (const own of writer.called) this.called.add(own);
    this.scratchBytes = Math.max(this.scratchBytes, Math.ceil(writer.scratchBytes / 256) * 256);
    return kernel;
  }

  /** @param bytes of the memory before what threads have for themselves. */
  text(bytes: number): string {
    const shared = multiplyFunctions(this.isRelaxed);
    const inner = [...shared].filter(([name]) => this.called.has(name)).map(([, text]) => text);
    const library = libraryOf([...this.called].filter((name) => !shared.has(name)), this.isRelaxed);
    const functions = [...library, ...inner, ...[...this.kernels.values()].map(({ text }) => text), ...this.dispatches.map(({ text }) => text)];
    const parts = [
      '(import "env" "memory" (memory 1 65536 shared))',
      "(type $dispatch (func (param i32 i32 i32)))",
      `(table ${this.dispatches.length} funcref)`,
      `(elem (i32.const 0) func ${this.dispatches.map(({ name }) => `$${name}`).join(" ")})`,
      barrierText(),
      ...constantsOf(functions.join("\n")),
      ...functions,
      runText(bytes, this.scratchBytes),
    ];
    return `(module\n\n${parts.join("\n\n")}\n)\n`;
  }
}

/** The first of so many units that is a thread's. */
function share(units: number, thread: string): string {
  return `(i32.div_u (i32.mul ${int(units)} ${thread}) ${get("$threads")})`;
}

/** Runs the dispatches `$from` … `$to` − 1, each one when all threads are done with the one before. */
function runText(bytes: number, scratchBytes: number): string {
  return `(func $run (export "run") (param $from i32) (param $to i32) (param $thread i32) (param $threads i32) (local $scratch i32)
  (local.set $scratch (i32.add ${int(bytes)} (i32.mul ${get("$thread")} ${int(scratchBytes)})))
  (if (i32.lt_u ${get("$from")} ${get("$to")}) (then
    (loop $next
      (call_indirect (type $dispatch) ${get("$thread")} ${get("$threads")} ${get("$scratch")} ${get("$from")})
      (call $barrier ${get("$threads")})
      (br_if $next (i32.lt_u (local.tee $from (i32.add ${get("$from")} ${int(1)})) ${get("$to")}))))))`;
}
