import sharp from "sharp";
import { beforeAll, describe, expect, it } from "vitest";
import { all, input, newFolder, open, range, write } from "./fixtures.js";

const rgb = input("image[row: 2, column: 2, channel: 3]", "i32", 256);
const grey = input("image[row: 2, column: 2]", "f32");
const label = input("label", "i32", 10);

/** A picture of one colour. */
function plain(width: number, height: number, colour: { r: number; g: number; b: number; alpha?: number }) {
  const channels = colour.alpha === undefined ? 3 : 4;
  return sharp({ create: { width, height, channels, background: colour } });
}
function raw(width: number, height: number, channels: 1 | 3, values: number[]) {
  return sharp(Uint8Array.from(values), { raw: { width, height, channels } });
}

let red: Buffer;
let white: Buffer;
let photo: Buffer;
beforeAll(async () => {
  red = await plain(2, 2, { r: 255, g: 0, b: 0 }).png().toBuffer();
  white = await plain(5, 9, { r: 255, g: 255, b: 255 }).jpeg().toBuffer();
  photo = await plain(64, 48, { r: 10, g: 200, b: 90 }).jpeg({ quality: 90 }).toBuffer();
});

describe("images", () => {
  it("labels by the sorted names of folders", async () => {
    const folder = await newFolder();
    await write(folder, { "b/1.png": red, "a/x.jpg": white, "a/y.JPEG": white, "README": "left alone", "a/.hidden": "left alone" });
    const { train } = await open("images", ".", [rgb, label], folder);
    expect(all(train, "label")).toEqual([0, 0, 1]);
    expect(all(train, "image")).toEqual([...range(24, () => 255), ...range(4).flatMap(() => [255, 0, 0])]);
  });

  it("reads parts of its own", async () => {
    const folder = await newFolder();
    await write(folder, { "train/a/1.png": red, "train/b/1.png": red, "test/b/2.png": red });
    const { train, heldOut } = await open("images", ".", [grey, label], folder);
    expect(all(train, "label")).toEqual([0, 1]);
    expect(all(heldOut, "label")).toEqual([1]);
    await write(folder, { "test/c/2.png": red });
    await expect(open("images", ".", [grey, label], folder)).rejects.toThrow(/test\/c: there is no training class of this name; use the classes a, b/);
  });

  it("keeps pixels of the right size exactly, row by row", async () => {
    const folder = await newFolder();
    const values = range(18, (i) => i * 14);
    await write(folder, {
      "rgb/a/a.png": await raw(3, 2, 3, values).png().toBuffer(),
      "grey/a/a.png": await raw(3, 2, 1, values.slice(0, 6)).png().toBuffer(),
      "deep/a/a.png": await raw(3, 2, 1, values.slice(0, 6)).toColourspace("grey16").png().toBuffer(),
    });
    const colour = await open("images", "rgb", [input("image[row: 2, column: 3, channel: 3]", "i32", 256)], folder);
    expect(all(colour.train, "image")).toEqual(values);
    const wanted = values.slice(0, 6);
    for (const name of ["grey", "deep"]) {
      const { train } = await open("images", name, [input("image[row: 2, column: 3, channel: 1]", "i32", 256)], folder);
      expect(all(train, "image"), name).toEqual(wanted);
    }
    const scaled = await open("images", "grey", [input("image[row: 2, column: 3]", "f32")], folder);
    expect(all(scaled.train, "image")).toEqual(wanted.map((value) => Math.fround(value / 255)));
  });

  it("brings every kind of picture to the channels of the model", async () => {
    const folder = await newFolder();
    await write(folder, {
      "a/1.png": await raw(2, 2, 1, [9, 9, 9, 9]).png().toBuffer(),
      "a/2.png": await plain(2, 2, { r: 255, g: 255, b: 255, alpha: 0 }).png().toBuffer(),
      "a/3.png": await plain(2, 2, { r: 255, g: 0, b: 0 }).png({ palette: true }).toBuffer(),
      "a/4.jpg": await plain(2, 2, { r: 0, g: 0, b: 0 }).toColourspace("cmyk").jpeg().toBuffer(),
    });
    const colours = all((await open("images", ".", [rgb], folder)).train, "image");
    expect(colours.slice(0, 36)).toEqual([...range(12, () => 9), ...range(12, () => 0), ...range(4).flatMap(() => [255, 0, 0])]);
    expect(Math.max(...colours.slice(36))).toBeLessThan(60);
    const greys = all((await open("images", ".", [grey], folder)).train, "image");
    expect(greys).toHaveLength(16);
    expect(greys.slice(4, 8)).toEqual([0, 0, 0, 0]);
    expect(greys[8]).toBeGreaterThan(0.15);
    expect(greys[8]).toBeLessThan(0.5);
  });

  it("scales to cover and crops at the centre", async () => {
    const folder = await newFolder();
    // Black, white, white, black columns: the square in the middle is white.
    const wide = raw(8, 4, 1, range(32, (i) => (i % 8 >= 2 && i % 8 < 6 ? 255 : 0)));
    await write(folder, { "a/1.png": await wide.png().toBuffer() });
    const { train } = await open("images", ".", [input("image[row: 4, column: 4]", "f32")], folder);
    expect(all(train, "image")).toEqual(range(16, () => 1));
  });

  it("turns photographs upright", async () => {
    const folder = await newFolder();
    // Orientation 6: the left column of the file is the top row of the picture.
    const turned = raw(2, 2, 1, [255, 0, 255, 0]).withMetadata({ orientation: 6 });
    await write(folder, { "a/1.jpg": await turned.jpeg({ quality: 100 }).toBuffer() });
    const { train } = await open("images", ".", [grey], folder);
    expect(all(train, "image").map(Math.round)).toEqual([1, 1, 0, 0]);
  });

  it("refuses what is not a whole PNG or JPEG, naming the file", async () => {
    const noise = await raw(40, 40, 3, range(4800, (i) => (i * 7919) % 256)).png().toBuffer();
    const faults: [string, Uint8Array | string, RegExp][] = [
      ["cut.png", noise.subarray(0, Math.floor(noise.length * 0.7)), /cut\.png: the picture cannot be decoded/],
      ["cut.jpg", photo.subarray(0, -60), /cut\.jpg: the picture cannot be decoded/],
      ["empty.png", "", /empty\.png: the file is empty/],
      ["text.png", "hello", /text\.png: this does not start as a PNG or JPEG file does/],
      ["drawing.png", '<svg xmlns="http://www.w3.org/2000/svg" width="2" height="2"/>', /does not start as/],
      ["notes.txt", "hello", /notes\.txt: this is not a \.png, \.jpg or \.jpeg file/],
    ];
    for (const [name, contents, message] of faults) {
      const folder = await newFolder();
      await write(folder, { "a/good.png": red, [`b/${name}`]: contents });
      await expect(open("images", ".", [rgb], folder), name).rejects.toThrow(message);
    }
    const folder = await newFolder();
    await expect(open("images", ".", [rgb], folder)).rejects.toThrow(/no folders of classes/);
    await write(folder, { "a/b/c.png": red });
    await expect(open("images", ".", [rgb], folder)).rejects.toThrow(/a\/b: this is not a \.png/);
    await write(folder, { "bare/a/.keep": "" });
    await expect(open("images", "bare", [rgb], folder)).rejects.toThrow(/bare\/a: there are no pictures of this class/);
  });

  it("refuses a picture that claims too many pixels", async () => {
    const folder = await newFolder();
    // A small file: 70 million equal pixels.
    await write(folder, { "a/1.png": await plain(10000, 7000, { r: 0, g: 0, b: 0 }).png({ compressionLevel: 1 }).toBuffer() });
    await expect(open("images", ".", [rgb], folder)).rejects.toThrow(/cannot be decoded \(Input image exceeds pixel limit\)/);
  });

  it("needs an input with the axes of a picture, and a size within the limit", async () => {
    const folder = await newFolder();
    await write(folder, { "a/1.png": red });
    for (const shape of ["image[row: 2, column: 2, channel: 2]", "image[height: 2, width: 2]", "image"]) {
      await expect(open("images", ".", [input(shape, "f32")], folder)).rejects.toThrow(/images need an input image\[row, column, channel\]/);
    }
    await expect(open("images", ".", [input("picture", "f32"), label], folder)).rejects.toThrow(/"picture" has no field/);
    await expect(open("images", ".", [input("image[row: 2, column: 2, channel: 3, frame: 2]", "f32")], folder)).rejects.toThrow(/gives image\[row: 2/);
    await expect(open("images", ".", [input("image[row: 90000, column: 90000]", "f32")], folder)).rejects.toThrow(/more than the limit/);
  });
});
