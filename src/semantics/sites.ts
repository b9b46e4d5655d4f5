/** Sites: applying the policy that lands at a place, to each group's tokens. */

import type { Place } from "../diagnostics/diagnostic.js";
import { extentOf, hasAxis } from "../ir/types.js";
import { withLeading } from "./calls.js";
import type { Elaborator } from "./elaborator.js";
import type { GroupSite } from "./model.js";
import { fail } from "./errors.js";
import { type Frame, Instance } from "./frame.js";
import { place } from "./modules.js";
import type { Assignment } from "./policies.js";
import * as tensors from "./tensors.js";
import { type CallableValue, type Segment, type TensorValue, type Value, describe, numberText } from "./values.js";

/** Where a site is. */
export interface SitePosition {
  /** `encoder.3.attention.before`. */
  readonly path: string;
  readonly stack: string;
  /** How `normalize at` of its stack names it. */
  readonly at?: string;
  readonly place: Place;
}

/** Normalises `x` at a site. Its groups are cut out, normalised by the norm that covers them, and joined again in order. */
export function applySite(e: Elaborator, frame: Frame, argument: TensorValue, assignments: readonly Assignment[], site: SitePosition): TensorValue {
  if (argument.op.type.dtype === "bool") fail("N0303", site.place, "a norm takes numbers, not a condition", { help: "`float(x)` makes 0 and 1 of a condition" });
  const x = tensors.converted(e, argument, "f32");
  const groups = x.groups ?? fail("N0208", site.place, "a norm in a placement takes the sequence with all its groups", { note: "this tensor has lost its `token` axis, or changed its extent" });
  e.sites.push({
    path: site.path,
    stack: site.stack,
    parts: assignments.map(({ groups, line }) => ({ groups, policy: policyText(line.norm) })),
  });
  e.siteInputs.set(site.path, { ...x, groups });
  if (assignments.length === 1) return { ...normalised(e, frame, x, assignments[0]!, site, groups), groups };
  const pieces = new Map<string, TensorValue>();
  for (const assignment of assignments) {
    const part = gathered(e, x, groups, assignment.groups);
    const result = normalised(e, frame, part, assignment, site, groups);
    let start = 0;
    for (const group of groups.filter((candidate) => assignment.groups.includes(candidate.name))) {
      pieces.set(group.name, tensors.sliced(e, result, "token", start, group.extent));
      start += group.extent;
    }
  }
  return { ...tensors.concatenated(e, groups.map((group) => pieces.get(group.name)!), "token"), groups };
}

/** The tokens of some groups: neighbouring groups are one slice. */
function gathered(e: Elaborator, x: TensorValue, groups: readonly Segment[], wanted: readonly string[]): TensorValue {
  const runs: { start: number; extent: number; open: boolean }[] = [];
  let start = 0;
  for (const group of groups) {
    const last = runs.at(-1);
    if (wanted.includes(group.name)) {
      if (last?.open) last.extent += group.extent;
      else runs.push({ start, extent: group.extent, open: true });
    } else if (last !== undefined) last.open = false;
    start += group.extent;
  }
  const slices = runs.map((run) => tensors.sliced(e, x, "token", run.start, run.extent));
  return slices.length === 1 ? slices[0]! : tensors.concatenated(e, slices, "token");
}

function normalised(e: Elaborator, frame: Frame, x: TensorValue, { groups, line }: Assignment, site: SitePosition, all: readonly Segment[]): TensorValue {
  const { norm } = line;
  const where = { site: site.path, at: site.at, groups, policyPlace: line.place, sitePlace: site.place };
  const path = `${site.path}.${groups.join("+")}`;
  const result = recordSite(e, x, norm, where, () => (norm.kind === "none" ? x : runNorm(e, frame, x, norm, path, line.place)));
  e.outputs.set(path, { ...result, groups: all.filter((group) => groups.includes(group.name)) });
  return result;
}

/** Runs a norm and notes which operations it was written out to, for the model's table and the rules. */
export function recordSite<T extends Value>(
  e: Elaborator,
  x: TensorValue,
  norm: Assignment["line"]["norm"],
  where: Pick<GroupSite, "site" | "at" | "groups" | "policyPlace" | "sitePlace">,
  action: () => T,
): T {
  const start = e.builder.operations.length;
  const netsBefore = e.netsInNorms.length;
  const output = action();
  e.groupSites.push({
    ...where,
    tokens: hasAxis(x.op.type, "token") ? extentOf(x.op.type, "token") : 1,
    policy: policyText(norm),
    norm: norm.kind === "callable" ? norm.definition.name.name : undefined,
    applied: norm,
    input: x.op,
    operations: [start, e.builder.operations.length],
    nets: e.netsInNorms.slice(netsBefore),
  });
  return output;
}

function runNorm(e: Elaborator, frame: Frame, x: TensorValue, norm: Exclude<Assignment["line"]["norm"], { kind: "none" }>, path: string, where: Place): TensorValue {
  if (norm.kind === "native") return norm.apply(x, undefined, where);
  const { groups: _, ...plain } = x;
  return checkShape(e.language.run(e, frame, withLeading(norm, [plain], where), where, new Instance(path, true)), x, norm, where);
}

/** What comes out of a norm has the axes of what goes in. */
function checkShape(value: Value, x: TensorValue, norm: CallableValue, where: Place): TensorValue {
  if (value.kind !== "tensor") return fail("N0208", where, `the norm \`${norm.definition.name.name}\` returns ${describe(value)}, not a tensor`);
  const wanted = x.op.type.axes;
  const got = value.op.type.axes;
  const differs = wanted.find((axis) => !hasAxis(value.op.type, axis.name)) ?? got.find((axis) => !hasAxis(x.op.type, axis.name));
  if (differs !== undefined) {
    const lost = wanted.includes(differs);
    fail("N0301", where, `the norm \`${norm.definition.name.name}\` returns a tensor ${lost ? "without" : "with another"} axis \`${differs.name}\``, {
      related: [{ place: place(norm.module.source, norm.definition.name), label: "a norm returns a tensor with the axes of its first parameter" }],
    });
  }
  const longer = wanted.find((axis) => extentOf(value.op.type, axis.name) !== axis.extent);
  if (longer !== undefined) {
    fail("N0302", where, `the norm \`${norm.definition.name.name}\` changes the extent of \`${longer.name}\` from ${longer.extent} to ${extentOf(value.op.type, longer.name)}`);
  }
  if (value.op.type.dtype !== "f32") fail("N0303", where, `the norm \`${norm.definition.name.name}\` returns ${value.op.type.dtype === "bool" ? "conditions" : "whole numbers"}`);
  return value;
}

/** A norm as one would write it: `layer(eps: 0.000001)`. */
export function policyText(norm: Assignment["line"]["norm"]): string {
  if (norm.kind === "none") return "none";
  if (norm.kind === "native") return norm.describe;
  // A norm that a layer calls was given its tensor as well.
  const given = [...norm.given].filter(([, { value }]) => value.kind !== "tensor").map(([name, { value }]) => `${name}: ${valueText(value)}`);
  return given.length === 0 ? norm.definition.name.name : `${norm.definition.name.name}(${given.join(", ")})`;
}

/** An argument as written. */
function valueText(value: Value): string {
  if (value.kind === "number") return numberText(value.value);
  if (value.kind === "text") return `"${value.value}"`;
  if (value.kind === "callable") return policyText(value);
  return value.kind === "boolean" ? String(value.value) : describe(value);
}
