/** Ctrl-C: the first asks the run to stop when its work is safe, the second stops it at once. */

/** Exit code of a process that SIGINT ended, as shells have it. */
export const interruptedExitCode = 130;

/**
 * Watches SIGINT. `signal` is aborted at the first; the second ends the process with exit code 130. `dispose` gives
 * Ctrl-C its usual effect back.
 */
export function watchInterrupts(): { signal: AbortSignal; dispose(): void } {
  const controller = new AbortController();
  const onInterrupt = (): void => {
    if (controller.signal.aborted) process.exit(interruptedExitCode);
    controller.abort();
  };
  process.on("SIGINT", onInterrupt);
  return { signal: controller.signal, dispose: () => void process.off("SIGINT", onInterrupt) };
}
