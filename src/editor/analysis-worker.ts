/** The thread that compiles while the editor's questions are answered: one job at a time, in the order in which they come. */

import { parentPort } from "node:worker_threads";
import { type Analysis, analyse } from "./analysis.js";
import { editorHost } from "./files.js";

export interface Job {
  readonly path: string;
  readonly root: string | undefined;
  readonly text: string;
  readonly open: ReadonlyMap<string, string>;
}
export type JobResult = { readonly analysis: Analysis } | { readonly error: string };

parentPort?.on("message", ({ path, root, text, open }: Job) => {
  let result: JobResult;
  try {
    result = { analysis: analyse(path, text, editorHost(root, open)) };
  } catch (error) {
    result = { error: error instanceof Error ? (error.stack ?? error.message) : String(error) };
  }
  parentPort!.postMessage(result);
});
