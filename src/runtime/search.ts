/** Finds the dispatch whose result is the first that is not finite. */

import { RunError } from "./errors.js";
import type { Batch, Fault, NamedTensors, TensorData } from "./trainer.js";

/** What is wrong with values: nothing, infinities, or numbers that are none. */
type Health = 0 | 1 | 2;

interface Finding {
  readonly health: Health;
  /** Byte in the buffer of the first value that is not finite. */
  readonly at: number;
}

/** Bytes of a buffer. */
export interface Range<Buffer extends string> {
  readonly buffer: Buffer;
  readonly start: number;
  readonly end: number;
}

/** A tensor that a dispatch writes, and what it is in the model. */
export interface SearchedOutput<Buffer extends string> extends Fault {
  readonly buffer: Buffer;
  readonly type: "f32" | "i32" | "f16";
  /** Bytes from the start of the buffer. */
  readonly offset: number;
  readonly elements: number;
}

export interface SearchedDispatch<Buffer extends string> {
  /** All that it reads, or more. */
  readonly reads: readonly Range<Buffer>[];
  readonly outputs: readonly SearchedOutput<Buffer>[];
}

/** What a search asks of an engine. */
export interface Searched<Buffer extends string> {
  /**
   * Hands over the bytes of a range, part after part, each with its place in the buffer. The range may be widened to
   * multiples of 4 bytes. Giving true, `take` ends the reading.
   */
  read(buffer: Buffer, offset: number, size: number, take: (bytes: ArrayBuffer, at: number) => boolean): Promise<void>;
  /** The parameter or state that the byte belongs to. */
  slotAt(buffer: Buffer, at: number): string | undefined;
}

/** How floats are written: those whose bits of `exponent` are all set are infinities, or NaN where one of `mantissa` is set. */
const formats = {
  f32: { words: Uint32Array, exponent: 0x7f800000, mantissa: 0x7fffff },
  f16: { words: Uint16Array, exponent: 0x7c00, mantissa: 0x3ff },
} as const;
type Format = (typeof formats)[keyof typeof formats];

/**
 * Looks at the results of dispatches, one after another. A dispatch is at fault when its result holds NaN, or infinity, and
 * nothing that it reads does. For NaN, infinities alone are no excuse; but an infinity that a `select` gives may be a mask, a
 * part of the model: it is taken for the fault only when nothing else is found.
 */
export class Search<Buffer extends string> {
  /** What is known to hold infinities. */
  private tainted: Range<Buffer>[] = [];
  private suspect: Fault | undefined;

  constructor(private readonly searched: Searched<Buffer>) {}

  /** Runs dispatches one at a time, by `run`, until one is at fault. */
  async through(dispatches: readonly SearchedDispatch<Buffer>[], run: (index: number) => Promise<void> | void): Promise<Fault | undefined> {
    for (const [i, dispatch] of dispatches.entries()) {
      await run(i);
      const fault = await this.judge(dispatch);
      if (fault !== undefined) return fault;
    }
    return undefined;
  }

  /** The first infinity that was passed over. */
  lastResort(): Fault | undefined {
    return this.suspect;
  }

  private async judge({ reads, outputs }: SearchedDispatch<Buffer>): Promise<Fault | undefined> {
    const isExcused = reads.some((range) => this.isTainted(range));
    for (const output of outputs) {
      const { buffer, offset, elements } = output;
      const range = { buffer, start: offset, end: offset + elements * bytesOf(output) };
      const { health, at } = await this.look(output);
      this.tainted = this.tainted.filter((known) => !isWithin(known, range));
      if (health === 0) continue;
      this.tainted.push(range);
      const fault = this.faultOf(output, at);
      if (health === 2 || !(isExcused || output.operation === "select")) return fault;
      this.suspect ??= fault;
    }
    return undefined;
  }

  private isTainted(range: Range<Buffer>): boolean {
    return this.tainted.some(({ buffer, start, end }) => buffer === range.buffer && start < range.end && range.start < end);
  }

  private async look(output: SearchedOutput<Buffer>): Promise<Finding> {
    let finding: Finding = { health: 0, at: 0 };
    const { buffer, offset, elements, type } = output;
    if (type === "i32") return finding;
    const size = elements * bytesOf(output);
    await this.searched.read(buffer, offset, size, (bytes, at) => {
      const found = worstOf(bytes, formats[type], offset - at, offset + size - at);
      if (found.health > finding.health) finding = { health: found.health, at: at + found.at };
      return finding.health === 2;
    });
    return finding;
  }

  private faultOf({ buffer, operation, place, source, phase }: SearchedOutput<Buffer>, at: number): Fault {
    // An update may be that of many slots, of which this one is meant.
    return { operation, place: this.searched.slotAt(buffer, at) ?? place, phase, ...(source === undefined ? {} : { source }) };
  }
}

/** The worst of the floats between two bytes. */
function worstOf(bytes: ArrayBuffer, { words: Words, exponent, mantissa }: Format, from: number, to: number): Finding {
  const width = Words.BYTES_PER_ELEMENT;
  const words = new Words(bytes);
  const end = Math.min(words.length, to / width);
  let finding: Finding = { health: 0, at: 0 };
  for (let i = Math.max(0, from) / width; i < end; i++) {
    const word = words[i]!;
    if ((word & exponent) !== exponent) continue;
    if ((word & mantissa) !== 0) return { health: 2, at: i * width };
    if (finding.health === 0) finding = { health: 1, at: i * width };
  }
  return finding;
}

function bytesOf({ type }: SearchedOutput<string>): number {
  return type === "f16" ? 2 : 4;
}

function isWithin(inner: Range<string>, outer: Range<string>): boolean {
  return inner.buffer === outer.buffer && inner.start >= outer.start && inner.end <= outer.end;
}

/** The first input or slot whose values are not finite before anything is computed. */
export function faultBefore(batch: Batch, slots: NamedTensors): Fault | undefined {
  const input = [...batch.inputs].find(([, values]) => !areFinite(values));
  if (input !== undefined) return { operation: "input", place: input[0], phase: "forward" };
  const slot = [...slots].find(([, values]) => !areFinite(values));
  if (slot !== undefined) return { operation: "parameter", place: slot[0], phase: "forward" };
  return undefined;
}

/** Whether all values of a tensor on the host are numbers, and finite. */
function areFinite(values: TensorData): boolean {
  return values instanceof Int32Array || values.every(Number.isFinite);
}

/** What is told when the entry `initialise` was not finite. */
export function firstValuesError(fault: Fault | undefined): RunError {
  const where = fault === undefined ? "" : `, first in ${fault.operation} at ${fault.place}${fault.source === undefined ? "" : ` (${fault.source})`}`;
  return new RunError(`the first values of parameters and states are not all finite${where}`);
}
