/** A comparison as data for other programs. `docs/diff.md` lists the fields; what is there stays there under its name. */

import { type Comparison, fingerprint, isEmpty } from "../comparison.js";
import type { Change } from "../change.js";
import type { Matrix } from "../matrix.js";

export function comparisonJson(comparison: Comparison): string {
  const { before, after, diffs, onlyBefore, onlyAfter } = comparison;
  const marked = (changes: readonly Change[]) => changes.map((change) => ({ fingerprint: fingerprint(change), ...change }));
  const data = {
    format: "norm diff",
    version: 1,
    before,
    after,
    isEmpty: isEmpty(comparison),
    diffs: diffs.map(({ changes, recipe, ...rest }) => ({ ...rest, changes: marked(changes), recipe: marked(recipe) })),
    onlyBefore,
    onlyAfter,
  };
  return `${JSON.stringify(data, null, 2)}\n`;
}

export function matrixJson(matrix: Matrix): string {
  return `${JSON.stringify({ format: "norm diff --matrix", version: 1, ...matrix }, null, 2)}\n`;
}
