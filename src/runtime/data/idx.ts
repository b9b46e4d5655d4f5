/** The loader `idx`: data sets in files named as those of MNIST. */

import { basename, dirname, join } from "node:path";
import type { Access, Located } from "./access.js";
import { DataError } from "./error.js";
import { product, rowMajor, type Field, type Fields, type LoaderRequest, type Parts } from "./field.js";
import { readIdx } from "./idx-file.js";

const namePattern = /^(.*?)(train|t10k|test)-(images|labels)[-.]idx\d+-[a-z0-9]+(\.gz)?$/;

/**
 * Reads `train-images-idx3-ubyte`, `train-labels-idx1-ubyte` and, if they are there, `t10k-…` (or `test-…`) as the test part,
 * each plain or with `.gz` (plain is taken if both are there), in the folder `path`; or with a prefix in their names, as EMNIST has, if `path`
 * ends in that prefix. Provides `image` (of rank 3 in the file: row, column, channel: 1; of rank 4: row, column, channel; bytes
 * become 0 … 1 for f32 inputs) and `label`, of whatever rank the files have.
 */
export async function loadIdx(request: LoaderRequest): Promise<Parts> {
  const { access, path, source } = request;
  const whole = await access.locate(path);
  const folder = whole ?? (await access.demand(dirname(path)));
  const prefix = whole === undefined ? basename(path) : "";
  const files = await findFiles(folder, prefix, access);
  if (files.get("train-images") === undefined) {
    throw new DataError(
      source.place,
      `${path} is no folder with a file train-images-idx3-ubyte or train-images-idx3-ubyte.gz, and no prefix of such files`,
      "name the folder that holds the IDX files, or their common prefix",
    );
  }
  const train = await loadPart(files, "train");
  return files.has("test-images") ? { train, test: await loadPart(files, "test") } : { train };
}

/** The files by part and content, such as `test-labels`. */
async function findFiles(folder: Located, prefix: string, access: Access): Promise<Map<string, Located>> {
  const chosen = new Map<string, string>();
  for (const name of await access.list(folder)) {
    const match = namePattern.exec(name);
    if (match === null || (match[1] !== prefix && match[1] !== `${prefix}-`)) continue;
    const role = `${match[2] === "train" ? "train" : "test"}-${match[3]!}`;
    const rival = chosen.get(role);
    // Sorted by name, a plain file comes before its compressed twin.
    if (rival !== undefined && name === `${rival}.gz`) continue;
    if (rival !== undefined) throw new DataError(folder.path, `both ${rival} and ${name} could be meant`, "remove one of them");
    chosen.set(role, name);
  }
  const files = new Map<string, Located>();
  for (const [role, name] of chosen) files.set(role, await access.demand(join(folder.path, name)));
  return files;
}

async function loadPart(files: ReadonlyMap<string, Located>, part: "train" | "test"): Promise<Fields> {
  const fields = new Map<string, Field>();
  fields.set("image", await loadField(files.get(`${part}-images`)!, true));
  const labels = files.get(`${part}-labels`);
  if (labels !== undefined) fields.set("label", await loadField(labels, false));
  return fields;
}

async function loadField(file: Located, isImage: boolean): Promise<Field> {
  const { extents, values } = await readIdx(file);
  const [count, ...rest] = extents as [number, ...number[]];
  const shape = isImage && rest.length === 2 ? [...rest, 1] : rest;
  const names = isImage && shape.length === 3 ? ["row", "column", "channel"] : [];
  return {
    count,
    axes: rowMajor(shape, names),
    values,
    start: 0,
    step: product(rest),
    ...(isImage && values instanceof Uint8Array ? { divisor: 255 } : {}),
    where: (example) => `${file.path}, example ${example}`,
  };
}
