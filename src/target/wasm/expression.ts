/**
 * Scalars as WebAssembly text. Every value is a vector of four: one that moves with the loop taken in steps of four holds four
 * elements, any other one the same value four times. So whatever is left of a loop is computed by the very same operations, and
 * no result depends on where a loop was cut.
 */

import type { Coordinate, Variable } from "../../kernel/coordinate.js";
import { address } from "../../kernel/normalise.js";
import type { Store } from "../../kernel/part.js";
import { type Fold, type Load, type Scalar, type ScalarOf, partsOf, reachable, variablesOf } from "../../kernel/scalar.js";
import { words } from "../../runtime/wasm/plan.js";
import { type Place, Addresses, runsAlong, stepsAlong } from "./address.js";
import { applied } from "./operations.js";
import { fourBits, multiplyAdd, zero } from "./vector.js";
import { type Block, type Writer, get, int, set } from "./writer.js";

/** What a store does: it writes, or it only looks whether the value is finite. */
export type StoreMode = "write" | "check";

/** How many elements a vector holds. */
export const lanes = 4;

/** Writes the scalars of one part. */
export class Expressions {
  private readonly uses = new Map<Scalar, number>();
  readonly addresses: Addresses;

  /**
   * @param four the loop that is taken in steps of four, if there is one.
   * @param wide how many vectors are computed side by side; vector `w` begins 4·w elements further along `four`.
   */
  constructor(
    private readonly writer: Writer,
    roots: readonly Scalar[],
    readonly four?: Variable,
    private readonly wide = 1,
  ) {
    for (const scalar of reachable(roots)) for (const part of partsOf(scalar)) this.uses.set(part, (this.uses.get(part) ?? 0) + 1);
    for (const root of roots) this.uses.set(root, (this.uses.get(root) ?? 0) + 1);
    this.addresses = new Addresses(writer, four, (scalar, block, w) => this.value(scalar, block, w));
  }

  private isVector(scalar: Scalar): boolean {
    return this.four !== undefined && scalar.free.has(this.four);
  }

  /** The text of a scalar for a use in `block`. */
  value(scalar: Scalar, block: Block, w = 0): string {
    const own = this.isVector(scalar) ? w : 0;
    const key = keyOf(scalar, own);
    const known = block.find(key);
    if (known !== undefined) return known;
    if (scalar.kind === "number") return this.number(scalar, block);
    const home = block.homeOf(scalar.free);
    const text = this.computed(scalar, home, own);
    const isOnce = this.uses.get(scalar) === 1 && (this.wide === 1 || this.isVector(scalar));
    if (scalar.kind === "fold") home.name(key, text);
    if (scalar.kind === "fold" || (isOnce && home === block)) return text;
    return this.name(home, key, text);
  }

  /** Computes a scalar here, for uses that come later. */
  hold(scalar: Scalar, block: Block, w = 0): void {
    const text = this.value(scalar, block, w);
    const key = keyOf(scalar, this.isVector(scalar) ? w : 0);
    if (block.find(key) === undefined) this.name(block, key, text);
  }

  /** Gives a fold's total, or another scalar's value, a text that is known. */
  bind(scalar: Scalar, block: Block, text: string, w = 0): void {
    block.name(keyOf(scalar, this.isVector(scalar) ? w : 0), text);
  }

  private name(block: Block, key: unknown, text: string): string {
    const local = this.writer.local("x", "v128");
    block.lines.push(set(local, text));
    block.name(key, get(local));
    return get(local);
  }

  /** Constants are made once, at the start of the function. */
  private number({ value, dtype }: ScalarOf<"number">, block: Block): string {
    if (Object.is(value, 0) || (value === 0 && dtype !== "f32")) return zero;
    const text = constantText(value, dtype);
    let root = block;
    while (root.parent !== undefined) root = root.parent;
    return root.find(text) ?? this.name(root, text, text);
  }

  private computed(scalar: Scalar, block: Block, w: number): string {
    switch (scalar.kind) {
      case "number":
        return this.number(scalar, block);
      case "position":
        return this.positions(scalar.at, block, w);
      case "load":
        return this.loaded(scalar, block, w);
      case "random": {
        const keys = [scalar.key, scalar.other].map((key) => `(i32x4.extract_lane 0 ${this.value(key, block)})`);
        return this.writer.call(scalar.distribution, ...keys, this.positions(scalar.element, block, w));
      }
      case "apply":
        return this.fused(scalar, block, w) ?? applied(scalar, scalar.operands.map((operand) => this.value(operand, block, w)), this.writer);
      case "fold":
        return this.folded(scalar, block, w);
    }
  }

