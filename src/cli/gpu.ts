/** Whether there is a GPU that is worth computing on. */

import { fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { AdapterDescription } from "../runtime/webgpu/adapter.js";

/** Milliseconds after which a driver that does not answer counts as none. */
const patience = 15_000;

/**
 * Looks for a GPU in a process of its own: a driver may crash, hang, or print what nobody asked for. It runs beside whatever is
 * done until the answer is awaited.
 * @param signal ends the search: its process would keep this one from ending.
 */
export function findGpu(signal: AbortSignal): Promise<AdapterDescription | undefined> {
  const script = fileURLToPath(new URL("./describe-gpu.js", import.meta.url));
  return new Promise((resolve) => {
    // The answer has a channel of its own, which no driver prints on.
    const search = fork(script, { stdio: "ignore", execArgv: [], timeout: patience, killSignal: "SIGKILL", signal });
    search.on("message", (answer) => resolve(answer as AdapterDescription));
    for (const end of ["disconnect", "error"]) search.on(end, () => resolve(undefined));
  });
}
