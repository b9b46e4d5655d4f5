/** Paths that name sites: `first`, `final`, `mlp.before`, `3.attention.after`, `*.attention.*`. */

export interface SiteName {
  /** Below the stack: `3`, `attention`, `after`. */
  readonly segments: readonly string[];
  readonly isFirst: boolean;
  readonly isLast: boolean;
}

/** Whether a path leads to a site: its segments stand together somewhere in the site's, `*` for any one of them. */
export function pathMatches(path: readonly string[], site: SiteName): boolean {
  if (path.length === 1 && path[0] === "first") return site.isFirst;
  if (path.length === 1 && path[0] === "last") return site.isLast;
  return segmentsMatch(path, site.segments);
}

/** Whether the pattern's segments stand together, in order, somewhere in the path. */
export function segmentsMatch(pattern: readonly string[], path: readonly string[]): boolean {
  for (let start = 0; start + pattern.length <= path.length; start++) {
    if (pattern.every((segment, i) => segment === "*" || segment === path[start + i])) return true;
  }
  return false;
}
