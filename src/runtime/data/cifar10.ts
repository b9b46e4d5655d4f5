/** The loader `cifar10`: the binary version of CIFAR-10. */

import { join } from "node:path";
import type { Access, Located } from "./access.js";
import { DataError } from "./error.js";
import type { Field, Fields, LoaderRequest, Parts } from "./field.js";
import { byteLimit, readBytes, tooLarge } from "./read.js";

const side = 32;
const plane = side * side;
/** A record is one byte of label, then the red, the green and the blue plane. */
const recordLength = 1 + 3 * plane;

/**
 * Reads `data_batch_1.bin`, `data_batch_2.bin`, … and, if it is there, `test_batch.bin` as the test part, in the folder `path`.
 * Provides `image` (row: 32, column: 32, channel: 3; 0 … 1 for f32 inputs) and `label`.
 */
export async function loadCifar10({ access, path, source }: LoaderRequest): Promise<Parts> {
  const folder = await access.demand(path);
  const names = await access.list(folder);
  const training = names.filter((name) => /^data_batch_\d+\.bin$/.test(name));
  if (training.length === 0) {
    throw new DataError(
      source.place,
      `there is no data_batch_1.bin in ${folder.path}`,
      "name the folder with the files of the binary version of CIFAR-10",
    );
  }
  const train = await loadPart(folder, training, access);
  return names.includes("test_batch.bin") ? { train, test: await loadPart(folder, ["test_batch.bin"], access) } : { train };
}

async function loadPart(folder: Located, names: readonly string[], access: Access): Promise<Fields> {
  const contents: Uint8Array[] = [];
  let total = 0;
  for (const name of names) {
    const file = await access.demand(join(folder.path, name));
    const bytes = await readBytes(file);
    if (bytes.length % recordLength !== 0) {
      throw new DataError(
        file.path,
        `its ${bytes.length} bytes are not a whole number of records of ${recordLength} bytes`,
        "the file is damaged or cut short, or not of the binary version: fetch it again",
      );
    }
    total += bytes.length;
    if (total > byteLimit) throw tooLarge(file.path, total);
    contents.push(bytes);
  }
  const values = new Uint8Array(total);
  let filled = 0;
  for (const bytes of contents) {
    values.set(bytes, filled);
    filled += bytes.length;
  }
  const where = (example: number) => {
    let rest = example;
    let at = 0;
    while (rest >= contents[at]!.length / recordLength) rest -= contents[at++]!.length / recordLength;
    return `${join(folder.path, names[at]!)}, example ${rest}`;
  };
  const shared = { count: total / recordLength, values, step: recordLength, where };
  const image: Field = {
    ...shared,
    start: 1,
    divisor: 255,
    axes: [
      { name: "row", extent: side, stride: side },
      { name: "column", extent: side, stride: 1 },
      { name: "channel", extent: 3, stride: plane },
    ],
  };
  return new Map([
    ["image", image],
    ["label", { ...shared, start: 0, axes: [] }],
  ]);
}
