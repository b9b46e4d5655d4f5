/** Selecting parameters: by role, or by a part of the name. */

import type { Role } from "../ir/program.js";
import { segmentsMatch } from "./site-paths.js";

export const roles: readonly Role[] = ["norm", "bias", "weight", "embedding"];

/** Whether a path is the name of a role, which a model may or may not have. */
export function isRole(segments: readonly string[]): boolean {
  return segments.length === 1 && (roles as readonly string[]).includes(segments[0]!);
}

/** Whether a path means a parameter: by its role, or by segments of its name. */
export function selects(segments: readonly string[], name: string, role: Role): boolean {
  if (segments.length === 1 && segments[0] === role) return true;
  return segmentsMatch(segments, name.split("."));
}

/** The paths of a text such as `norm, encoder.*.cls`. */
export function selectorsOf(text: string): readonly (readonly string[])[] {
  return text.split(",").map((path) => path.trim().split("."));
}