  /** A sum of which one operand is a product that nothing else needs. */
  private fused({ operation, operands, dtype }: ScalarOf<"apply">, block: Block, w: number): string | undefined {
    if (operation !== "add" || dtype !== "f32") return undefined;
    const at = operands.findIndex((own) => own.kind === "apply" && own.operation === "mul" && this.uses.get(own) === 1 && block.homeOf(own.free) === block);
    const product = operands[at];
    if (product?.kind !== "apply") return undefined;
    const [x, y] = product.operands.map((own) => this.value(own, block, w)) as [string, string];
    return multiplyAdd(this.writer.isRelaxed, x, y, this.value(operands[1 - at]!, block, w));
  }

  /** A sum or maximum within an expression: a loop of its own. */
  private folded(fold: Fold, block: Block, w: number): string {
    const total = this.accumulator(fold, block);
    this.loops(block, fold.over, (inner) => inner.lines.push(this.combined(fold, total, inner, w)));
    return get(total);
  }

  /** A local that begins with what a fold starts from. */
  accumulator(fold: Fold, block: Block): string {
    const total = this.writer.local(fold.combine, "v128");
    const start = fold.combine === "sum" ? zero : constantText(fold.dtype === "f32" ? -Infinity : -(2 ** 31), fold.dtype);
    block.lines.push(set(total, start));
    return total;
  }

  /** The line that adds the body's value to a fold's total. */
  combined({ combine, body, dtype }: Fold, total: string, block: Block, w = 0): string {
    const isProduct = combine === "sum" && body.kind === "apply" && body.operation === "mul" && dtype === "f32";
    if (isProduct && this.uses.get(body) === 1 && block.find(keyOf(body, this.isVector(body) ? w : 0)) === undefined && block.homeOf(body.free) === block) {
      const [x, y] = body.operands.map((own) => this.value(own, block, w)) as [string, string];
      return set(total, multiplyAdd(this.writer.isRelaxed, x, y, get(total)));
    }
    return set(total, joined(combine, dtype, get(total), this.value(body, block, w)));
  }

  /** Nested loops over variables; `body` fills the innermost block. */
  loops(block: Block, over: readonly Variable[], body: (inner: Block) => void): void {
    const [loop, ...rest] = over;
    if (loop === undefined) return body(block);
    const name = this.writer.local(loop.name);
    repeat(this.writer, block, { counter: name, from: int(0), to: int(loop.extent), by: 1, isEntered: true }, (inner) => {
      inner.bind(loop, get(name));
      this.loops(inner, rest, body);
    });
  }

  private positions(of: Coordinate, block: Block, w: number): string {
    const { four } = this;
    const first = this.addresses.coordinate(of, block, lanes * w);
    const splat = `(i32x4.splat ${first})`;
    if (four === undefined || !variablesOf(of).has(four)) return splat;
    const step = stepsAlong(of, four);
    if (step !== undefined) return `(i32x4.add ${splat} (v128.const i32x4 ${[0, 1, 2, 3].map((lane) => lane * step).join(" ")}))`;
    return [1, 2, 3].reduce((vector, lane) => `(i32x4.replace_lane ${lane} ${vector} ${this.addresses.coordinate(of, block, lanes * w + lane)})`, splat);
  }

  private loaded(load: Load, block: Block, w: number): string {
    const where = address(load.at);
    const text = this.isVector(load) ? this.loadedFour(load, where, block, w) : access("v128.load32_splat", this.addresses.place(load.tensor, where, block));
    return load.dtype === "bool" ? `(i32x4.ne ${text} ${zero})` : text;
  }

  private loadedFour({ tensor }: Load, where: Coordinate, block: Block, w: number): string {
    const place = (lane: number) => this.addresses.place(tensor, where, block, lanes * w + lane);
    if (runsAlong(where, this.four!)) return access("v128.load", place(0));
    return [1, 2, 3].reduce((vector, lane) => access("v128.load32_lane", place(lane), String(lane), vector), access("v128.load32_zero", place(0)));
  }

