// A side's process, as the benchmark sees it: it is asked in lines on its stdin, and replies in lines on its file 3.
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { environment } from "./sides.mjs";

export function startProcess([command, ...parameters]) {
  const child = spawn(command, parameters, { stdio: ["pipe", "ignore", "pipe", "pipe"], env: environment });
  let said = "";
  let problem = "too slow";
  child.stderr.on("data", (chunk) => (said += chunk));
  child.on("error", ({ message }) => (said += message));
  // It has ended, which its missing reply tells.
  child.stdin.on("error", () => {});
  const replies = createInterface({ input: child.stdio[3] })[Symbol.asyncIterator]();

  return {
    /** Sends a line and then bytes. The reply, or undefined when there is none in so many seconds: the process has ended then. */
    async ask(message, seconds, bytes = []) {
      child.stdin.write(`${JSON.stringify(message)}\n`);
      for (const part of bytes) child.stdin.write(new Uint8Array(part.buffer, part.byteOffset, part.byteLength));
      const timer = setTimeout(() => child.kill("SIGKILL"), 1000 * seconds);
      const { value, done } = await replies.next();
      clearTimeout(timer);
      if (!done) return JSON.parse(value);
      if (!child.killed) problem = lastError(said);
      return undefined;
    },
    /** Ends the process. What was wrong with it, if something was. */
    end() {
      child.kill("SIGKILL");
      return problem;
    },
  };
}

/** The line of a stack trace that says what is wrong. */
function lastError(said) {
  const lines = said.split("\n").filter((line) => line.trim() !== "");
  return (lines.findLast((line) => /^\S*(Error|Exception)\b/.test(line)) ?? lines.at(-1) ?? "it ended").slice(0, 300);
}
