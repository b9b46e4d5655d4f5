/** The decisions of a recipe's model and of its text, each under the name that a diff gives it. */

import type { Place } from "../../diagnostics/diagnostic.js";
import { type Module, place } from "../../semantics/modules.js";
import type { StackRecord, SublayerRecord } from "../../semantics/model.js";
import { policyText } from "../../semantics/sites.js";
import { type Value, describe, numberText } from "../../semantics/values.js";
import type * as ast from "../../syntax/ast.js";
import { childrenOf } from "../../syntax/visit.js";
import type { Subject } from "../subject.js";
import { type Decision, side, textAt } from "./change.js";
import type { Meanings, Scope } from "./meaning.js";

/** The settings of the model's parameters. @param names what each parameter is called in the diff, by its own name. */
export function parameterDecisions(subject: Subject, meanings: Meanings, names: ReadonlyMap<string, string>): Decision[] {
  const { definition, module, given } = subject.compiled.recipe.model;
  const scope: Scope = new Map();
  return (definition.parameters ?? []).flatMap((parameter): Decision[] => {
    const { name } = parameter.name;
    const argument = given.get(name);
    const shown = names.get(name) ?? name;
    const common = { kind: "parameter" as const, name: shown };
    if (argument !== undefined) {
      const meaning = meanings.value(argument.value);
      return [{ ...common, side: side(valueText(argument.value), boundAt(subject, name) ?? argument.place), meaning, resolved: meaning }];
    }
    if (parameter.default === undefined) return [];
    const where = place(module.source, parameter);
    const meaning = meanings.of(parameter.default, module, scope);
    scope.set(name, `parameter ${shown}`);
    return [{ ...common, side: side(textAt(place(module.source, parameter.default)), where), meaning, resolved: meaning }];
  });
}

/** Where a variant of the recipe gives a parameter its value: `dim = 96`. */
function boundAt({ modules, compiled }: Subject, parameter: string): Place | undefined {
  let module: Module | undefined = modules.own[0];
  let value: ast.Expression | undefined = module?.definitions.get(compiled.recipe.name)?.value;
  while (module !== undefined && value !== undefined) {
    if (value.kind === "Variant") {
      const node: ast.Statement | undefined = value.items.find((item) => item.kind === "Binding" && item.name.name === parameter);
      if (node !== undefined) return place(module.source, node);
      value = value.base;
    } else if (value.kind === "Name") {
      const imported = module.imports.get(value.name);
      const definition: ast.Definition | undefined = module.definitions.get(value.name) ?? (imported?.kind === "definition" ? imported.definition : undefined);
      if (!module.definitions.has(value.name) && imported?.kind === "definition") module = imported.module;
      value = definition?.value;
    } else return undefined;
  }
  return undefined;
}

/** The statements of the model. @param names what each local name is called in the diff. */
export function statementDecisions({ compiled: { recipe } }: Subject, meanings: Meanings, names: ReadonlyMap<string, string>): Decision[] {
  const { definition, module } = recipe.model;
  const scope: Scope = new Map([...names].map(([name, shown]) => [name, `name ${shown}`]));
  const twice = new Map<string, number>();
  // A report shows what the model computes anyhow.
  return definition.body.filter((node) => node.kind !== "Report").map((node): Decision => {
    const what = "name" in node && node.name !== undefined ? (names.get(node.name.name) ?? node.name.name) : node.kind.toLowerCase();
    const count = (twice.get(what) ?? 0) + 1;
    twice.set(what, count);
    const meaning = meanings.of(node, module, new Map(scope));
    const where = place(module.source, node);
    return { kind: "statement", name: count === 1 ? what : `${what} ${count}`, side: side(textAt(where), where), meaning, resolved: meaning };
  });
}

/** The lines of a stack, other than its policies. @param model names of the model that runs it, in which its arguments are written. */
export function stackDecisions({ stack, meanings }: { readonly stack: StackRecord; readonly meanings: Meanings }, model: ReadonlyMap<string, string>): Decision[] {
  return [...placementDecision(stack, meanings), ...argumentDecisions(stack, meanings, model), ...lineDecisions(stack, meanings)];
}

