/** What specs are compiled to. */

export const targets = ["wasm", "webgpu", "tfjs"] as const;
export type Target = (typeof targets)[number];
