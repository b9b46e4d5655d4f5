/** Parameters and states, where a plan places them. */

import { RunError } from "./errors.js";
import type { Manifest, TensorData, TensorSpec } from "./trainer.js";

/** What a plan says of a slot. */
export interface SlotRange {
  readonly name: string;
  readonly type: string;
  /** Bytes. */
  readonly offset: number;
  readonly elements: number;
}

export interface Slot {
  readonly spec: TensorSpec;
  readonly range: SlotRange;
}

/**
 * All parameters and states of a manifest with their places.
 * @throws RunError when the plan has one not, or as another tensor.
 */
export function slotsOf({ parameters, states }: Manifest, planned: readonly SlotRange[]): Slot[] {
  const ranges = new Map(planned.map((range) => [range.name, range]));
  return [...parameters, ...states].map((spec) => {
    const range = ranges.get(spec.name);
    if (range === undefined || range.type !== spec.type || range.elements !== sizeOf(spec)) {
      throw new RunError(`the plan does not fit the manifest: ${spec.name} is ${range === undefined ? "missing" : "another tensor there"}`);
    }
    return { spec, range };
  });
}

/** The values of a slot, in its own type. Throws when there are none, or not as many as it has. */
export function fitting(data: TensorData | undefined, spec: TensorSpec): TensorData {
  const size = sizeOf(spec);
  if (data === undefined || data.length !== size) {
    throw new Error(data === undefined ? `no value is given for ${spec.name}` : `${spec.name} has ${size} values, not ${data.length}`);
  }
  if (spec.type === "i32") return data instanceof Int32Array ? data : Int32Array.from(data);
  return data instanceof Float32Array ? data : Float32Array.from(data);
}

function sizeOf({ axes }: TensorSpec): number {
  return axes.reduce((product, axis) => product * axis.extent, 1);
}
