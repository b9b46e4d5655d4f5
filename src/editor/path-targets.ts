/** What the segments of paths mean: of sites, of parameters, of what an ablation varies. Segments that are no names stay unknown. */

import type { Module, Modules } from "../semantics/modules.js";
import type * as ast from "../syntax/ast.js";
import type { Segment } from "./segments.js";
import { type Defined, type Target, groupsOf, modelOf, namings, parameterOf, rootOfDefinition, rootOfExpression, statementsOf } from "./targets.js";

type Targets = readonly (Target | undefined)[];

export class Paths {
  constructor(
    private readonly modules: Modules,
    private readonly module: Module,
  ) {}

  /** `normalize at 3.attention.before`: a sublayer is called by its layer's own name. */
  ofSite(stack: Defined | undefined, segments: readonly Segment[]): Targets {
    if (stack === undefined) return [];
    const layers = this.calledIn(stack);
    return segments.map(({ name }) => definition(layers.find((layer) => layer.definition.name.name === name)));
  }

  /** The definitions that a stack's sublayers come down to. */
  private calledIn({ module, definition: stack }: Defined): readonly Defined[] {
    return statementsOf(stack.body).flatMap((node) => (node.kind === "Sublayer" ? (rootOfExpression(this.modules, module, node.value) ?? []) : []));
  }

  /** `optimizer at logits, encoder.1.mlp`: names that the model binds, stacks, layers and what they declare. */
  ofParameter(model: Defined | undefined, segments: readonly Segment[]): Targets {
    let within = model;
    return segments.map(({ name }) => {
      const local = within === undefined ? undefined : this.declaredIn(within, name);
      if (local !== undefined) {
        const value = local.node.kind === "Binding" ? rootOfExpression(this.modules, local.owner.module, local.node.value) : undefined;
        if (value !== undefined) within = value;
        return { kind: "local", ...local.owner, name };
      }
      const group = within === undefined || !groupsOf(within).includes(name) ? undefined : within;
      if (group !== undefined) return { kind: "group", ...group, name };
      const part = this.parts(model).find((one) => one.definition.name.name === name);
      if (part !== undefined) within = part;
      if (part !== undefined) return definition(part);
      const [only, ...others] = this.parts(model).filter((one) => this.declaredIn(one, name) !== undefined);
      return only !== undefined && others.length === 0 ? { kind: "local", ...only, name } : undefined;
    });
  }

  /** A binding or a parameter that a definition gives a name. */
  private declaredIn(owner: Defined, name: string): { readonly owner: Defined; readonly node: ast.Statement } | undefined {
    const node = namings(owner.definition.body).find((one) => one.name.name === name && (one.kind === "Binding" || one.kind === "Param"));
    return node && { owner, node };
  }

  /** The spec's own definitions that a model may be made of. */
  private parts(model: Defined | undefined): readonly Defined[] {
    const own = this.modules.own.flatMap((module) => [...module.definitions.values()].map((found) => ({ module, definition: found })));
    return own.filter(({ definition: found }) => found !== model?.definition && ["stack", "layer", "norm"].includes(found.keyword));
  }

  /** `vary encoder.normalize.cls`, `vary depth`, perhaps behind the name of a recipe. */
  ofAblation(ablation: Defined, segments: readonly Segment[]): Targets {
    const [recipe, rest] = this.behindRecipe(ablation, segments);
    const [first, second, third] = rest.map(({ name }) => name);
    const before: Targets = recipe === undefined ? [] : [definition(recipe)];
    const models = this.recipesOf(ablation).flatMap((one) => modelOf(this.modules, one) ?? []);
    if (rest.length === 1) {
      const model = models.find((one) => parameterOf(one, first!) !== undefined);
      return [...before, model === undefined ? definition(this.named(first!)) : { kind: "local", ...model, name: first! }];
    }
    const stack = first === undefined ? undefined : this.named(first);
    const root = stack && rootOfDefinition(this.modules, stack);
    if (stack === undefined || root?.definition.keyword !== "stack") return before;
    if (second === "normalize") return [...before, definition(stack), undefined, third !== undefined && groupsOf(root).includes(third) ? { kind: "group", ...root, name: third } : undefined];
    return [...before, definition(stack), second !== undefined && parameterOf(root, second) !== undefined ? { kind: "local", ...root, name: second } : undefined];
  }

  /** The stack that a varied path is about. */
  stackOf(ablation: Defined, segments: readonly string[]): Defined | undefined {
    const recipes = this.recipesOf(ablation).map((one) => one.definition.name.name);
    const first = segments.length > 1 && recipes.includes(segments[0]!) ? segments[1] : segments[0];
    const found = first === undefined ? undefined : this.named(first);
    const root = found && rootOfDefinition(this.modules, found);
    return root?.definition.keyword === "stack" ? root : undefined;
  }

  /** `report recipe.measure`: a report is called by what it calls. */
  ofReport(ablation: Defined, segments: readonly Segment[]): Targets {
    const [recipe, rest] = this.behindRecipe(ablation, segments);
    return [...(recipe === undefined ? [] : [definition(recipe)]), ...rest.map(({ name }) => definition(this.named(name)))];
  }

  private behindRecipe(ablation: Defined, segments: readonly Segment[]): [Defined | undefined, readonly Segment[]] {
    const recipe = segments.length < 2 ? undefined : this.recipesOf(ablation).find((one) => one.definition.name.name === segments[0]!.name);
    return recipe === undefined ? [undefined, segments] : [recipe, segments.slice(1)];
  }

  private recipesOf({ module, definition: ablation }: Defined): readonly Defined[] {
    return (ablation.of ?? []).flatMap((of) => (of.kind === "Name" ? (this.visible(module, of.name) ?? []) : []));
  }

  /** A definition that the module sees under this name, itself and not what it comes down to. */
  private visible(module: Module, name: string): Defined | undefined {
    const own = module.definitions.get(name);
    const imported = module.imports.get(name) ?? this.modules.prelude.get(name);
    return own !== undefined ? { module, definition: own } : imported?.kind === "definition" ? imported : undefined;
  }

  private named(name: string): Defined | undefined {
    return this.visible(this.module, name);
  }
}

function definition(found: Defined | undefined): Target | undefined {
  return found && { kind: "definition", module: found.module, definition: found.definition };
}
