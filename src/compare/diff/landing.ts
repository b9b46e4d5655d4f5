/** Where policies land: the sites of a stack by its groups, before and after, with repeats folded. */

import type { Elaborator } from "../../semantics/elaborator.js";
import type { GroupSite } from "../../semantics/model.js";
import { folded } from "../overview/paths.js";
import type { Meanings } from "./meaning.js";

export interface Landing {
  readonly stack: string;
  readonly groups: readonly { readonly name: string; readonly before?: number; readonly after?: number }[];
  /** The sites at which something differs. */
  readonly rows: readonly LandingRow[];
  /** How many sites have the same norm for every group on both sides. */
  readonly unchanged: number;
}

export interface LandingRow {
  /** `encoder.0..11.attention.before`. */
  readonly site: string;
  /** How many sites it stands for. */
  readonly count: number;
  /** In the order of the landing's groups. */
  readonly cells: readonly LandingCell[];
}

/** What one group gets at a site; left out where the site, or the group, is not there. */
export interface LandingCell {
  readonly before?: string;
  readonly after?: string;
  readonly isChanged: boolean;
}

/** A model with what gives its norms their meaning. */
export interface Landed {
  readonly model: Elaborator;
  readonly meanings: Meanings;
}

/** A stack's sites in order: what lands for each group. */
interface Sites {
  readonly groups: Map<string, number>;
  readonly sites: Map<string, Map<string, Applied>>;
}
interface Applied {
  /** `layer(eps: 1e-6)`, and with whom it is shared. */
  readonly text: string;
  readonly meaning: string;
}

/** The landings of all stacks of both models. */
export function landings(before: Landed, after: Landed): Landing[] {
  const [old, now] = [sitesOf(before), sitesOf(after)];
  return [...new Set([...old.keys(), ...now.keys()])].flatMap((stack) => {
    const landing = landingOf(stack, old.get(stack), now.get(stack));
    return landing === undefined ? [] : [landing];
  });
}

function sitesOf({ model: e, meanings }: Landed): Map<string, Sites> {
  const result = new Map<string, Sites>();
  for (const { path } of e.stacks) {
    const groups = e.outputs.get(path)?.groups ?? [];
    result.set(path, { groups: new Map(groups.map(({ name, extent }) => [name, extent])), sites: new Map() });
  }
  for (const site of e.groupSites) {
    const stack = stackOf(site, result);
    if (stack === undefined) continue;
    const landed = stack.sites.get(site.site) ?? new Map<string, Applied>();
    const shared = site.groups.length > 1 ? ` shared by ${site.groups.join(", ")}` : "";
    const applied = { text: `${site.policy}${shared}`, meaning: `${meanings.value(site.applied)}${shared}` };
    for (const group of site.groups) landed.set(group, applied);
    stack.sites.set(site.site, landed);
  }
  return result;
}

/** The innermost stack in which a site stands. */
function stackOf({ site }: GroupSite, stacks: ReadonlyMap<string, Sites>): Sites | undefined {
  const path = [...stacks.keys()].filter((stack) => site.startsWith(`${stack}.`)).toSorted((a, b) => b.length - a.length)[0];
  return path === undefined ? undefined : stacks.get(path);
}

function landingOf(stack: string, before: Sites | undefined, after: Sites | undefined): Landing | undefined {
  const names = [...new Set([...(before?.groups.keys() ?? []), ...(after?.groups.keys() ?? [])])];
  const groups = names.map((name) => ({
    name,
    ...(before?.groups.has(name) === true && { before: before.groups.get(name)! }),
    ...(after?.groups.has(name) === true && { after: after.groups.get(name)! }),
  }));
  const sites = inOrder([...(before?.sites.keys() ?? [])], [...(after?.sites.keys() ?? [])]);
  const rows = sites.map((site): LandingRow => {
    const [old, now] = [before?.sites.get(site), after?.sites.get(site)];
    const cells = names.map((name): LandingCell => {
      const [left, right] = [old?.get(name), now?.get(name)];
      return { ...(left && { before: left.text }), ...(right && { after: right.text }), isChanged: left?.meaning !== right?.meaning };
    });
    return { site, count: 1, cells };
  });
  const changed = rows.filter(({ cells }) => cells.some(({ isChanged }) => isChanged));
  return changed.length === 0 ? undefined : { stack, groups, rows: joined(changed), unchanged: rows.length - changed.length };
}

/** The sites of both sides, each once: new ones behind those that they follow. */
function inOrder(before: readonly string[], after: readonly string[]): string[] {
  const result = [...before];
  after.forEach((site, i) => {
    if (result.includes(site)) return;
    const previous = after.slice(0, i).findLast((earlier) => result.includes(earlier));
    result.splice(previous === undefined ? 0 : result.indexOf(previous) + 1, 0, site);
  });
  return result;
}

/** Rows of repetitions with the same cells become one. */
function joined(rows: readonly LandingRow[]): LandingRow[] {
  return folded(rows, ({ site }) => site, ({ cells }) => JSON.stringify(cells)).map(({ path, items }) => ({ ...items[0]!, site: path, count: items.length }));
}
