/** Running other programs, and the one error that the set-up reports to its user. */
import { spawn } from "node:child_process";

/** A reason why the set-up cannot go on, in words for the user. */
export class SetupError extends Error {}

/** How much of a failed program's output is worth showing. */
const shownLines = 15;

/**
 * Runs a program to its end without a shell and gives its output (stdout and stderr together).
 *
 * @param {string} command
 * @param {readonly string[]} commandArguments
 * @param {{ cwd?: string, env?: Record<string, string>, seconds: number }} options `env` is added to this process's own;
 *   after `seconds` the program and all that it started are killed.
 * @returns {Promise<{ ok: boolean, output: string, why: string }>} `why` says what went wrong when `ok` is false.
 */
export function attempt(command, commandArguments, options) {
  return new Promise((resolve) => {
    // A group of its own, so that the time limit also ends the compilers and downloads that the program started.
    const detached = process.platform !== "win32";
    const child = spawn(command, commandArguments, {
      cwd: options.cwd,
      env: { ...process.env, ...options.env },
      stdio: ["ignore", "pipe", "pipe"],
      detached,
      // npm is a .cmd file on Windows, which only a shell can start.
      shell: process.platform === "win32",
    });
    let output = "";
    let late = false;
    const end = () => {
      try {
        if (detached && child.pid !== undefined) process.kill(-child.pid, "SIGKILL");
        else child.kill("SIGKILL");
      } catch {
        // It had ended already.
      }
    };
    const timer = setTimeout(() => {
      late = true;
      end();
    }, options.seconds * 1000);
    const interrupted = () => {
      end();
      process.exit(130);
    };
    process.once("SIGINT", interrupted);
    process.once("SIGTERM", interrupted);
    const finish = (ok, why) => {
      clearTimeout(timer);
      process.removeListener("SIGINT", interrupted);
      process.removeListener("SIGTERM", interrupted);
      resolve({ ok, output, why });
    };
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding("utf8");
      stream.on("data", (text) => (output += text));
    }
    child.on("error", (error) => finish(false, `${command} cannot be started: ${error.message}`));
    child.on("close", (code, signal) => {
      if (late) finish(false, `${command} did not end within ${options.seconds} s`);
      else if (code === 0) finish(true, "");
      else finish(false, `${command} ended with ${signal ?? `code ${code}`}\n${lastLines(output)}`);
    });
  });
}

/**
 * Runs a program as {@link attempt} does and gives its output.
 *
 * @throws {SetupError} when the program fails; `doing` says in the message what it was for.
 */
export async function run(doing, command, commandArguments, options) {
  const result = await attempt(command, commandArguments, options);
  if (!result.ok) throw new SetupError(`${doing} failed: ${result.why}`);
  return result.output;
}

function lastLines(text) {
  return text
    .trimEnd()
    .split("\n")
    .slice(-shownLines)
    .map((line) => `  ${line}`)
    .join("\n");
}
