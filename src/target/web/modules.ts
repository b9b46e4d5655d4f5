/** The compiled modules that a page loads. */

import { readFile } from "node:fs/promises";
import { join, posix } from "node:path";

/** As the compiler writes them; an import that waits to be called, as that of Node's WebGPU, is never called in a page. */
const imports = /^(?:import|export)\b[^"]*?\bfrom "([^"]+)";$/gm;

/**
 * The texts of modules and of all that they import, by their paths below `folder`.
 * @throws Error when one imports what a page has not, such as a module of Node's.
 */
export async function moduleTexts(folder: string, entries: readonly string[]): Promise<ReadonlyMap<string, string>> {
  const texts = new Map<string, string>();
  const open = [...entries];
  for (let path = open.pop(); path !== undefined; path = open.pop()) {
    if (texts.has(path)) continue;
    const text = await readFile(join(folder, path), "utf8");
    texts.set(path, text);
    for (const [, name] of text.matchAll(imports)) {
      if (!name!.startsWith(".")) throw new Error(`${path} imports ${name}, which there is not in a page`);
      open.push(posix.join(posix.dirname(path), name!));
    }
  }
  return texts;
}
