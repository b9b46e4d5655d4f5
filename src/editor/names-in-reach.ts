/** Names that mean something at the cursor, also where the definition around it cannot be read yet. */

import type { IToken } from "#chevrotain";
import { intrinsicNames, loaderNames } from "../semantics/intrinsics/names.js";
import { type Module, standardModules } from "../semantics/modules.js";
import { roles } from "../semantics/selectors.js";
import type * as ast from "../syntax/ast.js";
import { childrenOf } from "../syntax/visit.js";
import type { Spec } from "./spec.js";
import { type Defined, groupsOf, modelOf, namings, parameterOf, rootOfDefinition, rootOfExpression, statementsOf } from "./targets.js";

/** A name that a definition gives before the cursor. */
interface Local {
  readonly name: string;
  readonly kind: "parameter" | "state" | "binding";
}

const loaders: ReadonlySet<string> = new Set(loaderNames);
const isWord = (token: IToken | undefined) => token !== undefined && /^[\p{L}_]/u.test(token.image);

export class NamesInReach {
  readonly loaders: Iterable<string> = loaderNames;
  readonly builtIns: readonly string[] = intrinsicNames.filter((name) => !loaders.has(name));

  /** @param tokens those of the definition before the cursor. */
  constructor(
    private readonly spec: Spec,
    private readonly tokens: readonly IToken[],
    private readonly offset: number,
  ) {}

  /** The definition around the cursor, as far as it could be read. */
  private get around(): Defined | undefined {
    const start = this.tokens[0]?.startOffset;
    const module = this.spec.main;
    const definition = module.file.definitions.find((one) => one.start === start || (one.start <= this.offset && this.offset <= one.end));
    return definition && { module, definition };
  }

  /** Read off the tokens, since a bracket that is still open hides a whole definition from the tree. */
  locals(): readonly Local[] {
    const found = new Map<string, Local>();
    let depth = 0;
    let isHead = true;
    this.tokens.forEach((token, i) => {
      const next = this.tokens[i + 1]?.image;
      const before = this.tokens[i - 1]?.image;
      if ("([".includes(token.image)) depth++;
      else if (")]".includes(token.image)) depth--;
      else if (token.image === "{") isHead = false;
      else if (!isWord(token)) return;
      else if (isHead && depth === 1 && (before === "(" || before === ",")) found.set(token.image, { name: token.image, kind: "parameter" });
      else if (before === "state" || before === "shared" || before === "stream") found.set(token.image, { name: token.image, kind: "state" });
      else if (before === "param" || before === "input" || (depth === 0 && !isHead && next === "=")) found.set(token.image, { name: token.image, kind: "binding" });
    });
    return [...found.values()];
  }

  states(): readonly string[] {
    const isOptimizer = this.tokens[0]?.image === "optimizer";
    return this.locals().filter(({ kind }, i) => kind === "state" || (isOptimizer && i === 0)).map(({ name }) => name);
  }

  /** The groups of the stack around the cursor, or of the one that is varied there. */
  groups(): readonly string[] {
    const at = this.tokens.findIndex(({ image }, i) => image === "groups" && this.tokens[i + 1]?.image === "{");
    if (at >= 0) {
      const end = this.tokens.findIndex(({ image }, i) => i > at && image === "}");
      const names = this.tokens.slice(at + 2, end < 0 ? undefined : end);
      return names.filter((token, i) => isWord(token) && (i === 0 || names[i - 1]!.image === ",")).map(({ image }) => image);
    }
    const base = this.base();
    return base === undefined ? [] : groupsOf(base);
  }

  /** What the nearest `with {` before the cursor varies. */
  private base(): Defined | undefined {
    const open: number[] = [];
    this.tokens.forEach(({ image }, i) => {
      if (image === "{") open.push(i);
      else if (image === "}") open.pop();
    });
    const brace = open.findLast((i) => this.tokens[i - 1]?.image === "with");
    const name = brace === undefined ? undefined : this.tokens[brace - 2]?.image;
    return name === undefined ? undefined : this.named([name]);
  }

  /** What a variant may replace: parameters of its base and of the model, and definitions. */
  replaced(): readonly string[] {
    const base = this.base();
    const model = base && modelOf(this.spec.modules, base);
    const parameters = [base, model].flatMap((one) => one?.definition.parameters?.map(({ name }) => name.name) ?? []);
    return [...parameters, ...this.spec.main.definitions.keys(), ...this.spec.main.imports.keys()];
  }

  /** What the model of the recipe around the cursor names. */
  measured(): readonly string[] {
    const model = this.around && modelOf(this.spec.modules, this.around);
    return model === undefined ? [] : [...(model.definition.parameters ?? []), ...namings(model.definition.body)].map(({ name }) => name.name);
  }

  /** Definitions by the names under which the spec sees them. */
  definitions(): ReadonlyMap<string, Defined> {
    const { main, modules } = this.spec;
    const found = new Map<string, Defined>();
    for (const [name, imported] of [...modules.prelude, ...main.imports]) if (imported.kind === "definition") found.set(name, imported);
    for (const [name, definition] of main.definitions) if (name !== "") found.set(name, { module: main, definition });
    return found;
  }

  modules(): readonly string[] {
    return [...this.spec.main.imports].filter(([, imported]) => imported.kind === "module").map(([name]) => name);
  }

