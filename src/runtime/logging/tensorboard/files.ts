/** The event files of a folder: those of earlier sessions, and the one of this session. */

import { closeSync, openSync, readdirSync, readFileSync, rmSync, writeSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { SaveError } from "../../errors.js";
import { decodeEvent, encodeEvent, type Event } from "./messages.js";
import { frame, records } from "./records.js";

const pattern = /^events\.out\.tfevents\.(\d{10,})\./;

/** What earlier sessions left. */
export interface EarlierFiles {
  /** The second, since 1970, in the name of the newest. */
  readonly second: number;
  /** The last step of which something can be read. */
  readonly lastStep: number;
}

/**
 * The end of the name of a file that says only that the run failed. TensorBoard believes the first ending that it reads of a run, and
 * one that failed may go on and finish: this file is then removed.
 */
const failed = ".failed";

/** Removes what says that the run failed. @throws Error of the file system. */
export function forgetFailure(folder: string): void {
  for (const name of readdirSync(folder)) if (pattern.test(name) && name.endsWith(failed)) rmSync(join(folder, name));
}

/** Undefined when there are none. @throws Error of the file system, or of a file that holds other things than events. */
export function earlierFiles(folder: string): EarlierFiles | undefined {
  const names = readdirSync(folder).filter((name) => pattern.test(name)).sort();
  if (names.length === 0) return undefined;
  let lastStep = 0;
  for (const name of names) {
    for (const bytes of records(readFileSync(join(folder, name)))) {
      const { step, isStart, hasSummary } = decodeEvent(bytes);
      // A reader forgets what was from this step on.
      if (isStart) lastStep = Math.min(lastStep, Math.max(0, step - 1));
      else if (hasSummary) lastStep = Math.max(lastStep, step);
    }
  }
  return { second: Number(pattern.exec(names.at(-1)!)![1]), lastStep };
}

let count = 0;

/**
 * Creates a file, named as TensorBoard expects: readers take files in the order of their names.
 * @param second seconds since 1970.
 * @param isFailure whether it is the one that `forgetFailure` removes.
 * @throws SaveError
 */
export function createEventFile(folder: string, second: number, isFailure = false): EventFile {
  const host = hostname().replace(/[^\w.-]/g, "_");
  const path = join(folder, `events.out.tfevents.${String(second).padStart(10, "0")}.${host}.${process.pid}.${count++}${isFailure ? failed : ""}`);
  try {
    return new EventFile(path, openSync(path, "wx"));
  } catch (cause) {
    throw new SaveError(path, cause);
  }
}

/** A file that events are appended to. They are held back until `flush`. */
export class EventFile {
  private pending: Buffer[] = [];
  /** Bytes in the file, all of whole events: an event that was torn when the disk was full is written over. */
  private size = 0;

  constructor(
    private readonly path: string,
    private readonly file: number,
  ) {}

  add(event: Event): void {
    this.pending.push(frame(encodeEvent(event)));
  }

  /** Writes what was held back; what cannot be written stays held back. @throws SaveError */
  flush(): void {
    if (this.pending.length === 0) return;
    const bytes = Buffer.concat(this.pending);
    try {
      for (let done = 0; done < bytes.length; ) done += writeSync(this.file, bytes, done, bytes.length - done, this.size + done);
    } catch (cause) {
      this.pending = [bytes];
      throw new SaveError(this.path, cause);
    }
    this.size += bytes.length;
    this.pending = [];
  }

  close(): void {
    closeSync(this.file);
  }
}
