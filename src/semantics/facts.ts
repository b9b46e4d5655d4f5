/** What the text means at its places, as elaboration finds it: for editors, and for `norm explain --at`. */

import type { Place } from "../diagnostics/diagnostic.js";
import type { TensorType } from "../ir/types.js";
import type { Segment, Value } from "./values.js";

/**
 * A name or a sublayer of the spec with what it is. What is written once and run several times, as inside `repeat`, has a
 * fact for each time, told apart by `path`.
 */
export interface Fact {
  readonly kind: "binding" | "input" | "param" | "state" | "parameter" | "sublayer";
  readonly name: string;
  /** Of the name; of the whole sublayer. */
  readonly place: Place;
  /** The part of the model that it stands in, or that the sublayer is: `encoder.0.attention`; empty for the model itself. */
  readonly path: string;
  /** What it is: a tensor, a number, a norm. A sublayer's is what it gives, after its placement. */
  readonly value: Value;
}

/** The axes of a fact that is a tensor, and the groups of its tokens. */
export function tensorOf({ value }: Fact): { readonly type: TensorType; readonly groups?: readonly Segment[] } | undefined {
  return value.kind === "tensor" ? { type: value.op.type, ...(value.groups && { groups: value.groups }) } : undefined;
}
