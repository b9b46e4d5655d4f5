/** Every place where a thing is named, over the specs of the workspace. */

import { type Dirent, readdirSync } from "node:fs";
import { join } from "node:path";
import type { Location } from "vscode-languageserver";
import type { Module } from "../semantics/modules.js";
import { pathOf } from "./files.js";
import { rangeOf } from "./ranges.js";
import type { Spec } from "./spec.js";
import { type Occurrence, type Target, keyOf } from "./targets.js";
import type { View, Workspace } from "./workspace.js";

/** A name in a file, which has the address `uri`. */
export interface Reference extends Occurrence {
  readonly uri: string;
  readonly module: Module;
}

/** More files are not looked through, and no folders deeper than these. */
const [mostFiles, deepest] = [2_000, 12];

/** The specs in folders, those of packages and hidden ones left out. */
export function specFiles(folders: readonly string[]): string[] {
  const found: string[] = [];
  const look = (folder: string, depth: number): void => {
    let entries: Dirent[];
    try {
      entries = readdirSync(folder, { withFileTypes: true });
    } catch {
      return;
    }
    for (const entry of entries) {
      if (found.length >= mostFiles) return;
      const path = join(folder, entry.name);
      if (entry.isDirectory() && depth < deepest && !entry.name.startsWith(".") && entry.name !== "node_modules") look(path, depth + 1);
      else if (entry.isFile() && entry.name.endsWith(".norm")) found.push(path);
    }
  };
  folders.forEach((folder) => look(folder, 0));
  return found;
}

/**
 * The references to a target that a document has, in the order of the files: in the document's own modules, and in the
 * specs of the folders that use the same file.
 */
export function referencesTo(workspace: Workspace, view: View, target: Target, folders: readonly string[]): Reference[] {
  const found = new Map<string, Reference>();
  const address = (of: Pick<View, "uri" | "spec">) => (path: string) => workspace.uriOf(of, path);
  const key = keyOf(target, address(view));
  const collect = (of: Pick<View, "uri" | "spec">): void => {
    for (const module of of.spec.modules.own) {
      const uri = address(of)(module.source.path);
      for (const occurrence of of.spec.occurrences(module)) {
        if (keyOf(occurrence.target, address(of)) === key) found.set(`${uri} ${occurrence.start}`, { ...occurrence, uri, module });
      }
    }
  };
  collect(view);
  for (const other of specsBeside(workspace, view, target, folders)) collect(other);
  return [...found.values()];
}

/** The other specs that are open, and those in the folders whose texts have the target's name. */
export function specsBeside(workspace: Workspace, view: View, target: Target, folders: readonly string[]): { readonly uri: string; readonly spec: Spec }[] {
  const open = workspace.uris.filter((uri) => uri !== view.uri).map((uri) => workspace.view(uri)!);
  const paths = new Set(workspace.uris.map(pathOf));
  const closed = specFiles(folders).filter((path) => !paths.has(path)).flatMap((path) => {
    const spec = workspace.specIn(path, nameOf(target));
    return spec === undefined ? [] : [{ uri: workspace.uriOf({ uri: "", spec: view.spec }, path), spec }];
  });
  return [...open, ...closed];
}

function nameOf(target: Target): string {
  switch (target.kind) {
    case "definition":
      return target.definition.name.name;
    case "alias":
      return target.item.alias!.name;
    case "module":
      // A file is named as a path or with dots: its last part stands in both.
      return target.module.source.path.replace(/^.*\//, "").replace(/\.norm$/, "");
    default:
      return target.name;
  }
}

export function locationsOf(references: readonly Reference[], withDeclaration: boolean): Location[] {
  return references.filter(({ isDeclaration }) => withDeclaration || !isDeclaration).map(({ uri, module, start, end }) => ({ uri, range: rangeOf(module.source, { start, end }) }));
}
