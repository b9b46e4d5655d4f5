/** Writes trainers: folders that train a model in Node without the compiler. */

import { existsSync } from "node:fs";
import { cp, readFile } from "node:fs/promises";
import { basename, dirname, join, relative, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { RunError } from "../runtime/errors.js";
import type { Manifest } from "../runtime/trainer.js";
import { type GeneratedFolder, requireFree, writeFiles, writeGenerated } from "./folder.js";
import { type Page, readme } from "./readme.js";

/** What a trainer of one target is made of, besides what all trainers have. */
export interface TargetTrainer {
  /** The target's folder in the runtime, which has the module `command.js`. */
  readonly target: Target;
  /** Its files by their paths in the folder. */
  readonly files: ReadonlyMap<string, string | Uint8Array>;
  /** The packages that it needs. */
  readonly dependencies: readonly string[];
  /** What its README says of it. */
  readonly page: Page;
}

type Target = "tfjs" | "webgpu" | "wasm";

/** The folders of the compiled package that a trainer needs; measures are computed by the interpreter of `ir`. */
const runtimeFolders = ["runtime", "random", "ir"] as const;
/** A trainer of any target: one may be replaced by another's. */
const trainerFolder: GeneratedFolder = {
  what: "a trainer",
  marks: ["manifest.json", "train.js"],
  contents: ["program.js", "plan.json", "kernels", "kernels.wat", "kernels.wasm", "kernels-relaxed.wasm", "manifest.json", "train.js", "package.json", "README.md", ...runtimeFolders],
};

/**
 * Writes a trainer into `folder`: all of it, or nothing. A trainer that is there already is replaced, and what else its folder
 * holds is kept.
 * @param make compiles it, once it is clear that it can be written.
 * @param compiled the folder of the package's compiled JavaScript.
 * @throws RunError when the folder holds other things, or the package is not built; SaveError when it cannot be written.
 */
export async function writeFolder(manifest: Manifest, folder: string, make: () => Promise<TargetTrainer>, compiled = compiledFolder()): Promise<void> {
  await requireFree(folder, trainerFolder);
  if (!existsSync(join(compiled, "runtime", "command.js"))) {
    throw new RunError(`${compiled} holds no compiled runtime: run \`npm run build\` first`);
  }
  const trainer = await make();
  const versions = await readVersions(compiled);
  await writeGenerated(folder, trainerFolder, async (temporary) => {
    await writeFiles(temporary, filesOf(trainer, manifest, versions));
    await copyRuntime(temporary, trainer.target, compiled);
  });
}

/** Where this file's own package has its compiled JavaScript, whether this file is compiled itself or not. */
function compiledFolder(): string {
  const own = fileURLToPath(new URL("../", import.meta.url));
  return basename(own) === "src" ? join(dirname(own), "dist") : own;
}

function filesOf({ target, files, dependencies, page }: TargetTrainer, manifest: Manifest, versions: Readonly<Record<string, string>>): Map<string, string | Uint8Array> {
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
    optionalDependencies: pick("@huggingface/tokenizers", "csv-parse", "openchemlib", "sharp"),
  };
  return new Map<string, string | Uint8Array>([
    ...files,
    ["manifest.json", `${JSON.stringify(manifest, undefined, 2)}\n`],
    ["train.js", train],
    ["package.json", `${JSON.stringify(description, undefined, 2)}\n`],
    ["README.md", readme(manifest, page)],
  ]);
}

/** Copies what a trainer of a target needs of the runtime, which has a folder for each target. */
async function copyRuntime(folder: string, target: Target, compiled: string): Promise<void> {
  const isWanted = (path: string) => {
    const [part, inner] = relative(compiled, path).split(sep);
    const isOthers = part === "runtime" && inner !== undefined && !inner.includes(".") && !["data", "imports", target].includes(inner);
    return !isOthers && !/\.(d\.ts|map|tsbuildinfo)$/.test(path);
  };
  for (const name of runtimeFolders) {
    await cp(join(compiled, name), join(folder, name), { recursive: true, filter: isWanted });
  }
}

/** The versions of dependencies that this package itself asks for. */
async function readVersions(compiled: string): Promise<Readonly<Record<string, string>>> {
  const text = await readFile(join(compiled, "..", "package.json"), "utf8");
  return (JSON.parse(text) as { dependencies: Record<string, string> }).dependencies;
}
