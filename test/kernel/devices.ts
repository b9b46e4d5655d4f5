/** What the tests of this folder plan for. */

import { type Device, portable } from "../../src/kernel/device.js";

/** A processor's schedules, and a GPU's, with shared tiles and several threads a row. */
export const devices: Readonly<Record<string, Device>> = {
  "threads of their own": { ...portable, cooperates: false, parallelism: 64 },
  "threads that work together": portable,
};
