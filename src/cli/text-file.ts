/** Text files of a person: read as UTF-8 and as nothing else, and replaced whole, in one step, or not at all. */

import { isUtf8 } from "node:buffer";
import { randomBytes } from "node:crypto";
import { constants, readFileSync, realpathSync } from "node:fs";
import { access, open, rename, rm, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { RunError, SaveError, explain } from "../runtime/errors.js";

export interface TextFile {
  /** As it was named. */
  readonly path: string;
  /** The file itself, where links lead. */
  readonly target: string;
  readonly bytes: Buffer;
  readonly text: string;
}

/** Reads a file. @throws RunError when it cannot be read or is not UTF-8: such a text must not be written back. */
export function readTextFile(path: string): TextFile {
  try {
    const target = realpathSync(path);
    const bytes = readFileSync(target);
    return { path, target, bytes, text: decodeText(bytes, path) };
  } catch (error) {
    if (error instanceof RunError) throw error;
    const missing = (error as NodeJS.ErrnoException).code === "ENOENT";
    throw new RunError(`cannot read ${path}: ${missing ? "there is no such file" : explain(error)}`);
  }
}

/** The text that bytes stand for. @throws RunError when they are not UTF-8. */
export function decodeText(bytes: Buffer, path: string): string {
  if (isUtf8(bytes)) return bytes.toString("utf8");
  let line = 1;
  let start = 0;
  for (let end = bytes.indexOf("\n"); end >= 0 && isUtf8(bytes.subarray(start, end)); end = bytes.indexOf("\n", start)) {
    line++;
    start = end + 1;
  }
  throw new RunError(`cannot read ${path}: line ${line} is not UTF-8; save the file in that encoding`);
}

/**
 * Replaces the text of a file that was read. Links to it and its permissions stay, and so does its owner where that can be.
 * Whoever looks, even after a kill, finds the old text or the new one.
 *
 * @throws SaveError when it cannot be written, and RunError when it was changed in the meantime. Then it is as it was.
 */
export async function replaceText({ path, target, bytes }: TextFile, text: string): Promise<void> {
  // A name of its own, so that processes that write the same file stay out of each other's way. A short one, because the
  // file's own may be as long as names can be.
  const temporary = join(dirname(target), `.norm-format-${randomBytes(8).toString("hex")}.tmp`);
  const replacement = Buffer.from(text);
  try {
    // A rename would replace a file that must not be written to.
    await access(target, constants.W_OK);
    const { mode, uid, gid } = await stat(target);
    const handle = await open(temporary, "wx", 0o600);
    try {
      await handle.writeFile(replacement);
      await handle.chown(uid, gid).catch(() => undefined);
      await handle.chmod(mode & 0o7777);
      await handle.sync();
    } finally {
      await handle.close();
    }
    const now = readFileSync(target);
    // Another process may have written the same text.
    if (!now.equals(bytes) && !now.equals(replacement)) throw new RunError(`${path} was changed while it was formatted, and is left as it is`);
    await rename(temporary, target);
  } catch (cause) {
    // A temporary file that cannot be removed either must not hide why the write failed.
    await rm(temporary, { force: true }).catch(() => undefined);
    throw cause instanceof RunError ? cause : new SaveError(path, cause, "; the file is as it was");
  }
}
