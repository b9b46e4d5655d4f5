/** What the bytes of a buffer hold while an entry runs: of which tensors, and how much of each has been written. */

import type { Placement } from "./program.js";
import { type Reach, areDisjoint, bytesIn } from "./reach.js";
import { type Tensor, tensorBytes } from "./tensor.js";

/** Says what is wrong. */
export type Fail = (cause: string) => never;

/** A tensor that has been written, at least in part. */
interface Held {
  readonly tensor: Tensor;
  readonly start: number;
  readonly end: number;
  readonly written: Reach[];
  /** Bytes that have not been written. */
  missing: number;
  /** The dispatches that touched it last. */
  writtenIn: number;
  readIn: number;
}

const never = -1;

/** Dispatches are given by number; what one reads must be told before what it writes. */
export class Contents {
  /** In the order of their bytes, which do not overlap. */
  private readonly held: Held[] = [];
  private readonly losses = new Map<Tensor, Tensor>();

  /** @param stored the tensors that some dispatch writes. What else is read consists of such. */
  constructor(
    private readonly placements: ReadonlyMap<Tensor, Placement>,
    private readonly stored: ReadonlySet<Tensor>,
  ) {}

  /** A whole tensor is needed, in dispatch `now`. */
  read(tensor: Tensor, now: number, fail: Fail): void {
    const { start, end } = this.bytesOf(tensor);
    const found = this.within(start, end);
    const parts = this.stored.has(tensor) ? found.filter((held) => held.tensor === tensor) : found;
    if (parts.length === 0) {
      const by = this.losses.get(tensor);
      fail(by === undefined ? `reads ${tensor.name}, which is not written before` : `reads ${tensor.name}, which ${by.name} has overwritten`);
    }
    let at = start;
    for (const part of parts) {
      if (part.start !== at || part.tensor.dtype !== tensor.dtype || part.tensor.half !== tensor.half) break;
      if (part.missing > 0) fail(`reads ${part.tensor.name}, of which ${part.missing} of ${part.end - part.start} bytes are not written before`);
      part.readIn = now;
      at = part.end;
    }
    if (at !== end) fail(`reads ${tensor.name}, which consists of others, and at its byte ${at - start} there is none`);
  }

  /** Bytes of a tensor are written in dispatch `now`. */
  write(tensor: Tensor, reach: Reach, now: number, fail: Fail): void {
    const { start, end } = this.bytesOf(tensor);
    const found = this.within(start, end);
    let own = found.find((held) => held.tensor === tensor);
    if (own === undefined) {
      for (const other of found) this.lose(other, tensor, now, fail);
      own = { tensor, start, end, written: [], missing: end - start, writtenIn: now, readIn: never };
      const next = this.held.findIndex((held) => held.start >= end);
      this.held.splice(next < 0 ? this.held.length : next, found.length === 0 ? 0 : 0, own);
    }
    if (own.written.some((known) => !areDisjoint(known, reach))) fail(`writes elements of ${tensor.name} that are written already`);
    own.written.push(reach);
    own.missing -= bytesIn(reach);
    own.writtenIn = now;
  }

  private lose(old: Held, by: Tensor, now: number, fail: Fail): void {
    const over = `writes ${by.name} over ${old.tensor.name}`;
    if (old.readIn === now) fail(`${over}, which the same dispatch reads`);
    if (old.writtenIn === now) fail(`${over}, which the same dispatch writes`);
    if (old.readIn === never) fail(`${over}, which nothing has read`);
    this.losses.set(old.tensor, by);
    this.held.splice(this.held.indexOf(old), 1);
  }

  private bytesOf(tensor: Tensor): { start: number; end: number } {
    const { offset } = this.placements.get(tensor)!;
    return { start: offset, end: offset + tensorBytes(tensor) };
  }

  /** What lies between two bytes, at least in part. */
  private within(start: number, end: number): readonly Held[] {
    return this.held.filter((held) => held.start < end && held.end > start);
  }
}
