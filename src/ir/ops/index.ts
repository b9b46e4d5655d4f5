/** The closed set of operations of the IR: one definition each. */

import type { Definition } from "../definition.js";
import type { OpKind } from "../program.js";
import { effects } from "./effect.js";
import { elementwise } from "./elementwise.js";
import { indexing } from "./indexing.js";
import { leaves } from "./leaf.js";
import { reductions } from "./reduction.js";
import { structure } from "./structure.js";

export const operations: { readonly [K in OpKind]: Definition<K> } = {
  ...leaves,
  ...elementwise,
  ...reductions,
  ...structure,
  ...indexing,
  ...effects,
};

/** All names of operations, in the order of the table. */
export const operationKinds = Object.keys(operations) as readonly OpKind[];
