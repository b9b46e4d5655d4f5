/**
 * The names of a module and what each means, by the text alone. It follows the rules by which elaboration looks names up; what
 * depends on values, such as the groups of a layer's argument, stays unknown.
 */

import { intrinsicNames } from "../semantics/intrinsics/names.js";
import type { Imported, Module, Modules } from "../semantics/modules.js";
import type * as ast from "../syntax/ast.js";
import { childrenOf } from "../syntax/visit.js";
import { type Segment, pathSegments } from "./segments.js";
import { Paths } from "./path-targets.js";
import { type Defined, type Occurrence, type Target, groupsOf, modelOf, namings, parameterOf, rootOfDefinition, rootOfExpression } from "./targets.js";

export type { Occurrence } from "./targets.js";

/** Names that are given where the language says, beside the built-in functions. */
const givenNames: readonly string[] = ["training", "pi", "infinity", "t", "examples", "ending"];
/** From which argument on the built-in functions take names of axes; `size` and `index` only where none stands behind `over`. */
const axisArguments: Readonly<Record<string, number>> = { size: 0, index: 0, split: 1, merge: 1 };
const isOneAxis = new Set(["size", "index"]);

/** Every name of a module that is known to mean something, in the order of the text. */
export function occurrencesOf(modules: Modules, module: Module): readonly Occurrence[] {
  const walk = new Walk(modules, module);
  module.file.uses.forEach((use) => walk.use(use));
  module.file.definitions.forEach((definition) => walk.definition(definition));
  return walk.found.sort((a, b) => a.start - b.start || a.end - b.end);
}

/** What is known where an expression stands. */
interface Scope {
  readonly owner: Defined;
  /** The names given so far. */
  readonly names: Set<string>;
  /** The stack whose groups a policy names here. */
  readonly stack: Defined | undefined;
}

class Walk {
  readonly found: Occurrence[] = [];
  private readonly paths: Paths;

  constructor(
    private readonly modules: Modules,
    private readonly module: Module,
  ) {
    this.paths = new Paths(modules, module);
  }

  private add({ start, end }: ast.Span, target: Target | undefined, isDeclaration = false): void {
    if (target !== undefined && end > start) this.found.push({ start, end, target, isDeclaration });
  }

