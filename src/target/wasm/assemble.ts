/** WebAssembly text to a module's bytes, by wabt: it starts in some milliseconds, and leaves the kernels as they were written. */

import wabt from "wabt";

const features = { simd: true, threads: true, relaxed_simd: true, mutable_globals: true, bulk_memory: true, sign_extension: true, sat_float_to_int: true };

/** @throws Error when the text is no module: a fault of the compiler. */
export async function assemble(text: string): Promise<Uint8Array> {
  const { parseWat } = await wabt();
  const parsed = parseWat("kernels.wat", text, features);
  try {
    // Its types leave out that it takes the features, too, and without them it refuses shared memory.
    (parsed as { validate(enabled?: typeof features): void }).validate(features);
    return parsed.toBinary({}).buffer;
  } finally {
    parsed.destroy();
  }
}
