/** The table of built-in functions. */

import type * as ast from "../../syntax/ast.js";
import type { Elaborator } from "../elaborator.js";
import { fail } from "../errors.js";
import type { Frame } from "../frame.js";
import { place } from "../modules.js";
import type { Value } from "../values.js";
import { loaderNames } from "./names.js";
import { elementwiseIntrinsics } from "./elementwise.js";
import { indexingIntrinsics } from "./indexing.js";
import { measuringIntrinsics } from "./measuring.js";
import { optimizingIntrinsics } from "./optimizing.js";
import { randomIntrinsics } from "./random.js";
import { reductionIntrinsics } from "./reduction.js";
import { structureIntrinsics } from "./structure.js";

export type Intrinsic = (e: Elaborator, frame: Frame, node: ast.Call) => Value;

const table: Readonly<Record<string, Intrinsic>> = {
  ...elementwiseIntrinsics,
  ...reductionIntrinsics,
  ...structureIntrinsics,
  ...indexingIntrinsics,
  ...randomIntrinsics,
  ...optimizingIntrinsics,
  ...measuringIntrinsics,
};

/** Calls a built-in function. */
export function callIntrinsic(e: Elaborator, frame: Frame, name: string, node: ast.Call): Value {
  const intrinsic = Object.hasOwn(table, name) ? table[name] : undefined;
  if (intrinsic === undefined) {
    const dataSource = (loaderNames as readonly string[]).includes(name);
    return fail("N0210", place(frame.module.source, node), `\`${name}\` does not belong here`, {
      help: dataSource ? "a data set is named on the recipe's `data` line" : "it belongs in a measure",
    });
  }
  return intrinsic(e, frame, node);
}
