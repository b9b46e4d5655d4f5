/** Brotli and tar, as far as the archives of `@sparticuz/chromium` need them. */

import { randomUUID } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { brotliDecompressSync } from "node:zlib";

const block = 512;
const require = createRequire(import.meta.url);
/** The package's folder; its `exports` lead to `build/cjs/index.cjs` only. */
const packageFolder = join(dirname(require.resolve("@sparticuz/chromium")), "..", "..");
const { version } = JSON.parse(readFileSync(join(packageFolder, "package.json"), "utf8"));
const cache = fileURLToPath(new URL(`../../node_modules/.cache/norm/software-gpu-${version}/`, import.meta.url));

/** The unpacked bytes of `bin/NAME.br` in the package. */
export function unbrotli(name) {
  return brotliDecompressSync(readFileSync(join(packageFolder, "bin", `${name}.br`)));
}

/** The files of the tar archive `NAME`, as `{ name, mode, bytes }`. */
export function untar(name) {
  const archive = unbrotli(`${name}.tar`);
  const text = (from, length) => archive.toString("latin1", from, from + length).replace(/\0.*$/s, "");
  const files = [];
  for (let at = 0; at < archive.length && archive[at] !== 0;) {
    const size = Number.parseInt(text(at + 124, 12), 8);
    const kind = text(at + 156, 1);
    if (kind === "0") {
      const bytes = archive.subarray(at + block, at + block + size);
      files.push({ name: text(at, 100), mode: Number.parseInt(text(at + 100, 8), 8), bytes });
    } else if (kind !== "5") throw new Error(`${name}.tar.br: ${text(at, 100)} is neither a file nor a folder`);
    at += block * (1 + Math.ceil(size / block));
  }
  return files;
}

/**
 * The folder `name` of the cache, which `files()` fills the first time: a list of `{ name, mode, bytes }`.
 *
 * The folder gets its name when it is whole, so that neither a process that was killed nor a second one at the same time
 * leaves a part of it.
 */
export function cached(name, files) {
  const folder = join(cache, name);
  if (existsSync(folder)) return folder;
  const temporary = `${folder}.${randomUUID()}.tmp`;
  for (const file of files()) {
    const path = join(temporary, file.name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, file.bytes, { mode: file.mode });
  }
  try {
    renameSync(temporary, folder);
  } catch (error) {
    rmSync(temporary, { recursive: true });
    if (!existsSync(folder)) throw error;
  }
  return folder;
}
