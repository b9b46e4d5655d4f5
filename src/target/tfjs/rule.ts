/** How a kind of operation becomes calls. */

import type { OpKind, OpOf } from "../../ir/program.js";
import type { Lowering, Physical } from "./lowering.js";

/** Makes the calls of `op`, and says how its value is held. */
export type Rule<K extends OpKind> = (l: Lowering, op: OpOf<K>) => Physical;
