/// <reference lib="dom" />
/** The threads that compute a trainer's kernels. */

import { checkpointIsIntact, explain, RunError } from "../errors.js";
import { formatBytes } from "../format.js";
import type { Answer, Failed, Request, Start } from "./messages.js";
import type { Plan } from "./plan.js";
import { startThread, type Thread } from "./thread.js";

const pageBytes = 2 ** 16;
/** Pages that 32-bit addresses reach. */
const mostPages = 2 ** 16;
/** More threads than this are not taken unless they are asked for: they share a dispatch no better than they wait for each other. */
export const usualThreads = 16;
const mostThreads = 64;

export interface Pool {
  /** Bytes of the memory that the threads share. */
  readonly bytes: number;
  /**
   * Does what is asked, in the order of the calls, and gives a copy of each range that was to be read. The bytes to write are
   * copied before it returns.
   * @throws RunError when a thread fails, or has failed, or the pool was disposed of.
   */
  request(request: Request): Promise<readonly ArrayBuffer[]>;
  /** Ends the threads. Without it they keep no process from ending. */
  dispose(): void;
}

/**
 * Starts threads, with the kernels compiled and their memory taken.
 * @param module the bytes of the kernels' module.
 * @throws RunError when the module cannot be compiled, the memory cannot be had, or a thread does not start.
 */
export async function openPool(module: Uint8Array, plan: Pick<Plan, "bytes" | "scratch">, threads: number): Promise<Pool> {
  if (threads > mostThreads) throw new RunError(`the kernels run on at most ${mostThreads} threads, not on ${threads}`);
  const pages = Math.ceil((plan.bytes + threads * plan.scratch) / pageBytes);
  if (pages > mostPages) throw memoryError(pages, threads, `WebAssembly reaches ${formatBytes(mostPages * pageBytes)}`);
  if (threads > 1 && globalThis.crossOriginIsolated === false) {
    throw new RunError("this page may not share memory with its threads, because it is not cross-origin isolated: compute on one thread");
  }
  const compiled = await WebAssembly.compile(module as Uint8Array<ArrayBuffer>).catch((cause: unknown) => {
    const mend = "Use a newer version of Node or of the browser, or compile the spec for another target";
    throw new RunError(`this JavaScript engine does not compile the kernels: ${explain(cause)}. ${mend}`, { cause });
  });
  const pool = new ThreadPool(pages, threads);
  try {
    await pool.start(compiled);
    return pool;
  } catch (error) {
    pool.dispose();
    throw error;
  }
}

/** A thread with the questions that it has not answered yet, the oldest first. */
interface Member {
  readonly thread: Thread;
  readonly waiting: { readonly resolve: (answer: Exclude<Answer, Failed>) => void; readonly reject: (error: RunError) => void }[];
}

class ThreadPool implements Pool {
  readonly bytes: number;
  private readonly members: Member[] = [];
  /** Why nothing is computed any more. */
  private end: RunError | undefined;

  constructor(
    private readonly pages: number,
    private readonly threads: number,
  ) {
    this.bytes = pages * pageBytes;
  }

  async start(module: WebAssembly.Module): Promise<void> {
    for (let thread = 0; thread < this.threads; thread++) this.members.push(await this.member(thread));
    const ready = async (thread: number, memory: Start["memory"]) => {
      const answer = await this.ask(this.members[thread]!, { module, thread, threads: this.threads, memory } satisfies Start);
      return answer.kind === "ready" ? answer.memory : undefined;
    };
    const memory = await ready(0, { pages: this.pages });
    if (memory !== undefined) await Promise.all(this.members.slice(1).map((_, i) => ready(i + 1, memory)));
  }

  async request(request: Request): Promise<readonly ArrayBuffer[]> {
    const answer = await this.ask(this.members[0]!, request);
    return answer.kind === "done" ? answer.reads : [];
  }

  dispose(): void {
    this.stop(new RunError("the threads that compute were ended"));
  }

  private async member(number: number): Promise<Member> {
    const member: Member = {
      waiting: [],
      thread: await startThread({
        message: (data) => this.answered(member, number, data as Answer),
        failure: (cause) => this.stop(new RunError(`${this.name(number)} has ended: ${explain(cause)}. ${checkpointIsIntact}`, { cause })),
      }),
    };
    return member;
  }

  private ask(member: Member, question: Start | Request): Promise<Exclude<Answer, Failed>> {
    if (this.end !== undefined) return Promise.reject(this.end);
    member.thread.post(question);
    // Whoever waits for an answer wants the process to go on until it comes.
    member.thread.hold(true);
    return new Promise((resolve, reject) => member.waiting.push({ resolve, reject }));
  }

  private answered({ thread, waiting }: Member, number: number, answer: Answer): void {
    if (answer.kind === "failed") {
      this.stop(this.errorOf(answer, number));
    } else if (this.end === undefined) {
      waiting.shift()!.resolve(answer);
      if (waiting.length === 0) thread.hold(false);
    }
  }

  private errorOf({ what, cause }: Failed, number: number): RunError {
    if (what === "memory") return memoryError(this.pages, this.threads, explain(cause), cause);
    return new RunError(`the kernels failed in ${this.name(number)}: ${explain(cause)}. Please report it. ${checkpointIsIntact}`, { cause });
  }

  /** Ends all threads: where one is missing, the others may wait for it for ever. Only the first reason counts. */
  private stop(why: RunError): void {
    // A thread that is ended says so, too.
    if (this.end !== undefined) return;
    this.end = why;
    for (const { thread, waiting } of this.members) {
      thread.end();
      for (const { reject } of waiting.splice(0)) reject(why);
    }
  }

  private name(number: number): string {
    return `thread ${number + 1} of ${this.threads}`;
  }
}

function memoryError(pages: number, threads: number, why: string, cause?: unknown): RunError {
  const needed = `${formatBytes(pages * pageBytes)} of memory on ${threads} ${threads === 1 ? "thread" : "threads"}`;
  return new RunError(`the model needs ${needed}: ${why}. Train with a smaller batch or model${threads === 1 ? "" : ", or on fewer threads"}`, { cause });
}
