/** A recipe's examples as files that a page loads. */

import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { gzip } from "node:zlib";
import { DataError, type DataSet, type Examples } from "../../runtime/data/index.js";
import { formatBytes } from "../../runtime/format.js";
import type { InputSpec, Manifest, TensorData } from "../../runtime/trainer.js";
import { storedArrays, type StoredData, type StoredField, type StoredFile, type StoredType } from "../../runtime/web/stored.js";

/** Values per file at most, unless one example has more: hosts refuse large files, and the page shows how far it is. */
const valuesPerFile = 4 * 2 ** 20;
/** Bytes of all examples at most, uncompressed: the page holds them in memory. */
const mostBytes = 512 * 2 ** 20;

const compress = promisify(gzip);

/** How the values of one input are stored. */
interface Encoding {
  readonly type: StoredType;
  readonly divisor?: number;
}
/** Smallest first; the last holds everything. */
const encodings: Readonly<Record<InputSpec["type"], readonly Encoding[]>> = {
  f32: [{ type: "u8" }, { type: "u8", divisor: 255 }, { type: "f32" }],
  i32: [{ type: "u8" }, { type: "u16" }, { type: "i32" }],
};

/** What is to be written of one input of a part. */
interface PackedField {
  readonly input: InputSpec;
  readonly encoding: Encoding;
}

/** A data set with the smallest encoding of each input that keeps every value exactly. */
export interface PackedData {
  readonly set: DataSet;
  readonly training: readonly PackedField[];
  readonly heldOut: readonly PackedField[];
}

/** @throws DataError when the examples are more than a page can hold. */
export function packData(set: DataSet, { inputs, data }: Pick<Manifest, "inputs" | "data">): PackedData {
  const fieldsOf = (examples: Examples) => inputs.map((input) => ({ input, encoding: encodingOf(examples, input) }));
  const packed = { set, training: fieldsOf(set.train), heldOut: fieldsOf(set.heldOut) };
  const bytes = sizeOf(packed.training) * set.train.count + sizeOf(packed.heldOut) * set.heldOut.count;
  if (bytes > mostBytes) {
    throw new DataError(
      data.place,
      `its examples take ${formatBytes(bytes)}, and a page holds ${formatBytes(mostBytes)} at most`,
      "use a part of the data, or write a trainer for Node, without `--web`",
    );
  }
  return packed;
}

/** Writes the files of `data/` into `folder`. */
export async function writeData(folder: string, { set, training, heldOut }: PackedData): Promise<StoredData> {
  let written = 0;
  await mkdir(join(folder, "data"));
  const write = async (values: Encoded): Promise<StoredFile> => {
    const path = `data/${String(written++).padStart(3, "0")}.bin`;
    const bytes = await compress(values);
    await writeFile(join(folder, path), bytes);
    return { path, elements: values.length, bytes: bytes.length };
  };
  const part = async (examples: Examples, fields: readonly PackedField[]) => {
    const stored: StoredField[] = [];
    for (const { input, encoding } of fields) {
      const files: StoredFile[] = [];
      for (const values of valuesOf(examples, input)) files.push(await write(encoded(values, encoding)));
      stored.push({ input: input.name, ...encoding, files });
    }
    return { count: examples.count, fields: stored };
  };
  return { description: set.description, training: await part(set.train, training), heldOut: await part(set.heldOut, heldOut) };
}

/** Values of one input, of as many examples at a time as a file holds. */
function* valuesOf(examples: Examples, input: InputSpec): Generator<TensorData, void, undefined> {
  const perFile = Math.max(1, Math.floor(valuesPerFile / sizeOfExample(input)));
  for (let first = 0; first < examples.count; first += perFile) {
    const length = Math.min(perFile, examples.count - first);
    yield examples.take(Uint32Array.from({ length }, (_, i) => first + i)).get(input.name)!;
  }
}

function encodingOf(examples: Examples, input: InputSpec): Encoding {
  let left = encodings[input.type];
  for (const values of valuesOf(examples, input)) {
    if (left.length === 1) break;
    left = left.filter((encoding, i) => i === left.length - 1 || keeps(encoding, values));
  }
  return left[0]!;
}

type Encoded = InstanceType<(typeof storedArrays)[StoredType]>;

function encoded(values: TensorData, { type, divisor = 1 }: Encoding): Encoded {
  const stored = new storedArrays[type](values.length);
  for (let i = 0; i < values.length; i++) stored[i] = type === "f32" ? values[i]! : Math.round(values[i]! * divisor);
  return stored;
}

/** Whether the values come back the same, bit for bit. */
function keeps(encoding: Encoding, values: TensorData): boolean {
  const stored = encoded(values, encoding);
  const back = values.slice(0, 1);
  for (let i = 0; i < values.length; i++) {
    back[0] = stored[i]! / (encoding.divisor ?? 1);
    if (!Object.is(back[0], values[i])) return false;
  }
  return true;
}

/** Bytes of one example of all inputs. */
function sizeOf(fields: readonly PackedField[]): number {
  return fields.reduce((sum, { input, encoding }) => sum + sizeOfExample(input) * storedArrays[encoding.type].BYTES_PER_ELEMENT, 0);
}

function sizeOfExample(input: InputSpec): number {
  return input.axes.slice(1).reduce((size, { extent }) => size * extent, 1);
}
