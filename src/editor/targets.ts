/** What names mean: the things that can be gone to, listed and renamed. */

import { groupNames } from "../semantics/calls.js";
import type { Module, Modules } from "../semantics/modules.js";
import { definitionNamed } from "../semantics/measurements.js";
import type * as ast from "../syntax/ast.js";

/** A definition with the module that it stands in. */
export interface Defined {
  readonly module: Module;
  readonly definition: ast.Definition;
}

export type Target =
  | (Defined & { readonly kind: "definition" })
  /** A name that a definition gives: a parameter, a binding, an input, a state; all of one name in a definition are one. */
  | (Defined & { readonly kind: "local"; readonly name: string })
  /** `axes` of a parameter `x over axes`. */
  | (Defined & { readonly kind: "axes"; readonly name: string })
  /** A token group of a stack. */
  | (Defined & { readonly kind: "group"; readonly name: string })
  /** The name behind `as`, for the file in which it stands. */
  | { readonly kind: "alias"; readonly module: Module; readonly item: ast.UseItem; readonly of: Defined | undefined }
  | { readonly kind: "module"; readonly module: Module }
  /** What the language gives. */
  | { readonly kind: "given"; readonly name: string };

/** A place where a thing is named. */
export interface Occurrence extends ast.Span {
  readonly target: Target;
  /** Whether the name is given to it here. */
  readonly isDeclaration: boolean;
}

/** The same text for the same thing, in whichever spec it was found. @param nameOf what tells sources apart, by their paths. */
export function keyOf(target: Target, nameOf: (path: string) => string): string {
  switch (target.kind) {
    case "given":
      return `given ${target.name}`;
    case "module":
      return `module ${nameOf(target.module.source.path)}`;
    case "alias":
      return `alias ${nameOf(target.module.source.path)} ${target.item.start}`;
    case "definition":
      return `definition ${nameOf(target.module.source.path)} ${target.definition.start}`;
    default:
      return `${target.kind} ${nameOf(target.module.source.path)} ${target.definition.start} ${target.name}`;
  }
}

/** The definition that a target is, also through a name of one's own. */
export function definedBy(target: Target): Defined | undefined {
  return target.kind === "definition" ? target : target.kind === "alias" ? target.of : undefined;
}

/** The definition that an expression comes down to: `encoder with { … }`, `layer(eps: 1)`, and names of such. */
export function rootOfExpression(modules: Modules, module: Module, node: ast.Expression | undefined): Defined | undefined {
  let value = node;
  while (value?.kind === "Variant" || value?.kind === "Call") value = value.kind === "Variant" ? value.base : value.callee;
  if (value?.kind === "Name") return definitionNamed({ modules }, module, value.name);
  if (value?.kind !== "Member" || value.object.kind !== "Name") return undefined;
  const used = module.imports.get(value.object.name);
  return used?.kind === "module" ? definitionNamed({ modules }, used.module, value.name.name) : undefined;
}

/** The definition that another comes down to when it is one by `=`. */
export function rootOfDefinition(modules: Modules, { module, definition }: Defined): Defined | undefined {
  return definition.value === undefined ? { module, definition } : rootOfExpression(modules, module, definition.value);
}

/** The model that a recipe trains. */
export function modelOf(modules: Modules, recipe: Defined): Defined | undefined {
  const root = rootOfDefinition(modules, recipe);
  return root?.definition.keyword === "train" ? rootOfExpression(modules, root.module, root.definition.of?.[0]) : undefined;
}

export function parameterOf({ definition }: Defined, name: string): ast.Parameter | undefined {
  return definition.parameters?.find((parameter) => parameter.name.name === name);
}

/** The names of a stack's token groups, in their order. */
export function groupsOf({ definition }: Defined): readonly string[] {
  return definition.keyword === "stack" ? groupNames(definition).map((group) => group.name.name) : [];
}

export type Naming = ast.Binding | ast.ParamStatement | ast.StateStatement | ast.InputStatement;

/** The statements of a body that give names, those in blocks too. */
export function namings(body: readonly ast.Statement[]): Naming[] {
  return body.flatMap((node): Naming[] => {
    if (node.kind === "Binding" || node.kind === "Param" || node.kind === "State" || node.kind === "Input") return [node];
    if (node.kind === "When") return [...namings(node.then), ...namings(node.otherwise ?? [])];
    if (node.kind === "Repeat") return namings(node.body);
    return node.kind === "Return" ? namings(node.gradient?.body ?? []) : [];
  });
}

/** All statements of a body, those in blocks too. */
export function statementsOf(body: readonly ast.Statement[]): ast.Statement[] {
  return body.flatMap((node): ast.Statement[] => {
    if (node.kind === "When") return [node, ...statementsOf(node.then), ...statementsOf(node.otherwise ?? [])];
    if (node.kind === "Repeat") return [node, ...statementsOf(node.body)];
    return node.kind === "Return" ? [node, ...statementsOf(node.gradient?.body ?? [])] : [node];
  });
}
