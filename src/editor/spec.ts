/** A spec as its text alone tells it: the tree, the modules that it uses, and its names. Fast enough for every keystroke. */

import { basename } from "node:path";
import { type Diagnostic, Diagnostics } from "../diagnostics/diagnostic.js";
import { type Host, type Module, Modules } from "../semantics/modules.js";
import { checkNames } from "../semantics/static-names.js";
import { type Occurrence, occurrencesOf } from "./occurrences.js";

/** What the editor sees of a text. */
export class Spec {
  readonly modules: Modules;
  readonly main: Module;
  /** Mistakes of the grammar, of `use` lines and of names; those of values need the compiler. */
  readonly diagnostics: readonly Diagnostic[];
  private readonly known = new Map<Module, readonly Occurrence[]>();

  /** @param path of the text, as `specPath` gives it. */
  constructor(path: string, text: string, host: Host) {
    const diagnostics = new Diagnostics();
    this.modules = new Modules(host, (found) => diagnostics.add(found));
    this.modules.loadPrelude();
    this.main = this.modules.main(path, text);
    for (const definition of this.main.definitions.values()) checkNames(this.modules, this.main, definition).forEach((found) => diagnostics.add(found));
    this.diagnostics = diagnostics.all;
  }

  /** The names of a module with what each means, in the order of the text. */
  occurrences(module: Module = this.main): readonly Occurrence[] {
    const found = this.known.get(module) ?? occurrencesOf(this.modules, module);
    this.known.set(module, found);
    return found;
  }

  /** The name that an offset is in, or at the end of. */
  occurrenceAt(offset: number): Occurrence | undefined {
    const around = this.occurrences().filter(({ start, end }) => start <= offset && offset <= end);
    return around.find(({ end }) => offset < end) ?? around[0];
  }
}

/**
 * How a spec is named to the compiler: in its root, so that the files that it uses are named by their absolute paths. Only the
 * spec itself may really lie further down.
 */
export function specPath(path: string, root: string | undefined): string {
  return root === undefined ? basename(path) : `${root.endsWith("/") ? root : `${root}/`}${basename(path)}`;
}
