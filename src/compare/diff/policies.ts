/** Which policies of a stack differ: the norm of a group, or with whom it shares that norm. */

import type { Place } from "../../diagnostics/diagnostic.js";
import { coverage } from "../../semantics/policies.js";
import { policyText } from "../../semantics/sites.js";
import type { StackRecord } from "../../semantics/model.js";
import type { PolicyLineValue, PolicyValue } from "../../semantics/values.js";
import { type Change, type Side, side, textAt } from "./change.js";
import type { Meanings } from "./meaning.js";

/** A stack with what gives its norms their meaning. */
export interface StackSide {
  readonly stack: StackRecord;
  readonly groups: readonly string[];
  readonly meanings: Meanings;
}

/** The changes of the stack's own policy, and of its overrides path by path. */
export function policyChanges(before: StackSide, after: StackSide): Change[] {
  const name = before.stack.path;
  const own = policyPair(`${name}.normalize`, landed(before, before.stack.base), landed(after, after.stack.base));
  const [old, now] = [overrides(before), overrides(after)];
  const paths = [...new Set([...old.keys(), ...now.keys()])];
  return [...own, ...paths.flatMap((path) => policyPair(`${name}.normalize at ${path}`, landed(before, old.get(path)), landed(after, now.get(path))))];
}

/** The last policy for every path. */
function overrides({ stack }: StackSide): Map<string, PolicyValue> {
  return new Map(stack.overrides.flatMap(({ paths, policy }) => paths.map(({ path }): [string, PolicyValue] => [path.segments.join("."), policy])));
}

interface Landed {
  readonly meaning: string;
  /** The line's text where it names a parameter of the stack: what that stands for is a decision of its own. */
  readonly said: string | undefined;
  readonly text: string;
  readonly place: Place;
  readonly line: PolicyLineValue;
}

function landed({ stack, groups, meanings }: StackSide, policy: PolicyValue | undefined): Map<string, Landed> {
  if (policy === undefined) return new Map();
  return new Map([...coverage(policy, groups)].map(([group, line]): [string, Landed] => [group, { meaning: meanings.value(line.norm), said: said(stack, line), text: policyText(line.norm), place: line.place, line }]));
}

function said({ callable: { definition, module } }: StackRecord, { place }: PolicyLineValue): string | undefined {
  if (place.source !== module.source) return undefined;
  const text = textAt(place);
  return (definition.parameters ?? []).some(({ name }) => new RegExp(`(?<![\\w.])${name.name}(?![\\w]|\\s*:)`).test(text)) ? text : undefined;
}

/** Groups that one line covers on both sides change together, as one decision. */
function policyPair(name: string, before: ReadonlyMap<string, Landed>, after: ReadonlyMap<string, Landed>): Change[] {
  const groups = [...new Set([...before.keys(), ...after.keys()])];
  const isSaidAlike = (group: string) => before.get(group)?.said !== undefined && before.get(group)?.said === after.get(group)?.said;
  const differing = groups.filter((group) => before.get(group)?.meaning !== after.get(group)?.meaning && !isSaidAlike(group));
  const together = new Map<string, string[]>();
  const lines = new Map<PolicyLineValue, number>();
  const numberOf = (landing: Landed | undefined) => {
    if (landing === undefined) return "";
    if (!lines.has(landing.line)) lines.set(landing.line, lines.size);
    return String(lines.get(landing.line));
  };
  for (const group of differing) {
    const key = `${numberOf(before.get(group))} ${numberOf(after.get(group))}`;
    together.set(key, [...(together.get(key) ?? []), group]);
  }
  const normChanges = [...together.values()].map((changed): Change => {
    const [old, now] = [before.get(changed[0]!), after.get(changed[0]!)];
    return { kind: "policy", name: `${name}.${changed.join("+")}`, ...(old && { before: sideOf(old) }), ...(now && { after: sideOf(now) }) };
  });
  return [...normChanges, ...sharingChanges(name, groups.filter((group) => !differing.includes(group)), before, after)];
}

function sideOf({ text, place }: Landed): Side {
  return side(text, place);
}

/** Of the groups that keep their norms: which had one together and have their own now, or the other way round. */
function sharingChanges(name: string, groups: readonly string[], before: ReadonlyMap<string, Landed>, after: ReadonlyMap<string, Landed>): Change[] {
  const parts = (of: ReadonlyMap<string, Landed>) => {
    const byLine = new Map<PolicyLineValue, string[]>();
    for (const group of groups) byLine.set(of.get(group)!.line, [...(byLine.get(of.get(group)!.line) ?? []), group]);
    return [...byLine.values()].map((part) => part.join(", ")).toSorted();
  };
  const [old, now] = [parts(before), parts(after)];
  const moved = groups.filter((group) => partOf(old, group) !== partOf(now, group));
  if (moved.length === 0) return [];
  const describe = (of: ReadonlyMap<string, Landed>, all: readonly string[]) => {
    const involved = all.filter((part) => part.split(", ").some((group) => moved.includes(group)));
    const text = involved.map((part) => `${part}: ${of.get(part.split(", ")[0]!)!.text}`).join("; ");
    return side(text, of.get(moved[0]!)!.place);
  };
  return [{ kind: "policy", name: `${name}.${moved.join("+")}`, before: describe(before, old), after: describe(after, now) }];
}

function partOf(parts: readonly string[], group: string): string {
  return parts.find((part) => part.split(", ").includes(group)) ?? "";
}
