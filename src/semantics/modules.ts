/** Modules: a spec, the files that it uses, and the standard library. */

import { type Diagnostic, type Place, diagnostic } from "../diagnostics/diagnostic.js";
import { similarDetails } from "../diagnostics/similar.js";
import { SourceFile } from "../diagnostics/source.js";
import type * as ast from "../syntax/ast.js";
import { type Parsed, parse } from "../syntax/parse.js";

/** What the compiler may read. Paths are relative, with `/`, and never lead out of their folder. */
export interface Host {
  /** A file below the spec's folder, or undefined when there is none. */
  readSpec(path: string): string | undefined;
  /** A file of the standard library, such as `std/norms.norm`. */
  readLibrary(path: string): string | undefined;
}

export interface Module {
  /** `std.norms`, or the file's path. */
  readonly name: string;
  readonly source: SourceFile;
  readonly file: ast.File;
  readonly definitions: ReadonlyMap<string, ast.Definition>;
  /** Names that `use` brought: a definition of another module, or a whole module. */
  readonly imports: Map<string, Imported>;
  readonly isLibrary: boolean;
}
export type Imported =
  | { readonly kind: "definition"; readonly module: Module; readonly definition: ast.Definition }
  | { readonly kind: "module"; readonly module: Module }
  /** It was reported as missing; its uses stay silent. */
  | { readonly kind: "missing" };

/** Every spec sees the definitions of these without a `use`. */
export const preludeModules = ["functions", "initializers", "embeddings", "objectives", "optimizers", "schedules", "measures"];

/** Loads modules, each once, and reports what is wrong with their texts and their `use` lines. */
export class Modules {
  private readonly loaded = new Map<string, Module>();

  constructor(
    private readonly host: Host,
    private readonly report: (found: Diagnostic) => void,
  ) {}

  /** The definitions that every module sees, by name. */
  readonly prelude = new Map<string, Imported>();

  /** Loads the prelude; called once, first. */
  loadPrelude(): void {
    for (const name of preludeModules) {
      const module = this.library(`std/${name}.norm`, `std.${name}`);
      if (module === undefined) throw new Error(`the standard library lacks std.${name}`);
      for (const [key, definition] of module.definitions) this.prelude.set(key, { kind: "definition", module, definition });
    }
  }

  /** The spec itself: `path` is how its file is named in messages. */
  main(path: string, text: string): Module {
    return this.add(`spec:${baseName(path)}`, path, new SourceFile(path, text), false, folderOf(path));
  }

  private library(path: string, name: string): Module | undefined {
    const known = this.loaded.get(`library:${path}`);
    if (known !== undefined) return known;
    const text = this.host.readLibrary(path);
    return text === undefined ? undefined : this.add(`library:${path}`, name, new SourceFile(path, text), true, "");
  }

  /** A module by its dotted name, for `norm explain std.norms`. */
  named(name: string): Module | undefined {
    return name.startsWith("std.") ? this.library(`${name.replaceAll(".", "/")}.norm`, name) : undefined;
  }

  /** Texts below the spec's folder that are no modules and were read, by their paths. */
  readonly texts = new Map<string, SourceFile>();

  /** A text that is no module: below the spec's folder, or of the standard library where its path begins with `std/`. */
  text(path: string): SourceFile | undefined {
    const inside = normal(path);
    if (inside === undefined) return undefined;
    const text = inside.startsWith("std/") ? this.host.readLibrary(inside) : this.host.readSpec(inside);
    if (text === undefined) return undefined;
    const source = new SourceFile(inside, text);
    if (!inside.startsWith("std/")) this.texts.set(inside, source);
    return source;
  }

  /** The spec and the files that it uses. */
  get own(): readonly Module[] {
    return [...this.loaded.values()].filter((module) => !module.isLibrary);
  }

  /** Every name that the spec's own modules define or use, and those of the prelude. */
  names(): string[] {
    return [...this.own.flatMap((module) => [...module.definitions.keys(), ...module.imports.keys()]), ...this.prelude.keys()];
  }

  private spec(path: string, folder: string): Module | undefined {
    const known = this.loaded.get(`spec:${path}`);
    if (known !== undefined) return known;
    const text = this.host.readSpec(path);
    const shown = folder === "" ? path : `${folder}/${path}`;
    return text === undefined ? undefined : this.add(`spec:${path}`, shown, new SourceFile(shown, text), false, folder);
  }

  private add(key: string, name: string, source: SourceFile, isLibrary: boolean, folder: string): Module {
    const parsed = isLibrary ? parseLibrary(source) : parse(source);
    parsed.diagnostics.forEach(this.report);
    const definitions = new Map<string, ast.Definition>();
    const module: Module = { name, source, file: parsed.file, definitions, imports: new Map(), isLibrary };
    this.loaded.set(key, module);
    for (const definition of parsed.file.definitions) {
      const { name: id } = definition;
      const earlier = definitions.get(id.name);
      if (id.name !== "" && earlier !== undefined) {
        const related = [{ place: place(source, earlier.name), label: "defined here first" }];
        this.report(diagnostic("N0202", place(source, id), `\`${id.name}\` is defined twice`, { related, help: "give one of the two another name" }));
      } else definitions.set(id.name, definition);
    }
    for (const use of parsed.file.uses) this.use(module, use, folder);
    return module;
  }

