/** Walking the syntax tree without knowing every kind of node. */

import type { Node } from "./ast.js";

/** The nodes directly below a node, in the order of the tree's fields. Comments belong to the text, not to the tree. */
export function childrenOf(node: Node): Node[] {
  const found: Node[] = [];
  const collect = (value: unknown): void => {
    if (typeof value !== "object" || value === null) return;
    if (Array.isArray(value)) value.forEach(collect);
    else if ("kind" in value) found.push(value as Node);
    // Parts that are no nodes of their own, such as the pairs of a renaming.
    else Object.values(value).forEach(collect);
  };
  for (const [field, value] of Object.entries(node)) if (field !== "comments") collect(value);
  return found;
}
