/** Renaming: definitions, parameters, local names, token groups and aliases, in all files of the spec. */

import type { Range, WorkspaceEdit } from "vscode-languageserver";
import { SourceFile } from "../diagnostics/source.js";
import { definitionNamed } from "../semantics/measurements.js";
import { parse } from "../syntax/parse.js";
import { Name, keywordTokens } from "../syntax/tokens.js";
import type * as ast from "../syntax/ast.js";
import { childrenOf } from "../syntax/visit.js";
import { isName } from "./completion.js";
import { isOfLibrary } from "./files.js";
import { rangeOf } from "./ranges.js";
import { type Reference, referencesTo, specsBeside } from "./references.js";
import type { Spec } from "./spec.js";
import { type Defined, type Occurrence, type Target, groupsOf, namings, rootOfExpression } from "./targets.js";
import type { View, Workspace } from "./workspace.js";

/** Why something cannot be renamed, in a sentence for people. */
export class RenameError extends Error {
  override name = "RenameError";
}

/** The name at an offset that would be renamed. @throws {RenameError} */
export function renamedAt({ spec }: Pick<View, "spec">, offset: number): { readonly range: Range; readonly placeholder: string } {
  const found = renameable(spec, offset);
  return { range: rangeOf(spec.main.source, found), placeholder: spec.main.source.text.slice(found.start, found.end) };
}

function renameable(spec: Spec, offset: number): Occurrence {
  const found = spec.occurrenceAt(offset);
  if (found === undefined) throw new RenameError("there is no name here that can be renamed");
  const { target } = found;
  const name = spec.main.source.text.slice(found.start, found.end);
  if (target.kind === "given") throw new RenameError(`\`${name}\` belongs to the language`);
  if (target.kind === "module") throw new RenameError("a module is named by its file");
  if (target.module.isLibrary || isOfLibrary(target.module.source.path)) throw new RenameError(`\`${name}\` belongs to the standard library; \`use … { ${name} as … }\` gives it another name`);
  const isInput = target.kind === "local" && namings(target.definition.body).some((node) => node.kind === "Input" && node.name.name === target.name);
  if (isInput) throw new RenameError(`the data gives the input \`${name}\` by its name`);
  return found;
}

/** The changes that give the thing at an offset another name. @throws {RenameError} when the result would mean something else. */
export function rename(workspace: Workspace, view: View, offset: number, name: string, folders: readonly string[]): WorkspaceEdit {
  const { target } = renameable(view.spec, offset);
  checkName(name);
  const references = [...referencesTo(workspace, view, target, folders), ...(target.kind === "group" ? membersOf(workspace, view, target) : [])];
  const specs = [view, ...specsBeside(workspace, view, target, folders)];
  if (target.kind === "group") specs.forEach(({ spec }) => checkAlone(spec, target));
  const places = [...new Map(references.map((reference) => [`${reference.uri} ${reference.start}`, reference])).values()];
  checkFree(specs.map(({ spec }) => spec), target, name, new Set(places.map(({ module }) => module.source.path)));
  const byUri = new Map<string, Reference[]>();
  for (const place of places) byUri.set(place.uri, [...(byUri.get(place.uri) ?? []), place]);
  for (const own of byUri.values()) checkText(own, name);
  return { changes: Object.fromEntries([...byUri].map(([uri, own]) => [uri, own.map(({ module, start, end }) => ({ range: rangeOf(module.source, { start, end }), newText: name }))])) };
}

function checkName(name: string): void {
  if (!isName(name)) throw new RenameError(`\`${name}\` is no name: a name is made of letters, digits and \`_\`, and does not begin with a digit`);
  const keyword = keywordTokens.find(({ PATTERN }) => PATTERN === name);
  if (keyword !== undefined && !keyword.CATEGORIES!.includes(Name)) throw new RenameError(`\`${name}\` is a word of the language`);
}

