/** The loader `images`: PNG and JPEG files in one folder for each class. */

import { availableParallelism } from "node:os";
import { join } from "node:path";
import type { InputSpec } from "../trainer.js";
import type { Access, Located } from "./access.js";
import { DataError } from "./error.js";
import { missingField, product, rowMajor, shapeText, type Fields, type LoaderRequest, type Parts } from "./field.js";
import { partFolders } from "./folders.js";
import { openDecoder, type ImageSize } from "./image-file.js";
import { byteLimit, tooLarge } from "./read.js";

/**
 * Reads the folder `path`: a subfolder for each class, holding PNG and JPEG files; or subfolders `train` and `test` with those
 * of the classes in each. Files beside the folders of the classes, and hidden ones, are left alone.
 * Provides `image` (row, column, channel as in the model's input `image`, scaled to cover and cropped at the centre, channel: 1
 * grey or 3 RGB, transparency over black; 0 … 1 for f32 inputs) and `label`, the number of the class in the sorted names of the training classes.
 */
export async function loadImages({ access, inputs, path, source }: LoaderRequest): Promise<Parts> {
  const input = inputs.find(({ name }) => name === "image");
  if (input === undefined) throw missingField(inputs.find(({ name }) => name !== "label")?.name ?? "image", ["image", "label"], source);
  const size = sizeOf(input, source.place);
  const folders = await partFolders(await access.demand(path), access);
  const classes = await classFolders(folders.train, access);
  const names = [...classes.keys()];
  const train = await loadPart(classes, names, size, access);
  if (folders.test === undefined) return { train };
  return { train, test: await loadPart(await classFolders(folders.test, access), names, size, access) };
}

function sizeOf(input: InputSpec, place: string): ImageSize {
  const extent = (name: string) => input.axes.find((axis, i) => i > 0 && axis.name === name)?.extent;
  const row = extent("row");
  const column = extent("column");
  const channel = extent("channel") ?? 1;
  if (row === undefined || column === undefined || (channel !== 1 && channel !== 3)) {
    throw new DataError(
      place,
      `images need an input image[row, column, channel] with channel 1 or 3, and the model's is ${shapeText("image", input.axes.slice(1))}`,
      "declare these axes",
    );
  }
  return { row, column, channel };
}

async function classFolders(folder: Located, access: Access): Promise<Map<string, Located>> {
  const classes = new Map<string, Located>();
  for (const name of await access.list(folder)) {
    const entry = await access.demand(join(folder.path, name));
    if (entry.kind === "folder") classes.set(name, entry);
  }
  if (classes.size === 0) throw new DataError(folder.path, "there are no folders of classes in it", "make one folder for each class");
  return classes;
}

/** The pictures of one class, in order. */
async function picturesOf(folder: Located, access: Access): Promise<Located[]> {
  const files: Located[] = [];
  for (const name of await access.list(folder)) {
    const file = await access.demand(join(folder.path, name));
    if (file.kind === "folder" || !/\.(png|jpe?g)$/i.test(name)) {
      throw new DataError(file.path, "this is not a .png, .jpg or .jpeg file", "keep nothing else in the folders of the classes");
    }
    files.push(file);
  }
  if (files.length === 0) throw new DataError(folder.path, "there are no pictures of this class", "add some, or remove the folder");
  return files;
}

async function loadPart(classes: ReadonlyMap<string, Located>, names: readonly string[], size: ImageSize, access: Access): Promise<Fields> {
  const files: Located[] = [];
  const labels: number[] = [];
  for (const [name, folder] of classes) {
    const label = names.indexOf(name);
    if (label < 0) throw new DataError(folder.path, "there is no training class of this name", `use the classes ${names.join(", ")}`);
    for (const file of await picturesOf(folder, access)) {
      files.push(file);
      labels.push(label);
    }
  }
  const extents = [size.row, size.column, size.channel];
  const step = product(extents);
  const total = files.length * step;
  if (total > byteLimit) throw tooLarge(`${files.length} pictures of ${shapeText("image", rowMajor(extents))}`, total);
  const values = new Uint8Array(total);
  const decode = await openDecoder(size);
  // Shared by the workers. A generator, unlike an array's iterator, ends for all of them when one throws.
  const work = (function* () {
    yield* files.entries();
  })();
  const decodeAll = async () => {
    for (const [at, file] of work) values.set(await decode(file), at * step);
  };
  await Promise.all(Array.from({ length: availableParallelism() }, decodeAll));
  const shared = { count: files.length, start: 0, where: (example: number) => files[example]!.path };
  return new Map([
    ["image", { ...shared, axes: rowMajor(extents, ["row", "column", "channel"]), values, step, divisor: 255 }],
    ["label", { ...shared, axes: [], values: Int32Array.from(labels), step: 1 }],
  ]);
}
