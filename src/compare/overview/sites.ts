/** The table of sites × groups: which policy lands where, with equal repeats written once. */

import type { GroupSite } from "../../semantics/model.js";
import { policyText } from "../../semantics/sites.js";
import type { Segment } from "../../semantics/values.js";
import { folded } from "./paths.js";
import type { Subject } from "./subject.js";

/** One norm over one or several groups, which share its parameters and statistics. */
export interface Landing {
  readonly groups: readonly string[];
  /** As written: `layer(eps: 1e-6)`. */
  readonly policy: string;
  /** The norm's own name; undefined for `none`. */
  readonly norm?: string;
  readonly tokens: number;
}

export interface SiteRow {
  /** `encoder.1..11.attention.before`. */
  readonly path: string;
  readonly times: number;
  readonly landings: readonly Landing[];
}

/** The sites of one stack. */
export interface SiteTable {
  readonly stack: string;
  readonly groups: readonly Segment[];
  readonly rows: readonly SiteRow[];
}

/** The tables of all stacks that the model runs; stacks inside norms have theirs too. */
export function siteTables({ elaborator }: Pick<Subject, "elaborator">): readonly SiteTable[] {
  return elaborator.stacks.map(({ path: stack }) => {
    const groups = elaborator.outputs.get(stack)?.groups ?? [];
    const sites = elaborator.sites.filter((site) => site.stack === stack).map(({ path }) => ({ path, landings: landingsAt(elaborator.groupSites, path) }));
    const rows = folded(sites, ({ path }) => path, ({ landings }) => JSON.stringify(landings));
    return { stack, groups, rows: rows.map(({ path, items }) => ({ path, times: items.length, landings: items[0]!.landings })) };
  });
}

/** Norms that stand by themselves in a layer or in the model, without a stack's policy. */
export interface OwnNorm {
  readonly path: string;
  readonly times: number;
  readonly policy: string;
  readonly norm?: string;
}

export function ownNorms({ elaborator }: Pick<Subject, "elaborator">): readonly OwnNorm[] {
  const stacked = new Set(elaborator.sites.filter(({ stack }) => stack !== "").map(({ path }) => path));
  const own = elaborator.groupSites.filter(({ site }) => !stacked.has(site)).map((site) => ({ path: pathOf(site, elaborator.sites), ...normOf(site) }));
  return folded(own, ({ path }) => path, ({ policy }) => policy).map(({ path, items: [first, ...more] }) => ({ ...first!, path, times: 1 + more.length }));
}

/** A policy that came as an argument has several norms at one site. */
function pathOf({ site, groups }: GroupSite, sites: readonly { readonly path: string }[]): string {
  return sites.some(({ path }) => path === site) ? `${site}.${groups.join("+")}` : site;
}

export function landingsAt(groupSites: readonly GroupSite[], path: string): readonly Landing[] {
  return groupSites.filter(({ site }) => site === path).map((site) => ({ groups: site.groups, ...normOf(site), tokens: site.tokens }));
}

/** The norm as one would write it in a policy: without the tensor that it is applied to. */
export function normOf({ applied, norm }: GroupSite): { readonly policy: string; readonly norm?: string } {
  if (applied.kind !== "callable") return { policy: policyText(applied) };
  const given = new Map([...applied.given].filter(([, { value }]) => value.kind !== "tensor"));
  return { policy: policyText({ ...applied, given }), ...(norm !== undefined && { norm }) };
}
