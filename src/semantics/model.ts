/** The checked model: what a spec resolves to, for people and for the rules that look for the field's traps. */

import type { Place } from "../diagnostics/diagnostic.js";
import type { Op } from "../ir/program.js";
import type * as ast from "../syntax/ast.js";
import type { CallableValue, NativeValue, NoneValue, PolicyValue } from "./values.js";

/** One norm on one set of groups at one site: the operations that it was written out to. */
export interface GroupSite {
  /** `encoder.3.attention.before`. */
  readonly site: string;
  /** The path under which its stack's `normalize at` finds it; undefined for a norm inside a layer. */
  readonly at: string | undefined;
  readonly groups: readonly string[];
  /** How many tokens the groups have in all. */
  readonly tokens: number;
  /** As written: `layer(eps: 0.000001)`. */
  readonly policy: string;
  /** The norm's own name; undefined for `none`. */
  readonly norm: string | undefined;
  /** What was applied: the norm with the arguments that were given. */
  readonly applied: CallableValue | NativeValue | NoneValue;
  readonly input: Op;
  /** The range of the builder's operations that the norm added. */
  readonly operations: readonly [number, number];
  /** Those of them that layers inside of the norm added: what these reduce is no statistic of the norm. */
  readonly nets: readonly (readonly [number, number])[];
  /** Where the policy line is written. */
  readonly policyPlace: Place;
  /** Where the site is: the sublayer, or the bare `normalize`. */
  readonly sitePlace: Place;
}

/** A site: a place in a stack where norms stand. */
export interface SiteRecord {
  readonly path: string;
  readonly stack: string;
  readonly parts: readonly { readonly groups: readonly string[]; readonly policy: string }[];
}

/** A stack that ran: what its text and its variants decide, before it lands at single sites. */
export interface StackRecord {
  /** `encoder`; a second one of the same definition is `encoder_2`. */
  readonly path: string;
  readonly callable: CallableValue;
  /** Where it is called. */
  readonly place: Place;
  readonly base: PolicyValue | undefined;
  readonly overrides: readonly OverrideRecord[];
  readonly placement: CallableValue | undefined;
  /** In the order in which they ran, `repeat` written out. */
  readonly sublayers: readonly SublayerRecord[];
}
/** `normalize at first, mlp.before { … }`. */
export interface OverrideRecord {
  readonly paths: readonly { readonly path: ast.Path; readonly place: Place }[];
  readonly policy: PolicyValue;
}
export interface SublayerRecord {
  /** `encoder.0.attention`. */
  readonly path: string;
  readonly node: ast.Sublayer;
  readonly place: Place;
  readonly layer: CallableValue;
  readonly placement: CallableValue;
  /** The sublayer's own policy. */
  readonly own: PolicyValue | undefined;
}
