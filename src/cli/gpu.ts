/** Whether there is a GPU that is worth computing on. */

import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { AdapterDescription } from "../runtime/webgpu/adapter.js";

/** Milliseconds after which a driver that does not answer counts as none. */
const patience = 15_000;

/**
 * Looks for a GPU in a process of its own: a driver may crash, hang, or print what nobody asked for. It runs beside whatever is
 * done until the answer is awaited.
 */
export function findGpu(): Promise<AdapterDescription | undefined> {
  const script = fileURLToPath(new URL("./describe-gpu.js", import.meta.url));
  return new Promise((resolve) => {
    execFile(process.execPath, [script], { timeout: patience }, (error, stdout) => {
      resolve(error === null ? (JSON.parse(stdout) as AdapterDescription) : undefined);
    });
  });
}
