/** Seeded random tensors and choices for the numeric tests. */

import { keyOf, normals, uniforms } from "../../../src/random/threefry.js";
import type { TensorType } from "../../../src/ir/types.js";
import type { NamedTensor, NamedTensors } from "../../oracle/harness.js";

export type Extents = Readonly<Record<string, number>>;

/** A tensor with given numbers, row-major in the order of the axes. */
export function tensor(extents: Extents, data: readonly number[] | Float64Array): NamedTensor {
  return { axes: Object.keys(extents), shape: Object.values(extents), data };
}

export const scalar = (value: number): NamedTensor => tensor({}, [value]);

/** Each draw has a stream of its own: `new Draw("a")` always draws the same. */
export class Draw {
  private drawn = 0;
  constructor(private readonly name: string) {}

  private key() {
    return keyOf(1, this.name, this.drawn++);
  }

  normal(extents: Extents, deviation = 1, mean = 0): NamedTensor {
    const count = Object.values(extents).reduce((product, extent) => product * extent, 1);
    const data = new Float64Array(count);
    normals(this.key(), count, data);
    return tensor(extents, data.map((value) => mean + deviation * value));
  }

  /** A whole number from `low` to `high`, both included. */
  whole(low: number, high: number): number {
    return low + Math.floor(uniforms(this.key(), 1, new Float64Array(1))[0]! * (high - low + 1));
  }

  wholes(extents: Extents, low: number, high: number): NamedTensor {
    const count = Object.values(extents).reduce((product, extent) => product * extent, 1);
    return tensor(extents, Array.from({ length: count }, () => this.whole(low, high)));
  }

  pick<T>(items: readonly T[]): T {
    return items[this.whole(0, items.length - 1)]!;
  }

  /** Values for slots: near 1 where they must be positive, small around 0 elsewhere. */
  slots(types: ReadonlyMap<string, TensorType>): NamedTensors {
    return Object.fromEntries([...types].map(([name, { axes }]) => {
      const extents = Object.fromEntries(axes.map((axis) => [axis.name, axis.extent]));
      const isPositive = /scale|radius|steepness|variance|square/.test(name);
      const value = this.normal(extents, isPositive ? 0.2 : 0.5);
      return [name, isPositive ? { ...value, data: value.data.map((own: number) => 0.7 + Math.abs(own)) } : value];
    }));
  }
}
