/**
 * What a text means, apart from how it is written: two texts with one meaning differ in formatting, comments, the order of
 * definitions, and names of their own at most. A meaning is a text itself, to be compared and not to be read.
 */

import { createHash } from "node:crypto";
import { groupNames } from "../../semantics/calls.js";
import { definitionNamed } from "../../semantics/measurements.js";
import type { Module, Modules } from "../../semantics/modules.js";
import type { CallableValue, Value } from "../../semantics/values.js";
import type * as ast from "../../syntax/ast.js";

/** Local names, and what stands for each. */
export type Scope = Map<string, string>;

/** Kinds whose lines are compared one by one: where they are named, their names stand for them. */
const comparedByLines: readonly ast.DefinitionKeyword[] = ["stack", "model", "train", "ablation"];

export class Meanings {
  /** The spec's own definitions that were met, other than stacks, models and recipes. */
  readonly met = new Map<ast.Definition, Module>();
  private readonly known = new Map<ast.Definition, string>();

  /** @param shared names of definitions that the other spec has as well: they stand for what both define, and that is compared once. */
  constructor(
    private readonly modules: Modules,
    private readonly shared: ReadonlySet<string>,
  ) {}

  /** What a definition stands for where it is named. */
  reference(definition: ast.Definition, module: Module): string {
    const { keyword, name } = definition;
    if (module.isLibrary) return `${module.name}.${name.name}`;
    if (comparedByLines.includes(keyword)) return `${keyword} ${this.baseName(definition, module)}`;
    const meaning = this.definition(definition, module);
    return this.shared.has(`${keyword} ${name.name}`) ? `${keyword} ${name.name}` : `${keyword} ${createHash("sha256").update(meaning).digest("hex").slice(0, 20)}`;
  }

  /** A stack, and parts of the model with it, are called after the definition that a variant begins with. */
  private baseName(definition: ast.Definition, module: Module): string {
    return definitionNamed({ modules: this.modules }, module, definition.name.name)?.definition.name.name ?? definition.name.name;
  }

  /** A definition's parameters and body, in which its own names are numbers. */
  definition(definition: ast.Definition, module: Module): string {
    const known = this.known.get(definition);
    if (known !== undefined) return known;
    this.met.set(definition, module);
    // Until it is known: nothing that passed the checker contains itself.
    this.known.set(definition, definition.name.name);
    const scope: Scope = new Map();
    const parts: string[] = [];
    for (const [i, parameter] of (definition.parameters ?? []).entries()) {
      parts.push(parameter.default === undefined ? "" : this.of(parameter.default, module, scope));
      scope.set(parameter.name.name, `$${i}`);
      if (parameter.axes !== undefined) scope.set(parameter.axes.name, `$${i} axes`);
    }
    if (definition.value !== undefined) parts.push(this.of(definition.value, module, scope));
    parts.push(this.statements(definition.body, module, scope));
    const meaning = `${definition.keyword}(${parts.join(";")})`;
    this.known.set(definition, meaning);
    return meaning;
  }

  private statements(body: readonly ast.Statement[], module: Module, scope: Scope): string {
    return body.map((node) => this.of(node, module, scope)).join("\n");
  }

  /** A node of the tree. A statement that gives a name adds it to the scope, as a number where nobody chose another. */
  of(node: ast.Node, module: Module, scope: Scope): string {
    switch (node.kind) {
      case "Name":
        return scope.get(node.name) ?? this.global(node.name, module);
      case "Number":
        return String(node.value);
      case "Path":
        return node.segments.join(".");
      case "Binding": case "Param": case "State": case "Input": {
        const { name, ...rest } = node;
        const meaning = this.fields(rest, module, scope);
        if (!scope.has(name.name)) scope.set(name.name, `$${scope.size}`);
        return `${scope.get(name.name)}=${meaning}`;
      }
      case "Update":
        return `${scope.get(node.name.name) ?? node.name.name}<-${this.of(node.value, module, scope)}`;
      case "Return": {
        if (node.gradient !== undefined && !scope.has(node.gradient.cotangent.name)) scope.set(node.gradient.cotangent.name, `$${scope.size}`);
        return this.fields(node, module, scope);
      }
      case "AxisDeclaration": {
        const extent = node.extent === undefined ? "" : `:${this.of(node.extent, module, scope)}`;
        const name = scope.get(node.name.name);
        return `${name?.endsWith(" axes") === true ? name : node.name.name}${extent}`;
      }
      case "Call":
        return this.fields({ ...node, arguments: this.ownArguments(node, module, scope) }, module, scope);
      case "Policy":
        // The order of the lines says nothing.
        return `{${node.lines.map((line) => `${(line.groups ?? []).map((group) => group.name).toSorted().join("+")}:${this.of(line.value, module, scope)}`).toSorted().join(",")}}`;
      default:
        return this.fields(node, module, scope);
    }
  }