  /** The lines of a store. */
  stored(store: Store, block: Block, mode: StoreMode, w = 0): readonly string[] {
    const where = address(store.at);
    const { dtype } = store.value;
    const value = this.value(store.value, block, w);
    if (mode === "check" && store.tensor.storage !== "local") return dtype === "f32" ? [`(if ${notFinite(value)} (then (i32.store offset=${words.health} ${int(0)} ${int(1)})))`] : [];
    const text = dtype === "bool" ? `(v128.and ${value} ${fourBits(1)})` : value;
    const place = (lane: number) => this.addresses.place(store.tensor, where, block, lanes * w + lane);
    const { four } = this;
    if (four === undefined || !variablesOf(where).has(four)) return [access("v128.store32_lane", place(0), "0", text)];
    if (runsAlong(where, four)) return [access("v128.store", place(0), text)];
    const local = this.writer.local("y", "v128");
    return [set(local, text), ...[0, 1, 2, 3].map((lane) => access("v128.store32_lane", place(lane), String(lane), get(local)))];
  }
}

function keyOf(scalar: Scalar, w: number): unknown {
  return w === 0 ? scalar : `${scalar.id} ${w}`;
}

const exponent = fourBits(0x7f800000);

function notFinite(value: string): string {
  return `(v128.any_true (i32x4.eq (v128.and ${value} ${exponent}) ${exponent}))`;
}

/** A load or a store; `operands` stand before the address if they are lanes, and after it if they are values. */
function access(instruction: string, { text, offset }: Place, ...operands: readonly string[]): string {
  const isLane = (own: string) => /^\d$/.test(own);
  const parts = [instruction, ...(offset === 0 ? [] : [`offset=${offset}`]), ...operands.filter(isLane), text, ...operands.filter((own) => !isLane(own))];
  return `(${parts.join(" ")})`;
}

/** A fold's way of combining two values. Neither loses what is not a number. */
export function joined(combine: Fold["combine"], dtype: Fold["dtype"], left: string, right: string): string {
  const type = dtype === "f32" ? "f32x4" : "i32x4";
  return `(${type}.${combine === "sum" ? "add" : dtype === "f32" ? "max" : "max_s"} ${left} ${right})`;
}

/** Four times a number. What 32 bits do not hold becomes infinite, as in the arithmetic. */
function constantText(value: number, dtype: Scalar["dtype"]): string {
  const [type, text] = dtype === "f32" ? ["f32x4", floatText(Math.fround(value))] : ["i32x4", dtype === "bool" ? (value === 0 ? "0" : "-1") : String(value)];
  return `(v128.const ${type} ${Array.from({ length: lanes }, () => text).join(" ")})`;
}

function floatText(value: number): string {
  if (Number.isNaN(value)) return "nan";
  if (!Number.isFinite(value)) return value > 0 ? "inf" : "-inf";
  return Object.is(value, -0) ? "-0" : String(value);
}

/** Turns of a loop: a counter runs from `from` to `to` by steps of `by`. */
export interface Turns {
  readonly counter: string;
  readonly from: string;
  readonly to: string;
  readonly by: number;
  /** Whether the first turn is known to take place. */
  readonly isEntered: boolean;
  /** Whether there is a last turn with less than a whole step left. */
  readonly isRagged?: boolean;
  /** Whether what a turn computes is computed in every turn, also if it is the same in all. */
  readonly isFloor?: boolean;
}

/** A loop; `body` fills its block, in which the counter's local may be read. Afterwards the counter is where the loop ended. */
export function repeat(writer: Writer, block: Block, { counter, from, to, by, isEntered, isRagged = false, isFloor = false }: Turns, body: (inner: Block) => void): void {
  const label = writer.label("next");
  const inner = block.open(isFloor);
  body(inner);
  const isLeft = (next: string) => (by === 1 || isRagged ? `(i32.lt_u ${next} ${to})` : `(i32.le_u (i32.add ${next} ${int(by)}) ${to})`);
  inner.lines.push(`(br_if ${label} ${isLeft(`(local.tee ${counter} (i32.add ${get(counter)} ${int(by)}))`)})`);
  if (from !== get(counter)) block.lines.push(set(counter, from));
  if (isEntered) return block.close(`(loop ${label}`, inner, ")");
  block.lines.push(`(if ${isLeft(get(counter))} (then`);
  block.close(`(loop ${label}`, inner, ")");
  block.lines.push("))");
}

