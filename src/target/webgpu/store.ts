/** What a store does: it writes, or it only looks whether the value could be written, or it writes when all could. */

import type { Store } from "../../kernel/part.js";
import type { Scalar } from "../../kernel/scalar.js";

export type StoreMode = "write" | "check" | "commit";

/** The lines of a store in a mode. `write` gives those that store the value, `value` its text. */
export function guardStore(mode: StoreMode, store: Store, write: (value: Scalar) => readonly string[], value: (scalar: Scalar) => string): readonly string[] {
  if (mode === "write") return write(store.value);
  if (mode === "commit") return ["if (is_healthy) {", ...write(store.value).map((line) => `  ${line}`), "}"];
  if (store.value.dtype !== "f32") return [];
  return [`if (!is_finite(${value(store.value)})) { atomicStore(&health[0], 1u); }`];
}
