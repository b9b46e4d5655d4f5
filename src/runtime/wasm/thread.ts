/// <reference lib="dom" />
/** Threads as Node and browsers have them: what is different about them stays in this file. */

import { inNode } from "../errors.js";

/** A thread that runs `worker.js`, seen by the host. */
export interface Thread {
  post(message: unknown): void;
  /** Whether it keeps Node's process from ending; at first it does. A page ends its threads in any case. */
  hold(isHeld: boolean): void;
  /** At once, whatever it does or waits for. */
  end(): void;
}

export interface ThreadListener {
  message(data: unknown): void;
  /** The thread did not start, or has ended by itself. */
  failure(cause: unknown): void;
}

/** The host, seen by a thread. */
export interface Host {
  post(message: unknown, transfer: readonly ArrayBuffer[]): void;
  listen(onMessage: (data: unknown) => void): void;
}

export async function startThread(listener: ThreadListener): Promise<Thread> {
  return inNode ? startInNode(listener) : startInPage(listener);
}

export async function openHost(): Promise<Host> {
  if (!inNode) {
    const scope = globalThis as unknown as Worker;
    return {
      post: (message, transfer) => scope.postMessage(message, [...transfer]),
      listen: (onMessage) => scope.addEventListener("message", ({ data }) => onMessage(data)),
    };
  }
  const { parentPort } = await import("node:worker_threads");
  return {
    post: (message, transfer) => parentPort!.postMessage(message, transfer),
    listen: (onMessage) => void parentPort!.on("message", onMessage),
  };
}

async function startInNode(listener: ThreadListener): Promise<Thread> {
  const { Worker } = await import("node:worker_threads");
  const worker = new Worker(script());
  worker.on("message", (data) => listener.message(data));
  worker.on("error", (cause) => listener.failure(cause));
  worker.on("exit", (code) => listener.failure(new Error(`it ended with code ${code}`)));
  return {
    post: (message) => worker.postMessage(message),
    hold: (isHeld) => (isHeld ? worker.ref() : worker.unref()),
    end: () => void worker.terminate(),
  };
}

function startInPage(listener: ThreadListener): Thread {
  const worker = new Worker(script(), { type: "module" });
  worker.addEventListener("message", ({ data }) => listener.message(data));
  worker.addEventListener("error", (event) => {
    event.preventDefault();
    listener.failure(new Error(event.message || "its script does not load"));
  });
  return { post: (message) => worker.postMessage(message), hold: () => undefined, end: () => worker.terminate() };
}

function script(): URL {
  // Tests run the sources, which Node's own threads cannot: theirs is the compiled script.
  const folder = import.meta.url.endsWith(".ts") ? "../../../dist/runtime/wasm/" : "./";
  return new URL(`${folder}worker.js`, import.meta.url);
}