  private use(module: Module, use: ast.Use, folder: string): void {
    const { source } = module;
    const found = this.find(use, folder, module);
    const last = use.isFile ? baseName(use.module).replace(/\.norm$/, "") : use.module.split(".").at(-1)!;
    if (use.items === undefined) {
      if (found !== undefined && !/^[\p{L}_][\p{L}\p{N}_]*$/u.test(last)) {
        if (found !== undefined) this.report(diagnostic("N0203", place(source, use.modulePlace), `\`${last}\` is no name under which the module could be used`, { help: `list what is used: \`use "${use.module}" { … }\`` }));
        return;
      }
      this.bind(module, last, found === undefined ? { kind: "missing" } : { kind: "module", module: found }, use);
      return;
    }
    for (const item of use.items) {
      const definition = found?.definitions.get(item.name.name);
      if (found !== undefined && definition === undefined && item.name.name !== "") {
        const at = place(source, item.name);
        this.report(diagnostic("N0204", at, `\`${use.module}\` does not define \`${item.name.name}\``, similarDetails(item.name.name, found.definitions.keys(), at)));
      }
      const imported: Imported = found !== undefined && definition !== undefined ? { kind: "definition", module: found, definition } : { kind: "missing" };
      this.bind(module, (item.alias ?? item.name).name, imported, item.alias ?? item.name);
    }
  }

  private bind(module: Module, name: string, imported: Imported, span: ast.Span): void {
    const own = module.definitions.get(name);
    if (own !== undefined || module.imports.has(name)) {
      const related = own === undefined ? [] : [{ place: place(module.source, own.name), label: "defined here" }];
      this.report(diagnostic("N0202", place(module.source, span), `\`${name}\` is used and defined under one name`, { related, help: `rename it: \`${name} as other\`` }));
    }
    module.imports.set(name, imported);
  }

  private find(use: ast.Use, folder: string, user: Module): Module | undefined {
    if (use.module === "" && !use.isFile) return undefined;
    const where = place(user.source, use.modulePlace);
    const standard = !use.isFile && use.module.startsWith("std.");
    const path = use.isFile ? normal(use.module) : `${use.module.replaceAll(".", "/")}.norm`;
    if (path === undefined || (user.isLibrary && !standard)) {
      this.report(diagnostic("N0203", where, `\`${use.module}\` lies outside the spec's folder`, { help: "only files below the folder of the spec can be used" }));
      return undefined;
    }
    const found = standard ? this.library(path, use.module) : this.spec(path, folder);
    if (found === undefined) {
      const help = standard ? `the standard library has ${standardModules.map((name) => `\`std.${name}\``).join(", ")}` : `looked for \`${path}\` in the folder of the spec`;
      const fixes = standard ? similarDetails(use.module, standardModules.map((name) => `std.${name}`), where).fixes : undefined;
      this.report(diagnostic("N0203", where, `there is no module \`${use.module}\``, { help, ...(fixes && { fixes }) }));
    }
    return found;
  }
}

export const standardModules = ["norms", "placements", "layers", "convolutions", "text", "ngpt", "graphs", "embeddings", "functions", "initializers", "objectives", "optimizers", "sharpness", "noise", "schedules", "measures"];

/** Trees of the standard library, which every compilation of a process shares: they never change. */
const libraryTrees = new Map<string, Parsed>();

function parseLibrary(source: SourceFile): Parsed {
  const known = libraryTrees.get(source.path);
  if (known !== undefined && known.source.text === source.text) return known;
  const parsed = parse(source);
  libraryTrees.set(source.path, parsed);
  return parsed;
}

/** The path without `.` and `..`, or undefined when it is absolute or leads out of its folder. */
function normal(path: string): string | undefined {
  if (path.startsWith("/") || path.includes("\\") || path.includes("\0") || /^[a-z]+:/i.test(path)) return undefined;
  const parts: string[] = [];
  for (const part of path.split("/")) {
    if (part === "..") {
      if (parts.pop() === undefined) return undefined;
    } else if (part !== "." && part !== "") parts.push(part);
  }
  return parts.length === 0 ? undefined : parts.join("/");
}

function baseName(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}

function folderOf(path: string): string {
  return path.includes("/") ? path.slice(0, path.lastIndexOf("/")) : "";
}

export function place(source: SourceFile, span: ast.Span): Place {
  return { source, start: span.start, end: Math.max(span.end, span.start + 1) };
}
