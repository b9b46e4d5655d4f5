/** Writes trainers: folders that train a model without the compiler. */

import { existsSync } from "node:fs";
import { cp, mkdir, readFile, readdir, rename, rm, rmdir, writeFile } from "node:fs/promises";
import { basename, dirname, join, relative, resolve, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { RunError, SaveError } from "../runtime/errors.js";
import type { Manifest } from "../runtime/trainer.js";
import { type Page, readme } from "./readme.js";

/** What a trainer of one target is made of, besides what all trainers have. */
export interface TargetTrainer {
  /** The target's folder in the runtime, which has the module `command.js`. */
  readonly target: Target;
  /** Its texts by their paths in the folder. */
  readonly files: ReadonlyMap<string, string>;
  /** The packages that it needs. */
  readonly dependencies: readonly string[];
  /** What its README says of it. */
  readonly page: Page;
}

const targets = ["tfjs", "webgpu"] as const;
type Target = (typeof targets)[number];

/** The folders of the compiled package that a trainer needs. */
const runtimeFolders = ["runtime", "random"] as const;
/** Everything that a trainer of any target is made of; a folder may hold runs and installed packages besides. */
const contents = ["program.js", "plan.json", "kernels", "manifest.json", "train.js", "package.json", "README.md", ...runtimeFolders] as const;

/**
 * Writes a trainer into `folder`: all of it, or nothing. A trainer that is there already is replaced, and what else its folder
 * holds is kept.
 * @param make compiles it, once it is clear that it can be written.
 * @param compiled the folder of the package's compiled JavaScript.
 * @throws RunError when the folder holds other things, or the package is not built; SaveError when it cannot be written.
 */
export async function writeFolder(manifest: Manifest, folder: string, make: () => Promise<TargetTrainer>, compiled = compiledFolder()): Promise<void> {
  const place = resolve(folder);
  const isPrevious = existsSync(join(place, "manifest.json")) && existsSync(join(place, "train.js"));
  if (existsSync(place) && !isPrevious && (await readdir(place)).length > 0) {
    throw new RunError(`${folder} holds other things than a trainer: choose another folder`);
  }
  if (!existsSync(join(compiled, "runtime", "command.js"))) {
    throw new RunError(`${compiled} holds no compiled runtime: run \`npm run build\` first`);
  }
  const trainer = await make();
  const versions = await readVersions(compiled);
  try {
    await mkdir(dirname(place), { recursive: true });
    // Beside the target, so that renaming works: on the same file system.
    const temporary = join(dirname(place), `.${basename(place)}-${process.pid}`);
    try {
      await mkdir(temporary);
      await fill(temporary, trainer, manifest, versions, compiled);
      await (isPrevious ? replace(temporary, place) : moveInto(temporary, place));
    } finally {
      await rm(temporary, { recursive: true, force: true });
    }
  } catch (cause) {
    throw new SaveError(folder, cause);
  }
}

/** Where this file's own package has its compiled JavaScript, whether this file is compiled itself or not. */
function compiledFolder(): string {
  const own = fileURLToPath(new URL("../", import.meta.url));
  return basename(own) === "src" ? join(dirname(own), "dist") : own;
}

async function fill(folder: string, trainer: TargetTrainer, manifest: Manifest, versions: Readonly<Record<string, string>>, compiled: string): Promise<void> {
  const { target, files, dependencies, page } = trainer;
  const train = `// Trains the model of manifest.json: see README.md, or \`node train.js --help\`.
import { main } from "./runtime/${target}/command.js";

process.exitCode = await main(import.meta.dirname);
`;
  const pick = (...names: string[]) => Object.fromEntries(names.map((name) => [name, versions[name]]));
  const description = {
    private: true,
    type: "module",
    description: `The trainer ${manifest.name} of ${manifest.spec}, compiled by Norm`,
    engines: { node: ">=20.19" },
    scripts: { train: "node train.js" },
    dependencies: pick(...dependencies, "picocolors"),
    optionalDependencies: pick("csv-parse", "sharp"),
  };
  const texts = new Map([
    ...files,
    ["manifest.json", json(manifest)],
    ["train.js", train],
    ["package.json", json(description)],
    ["README.md", readme(manifest, page)],
  ]);
  for (const [name, text] of texts) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), text);
  }
  const others = targets.filter((other) => other !== target).map((other) => join("runtime", other));
  const isWanted = (path: string) => !/\.(d\.ts|map|tsbuildinfo)$/.test(path) && !others.some((other) => isIn(relative(compiled, path), other));
  for (const name of runtimeFolders) {
    await cp(join(compiled, name), join(folder, name), { recursive: true, filter: isWanted });
  }
}

function isIn(path: string, folder: string): boolean {
  return path === folder || path.startsWith(folder + sep);
}

function json(value: unknown): string {
  return `${JSON.stringify(value, undefined, 2)}\n`;
}

/** The versions of dependencies that this package itself asks for. */
async function readVersions(compiled: string): Promise<Readonly<Record<string, string>>> {
  const text = await readFile(join(compiled, "..", "package.json"), "utf8");
  return (JSON.parse(text) as { dependencies: Record<string, string> }).dependencies;
}

async function moveInto(temporary: string, place: string): Promise<void> {
  if (existsSync(place)) await rmdir(place);
  await rename(temporary, place);
}

/** Puts each part in the place of the old one, and takes away what only the old one had. */
async function replace(temporary: string, place: string): Promise<void> {
  for (const name of contents) {
    const [old, next] = [join(place, name), join(temporary, name)];
    if (existsSync(old)) await rename(old, join(temporary, `old-${name}`));
    if (existsSync(next)) await rename(next, old);
  }
}
