/** `norm lsp`: the language server, over standard input and output. */

import { Worker } from "node:worker_threads";
import { type Message, StreamMessageReader, StreamMessageWriter } from "vscode-languageserver/node";
import { resourceLimits } from "../editor/threads.js";

/** Serves an editor until it closes its end. The server has a thread of its own, whose memory can be laid out for it. */
export function serve(): void {
  const server = new Worker(new URL("../editor/server-thread.js", import.meta.url), { resourceLimits });
  const reader = new StreamMessageReader(process.stdin);
  const writer = new StreamMessageWriter(process.stdout);
  reader.listen((message) => server.postMessage(message));
  reader.onClose(() => process.exit());
  server.on("message", (message: Message) => void writer.write(message));
  server.on("error", (error) => process.stderr.write(`norm lsp: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`));
  server.on("exit", (code) => process.exit(code));
}
