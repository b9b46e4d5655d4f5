/// <reference lib="dom" />
/**
 * The script of a thread that computes. The leader, thread 0, does what the host asks. The helpers get one message, the first:
 * from then on they wait for the leader in the memory, because waking them so takes a fraction of a message's time.
 */

import type { Answer, Request, Start } from "./messages.js";
import { words } from "./plan.js";
import { openHost } from "./thread.js";

type Run = (from: number, to: number, thread: number, threads: number) => void;

/** Places of 32-bit words: how many runs there have been, which is what helpers wait on, and the present run's dispatches. */
const generation = words.pool / 4;
const firstDispatch = generation + 1;
const endDispatch = generation + 2;

class NoMemory extends Error {}

void openHost().then((host) => {
  const answer = (message: Answer, transfer: readonly ArrayBuffer[] = []) => host.post(message, transfer);
  let lead: ((request: Request) => readonly ArrayBuffer[]) | undefined;
  host.listen((data) => {
    try {
      if (lead === undefined) {
        lead = start(data as Start, answer);
      } else {
        const reads = lead(data as Request);
        answer({ kind: "done", reads }, reads);
      }
    } catch (error) {
      answer(error instanceof NoMemory ? { kind: "failed", what: "memory", cause: error.cause } : { kind: "failed", what: "kernels", cause: error });
    }
  });
});

/** Gives what the leader does for a request. For helpers it returns never. */
function start({ module, thread, threads, memory: wanted }: Start, answer: (message: Answer) => void): (request: Request) => readonly ArrayBuffer[] {
  const memory = wanted instanceof WebAssembly.Memory ? wanted : memoryOf(wanted.pages);
  const run = new WebAssembly.Instance(module, { env: { memory } }).exports["run"] as Run;
  answer({ kind: "ready", ...(thread === 0 && threads > 1 ? { memory } : {}) });
  const view = new Int32Array(memory.buffer);
  if (thread > 0) help(view, (from, to) => run(from, to, thread, threads));
  const bytes = new Uint8Array(memory.buffer);
  return ({ writes, run: dispatches, reads }) => {
    for (const [offset, values] of writes) bytes.set(values, offset);
    if (dispatches !== undefined) {
      const [from, to] = dispatches;
      // Without barriers between them, helpers could miss a run.
      if (from < to && threads > 1) wake(view, from, to);
      run(from, to, 0, threads);
    }
    return reads.map(([offset, length]) => bytes.slice(offset, offset + length).buffer as ArrayBuffer);
  };
}

function memoryOf(pages: number): WebAssembly.Memory {
  try {
    // It never grows, so that views of it hold.
    return new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true });
  } catch (cause) {
    throw new NoMemory("no memory", { cause });
  }
}

/**
 * The words may be written when the leader's last run is done: it went through the run's barriers, which all helpers reach
 * after they have read the words. One that is still leaving the last barrier finds the new run when it comes to wait.
 */
function wake(view: Int32Array, from: number, to: number): void {
  Atomics.store(view, firstDispatch, from);
  Atomics.store(view, endDispatch, to);
  Atomics.add(view, generation, 1);
  Atomics.notify(view, generation);
}

/** Takes part in every run. */
function help(view: Int32Array, run: (from: number, to: number) => void): never {
  // Counted here, and not read again: the leader may have begun the next run by then.
  for (let done = 0; ; done = (done + 1) | 0) {
    Atomics.wait(view, generation, done);
    run(Atomics.load(view, firstDispatch), Atomics.load(view, endDispatch));
  }
}
