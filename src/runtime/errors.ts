/** Errors of a run that its user can act on; the CLI prints their messages without a stack. */

import type { Fault } from "./trainer.js";

/** The run cannot start or go on: its folder, checkpoint or data do not fit. Base of the errors below. */
export class RunError extends Error {
  override name = "RunError";
}

interface Surroundings {
  readonly process?: { readonly versions?: { readonly node?: string } };
}

/** Whether this runs in Node, and not in a page: what users can do about an error differs, and what there is. */
export const inNode = (globalThis as Surroundings).process?.versions?.node !== undefined;

/** For messages of a device that computes no more: what can be done. */
export const checkpointIsIntact = `The last checkpoint is intact: go on from it${inNode ? " with --resume" : ""}`;

/** A file is not what its format says it must be. */
export class FormatError extends RunError {
  override name = "FormatError";
  constructor(
    readonly file: string,
    readonly problem: string,
    options?: ErrorOptions,
  ) {
    super(`${file}: ${problem}`, options);
  }
}

/** A file could not be written. */
export class SaveError extends RunError {
  override name = "SaveError";
  /** `note` says what became of what was there before. */
  constructor(
    readonly file: string,
    override readonly cause: unknown,
    note = "",
  ) {
    super(`cannot write ${file}: ${explain(cause)}${note}`);
  }
}

/** A training step came out as NaN or infinity. The engine holds the values from before the step. */
export class TrainingFault extends RunError {
  override name = "TrainingFault";
  readonly operation: string | undefined;
  readonly place: string | undefined;
  readonly source: string | undefined;
  readonly phase: string | undefined;

  /** `step` counts from 0, as in `Engine.step`; messages and metrics count from 1. */
  constructor(
    fault: Fault | undefined,
    readonly step: number,
    kept: string,
  ) {
    const where = fault
      ? `first in ${fault.operation} of the ${fault.phase} phase, at ${fault.place}` +
        (fault.source === undefined ? "" : ` (${fault.source})`)
      : "no single operation could be found when the step was repeated";
    super(`training step ${step + 1} gave NaN or infinity: ${where}. ${kept}`);
    this.operation = fault?.operation;
    this.place = fault?.place;
    this.source = fault?.source;
    this.phase = fault?.phase;
  }
}

const explanations = new Map([
  ["ENOSPC", "the disk is full"],
  ["EDQUOT", "the disk quota is used up"],
  ["EFBIG", "the file would be larger than is allowed here"],
  ["EACCES", "permission denied"],
  ["EPERM", "permission denied"],
  ["EROFS", "the file system is read-only"],
  ["ENOTDIR", "a part of the path is a file, not a folder"],
  ["EEXIST", "a file is there where a folder must be"],
  ["EISDIR", "a folder is there where a file must be"],
]);

/** Says in words why a file operation failed. */
export function explain(cause: unknown): string {
  const code = cause instanceof Error && "code" in cause ? String(cause.code) : "";
  return explanations.get(code) ?? (cause instanceof Error ? cause.message : String(cause));
}
