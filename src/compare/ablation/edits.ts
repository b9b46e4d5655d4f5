/** Changes of a text by places of its tree, and what they make of it. */

import { similarHelp } from "../../diagnostics/similar.js";
import { type Diagnostic, diagnostic } from "../../diagnostics/diagnostic.js";
import { type Module, type Modules, place } from "../../semantics/modules.js";
import type * as ast from "../../syntax/ast.js";
import { childrenOf } from "../../syntax/visit.js";
import { located } from "./target.js";

/** A choice that cannot be written into the text where it belongs. */
export class EditError extends Error {
  override readonly name = "EditError";
  constructor(readonly found: Diagnostic) {
    super(found.message);
  }
}

interface Edit {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

/** The edits of a spec and of the files that it uses. */
export class Edits {
  private readonly edits = new Map<Module, Edit[]>();
  private readonly uses = new Map<Module, Map<string, string>>();

  constructor(
    private readonly modules: Modules,
    private readonly main: Module,
  ) {}

  replace(module: Module, span: ast.Span, text: string): void {
    this.add(module, { start: span.start, end: span.end, text });
  }

  insert(module: Module, offset: number, text: string): void {
    this.add(module, { start: offset, end: offset, text });
  }

  private add(module: Module, edit: Edit): void {
    this.edits.set(module, [...(this.edits.get(module) ?? []), edit]);
  }

  /** The text of an expression of the main file, for use in a module, which gets the `use` lines that it needs. @throws EditError */
  textFor(module: Module, expression: ast.Expression): string {
    if (module !== this.main) for (const name of namesIn(expression)) this.bring(module, name, expression);
    return this.main.source.text.slice(expression.start, expression.end);
  }

  private bring(module: Module, name: string, expression: ast.Expression): void {
    const wanted = located(this.modules, this.main, name);
    if (wanted === undefined) return;
    const there = located(this.modules, module, name);
    if (there?.definition === wanted.definition) return;
    const where = place(this.main.source, expression);
    if (there !== undefined || module.imports.has(name)) {
      const related = there === undefined ? [] : [{ place: place(there.module.source, there.definition.name), label: "this one" }];
      throw new EditError(diagnostic("N0202", where, `\`${name}\` means something else in ${module.source.path}, where the choice belongs`, { related, help: "use it under another name here" }));
    }
    if (!wanted.module.isLibrary) {
      const help = similarHelp(name, module.imports.keys()) ?? `define \`${name}\` in ${module.source.path}, and use it from there`;
      throw new EditError(diagnostic("N0204", where, `\`${name}\` is not known in ${module.source.path}, where the choice belongs`, { help }));
    }
    const own = wanted.definition.name.name;
    const uses = this.uses.get(module) ?? new Map<string, string>();
    uses.set(own === name ? name : `${own} as ${name}`, wanted.module.name);
    this.uses.set(module, uses);
  }

  /** The changed texts of the modules that have any. */
  texts(): Map<Module, string> {
    const changed = new Map<Module, string>();
    for (const module of new Set([...this.edits.keys(), ...this.uses.keys()])) changed.set(module, this.textOf(module));
    return changed;
  }

  private textOf(module: Module): string {
    const edits = [...(this.edits.get(module) ?? [])];
    for (const [item, library] of this.uses.get(module) ?? []) {
      const use = module.file.uses.find((candidate) => candidate.module === library && candidate.items !== undefined && candidate.items.length > 0);
      const at = use?.items?.at(-1)?.end ?? module.file.uses.at(-1)?.end ?? 0;
      edits.push({ start: at, end: at, text: use === undefined ? `\nuse ${library} { ${item} }\n` : `, ${item}` });
    }
    let { text } = module.source;
    // From the end, so that places stay where they are; insertions at one place keep their order.
    const order = edits.map((edit, i) => ({ ...edit, i })).toSorted((a, b) => b.start - a.start || b.i - a.i);
    for (const { start, end, text: own } of order) text = text.slice(0, start) + own + text.slice(end);
    return text;
  }
}

/** The names that an expression uses. */
function namesIn(node: ast.Node): Set<string> {
  const names = new Set<string>(node.kind === "Name" ? [node.name] : []);
  for (const child of childrenOf(node)) namesIn(child).forEach((name) => names.add(name));
  return names;
}
