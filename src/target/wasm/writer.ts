/** What the text of one function is written with: its locals, the tensors that it is given, and what it calls. */

import type { Tensor } from "../../kernel/tensor.js";
import { Block as BlockOf } from "../block.js";

/** A block of WebAssembly text; values are named by the text that gets them. */
export type Block = BlockOf<string>;
export const Block = BlockOf<string>;

export type WasmType = "i32" | "v128";

export class Writer {
  private readonly declared: string[] = [];
  private readonly given = new Map<Tensor, string>();
  private readonly kept = new Map<Tensor, number>();
  private count = 0;
  /** Functions of the library that are called. */
  readonly called = new Set<string>();
  /** Bytes of the thread's own memory that are in use. */
  scratchBytes = 0;

  /** @param isRelaxed whether to use relaxed SIMD: a multiplication and an addition in one, rounded once. */
  constructor(readonly isRelaxed: boolean) {}

  /** A new local's name. */
  local(stem: string, type: WasmType = "i32"): string {
    const name = `$${stem.replace(/[^A-Za-z0-9]/g, "_").replace(/^_+/, "") || "x"}_${this.count++}`;
    this.declared.push(`(local ${name} ${type})`);
    return name;
  }

  /** A new label. */
  label(stem: string): string {
    return `$${stem}_${this.count++}`;
  }

  /** The parameter with the address of a tensor's first element, or of the first element of a row's table. */
  base(tensor: Tensor): string {
    const known = this.given.get(tensor) ?? `$t${this.given.size}`;
    this.given.set(tensor, known);
    return get(known);
  }

  /** Where a table lies in the thread's own memory. */
  table(tensor: Tensor, bytes: number): number {
    const known = this.kept.get(tensor) ?? this.reserve(bytes);
    this.kept.set(tensor, known);
    return known;
  }

  /** Takes so many bytes of the thread's own memory, aligned to a line of the cache. */
  reserve(bytes: number): number {
    const at = this.scratchBytes;
    this.scratchBytes += Math.ceil(bytes / 64) * 64;
    return at;
  }

  call(name: string, ...values: readonly string[]): string {
    this.called.add(name);
    return `(call $${name} ${values.join(" ")})`;
  }

  /** The tensors that the function is given, in the order of its parameters. */
  tensors(): readonly Tensor[] {
    return [...this.given.keys()];
  }

  /** The function: does the units `begin` … `end` − 1 of a piece's work. */
  function(name: string, body: readonly string[]): string {
    const parameters = ["begin", "end", "scratch", ...this.tensors().map((_, i) => `t${i}`)];
    const head = `(func $${name} ${parameters.map((own) => `(param $${own} i32)`).join(" ")}`;
    return [head, ...chunks(this.declared, 8).map((some) => `  ${some.join(" ")}`), ...body.map((line) => `  ${line}`), ")"].join("\n");
  }
}

function chunks<T>(values: readonly T[], size: number): readonly (readonly T[])[] {
  return Array.from({ length: Math.ceil(values.length / size) }, (_, i) => values.slice(i * size, (i + 1) * size));
}

export function get(local: string): string {
  return `(local.get ${local})`;
}

export function set(local: string, value: string): string {
  return `(local.set ${local} ${value})`;
}

/** A whole number in the text. */
export function int(value: number): string {
  return `(i32.const ${value})`;
}

/** A sum of addresses or whole numbers; what is known already is added here. */
export function sum(...terms: readonly string[]): string {
  let known = 0;
  const others: string[] = [];
  for (const term of terms) {
    const constant = /^\(i32\.const (-?\d+)\)$/.exec(term);
    if (constant === null) others.push(term);
    else known += Number(constant[1]);
  }
  if (known !== 0 || others.length === 0) others.push(int(known));
  return others.reduce((left, right) => `(i32.add ${left} ${right})`);
}

/** A whole number times a known one. */
export function scaled(text: string, factor: number): string {
  if (factor === 0) return int(0);
  if (factor === 1) return text;
  const constant = /^\(i32\.const (-?\d+)\)$/.exec(text);
  if (constant !== null) return int(Number(constant[1]) * factor);
  const power = Math.log2(factor);
  return Number.isInteger(power) && power > 0 ? `(i32.shl ${text} ${int(power)})` : `(i32.mul ${text} ${int(factor)})`;
}