  use(use: ast.Use): void {
    const { module } = this;
    const imported = (name: string) => module.imports.get(name);
    const first = use.items?.map((item) => imported((item.alias ?? item.name).name)).find((one) => one?.kind === "definition");
    const whole = use.items === undefined ? imported(use.isFile ? use.module.replace(/^.*\//, "").replace(/\.norm$/, "") : use.module.split(".").at(-1)!) : first;
    if (whole !== undefined && whole.kind !== "missing") this.add(use.modulePlace, { kind: "module", module: whole.module });
    for (const item of use.items ?? []) {
      const target = targetOf(imported((item.alias ?? item.name).name));
      this.add(item.name, target);
      if (item.alias !== undefined) this.add(item.alias, { kind: "alias", module, item, of: target?.kind === "definition" ? target : undefined }, true);
    }
  }

  definition(definition: ast.Definition): void {
    const owner: Defined = { module: this.module, definition };
    this.add(definition.name, { kind: "definition", ...owner }, true);
    const scope: Scope = { owner, names: new Set(), stack: definition.keyword === "stack" ? rootOfDefinition(this.modules, owner) : undefined };
    for (const parameter of definition.parameters ?? []) {
      if (parameter.default !== undefined) this.expression(parameter.default, scope);
      this.declare(parameter.name, scope);
      if (parameter.axes !== undefined) this.add(parameter.axes, { kind: "axes", ...owner, name: parameter.axes.name }, true);
    }
    definition.of?.forEach((of) => this.expression(of, scope));
    if (definition.value !== undefined) this.expression(definition.value, scope);
    this.body(definition.body, scope);
  }

  private declare(name: ast.Identifier, { owner, names }: Scope): void {
    this.add(name, { kind: "local", ...owner, name: name.name }, true);
    names.add(name.name);
  }

  private body(body: readonly ast.Statement[], scope: Scope): void {
    for (const node of body) this.statement(node, scope);
  }

  private statement(node: ast.Statement, scope: Scope): void {
    switch (node.kind) {
      case "Binding":
      case "Param":
      case "State":
      case "Input": {
        const { name, ...rest } = node;
        const kept = node.kind === "Param" ? node.kept : undefined;
        this.parts({ ...rest, kept: undefined } as unknown as ast.Node, scope);
        this.declare(name, scope);
        if (kept !== undefined) this.expression(kept, scope);
        return;
      }
      case "Update":
        this.add(node.name, this.name(node.name.name, scope));
        return this.expression(node.value, scope);
      case "When": {
        this.expression(node.condition, scope);
        const branches = [node.then, node.otherwise ?? []].map((body) => {
          const inside = { ...scope, names: new Set(scope.names) };
          this.body(body, inside);
          return inside.names;
        });
        branches.forEach((names) => names.forEach((name) => scope.names.add(name)));
        return;
      }
      case "Repeat":
        this.expression(node.count, scope);
        return this.body(node.body, { ...scope, names: new Set(scope.names) });
      case "Return": {
        this.expression(node.value, scope);
        if (node.gradient === undefined) return;
        const inside = { ...scope, names: new Set(scope.names) };
        this.declare(node.gradient.cotangent, inside);
        return this.body(node.gradient.body, inside);
      }
      case "Groups":
        for (const group of node.groups) {
          this.add(group.name, scope.stack && { kind: "group", ...scope.stack, name: group.name.name }, true);
          if (group.extent !== undefined) this.expression(group.extent, scope);
        }
        return;
      case "Normalize":
        node.at.forEach((path) => this.path(path, this.paths.ofSite(scope.stack, pathSegments(this.module, path))));
        if (node.policy !== undefined) this.expression(node.policy, scope);
        return;
      default:
        return this.line(node, scope);
    }
  }

  /** The lines of recipes and ablations, and those without names of their own. */
  private line(node: ast.Statement, scope: Scope): void {
    const recipePath = (path: ast.Path) => this.path(path, this.paths.ofParameter(modelOf(this.modules, scope.owner), pathSegments(this.module, path)));
    switch (node.kind) {
      case "Setting":
        node.at.forEach(recipePath);
        if (node.keyword === "precision") return;
        if (node.keyword === "optimizer") this.selectorTexts(node.value, modelOf(this.modules, scope.owner));
        // The loaders are no names that a spec could define.
        if (node.keyword === "data" && node.value.kind === "Call") return node.value.arguments.forEach((argument) => this.expression(argument.value, scope));
        return this.expression(node.value, scope);
      case "Freeze":
        return node.at.forEach(recipePath);
      case "From":
        node.at.forEach(recipePath);
        return node.value.kind === "Call" ? undefined : this.expression(node.value, scope);
      case "Measurement":
        return this.measurement(node, scope);
      case "Vary":
        node.paths.forEach((path) => this.path(path, this.paths.ofAblation(scope.owner, pathSegments(this.module, path))));
        return node.choices.forEach((choice) => this.expression(choice, { ...scope, stack: this.paths.stackOf(scope.owner, node.paths[0]!.segments) }));
      case "Exclude":
        for (const { path, value } of node.conditions) {
          this.path(path, this.paths.ofAblation(scope.owner, pathSegments(this.module, path)));
          this.expression(value, scope);
        }
        return;
      case "AblationReport":
        return node.items.forEach(({ path }) => this.path(path, this.paths.ofReport(scope.owner, pathSegments(this.module, path))));
      default:
        return this.parts(node, scope);
    }
  }

  /** What a measure is taken of are the model's names, and parts of it. */
  private measurement(node: ast.Measurement, scope: Scope): void {
    const model = modelOf(this.modules, scope.owner);
    const names = new Set(model && [...(model.definition.parameters ?? []), ...namings(model.definition.body)].map(({ name }) => name.name));
    const inside: Scope = { owner: model ?? scope.owner, names, stack: undefined };
    for (const measure of node.measures) {
      if (measure.kind !== "Call") this.expression(measure, { ...scope, names: new Set() });
      else {
        this.expression(measure.callee, { ...scope, names: new Set() });
        measure.arguments.forEach((argument) => this.argument(argument, measure, inside));
      }
    }
    if (node.at !== undefined) this.path(node.at, this.paths.ofParameter(model, pathSegments(this.module, node.at)));
    for (const { name, value } of node.given) {
      this.add(name, names.has(name.name) ? this.name(name.name, inside) : undefined);
      this.expression(value, inside);
    }
    if (node.of !== undefined) this.expression(node.of.count, scope);
    if (node.every !== undefined) this.expression(node.every.count, scope);
  }

  private path(path: ast.Path, targets: readonly (Target | undefined)[]): void {
    pathSegments(this.module, path).forEach((segment, i) => this.add(segment, targets[i]));
  }

  /** Optimizers take selectors as texts: `layerwise(first: "embedded, encoder.cls")`. */
  private selectorTexts(node: ast.Node, model: Defined | undefined): void {
    if (node.kind === "String") {
      const segments: Segment[][] = [[]];
      for (const { 0: name, index } of node.value.matchAll(/[^\s,.]+|,/g)) {
        if (name === ",") segments.push([]);
        else segments.at(-1)!.push({ name, start: node.start + 1 + index, end: node.start + 1 + index + name.length });
      }
      for (const path of segments) this.paths.ofParameter(model, path).forEach((target, i) => this.add(path[i]!, target));
    }
    for (const child of childrenOf(node)) this.selectorTexts(child, model);
  }

  private parts(node: ast.Node, scope: Scope): void {
    for (const child of childrenOf(node)) this.node(child, scope);
  }

  private node(node: ast.Node, scope: Scope): void {
    if (node.kind === "Identifier" || node.kind === "Path") return;
    if (node.kind === "Argument") this.expression(node.value, scope);
    else if (node.kind === "AxisDeclaration") this.axis(node, scope);
    else if (node.kind === "PolicyLine") this.policyLine(node, scope);
    else this.expression(node as ast.Expression, scope);
  }

  private axis(node: ast.AxisDeclaration, scope: Scope): void {
    const stands = scope.owner.definition.parameters?.some((parameter) => parameter.axes?.name === node.name.name) === true;
    if (stands) this.add(node.name, { kind: "axes", ...scope.owner, name: node.name.name });
    if (node.extent !== undefined) this.expression(node.extent, scope);
  }

  private policyLine(node: ast.PolicyLine, scope: Scope): void {
    const groups = scope.stack === undefined ? [] : groupsOf(scope.stack);
    for (const group of node.groups ?? []) this.add(group, groups.includes(group.name) ? { kind: "group", ...scope.stack!, name: group.name } : undefined);
    this.expression(node.value, scope);
  }

  private expression(node: ast.Expression, scope: Scope): void {
    switch (node.kind) {
      case "Name":
        return this.add(node, this.name(node.name, scope));
      case "Member":
        this.expression(node.object, scope);
        return this.add(node.name, this.member(node, scope));
      case "Call": {
        this.expression(node.callee, scope);
        const callee = node.callee.kind === "Name" ? node.callee.name : "";
        const from = Object.hasOwn(axisArguments, callee) ? axisArguments[callee]! : Infinity;
        node.arguments.forEach((argument, i) => {
          const isAxis = i >= from && !(isOneAxis.has(callee) && argument.clause !== undefined);
          if (isAxis && argument.value.kind === "Name") {
            if (argument.clause !== undefined) this.parts(argument.clause, scope);
          } else this.argument(argument, node, scope);
        });
        return;
      }
      case "Variant":
        this.expression(node.base, scope);
        return this.variant(node, scope);
      default:
        return this.parts(node, scope);
    }
  }

  private argument(argument: ast.Argument, call: ast.Call, scope: Scope): void {
    if (argument.name !== undefined) {
      const { name } = argument.name;
      const isLocal = call.callee.kind === "Name" && scope.names.has(call.callee.name);
      const callee = isLocal ? undefined : rootOfExpression(this.modules, this.module, call.callee);
      if (callee !== undefined && parameterOf(callee, name) !== undefined) this.add(argument.name, { kind: "local", ...callee, name });
      else if (callee !== undefined && groupsOf(callee).includes(name)) this.add(argument.name, { kind: "group", ...callee, name });
    }
    this.expression(argument.value, scope);
    if (argument.clause !== undefined) this.parts(argument.clause, scope);
  }

  /** The lines of a variant: what they replace belongs to the base. */
  private variant(node: ast.Variant, scope: Scope): void {
    const base = rootOfExpression(this.modules, this.module, node.base);
    const model = base && modelOf(this.modules, base);
    const inside: Scope = { ...scope, owner: base ?? scope.owner, stack: base?.definition.keyword === "stack" ? base : scope.stack };
    for (const item of node.items) {
      if (item.kind === "Binding") {
        const { name } = item.name;
        const parameters = [base, model].find((one) => one !== undefined && parameterOf(one, name) !== undefined);
        this.add(item.name, parameters === undefined ? targetOf(this.visible(base?.module ?? this.module, name) ?? this.visible(this.module, name)) : { kind: "local", ...parameters, name });
        this.expression(item.value, scope);
      } else this.statement(item, { ...inside, names: scope.names });
    }
  }

  private name(name: string, scope: Scope): Target | undefined {
    if (scope.names.has(name)) return { kind: "local", ...scope.owner, name };
    const { module } = this;
    const imported = module.imports.get(name);
    const item = module.definitions.has(name) ? undefined : module.file.uses.flatMap((use) => use.items ?? []).find(({ alias }) => alias?.name === name);
    const target = targetOf(this.visible(module, name));
    if (item !== undefined) return { kind: "alias", module, item, of: imported?.kind === "definition" ? imported : undefined };
    return target ?? (givenNames.includes(name) || intrinsicNames.includes(name) ? { kind: "given", name } : undefined);
  }

  private visible(module: Module, name: string): Imported | undefined {
    const own = module.definitions.get(name);
    return own === undefined ? (module.imports.get(name) ?? this.modules.prelude.get(name)) : { kind: "definition", module, definition: own };
  }

  private member(node: ast.Member, scope: Scope): Target | undefined {
    const { name } = node.name;
    if (node.object.kind === "Name" && !scope.names.has(node.object.name)) {
      const used = this.module.imports.get(node.object.name);
      const definition = used?.kind === "module" ? used.module.definitions.get(name) : undefined;
      if (used?.kind === "module" && definition !== undefined) return { kind: "definition", module: used.module, definition };
    }
    const stack = this.stackGiving(node.object, scope, 0);
    return stack !== undefined && groupsOf(stack).includes(name) ? { kind: "group", ...stack, name } : undefined;
  }

  /** The stack whose groups the value of an expression has. */
  private stackGiving(node: ast.Expression, scope: Scope, depth: number): Defined | undefined {
    if (depth > 20) return undefined;
    if (node.kind === "Where") return this.stackGiving(node.value, scope, depth + 1);
    if (node.kind === "Unary") return this.stackGiving(node.operand, scope, depth + 1);
    if (node.kind === "Renaming") return this.stackGiving(node.object, scope, depth + 1);
    if (node.kind === "Binary") return this.stackGiving(node.left, scope, depth + 1) ?? this.stackGiving(node.right, scope, depth + 1);
    if (node.kind === "Name" && scope.names.has(node.name)) {
      const { owner } = scope;
      const naming = namings(owner.definition.body).find((one) => one.kind === "Binding" && one.name.name === node.name);
      const within: Scope = { ...scope, names: new Set([...scope.names].filter((name) => name !== node.name)) };
      return naming?.kind === "Binding" ? this.stackGiving(naming.value, within, depth + 1) : undefined;
    }
    // In a measure the name of a stack is what it gives.
    const root = node.kind === "Call" || node.kind === "Name" ? rootOfExpression(this.modules, scope.owner.module, node) : undefined;
    if (root?.definition.keyword === "stack") return root;
    // What a function makes of a sequence has its groups still.
    return node.kind === "Call" ? node.arguments.map((argument) => this.stackGiving(argument.value, scope, depth + 1)).find((stack) => stack !== undefined) : undefined;
  }
}

function targetOf(imported: Imported | undefined): Target | undefined {
  if (imported?.kind === "definition") return { kind: "definition", module: imported.module, definition: imported.definition };
  return imported?.kind === "module" ? { kind: "module", module: imported.module } : undefined;
}