function placementDecision({ path, placement, callable }: StackRecord, meanings: Meanings): Decision[] {
  if (placement === undefined) return [];
  const lines = [callable.definition.body, ...callable.variants.map(({ items }) => items)];
  const modules = [callable.module, ...callable.variants.map(({ module }) => module)];
  const at = lines.findLastIndex((items) => items.some((item) => item.kind === "Place"));
  const node = lines[at]!.findLast((item) => item.kind === "Place")!;
  const resolved = meanings.value(placement);
  const scope = at === 0 ? parameterScope(callable.definition) : new Map<string, string>();
  const meaning = names(node, scope) ? meanings.of(node, modules[at]!, scope) : resolved;
  return [{ kind: "placement", name: `${path}.place`, side: side(policyText(placement), place(modules[at]!.source, node)), meaning, resolved }];
}

function parameterScope({ parameters }: ast.Definition): Scope {
  return new Map((parameters ?? []).map((parameter, i) => [parameter.name.name, `$${i}`]));
}

/** What the model gives to the stack's parameters, apart from tensors: where it says nothing, their defaults. */
function argumentDecisions({ path, callable, place: where }: StackRecord, meanings: Meanings, model: ReadonlyMap<string, string>): Decision[] {
  const { definition, module, given, variants } = callable;
  const names: Scope = new Map([...model].map(([name, shown]) => [name, `name ${shown}`]));
  const own: Scope = new Map();
  return (definition.parameters ?? []).flatMap((parameter, i): Decision[] => {
    const { name } = parameter.name;
    own.set(name, `$${i}`);
    const argument = given.get(name);
    const variant = argument === undefined ? variants.findLast(({ bindings }) => bindings.has(name)) : undefined;
    const common = { kind: "parameter" as const, name: `${path}.${name}` };
    if (argument !== undefined) {
      const resolved = meanings.value(argument.value);
      const meaning = argument.node === undefined ? resolved : meanings.of(argument.node, module, names);
      return [{ ...common, side: side(valueText(argument.value), argument.place), meaning, resolved }];
    }
    if (variant !== undefined) {
      const bound = variant.bindings.get(name)!;
      const node = variant.items.find((item) => item.kind === "Binding" && item.name.name === name);
      const meaning = meanings.value(bound);
      return [{ ...common, side: side(valueText(bound), node === undefined ? where : place(variant.module.source, node)), meaning, resolved: meaning }];
    }
    if (parameter.default === undefined) return [];
    const meaning = meanings.of(parameter.default, module, own);
    return [{ ...common, side: side(textAt(place(module.source, parameter.default)), place(module.source, parameter)), meaning, resolved: meaning }];
  });
}