  /** Definitions of the standard library that are not in use. */
  *elsewhere(): Iterable<Defined> {
    for (const name of standardModules) {
      const module = this.spec.modules.named(`std.${name}`);
      for (const definition of module?.definitions.values() ?? []) yield { module: module!, definition };
    }
  }

  /** A module by the name in a `use` line. */
  module(name: string): Module | undefined {
    if (name.startsWith("std.")) return this.spec.modules.named(name);
    const path = name.startsWith('"') ? name.slice(1, -1) : `${name.replaceAll(".", "/")}.norm`;
    return this.spec.modules.own.find(({ source }) => source.path.endsWith(`/${path}`));
  }

  /** What a dotted name comes down to. */
  named(name: readonly string[]): Defined | undefined {
    const [first, second] = name;
    if (first === undefined) return undefined;
    const { main, modules } = this.spec;
    const used = second === undefined ? undefined : main.imports.get(first);
    const definition = second === undefined ? undefined : used?.kind === "module" ? used.module.definitions.get(second) : undefined;
    if (used?.kind === "module" && definition !== undefined) return rootOfDefinition(modules, { module: used.module, definition });
    const found = second === undefined ? this.definitions().get(first) : undefined;
    return found && rootOfDefinition(modules, found);
  }

  /** What may stand behind a dot: a module's definitions, or the groups that a stack gives. */
  members(object: readonly string[]): { readonly module?: Module; readonly groups: readonly string[] } {
    const name = object.at(-1);
    if (name === undefined) return { groups: [] };
    const used = this.spec.main.imports.get(name);
    if (used?.kind === "module" && object.length === 1) return { module: used.module, groups: [] };
    const at = this.tokens.findLastIndex(({ image }, i) => image === name && this.tokens[i + 1]?.image === "=");
    const callee = at < 0 ? undefined : this.named([this.tokens[at + 2]?.image ?? ""]);
    const model = this.around && modelOf(this.spec.modules, this.around);
    const naming = model && namings(model.definition.body).find((one) => one.kind === "Binding" && one.name.name === name);
    const measured = naming?.kind === "Binding" ? rootOfExpression(this.spec.modules, model!.module, naming.value) : this.named([name]);
    return { groups: [callee, measured].flatMap((one) => (one === undefined ? [] : groupsOf(one))) };
  }

  /** Names of axes that the spec and what it uses speak of. */
  axes(): readonly string[] {
    const found = new Set(["token", "feature", "batch"]);
    const visit = (node: ast.Node): void => {
      if (node.kind === "Clause" || node.kind === "Input" || node.kind === "Param" || node.kind === "ParamExpression") node.axes.forEach((axis) => found.add(axis.name.name));
      childrenOf(node).forEach(visit);
    };
    visit(this.spec.main.file);
    return [...found];
  }

  /** What a path may go on with. */
  segments(of: "sites" | "parameters" | "varied" | "reports", before: readonly string[]): readonly string[] {
    const { modules } = this.spec;
    const { around } = this;
    const model = around && modelOf(modules, around);
    switch (of) {
      case "sites": {
        const stack = this.around?.definition.keyword === "stack" ? rootOfDefinition(modules, this.around) : this.base();
        const layers = this.sublayers(stack);
        return before.length === 0 ? [...layers, "first", "last", "initial", "final"] : [...layers, "before", "after", "*"];
      }
      case "parameters":
        return [...(before.length === 0 ? roles : []), ...(model === undefined ? [] : namings(model.definition.body).filter(({ kind }) => kind !== "Input").map(({ name }) => name.name)), ...this.stacks()];
      case "reports":
      case "varied": {
        const recipes = (around?.definition.of ?? []).flatMap((node) => (node.kind === "Name" ? [node.name] : []));
        const models = recipes.flatMap((name) => {
          const recipe = this.definitions().get(name);
          return (recipe && modelOf(modules, recipe)) ?? [];
        });
        if (of === "reports") return before.length === 0 ? recipes : [...this.definitions()].filter(([, { definition }]) => ["measure", "objective", "function"].includes(definition.keyword)).map(([name]) => name);
        const last = before.at(-1);
        const stack = last === undefined ? undefined : this.named([last === "normalize" ? (before.at(-2) ?? "") : last]);
        if (last === "normalize") return stack === undefined ? [] : groupsOf(stack);
        if (stack?.definition.keyword === "stack") return ["normalize", "place", ...(stack.definition.parameters ?? []).map(({ name }) => name.name)];
        const parameters = models.flatMap((one) => (one.definition.parameters ?? []).filter(({ name }) => parameterOf(one, name.name)).map(({ name }) => name.name));
        return [...this.stacks(), ...parameters, "batch", "epochs", "steps", "optimizer", "schedule", "precision", ...(before.length === 0 ? recipes : [])];
      }
    }
  }

  private stacks(): readonly string[] {
    return [...this.definitions()].filter(([, { definition }]) => definition.keyword === "stack").map(([name]) => name);
  }

  /** The layers of a stack, by the names that its sites have. */
  private sublayers(stack: Defined | undefined): readonly string[] {
    if (stack === undefined) return [];
    return statementsOf(stack.definition.body).flatMap((node) => {
      const layer = node.kind === "Sublayer" ? rootOfExpression(this.spec.modules, stack.module, node.value) : undefined;
      return layer === undefined ? [] : [layer.definition.name.name];
    });
  }
}
