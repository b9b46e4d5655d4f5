/** What the tests of this folder plan for. */

import { type Device, portable } from "../../src/kernel/device.js";

/** A processor's schedules, in turns too, and a GPU's, with shared tiles and several threads a row. */
export const devices: Readonly<Record<string, Device>> = {
  "threads of their own": { ...portable, cooperates: false, parallelism: 64 },
  "threads that take turns": { ...portable, cooperates: false, takesTurns: true, parallelism: 16, sharedBytes: 0, maxBuffers: 1000 },
  "threads that work together": portable,
};