/** Sublayers in the order of the text, each once however often it is repeated, and the counts of `repeat`. */
function lineDecisions(stack: StackRecord, meanings: Meanings): Decision[] {
  const { path, callable } = stack;
  const { definition, module } = callable;
  const scope = parameterScope(definition);
  const ran = new Map<ast.Sublayer, SublayerRecord>();
  for (const sublayer of stack.sublayers) if (!ran.has(sublayer.node)) ran.set(sublayer.node, sublayer);
  const decisions: Decision[] = [];
  const twice = new Map<string, number>();
  const named = (name: string) => {
    const count = (twice.get(name) ?? 0) + 1;
    twice.set(name, count);
    return `${path}.${count === 1 ? name : `${name} ${count}`}`;
  };
  const visit = (body: readonly ast.Statement[]): void => {
    for (const node of body) {
      const where = place(module.source, node);
      if (node.kind === "Binding") {
        const meaning = meanings.of(node, module, scope);
        decisions.push({ kind: "statement", name: named(node.name.name), side: side(textAt(where), where), meaning, resolved: meaning });
      } else if (node.kind === "Sublayer") {
        const record = ran.get(node);
        if (record === undefined) continue;
        const name = named(record.layer.definition.name.name);
        const placed = node.placed === undefined ? "" : ` placed ${meanings.value(record.placement)}`;
        const normalized = record.own === undefined ? "" : ` normalized ${meanings.value(record.own)}`;
        // What a parameter of the stack stands for is a decision of its own.
        const said = [...(node.placed !== undefined && names(node.placed, scope) ? [] : [placed]), ...(node.normalized !== undefined && names(node.normalized, scope) ? [] : [normalized])].join("");
        const text = meanings.of({ ...node, value: withoutName(node.value) }, module, scope);
        const reference = meanings.reference(record.layer.definition, record.layer.module);
        decisions.push({ kind: "sublayer", name, side: side(textAt(where), where), meaning: `${reference} ${text}${said}`, resolved: `${meanings.value(record.layer)}${placed}${normalized}` });
      } else if (node.kind === "Normalize" && node.policy === undefined) {
        decisions.push({ kind: "sublayer", name: named("normalize"), side: side("normalize", where), meaning: "normalize", resolved: "normalize" });
      } else if (node.kind === "Repeat") {
        const count = place(module.source, node.count);
        const times = new Set(stack.sublayers.filter((sublayer) => contains(node, sublayer.node)).map((sublayer) => sublayer.path.split(".").slice(0, -1).join("."))).size;
        const meaning = meanings.of(node.count, module, scope);
        decisions.push({ kind: "parameter", name: named("repeat"), side: side(textAt(count), count), meaning, resolved: String(times) });
        visit(node.body);
      } else if (node.kind === "When") {
        visit(node.then);
        visit(node.otherwise ?? []);
      }
    }
  };
  visit(definition.body);
  return decisions;
}

/** The arguments of a layer that is named by itself elsewhere. */
function withoutName(node: ast.Expression): ast.Expression {
  return node.kind === "Call" ? { ...node, callee: { kind: "None", start: 0, end: 0 } } : { kind: "None", start: 0, end: 0 };
}

/** Whether a node names something of the scope. */
function names(node: ast.Node, scope: Scope): boolean {
  return (node.kind === "Name" && scope.has(node.name)) || childrenOf(node).some((child) => names(child, scope));
}

function contains(node: ast.Node, wanted: ast.Node): boolean {
  return node === wanted || childrenOf(node).some((child) => contains(child, wanted));
}

/** The spec's own definitions that its model, policies and recipe use. */
export function definitionDecisions(meanings: Meanings, shared: ReadonlySet<string>): Decision[] {
  return [...meanings.met].flatMap(([definition, module]): Decision[] => {
    const key = `${definition.keyword} ${definition.name.name}`;
    if (!shared.has(key)) return [];
    const meaning = meanings.definition(definition, module);
    const scope: Scope = new Map();
    const parts = [...(definition.parameters ?? []), ...(definition.value === undefined ? [] : [definition.value]), ...definition.body].map((node) => {
      const where = place(module.source, node);
      const own = node.kind === "Parameter" ? `${scope.size}: ${node.default === undefined ? "" : meanings.of(node.default, module, scope)}` : meanings.of(node, module, scope);
      if (node.kind === "Parameter") scope.set(node.name.name, `$${scope.size}`);
      return { meaning: own, side: side(textAt(where), where) };
    });
    return [{ kind: "definition", name: definition.name.name, side: side(definition.name.name, place(module.source, definition.name)), meaning, resolved: meaning, parts }];
  });
}

/** A value as one would write it. */
export function valueText(value: Value): string {
  switch (value.kind) {
    case "number":
      return numberText(value.value);
    case "boolean":
      return String(value.value);
    case "text":
      return `"${value.value}"`;
    case "none":
      return "none";
    case "callable":
      return policyText(value);
    case "policy":
      return `{ ${value.lines.map((line) => `${line.groups?.map(({ name }) => name).join(", ") ?? ".."}: ${policyText(line.norm)}`).join(" ")} }`;
    default:
      return describe(value);
  }
}
