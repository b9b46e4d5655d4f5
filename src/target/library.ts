/** Functions that kernels call, and those that these call. */

/** The named functions and all that they need, each before its use. */
export function withNeeds<Own extends { readonly needs?: readonly string[] }>(functions: Readonly<Record<string, Own>>, names: Iterable<string>): readonly Own[] {
  const result = new Set<Own>();
  const add = (name: string): void => {
    const own = functions[name]!;
    if (result.has(own)) return;
    own.needs?.forEach(add);
    result.add(own);
  };
  [...names].sort().forEach(add);
  return [...result];
}
