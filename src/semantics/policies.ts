/** Policies: which norm each token group gets, checked to cover every group exactly once. */

import { lineAdded, lineRemoved } from "../diagnostics/fixes.js";
import { similarDetails } from "../diagnostics/similar.js";
import type { Place } from "../diagnostics/diagnostic.js";
import type * as ast from "../syntax/ast.js";
import { evaluatePartial } from "./calls.js";
import type { Elaborator } from "./elaborator.js";
import { fail } from "./errors.js";
import type { Frame } from "./frame.js";
import { place } from "./modules.js";
import type { CallableValue, NoneValue, PolicyLineValue, PolicyValue } from "./values.js";
import { none } from "./values.js";

/** `{ cls: batch, tokens: layer }` as a value. */
export function evaluatePolicy(e: Elaborator, frame: Frame, node: ast.PolicyExpression): PolicyValue {
  const lines = node.lines.map((line): PolicyLineValue => ({
    groups: line.groups?.map((group) => ({ name: group.name, place: place(frame.module.source, group) })),
    norm: evaluateNorm(e, frame, line.value),
    place: place(frame.module.source, line),
  }));
  return { kind: "policy", lines, place: place(frame.module.source, node) };
}

/** A norm, perhaps with arguments, or `none`. */
export function evaluateNorm(e: Elaborator, frame: Frame, node: ast.Expression): CallableValue | NoneValue {
  if (node.kind === "None") return none;
  if (node.kind === "Name") {
    const value = e.language.evaluate(e, frame, node);
    if (value.kind === "none") return none;
  }
  return evaluatePartial(e, frame, node, ["norm"], "a policy");
}

/** One norm for a set of groups, which share its parameters and statistics. */
export interface Assignment {
  readonly groups: readonly string[];
  readonly line: PolicyLineValue;
}

/** The lines of a policy, each with the groups of `all` that it covers. @throws CheckError for an unknown group or one covered twice. */
export function coverage(policy: PolicyValue, all: readonly string[]): Map<string, PolicyLineValue> {
  const covered = new Map<string, PolicyLineValue>();
  const where = new Map<string, Place>();
  for (const line of policy.lines) {
    for (const { name, place: at } of line.groups ?? []) {
      if (!all.includes(name)) {
        fail("N0306", at, `the stack has no group \`${name}\``, { help: `its groups are ${all.map((group) => `\`${group}\``).join(", ")}`, ...similarDetails(name, all, at) });
      }
      const earlier = where.get(name);
      if (earlier !== undefined) {
        fail("N0305", at, `group \`${name}\` has two normalization policies`, { related: [{ place: earlier, label: "the first one" }], help: "remove one of the two", ...(line.groups?.length === 1 && { fixes: [lineRemoved(line.place)] }) });
      }
      covered.set(name, line);
      where.set(name, at);
    }
  }
  const rest = policy.lines.filter((line) => line.groups === undefined);
  if (rest.length > 1) fail("N0305", rest[1]!.place, "`..` stands there twice", { related: [{ place: rest[0]!.place, label: "the first one" }] });
  for (const name of all) if (!covered.has(name) && rest[0] !== undefined) covered.set(name, rest[0]);
  return covered;
}

/**
 * What lands at one site: the stack's policy, changed by the overrides whose paths lead there, later ones last.
 * @throws CheckError when a group is left without a policy.
 */
export function resolve(policies: readonly PolicyValue[], all: readonly { readonly name: string; readonly place: Place }[], site: Place): readonly Assignment[] {
  const names = all.map((group) => group.name);
  const landed = new Map<string, PolicyLineValue>();
  for (const policy of policies) for (const [name, line] of coverage(policy, names)) landed.set(name, line);
  const uncovered = all.filter((group) => !landed.has(group.name));
  const base = policies[0];
  if (uncovered.length > 0) {
    const list = (groups: readonly string[]) => groups.map((name) => `\`${name}\``).join(" and ");
    const covers = names.filter((name) => landed.has(name));
    const first = uncovered[0]!;
    fail("N0304", base?.place ?? site, `group${uncovered.length === 1 ? "" : "s"} ${list(uncovered.map((group) => group.name))} ${uncovered.length === 1 ? "has" : "have"} no normalization policy`, {
      label: base === undefined ? "the stack has no `normalize { … }`" : covers.length === 0 ? "covers no group" : `covers ${list(covers)} only`,
      related: [{ place: first.place, label: "declared here" }],
      help: `add \`${first.name}: layer\`, or write \`..: layer\` for all the rest`,
      ...(base !== undefined && { fixes: [`${first.name}: layer`, "..: layer"].flatMap((line) => lineAdded(base.place, line)) }),
    });
  }
  // One line is one norm, shared by all its groups that it still has at this site.
  const assignments: Assignment[] = [];
  for (const name of names) {
    const line = landed.get(name)!;
    const known = assignments.findIndex((assignment) => assignment.line === line);
    if (known < 0) assignments.push({ groups: [name], line });
    else assignments[known] = { groups: [...assignments[known]!.groups, name], line };
  }
  return assignments;
}
