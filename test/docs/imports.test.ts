/** The folders of `src/` import one way, as `docs/architecture.md` lists them. */

import { readFileSync, readdirSync } from "node:fs";
import { posix } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { page } from "./blocks.js";

const source = fileURLToPath(new URL("../../src/", import.meta.url));

/** Of `runtime`, these import only the types of the contract between compiler and trainer. */
const onlyTypes = ["semantics", "compiler"];

interface Import {
  readonly file: string;
  readonly from: string;
  /** Below `src/`. */
  readonly to: string;
  readonly isType: boolean;
}

const folderOf = (path: string) => path.split("/")[0]!;

/** The imports of other folders by the files of one. */
function importsOf(file: string): Import[] {
  const text = readFileSync(source + file, "utf8");
  const statements = [...text.matchAll(/^(?:import|export)\b([^;"]*?)\bfrom "(\.[^"]+)"/gm)].map(([, words, path]) => ({ isType: /^\s+type\s/.test(words!), path: path! }));
  const calls = [...text.matchAll(/\bimport\("(\.[^"]+)"\)/g)].map(([, path]) => ({ isType: false, path: path! }));
  return [...statements, ...calls].map(({ isType, path }) => ({ file, from: folderOf(file), to: posix.join(posix.dirname(file), path), isType }));
}

const files = readdirSync(source, { recursive: true, encoding: "utf8" }).map((name) => name.replaceAll("\\", "/")).filter((name) => name.endsWith(".ts") && name.includes("/"));
const imports = files.flatMap(importsOf).filter(({ from, to }) => folderOf(to) !== from);

const section = page("architecture.md").split("\n## Folders and imports\n")[1]!.split("\n## ")[0]!;
const rows = [...section.matchAll(/^\| `(\w+)` \| [^|]+ \|([^|]*)\|$/gm)].map(([, folder, list]) => ({ folder: folder!, list: list! }));
const order = rows.map(({ folder }) => folder);
/** The folders that each may import. */
const allowed = new Map(rows.map(({ folder, list }, i) => [folder, list.trim() === "all" ? order.slice(0, i) : [...list.matchAll(/`(\w+)/g)].map((match) => match[1]!)]));

test("the page lists every folder", () => {
  expect(order.toSorted()).toEqual([...new Set(files.map(folderOf))].toSorted());
  expect(imports.length).toBeGreaterThan(50);
});

describe.each(rows)("$folder", ({ folder }) => {
  const own = imports.filter(({ from }) => from === folder);

  test("imports what the page says", () => {
    const wrong = own.filter(({ to }) => !allowed.get(folder)!.includes(folderOf(to)));
    expect(wrong.map(({ file, to }) => `${file} imports ${to}`)).toEqual([]);
  });

  test("imports only folders above it", () => {
    const above = order.slice(0, order.indexOf(folder));
    expect(allowed.get(folder)!.filter((other) => !above.includes(other))).toEqual([]);
  });
});

test("the compiler imports only the types of the contract with the trainer", () => {
  const wrong = imports.filter(({ from, to, isType }) => onlyTypes.includes(from) && folderOf(to) === "runtime" && !(isType && to === "runtime/trainer.js"));
  expect(wrong.map(({ file, to }) => `${file} imports ${to}`)).toEqual([]);
});

test("nothing imports the command", () => {
  expect(imports.filter(({ to }) => folderOf(to) === "cli").map(({ file }) => file)).toEqual([]);
});
