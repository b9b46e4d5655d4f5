/** What the tests of written trainers share, whatever the target. */

import { existsSync } from "node:fs";
import { cp, mkdir, readFile, readdir, writeFile } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import ts from "typescript";

/** Makes the folder of a package with its runtime as `npm run build` compiles it, without waiting for the type checker; gives its `dist`. */
export async function compileRuntime(folder: string): Promise<string> {
  const compiled = join(folder, "dist");
  for (const part of ["runtime", "random", "ir"]) {
    for (const entry of await readdir(join("src", part), { recursive: true, withFileTypes: true })) {
      if (entry.name.endsWith(".ts")) await compile(join(entry.parentPath, entry.name), compiled);
    }
  }
  await cp("package.json", join(folder, "package.json"));
  return compiled;
}

async function compile(source: string, compiled: string): Promise<void> {
  const { outputText } = ts.transpileModule(await readFile(source, "utf8"), {
    compilerOptions: { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ESNext, verbatimModuleSyntax: true },
  });
  const target = join(compiled, relative("src", source).replace(/\.ts$/, ".js"));
  await mkdir(dirname(target), { recursive: true });
  await writeFile(target, outputText);
}

/** Data for the loader `npy`: one file for each array. */
export async function writeArrays(folder: string, arrays: Readonly<Record<string, { readonly shape: readonly number[]; readonly values: Float32Array | Int32Array }>>): Promise<void> {
  await mkdir(folder, { recursive: true });
  for (const [name, { shape, values }] of Object.entries(arrays)) {
    const type = values instanceof Int32Array ? "<i4" : "<f4";
    await writeFile(join(folder, `${name}.npy`), npy(type, shape, new Uint8Array(values.buffer)));
  }
}

function npy(type: string, shape: readonly number[], data: Uint8Array): Uint8Array {
  const header = `{'descr': '${type}', 'fortran_order': False, 'shape': (${shape.join(", ")},), }`;
  const padded = `${header.padEnd(Math.ceil((header.length + 11) / 64) * 64 - 11)}\n`;
  const length = Buffer.alloc(2);
  length.writeUInt16LE(padded.length);
  return Buffer.concat([Buffer.from([0x93, ...Buffer.from("NUMPY"), 1, 0]), length, Buffer.from(padded), data]);
}

/** The imports in a trainer's folder that lead to no file there, to no module of Node's, and to no package that it names. */
export async function danglingImports(folder: string): Promise<string[]> {
  const { dependencies, optionalDependencies } = JSON.parse(await readFile(join(folder, "package.json"), "utf8")) as Record<string, Record<string, string>>;
  const known = new Set([...Object.keys(dependencies!), ...Object.keys(optionalDependencies!)]);
  const dangling: string[] = [];
  for (const file of (await readdir(folder, { recursive: true })).filter((name) => name.endsWith(".js"))) {
    const text = await readFile(join(folder, file), "utf8");
    const names = [...text.matchAll(/^(?:import|export) [^"'`]*?from "([^"]+)"/gm), ...text.matchAll(/\bimport\("([^"]+)"\)/g)].map((match) => match[1]!);
    for (const name of names) {
      // A part of a package is named after it: `csv-parse/sync`.
      const exists = name.startsWith(".") ? existsSync(join(folder, file, "..", name)) : name.startsWith("node:") || [...known].some((own) => name === own || name.startsWith(`${own}/`));
      if (!exists) dangling.push(`${file}: ${name}`);
    }
  }
  return dangling;
}
