/** Reading whole files into memory, without ever trusting a size that a file claims for itself. */

import { createReadStream } from "node:fs";
import { readFile, stat } from "node:fs/promises";
import { createGunzip } from "node:zlib";
import { asDataError, type Located } from "./access.js";
import { DataError } from "./error.js";

/** The most bytes that one file, or one array made from files, may take: 2 GiB less one byte, the most that Node reads at once. */
export const byteLimit = 2 ** 31 - 1;

const newline = 10;
const carriageReturn = 13;

/** Deflate packs at most 1032 bytes into one, so a header that claims more than this many times the file is lying. */
const deflateRatio = 1032;

/** Reads a file. Throws a DataError if it is a folder, empty, over `byteLimit`, or unreadable. */
export async function readBytes(file: Located): Promise<Uint8Array> {
  const size = await sizeOf(file);
  if (size > byteLimit) throw tooLarge(file.path, size);
  return readFile(file.path).catch((thrown: unknown) => {
    throw asDataError(file.path, thrown);
  });
}

/**
 * Reads and unpacks a gzip file whose contents say at their start how long they are. `claim` gets the first `headLength`
 * bytes (fewer if there are no more) and returns the length of the whole contents; it may throw a DataError.
 * Throws a DataError if the file is damaged or cut short, or the contents are longer or shorter than claimed.
 * Memory stays below the claim, and the claim below `byteLimit`, whatever the file unpacks to.
 */
export async function readGzip(file: Located, headLength: number, claim: (head: Uint8Array) => number): Promise<Uint8Array> {
  const size = await sizeOf(file);
  let contents: Uint8Array | undefined;
  let filled = 0;
  const store = (chunk: Uint8Array, into: Uint8Array) => {
    if (filled + chunk.length > into.length) throw wrongLength(file.path, into.length, "more");
    into.set(chunk, filled);
    filled += chunk.length;
  };
  const begin = (head: Uint8Array) => {
    const claimed = claim(head);
    if (claimed > byteLimit) throw tooLarge(file.path, claimed);
    if (claimed > size * deflateRatio) throw wrongLength(file.path, claimed, "fewer");
    contents = new Uint8Array(claimed);
    store(head, contents);
  };
  const packed = createReadStream(file.path);
  const unpacked = createGunzip();
  packed.on("error", (error) => unpacked.destroy(error)).pipe(unpacked);
  try {
    let head: Uint8Array = new Uint8Array(0);
    for await (const chunk of unpacked as AsyncIterable<Uint8Array>) {
      if (contents !== undefined) {
        store(chunk, contents);
        continue;
      }
      head = Buffer.concat([head, chunk]);
      if (head.length >= headLength) begin(head);
    }
    if (contents === undefined) begin(head);
  } catch (thrown) {
    if (thrown instanceof Error && "code" in thrown && String(thrown.code).startsWith("Z_")) {
      throw new DataError(
        file.path,
        `this is not a whole gzip file (${thrown.message})`,
        "fetch it again, or drop .gz from its name if it is not compressed",
        { cause: thrown },
      );
    }
    throw asDataError(file.path, thrown);
  } finally {
    packed.destroy();
  }
  if (contents === undefined || filled < contents.length) throw wrongLength(file.path, contents?.length ?? 0, "fewer");
  return contents;
}

/** The lines of a text without their ends (LF or CR LF); what follows the last end is a line if it is not empty. */
export function* linesIn(bytes: Uint8Array): Generator<Uint8Array, void, undefined> {
  for (let start = 0; start < bytes.length; ) {
    const next = bytes.indexOf(newline, start);
    const end = next === -1 ? bytes.length : next;
    yield bytes.subarray(start, bytes[end - 1] === carriageReturn && end > start ? end - 1 : end);
    start = end + 1;
  }
}

/** The error for contents that are longer or shorter than their header says. */
export function wrongLength(path: string, claimed: number, found: "more" | "fewer" | number): DataError {
  return new DataError(
    path,
    `its header says ${claimed} bytes in all, and there are ${found}`,
    "the file is damaged or cut short: fetch or write it again",
  );
}

/** The error for something over `byteLimit`. */
export function tooLarge(subject: string, size: number): DataError {
  return new DataError(
    subject,
    `${size} bytes are more than the limit of ${byteLimit} for one file or array`,
    "use a part of the data set, or smaller examples",
  );
}

async function sizeOf(file: Located): Promise<number> {
  if (file.kind !== "file") throw new DataError(file.path, "this is a folder where a file is expected", "name the file itself");
  const { size } = await stat(file.path).catch((thrown: unknown) => {
    throw asDataError(file.path, thrown);
  });
  if (size === 0) throw new DataError(file.path, "the file is empty", "fetch or write it again");
  return size;
}
