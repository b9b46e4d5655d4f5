/** The architecture as a picture shows it, before it has places: what flows where, and which norm stands where. */

import type { Segment } from "../../semantics/values.js";

export interface Figure {
  readonly nodes: readonly ModelNode[];
  readonly edges: readonly ModelEdge[];
}

/** A norm that a layer, or a line of the model, calls by itself. */
export interface InnerNorm {
  /** As it is called there: `inner`. */
  readonly name: string;
  readonly policy: string;
  readonly norm?: string;
}

export type ModelNode = ValueNode | StackNode;

/** `given` is an argument of a stack without a name of its own. */
export interface ValueNode {
  readonly kind: "input" | "parameter" | "value" | "given" | "sum" | "loss" | "report";
  readonly id: string;
  readonly label: string;
  /** What it is computed by, as written. */
  readonly expression?: string;
  /** The layers and functions of the expression, in the order in which they run. */
  readonly calls: readonly string[];
  /** `token 16 × feature 64`; without the batch. */
  readonly shape?: string;
  readonly norms: readonly InnerNorm[];
}

export interface StackNode {
  readonly kind: "stack";
  readonly id: string;
  /** Its path, `encoder`. */
  readonly label: string;
  /** What the model calls its result. */
  readonly name?: string;
  readonly groups: readonly Segment[];
  /** Of the sequence: `token 17 × feature 64`. */
  readonly shape: string;
  readonly items: readonly StackItem[];
}

export interface ModelEdge {
  readonly from: string;
  readonly to: string;
  /** Of a stack's result, the groups that are read, when it is not all of them. */
  readonly groups?: readonly string[];
  /** The value says only which elements are valid. */
  readonly isMask?: boolean;
  /** The group of the stack that it gives, or the parameter. */
  readonly into?: { readonly group: string } | { readonly argument: string };
}

export type StackItem = Section | Repeat;

export interface Repeat {
  readonly kind: "repeat";
  readonly count: number;
  readonly items: readonly StackItem[];
}

/** A sublayer in its placement, or a bare site: a small graph from the stream as it comes, `in`, to the stream as it goes on, `out`. */
export interface Section {
  readonly kind: "section";
  /** `attention`, or `final`. */
  readonly label: string;
  /** `pre`; a bare site has none. */
  readonly placement?: string;
  /** Streams beside the sequence that the placement carries. */
  readonly carries: readonly string[];
  readonly nodes: readonly SectionNode[];
  readonly edges: readonly (readonly [from: string, to: string])[];
}

export type SectionNode =
  /** Its `exceptions` are the repetitions that differ: `in repeat 0 cls: layer`. */
  | { readonly kind: "norm"; readonly id: string; readonly site: string; readonly chips: readonly NormChip[]; readonly exceptions: readonly string[] }
  | { readonly kind: "layer"; readonly id: string; readonly label: string; readonly norms: readonly InnerNorm[] }
  | { readonly kind: "sum"; readonly id: string }
  /** The value times a number, a learned weight, or something else that is not the stream. */
  | { readonly kind: "scale"; readonly id: string; readonly by: string }
  /** Another layer that the placement calls, such as a dropout. */
  | { readonly kind: "part"; readonly id: string; readonly label: string }
  /** A value that came along beside the sequence. */
  | { readonly kind: "carried"; readonly id: string; readonly label: string }
  /** Arithmetic that is none of these, by the name of its placement. */
  | { readonly kind: "form"; readonly id: string; readonly label: string };

/** One norm of a site over one or several groups. */
export interface NormChip {
  readonly groups: readonly string[];
  readonly policy: string;
  readonly norm?: string;
}
