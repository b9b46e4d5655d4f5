/** Writes a trainer: a folder that trains the model without the compiler. */

import { existsSync } from "node:fs";
import { cp, mkdir, readFile, readdir, rename, rm, rmdir, writeFile } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import type { Program } from "../../ir/program.js";
import { RunError, SaveError } from "../../runtime/errors.js";
import type { Manifest } from "../../runtime/trainer.js";
import { emitTfjs } from "./emit.js";
import { readme } from "./readme.js";

/** The folders of the compiled package that a trainer needs. */
const runtimeFolders = ["runtime", "random"] as const;
/** Everything that a trainer is made of; a folder may hold runs and installed packages besides. */
const contents = ["program.js", "manifest.json", "train.js", "package.json", "README.md", ...runtimeFolders] as const;

/**
 * Writes the trainer of a program into `folder`: all of it, or nothing. A trainer that is there already is replaced, and what
 * else its folder holds is kept.
 * @param compiled the folder of the package's compiled JavaScript.
 * @throws RunError when the folder holds other things, or the package is not built; SaveError when it cannot be written.
 */
export async function writeTrainer(program: Program, manifest: Manifest, folder: string, compiled = compiledFolder()): Promise<void> {
  const target = resolve(folder);
  const isPrevious = existsSync(join(target, "manifest.json")) && existsSync(join(target, "program.js"));
  if (existsSync(target) && !isPrevious && (await readdir(target)).length > 0) {
    throw new RunError(`${folder} holds other things than a trainer: choose another folder`);
  }
  if (!existsSync(join(compiled, "runtime", "tfjs", "command.js"))) {
    throw new RunError(`${compiled} holds no compiled runtime: run \`npm run build\` first`);
  }
  const text = await emitTfjs(program, manifest);
  const versions = await readVersions(compiled);
  try {
    await mkdir(dirname(target), { recursive: true });
    // Beside the target, so that renaming works: on the same file system.
    const temporary = join(dirname(target), `.${basename(target)}-${process.pid}`);
    try {
      await mkdir(temporary);
      await fill(temporary, text, manifest, versions, compiled);
      await (isPrevious ? replace(temporary, target) : moveInto(temporary, target));
    } finally {
      await rm(temporary, { recursive: true, force: true });
    }
  } catch (cause) {
    throw new SaveError(folder, cause);
  }
}

/** Where this file's own package has its compiled JavaScript, whether this file is compiled itself or not. */
function compiledFolder(): string {
  const own = fileURLToPath(new URL("../../", import.meta.url));
  return basename(own) === "src" ? join(dirname(own), "dist") : own;
}

async function fill(folder: string, text: string, manifest: Manifest, versions: Readonly<Record<string, string>>, compiled: string): Promise<void> {
  const train = `// Trains the model of manifest.json by program.js: see README.md, or \`node train.js --help\`.
import { main } from "./runtime/tfjs/command.js";

process.exitCode = await main(import.meta.dirname);
`;
  const pick = (...names: string[]) => Object.fromEntries(names.map((name) => [name, versions[name]]));
  const description = {
    private: true,
    type: "module",
    description: `The trainer ${manifest.name} of ${manifest.spec}, compiled by Norm`,
    engines: { node: ">=20.19" },
    scripts: { train: "node train.js" },
    dependencies: pick("@tensorflow/tfjs-core", "@tensorflow/tfjs-backend-cpu", "@tensorflow/tfjs-backend-wasm", "picocolors"),
    optionalDependencies: pick("csv-parse", "sharp"),
  };
  await writeFile(join(folder, "program.js"), text);
  await writeFile(join(folder, "manifest.json"), `${JSON.stringify(manifest, undefined, 2)}\n`);
  await writeFile(join(folder, "train.js"), train);
  await writeFile(join(folder, "package.json"), `${JSON.stringify(description, undefined, 2)}\n`);
  await writeFile(join(folder, "README.md"), readme(manifest));
  const isWanted = (path: string) => !/\.(d\.ts|map|tsbuildinfo)$/.test(path);
  for (const name of runtimeFolders) {
    await cp(join(compiled, name), join(folder, name), { recursive: true, filter: isWanted });
  }
}

/** The versions of dependencies that this package itself asks for. */
async function readVersions(compiled: string): Promise<Readonly<Record<string, string>>> {
  const text = await readFile(join(compiled, "..", "package.json"), "utf8");
  return (JSON.parse(text) as { dependencies: Record<string, string> }).dependencies;
}

async function moveInto(temporary: string, target: string): Promise<void> {
  if (existsSync(target)) await rmdir(target);
  await rename(temporary, target);
}

/** Puts each part in the place of the old one. */
async function replace(temporary: string, target: string): Promise<void> {
  for (const name of contents) {
    const [old, next] = [join(target, name), join(temporary, name)];
    const aside = join(temporary, `old-${name}`);
    if (existsSync(old)) await rename(old, aside);
    await rename(next, old);
  }
}
