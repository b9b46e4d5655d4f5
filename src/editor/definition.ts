/** Where a name is defined: in the spec, in a file that it uses, or in the standard library. */

import type { Location } from "vscode-languageserver";
import type { Module } from "../semantics/modules.js";
import type { Span } from "../syntax/ast.js";
import { rangeOf } from "./ranges.js";
import { type Target, definedBy, namings, parameterOf } from "./targets.js";
import { groupNames } from "../semantics/calls.js";
import type { View, Workspace } from "./workspace.js";

/** The definition of the name at an offset; undefined for what the language itself gives. */
export function definitionAt(workspace: Workspace, view: View, offset: number): Location | undefined {
  const found = view.spec.occurrenceAt(offset);
  const declared = found && declarationOf(found.target);
  return declared && { uri: workspace.uriOf(view, declared.module.source.path), range: rangeOf(declared.module.source, declared.span) };
}

/** The place that gives a name to a target. */
export function declarationOf(target: Target): { readonly module: Module; readonly span: Span } | undefined {
  const defined = definedBy(target);
  if (defined !== undefined) return { module: defined.module, span: defined.definition.name };
  switch (target.kind) {
    case "alias":
      return { module: target.module, span: target.item };
    case "module":
      return { module: target.module, span: { start: 0, end: 0 } };
    case "local": {
      const { definition, module, name } = target;
      const span = parameterOf(target, name)?.name ?? namings(definition.body).find((one) => one.name.name === name)?.name;
      return span && { module, span };
    }
    case "axes": {
      const span = target.definition.parameters?.find(({ axes }) => axes?.name === target.name)?.axes;
      return span && { module: target.module, span };
    }
    case "group": {
      const span = groupNames(target.definition).find(({ name }) => name.name === target.name)?.name;
      return span && { module: target.module, span };
    }
    default:
      return undefined;
  }
}
