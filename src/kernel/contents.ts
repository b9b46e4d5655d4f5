/** What the bytes of a buffer hold while an entry runs: which tensors, and how much of each has been written. */

import { IrError } from "../ir/types.js";
import type { Placement } from "./program.js";
import { type Reach, areDisjoint, bytesIn } from "./reach.js";
import { type Tensor, tensorBytes } from "./tensor.js";

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

/** Dispatches are given by number. What one reads must be told before what it writes: within a dispatch nothing is ordered. */
export class Contents {
  private readonly held = new Map<Tensor, Held>();
  /** What has overwritten a tensor. */
  private readonly losses = new Map<Tensor, Tensor>();

  constructor(private readonly placements: ReadonlyMap<Tensor, Placement>) {}

  /** A tensor is needed, all of it, in dispatch `now`. @throws IrError when it is not there. */
  read(tensor: Tensor, now: number): void {
    const held = this.held.get(tensor);
    if (held === undefined) {
      const by = this.losses.get(tensor);
      throw new IrError(`${tensor.name} is read ${by === undefined ? "before it is written" : `after ${by.name} has overwritten it`}`);
    }
    if (held.missing > 0) throw new IrError(`${tensor.name} is read when ${held.missing} of its ${held.end - held.start} bytes are not written yet`);
    held.readIn = now;
  }

  /** Some bytes of a tensor are written in dispatch `now`. @throws IrError when that harms what is there. */
  write(tensor: Tensor, reach: Reach, now: number): void {
    const held = this.held.get(tensor) ?? this.begin(tensor, now);
    if (held.written.some((known) => !areDisjoint(known, reach))) throw new IrError(`elements of ${tensor.name} are written twice`);
    held.written.push(reach);
    held.missing -= bytesIn(reach);
    held.writtenIn = now;
  }

  /** Gives a tensor its bytes, which others lose. */
  private begin(tensor: Tensor, now: number): Held {
    const start = this.placements.get(tensor)!.offset;
    const end = start + tensorBytes(tensor);
    for (const old of this.held.values()) {
      if (old.start >= end || old.end <= start) continue;
      const over = `${tensor.name} is written over ${old.tensor.name}`;
      if (old.readIn === now) throw new IrError(`${over}, which the same dispatch reads`);
      if (old.writtenIn === now) throw new IrError(`${over}, which the same dispatch writes`);
      this.losses.set(old.tensor, tensor);
      this.held.delete(old.tensor);
    }
    const held: Held = { tensor, start, end, written: [], missing: end - start, writtenIn: now, readIn: never };
    this.held.set(tensor, held);
    this.losses.delete(tensor);
    return held;
  }
}
