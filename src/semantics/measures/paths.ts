/** Values of a model by their paths: what its parts give, what comes to its sites, and its parameters. */

import type * as ast from "../../syntax/ast.js";
import type { TensorValue } from "../values.js";
import type { Pass } from "./pass.js";

/** All values with a path: of parts, such as `encoder.0.attention`, of sites, `encoder.0.attention.before`, and of parameters. */
export function valuesByPath(pass: Pass): Map<string, TensorValue> {
  const { e } = pass;
  const parameters = [...e.slots.parameters.keys()].map((slot): [string, TensorValue] => [slot, e.tensor(pass.read(slot))]);
  return new Map([...parameters, ...e.siteInputs, ...e.outputs]);
}

/** Whether a path ends with the segments of a pattern, where `*` stands for any one. */
export function endsWith(path: string, pattern: readonly string[]): boolean {
  const segments = path.split(".");
  const start = segments.length - pattern.length;
  return start >= 0 && pattern.every((segment, i) => segment === "*" || segment === segments[start + i]);
}

/**
 * The expression with a name in the place of each path that leads to a value, such as `logits.weight`. A group of a value,
 * `encoded.cls`, is no path.
 * @param find gives the value of a path, and none for a group.
 * @param bind takes the value, and gives the name under which the expression will find it.
 */
export function withPaths(node: ast.Expression, find: (path: readonly string[]) => TensorValue | undefined, bind: (path: string, value: TensorValue) => string): ast.Expression {
  const visit = (part: unknown): unknown => {
    if (Array.isArray(part)) return part.map(visit);
    if (typeof part !== "object" || part === null) return part;
    const some = part as ast.Expression;
    if (some.kind === "Name" || some.kind === "Member") {
      const path = pathOf(some);
      const value = path === undefined ? undefined : find(path);
      if (value !== undefined) return { kind: "Name", name: bind(path!.join("."), value), start: some.start, end: some.end };
      return some.kind === "Member" ? { ...some, object: visit(some.object) } : some;
    }
    return Object.fromEntries(Object.entries(some).map(([key, inner]) => [key, visit(inner)]));
  };
  return visit(node) as ast.Expression;
}

function pathOf(node: ast.Expression): string[] | undefined {
  if (node.kind === "Name") return [node.name];
  if (node.kind !== "Member") return undefined;
  const object = pathOf(node.object);
  return object && [...object, node.name.name];
}
