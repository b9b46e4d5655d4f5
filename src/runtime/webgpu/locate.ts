/** Finds the dispatch whose result is the first that is not finite. */

import type { Fault, TensorData } from "../trainer.js";
import type { Buffers, Transfer } from "./buffers.js";
import type { Command } from "./pipelines.js";
import type { BufferName, Output, PlannedDispatch, TensorRange } from "./plan.js";

/** What is wrong with values: nothing, infinities, or numbers that are none. */
type Health = 0 | 1 | 2;

interface Finding {
  readonly health: Health;
  /** Byte in the buffer of the first value that is not finite. */
  readonly at: number;
}

/** A range that is known to hold infinities. */
interface Tainted {
  readonly buffer: BufferName;
  readonly start: number;
  readonly end: number;
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
export class Search {
  private tainted: Tainted[] = [];
  private suspect: Fault | undefined;

  constructor(
    private readonly transfer: Transfer,
    private readonly buffers: Buffers,
    /** What lies in the buffer `slots`. */
    private readonly slots: readonly TensorRange[],
  ) {}

  /** Runs dispatches one at a time, by `run`, until one is at fault. */
  async through(dispatches: readonly PlannedDispatch[], commands: readonly Command[], run: (command: Command) => void): Promise<Fault | undefined> {
    for (const [i, dispatch] of dispatches.entries()) {
      run(commands[i]!);
      const fault = await this.judge(dispatch);
      if (fault !== undefined) return fault;
    }
    return undefined;
  }

  /** The first infinity that was passed over. */
  lastResort(): Fault | undefined {
    return this.suspect;
  }

  private async judge({ bindings, outputs }: PlannedDispatch): Promise<Fault | undefined> {
    const isExcused = bindings.some(({ buffer, offset, size }) => this.isTainted({ buffer, start: offset, end: offset + size }));
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

  private isTainted(range: Tainted): boolean {
    return this.tainted.some(({ buffer, start, end }) => buffer === range.buffer && start < range.end && range.start < end);
  }

  private async look(output: Output): Promise<Finding> {
    let finding: Finding = { health: 0, at: 0 };
    const { buffer, offset, elements, type } = output;
    if (type === "i32") return finding;
    const size = elements * bytesOf(output);
    await this.transfer.read(this.buffers[buffer]!, offset, size, (bytes, at) => {
      const found = worstOf(bytes, formats[type], offset - at, offset + size - at);
      if (found.health > finding.health) finding = { health: found.health, at: at + found.at };
      return finding.health === 2;
    });
    return finding;
  }

  private faultOf({ buffer, operation, place, source, phase }: Output, at: number): Fault {
    // An update may be that of many slots, of which this one is meant.
    const slot = buffer !== "slots" ? undefined : this.slots.find(({ offset, elements }) => at >= offset && at < offset + elements * 4);
    return { operation, place: slot?.name ?? place, phase, ...(source === undefined ? {} : { source }) };
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

/** Whether all values of a tensor on the host are numbers, and finite. */
export function areFinite(values: TensorData): boolean {
  return values instanceof Int32Array || values.every(Number.isFinite);
}

function bytesOf({ type }: Output): number {
  return type === "f16" ? 2 : 4;
}

function isWithin(inner: Tainted, outer: Tainted): boolean {
  return inner.buffer === outer.buffer && inner.start >= outer.start && inner.end <= outer.end;
}