  /** What a stack is given for its parameters is compared with the stack; its groups are the statement's own. */
  private ownArguments({ callee, arguments: given }: ast.Call, module: Module, scope: Scope): readonly ast.Argument[] {
    if (callee.kind !== "Name" || scope.has(callee.name)) return given;
    const definition = definitionNamed({ modules: this.modules }, module, callee.name)?.definition;
    if (definition?.keyword !== "stack") return given;
    const groups = groupNames(definition).map((group) => group.name.name);
    return given.filter(({ name }) => name !== undefined && groups.includes(name.name));
  }

  private fields(node: object, module: Module, scope: Scope): string {
    const parts: string[] = [];
    for (const [field, value] of Object.entries(node)) {
      if (["start", "end", "documentation", "damaged", "comments"].includes(field) || value === undefined) continue;
      parts.push(`${field === "kind" ? "" : `${field}:`}${this.field(value, module, scope)}`);
    }
    return `(${parts.join(" ")})`;
  }

  private field(value: unknown, module: Module, scope: Scope): string {
    if (Array.isArray(value)) return `[${value.map((item) => this.field(item, module, scope)).join(",")}]`;
    if (typeof value !== "object" || value === null) return JSON.stringify(value) ?? "";
    if ("kind" in value && value.kind === "Identifier") return (value as ast.Identifier).name;
    return "kind" in value ? this.of(value as ast.Node, module, scope) : this.fields(value, module, scope);
  }

  private global(name: string, module: Module): string {
    const own = module.definitions.get(name);
    if (own !== undefined) return this.reference(own, module);
    const imported = module.imports.get(name) ?? this.modules.prelude.get(name);
    if (imported?.kind === "definition") return this.reference(imported.definition, imported.module);
    return imported?.kind === "module" ? `module ${imported.module.name}` : name;
  }

  /** A value of the compiler: what an expression came to. */
  value(value: Value): string {
    switch (value.kind) {
      case "number": case "boolean":
        return String(value.value);
      case "text":
        return JSON.stringify(value.value);
      case "callable":
        return this.callable(value);
      case "policy":
        return `{${value.lines.map((line) => `${(line.groups ?? []).map((group) => group.name).toSorted().join("+")}:${this.value(line.norm)}`).toSorted().join(",")}}`;
      case "tuple":
        return `(${value.items.map((item) => this.value(item)).join(",")})`;
      case "intrinsic":
        return value.name;
      case "native":
        return value.describe;
      case "module":
        return `module ${value.module.name}`;
      case "tensor":
        return `[${value.op.type.axes.map((axis) => `${axis.name}:${axis.extent}`).join(",")}]`;
      default:
        return value.kind;
    }
  }

  /** A definition with the arguments that differ from its defaults. */
  private callable({ definition, module, given, variants }: CallableValue): string {
    const parameters = definition.parameters ?? [];
    const args = [...given].flatMap(([name, { value }]) => {
      // What it is applied to is no choice of its own.
      if (value.kind === "tensor") return [];
      const index = parameters.findIndex((parameter) => parameter.name.name === name);
      const meaning = this.value(value);
      const fallback = parameters[index]?.default;
      return fallback !== undefined && literal(fallback) === meaning ? [] : [`${index < 0 ? name : index}:${meaning}`];
    });
    const changed = variants.map(({ items, module: at }) => this.statements(items, at, new Map()));
    return `${this.reference(definition, module)}(${args.toSorted().join(",")})${changed.map((text) => ` with {${text}}`).join("")}`;
  }
}

/** What a literal is as a value; undefined for any other expression. */
function literal(node: ast.Expression): string | undefined {
  if (node.kind === "Number" || node.kind === "Boolean") return String(node.value);
  if (node.kind === "String") return JSON.stringify(node.value);
  if (node.kind === "Unary" && node.operator === "-" && node.operand.kind === "Number") return String(-node.operand.value);
  return node.kind === "None" ? "none" : undefined;
}
