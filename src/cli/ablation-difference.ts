/** How a configuration of an ablation differs from the base, as `norm diff` says it. */

import type { Diff } from "../compare/diff/diff.js";
import { comparisonText } from "../compare/diff/render/text.js";

/** @param diffs one for each recipe; those without a difference are left out. */
export function differenceText(diffs: readonly Diff[]): string {
  const own = diffs.filter(({ variables, verdict }) => variables > 0 || verdict.level !== "identical");
  if (own.length === 0) return "";
  return comparisonText({ before: own[0]!.before, after: own[0]!.after, diffs: own, onlyBefore: [], onlyAfter: [] });
}