/** @throws {RenameError} when the name already means something where the renamed thing is known. */
function checkFree(specs: readonly Spec[], target: Target, name: string, files: ReadonlySet<string>): void {
  const taken = () => new RenameError(`\`${name}\` means something else there already`);
  if (target.kind === "group" && (groupsOf(target).includes(name) || target.definition.parameters?.some((parameter) => parameter.name.name === name))) throw taken();
  for (const spec of specs) {
    for (const { file, source, definitions, imports } of spec.modules.own) {
      if (!files.has(source.path)) continue;
      const isLocal = target.kind === "local" || target.kind === "axes";
      if (isLocal && source.path === target.module.source.path && mentions(target.definition, name)) throw taken();
      if ((target.kind === "definition" || target.kind === "alias") && (definitions.has(name) || imports.has(name) || mentions(file, name))) throw taken();
    }
  }
}

/** Whether a name stands somewhere below a node. */
function mentions(node: ast.Node, name: string): boolean {
  if ((node.kind === "Identifier" || node.kind === "Name") && node.name === name) return true;
  if (node.kind === "Path" && node.segments.includes(name)) return true;
  return childrenOf(node).some((child) => mentions(child, name));
}

/** @throws {RenameError} when the new name has a meaning of its own in one of the places, such as a keyword that opens a line. */
function checkText(references: readonly Reference[], name: string): void {
  const { source } = references[0]!.module;
  let text = source.text;
  for (const { start, end } of references.toSorted((a, b) => b.start - a.start)) text = text.slice(0, start) + name + text.slice(end);
  if (parse(new SourceFile(source.path, text)).diagnostics.length > parse(source).diagnostics.length) throw new RenameError(`\`${name}\` is a word of the language in one of these places`);
}

/** @throws {RenameError} when another stack takes the stack's place in a variant, so that both need groups of the same names. */
function checkAlone({ modules }: Spec, target: Target & { readonly kind: "group" }): void {
  for (const module of modules.own) {
    const visit = (node: ast.Node): void => {
      if (node.kind === "Variant") {
        const base = rootOfExpression(modules, module, node.base);
        for (const item of node.items) {
          if (item.kind !== "Binding") continue;
          // The name is one that the base uses, which this file need not know.
          const replaced = definitionNamed({ modules }, base?.module ?? module, item.name.name) ?? definitionNamed({ modules }, module, item.name.name);
          const pair = [replaced, rootOfExpression(modules, module, item.value)];
          const [from, to] = pair.map((one) => one?.definition);
          if (from?.keyword !== "stack" || to?.keyword !== "stack" || from === to || !pair.some((one) => isOwnerOf(one, target))) continue;
          throw new RenameError(`\`${to.name.name}\` takes the place of \`${from.name.name}\` at ${module.source.place(item.start)}, so that their groups are called alike`);
        }
      }
      childrenOf(node).forEach(visit);
    };
    visit(module.file);
  }
}

function isOwnerOf(found: Defined | undefined, { module, definition }: Defined): boolean {
  return found?.module.source.path === module.source.path && found.definition.start === definition.start;
}

/** The members `x.cls` that no stack is known for: they can only be of this group when no other stack has one of this name. */
function membersOf(workspace: Workspace, view: View, target: Target & { readonly kind: "group" }): Reference[] {
  const { own } = view.spec.modules;
  const unknown = own.flatMap((module) => {
    const known = new Set(view.spec.occurrences(module).map(({ start }) => start));
    return membersNamed(module.file, target.name).filter(({ start }) => !known.has(start)).map(({ start, end }): Reference => ({ start, end, target, isDeclaration: false, module, uri: workspace.uriOf(view, module.source.path) }));
  });
  const stacks = own.flatMap((module) => [...module.definitions.values()].filter((definition) => groupsOf({ module, definition }).includes(target.name)));
  const [first] = unknown;
  if (first !== undefined && stacks.length > 1) throw new RenameError(`several stacks have a group \`${target.name}\`, and at ${first.module.source.place(first.start)} any of them may be meant`);
  return unknown;
}

function membersNamed(node: ast.Node, name: string): ast.Identifier[] {
  const own = node.kind === "Member" && node.name.name === name ? [node.name] : [];
  return [...own, ...childrenOf(node).flatMap((child) => membersNamed(child, name))];
}
