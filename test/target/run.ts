/** How the tests that targets share run a program. */

import type { Environment } from "../../src/ir/definition.js";
import type { Program } from "../../src/ir/program.js";

export interface Run {
  readonly results: ReadonlyMap<string, Float64Array>;
  /** Every slot after the entry. */
  readonly slots: ReadonlyMap<string, Float64Array>;
  /** Whether every new value was finite. */
  readonly healthy: boolean;
}

/** Compiles the entry `step` for a target, and runs it with the environment's slots and inputs. */
export type RunStep = (program: Program, environment: Environment) => Promise<Run>;
