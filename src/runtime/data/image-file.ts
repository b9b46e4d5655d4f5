/** Decoding a PNG or JPEG file to pixels of a given size, through the npm package `sharp`. */

import type { Located } from "./access.js";
import { DataError, wordsOf } from "./error.js";
import { readBytes } from "./read.js";

export interface ImageSize {
  readonly row: number;
  readonly column: number;
  /** 1 for grey, 3 for RGB. */
  readonly channel: number;
}

/** The most pixels of a file: a small file can claim any size, and decoding takes memory by the size. */
const pixelLimit = 2 ** 26;

/** A decoder of files to bytes, row-major `[row, column, channel]`; it throws a DataError for a damaged file. */
export async function openDecoder(size: ImageSize): Promise<(file: Located) => Promise<Uint8Array>> {
  const { default: sharp } = await import("sharp").catch((thrown: unknown) => {
    throw new DataError("images", `the npm package sharp cannot be loaded (${wordsOf(thrown)})`, "run npm install sharp", { cause: thrown });
  });
  return async (file) => {
    const bytes = await readBytes(file);
    // By its first bytes, not its name: sharp also opens formats, such as SVG, that may refer to other files.
    const isPng = [0x89, 0x50, 0x4e, 0x47].every((byte, i) => bytes[i] === byte);
    const isJpeg = [0xff, 0xd8, 0xff].every((byte, i) => bytes[i] === byte);
    if (!isPng && !isJpeg) throw new DataError(file.path, "this does not start as a PNG or JPEG file does", "convert or remove it");
    try {
      const { data, info } = await sharp(bytes, { limitInputPixels: pixelLimit, failOn: "warning" })
        .autoOrient()
        .resize(size.column, size.row, { fit: "cover" })
        .flatten()
        .toColourspace(size.channel === 1 ? "b-w" : "srgb")
        .raw()
        .toBuffer({ resolveWithObject: true });
      if (info.channels !== size.channel) throw new Error(`decoded to ${info.channels} channels instead of ${size.channel}`);
      return data;
    } catch (thrown) {
      throw new DataError(file.path, `the picture cannot be decoded (${wordsOf(thrown)})`, "replace or remove it", { cause: thrown });
    }
  };
}
