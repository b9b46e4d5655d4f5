/** The picture of a model: its inputs, the values that it names, its stacks, its losses and reports, and what flows between them. */

import type { Place } from "../../diagnostics/diagnostic.js";
import type { Op } from "../../ir/program.js";
import type { TensorType } from "../../ir/types.js";
import type { Elaborator } from "../../semantics/elaborator.js";
import type { Fact } from "../../semantics/facts.js";
import type { StackRecord } from "../../semantics/model.js";
import type { TensorValue, Value } from "../../semantics/values.js";
import type * as ast from "../../syntax/ast.js";
import { callsOf, definitionAt, nodeAt, textAt } from "./expressions.js";
import type { Figure, InnerNorm, ModelEdge, ModelNode } from "./figure.js";
import { type Landmarks, sourcesOf } from "./flow.js";
import { isWithin } from "./paths.js";
import { normOf } from "./sites.js";
import { stackItems } from "./stack-figure.js";
import type { Subject } from "./subject.js";

/** The figure of a model, with the stacks that its own lines call. */
export function figureOf({ elaborator }: Pick<Subject, "elaborator">): Figure {
  return new ModelFigure(elaborator).make();
}

/** Axes but for the batch: `token 16 × feature 64`. */
export function shapeText({ axes }: TensorType): string {
  const own = axes.filter(({ name }) => name !== "batch");
  return own.length === 0 ? "number" : own.map(({ name, extent }) => `${name} ${extent}`).join(" × ");
}

class ModelFigure {
  private readonly nodes = new Map<string, ModelNode>();
  private readonly edges: ModelEdge[] = [];
  private readonly byOp = new Map<Op, string>();
  private readonly bySlot = new Map<string, string>();
  /** What hides elements of the values that have a node. */
  private readonly masks = new Map<string, readonly Op[]>();
  /** Groups of stacks' results. */
  private readonly pieces = new Map<Op, string>();
  private readonly stacks: readonly StackRecord[];
  /** Sites that no policy of a stack decides, outside of stacks. */
  private readonly norms: readonly { readonly path: string; readonly norm: InnerNorm }[];
  private readonly landmarks: Landmarks = { of: (op) => this.byOp.get(op) ?? this.pieces.get(op) ?? (op.kind === "parameter" ? this.bySlot.get(op.attributes.slot) : this.sliceOf(op)), from: 0 };

  constructor(private readonly e: Elaborator) {
    this.stacks = e.stacks.filter(({ path }) => !path.includes("."));
    const inStacks = (site: string) => e.stacks.some(({ path }) => isWithin(site, path));
    this.norms = e.groupSites.filter(({ site }) => !inStacks(site)).map((site) => ({ path: site.site, norm: { name: site.site, ...normOf(site) } }));
  }

  make(): Figure {
    for (const { path } of this.stacks) {
      const { op, masks, groups = [] } = this.e.outputs.get(path)!;
      this.byOp.set(op, path);
      this.masks.set(path, masks);
      for (const { name } of groups) this.masks.set(`${path}\n${name}`, masks);
      // A group that is cut out of the groups joined last is the group itself.
      if (op.kind === "concatenate" && op.operands.length === groups.length) groups.forEach(({ name }, i) => this.pieces.set(op.operands[i]!, `${path}\n${name}`));
    }
    const values = this.facts().flatMap((fact) => this.declare(fact));
    this.stacks.forEach((stack) => this.stack(stack));
    for (const { fact, id, value } of values) if (fact.kind !== "input") this.connect([value], id);
    for (const loss of this.e.losses) this.sink("loss", textAt(loss.place), loss);
    for (const report of this.e.reports) this.sink("report", report.name, report);
    return { nodes: this.ordered(), edges: this.edges };
  }

  /** The model's own names, without those of functions that it calls. */
  private facts(): readonly Fact[] {
    const model = definitionAt(this.e.modules.own, this.e.losses[0]!.place)?.definition;
    const source = this.e.losses[0]!.place.source;
    return this.e.facts.filter(({ kind, path, place }) => path === "" && place.source === source && (kind === "input" || kind === "binding" || kind === "param") && model !== undefined && place.start >= model.start && place.end <= model.end);
  }

  private declare(fact: Fact): readonly { fact: Fact; id: string; value: TensorValue }[] {
    const value = tensorIn(fact.value);
    if (value === undefined) return [];
    const { op } = value;
    const known = this.byOp.get(op);
    const stack = this.nodes.get(known ?? "")?.kind === "stack" || this.stacks.some(({ path }) => path === known);
    if (known !== undefined) {
      // Another name of a value that is there already.
      if (stack && !this.names.has(known)) this.names.set(known, fact.name);
      return [];
    }
    const id = `value ${fact.name}`;
    if (op.kind === "parameter") this.bySlot.set(op.attributes.slot, id);
    else this.byOp.set(op, id);
    this.masks.set(id, value.masks);
    const written = this.written(fact);
    this.nodes.set(id, {
      kind: fact.kind === "input" ? "input" : op.kind === "parameter" ? "parameter" : "value",
      id,
      label: fact.name,
      ...(written !== undefined && { expression: textAt({ source: fact.place.source, ...written }) }),
      calls: written === undefined ? [] : callsOf(written),
      shape: shapeText(op.type),
      norms: [],
    });
    return [{ fact, id, value }];
  }

  /** What the stacks' results are called. */
  private readonly names = new Map<string, string>();

  /** The expression of a binding. */
  private written({ kind, place }: Fact): ast.Expression | undefined {
    if (kind !== "binding") return undefined;
    const module = this.e.modules.own.find(({ source }) => source === place.source)!;
    const bindings = statementsOf(definitionAt([module], place)?.definition.body ?? []);
    return bindings.find((node): node is ast.Binding => node.kind === "Binding" && node.name.start === place.start)?.value;
  }

  private stack(stack: StackRecord): void {
    const { path, callable } = stack;
    const output = this.e.outputs.get(path)!;
    const groups = output.groups ?? [];
    const name = this.names.get(path);
    this.nodes.set(path, { kind: "stack", id: path, label: path, ...(name !== undefined && { name }), groups, shape: shapeText(output.op.type), items: stackItems(this.e, stack) });
    for (const [argument, { value, node, place }] of callable.given) {
      const tensor = tensorIn(value);
      if (tensor === undefined) continue;
      const isGroup = groups.some((group) => group.name === argument);
      const into = isGroup ? { group: argument } : { argument };
      if (!isGroup) this.connect([tensor], path, into);
      else this.argument(tensor, node, place, path, into);
    }
  }

  /** A group: a value of the model, a sum of values, or an expression, which gets a box of its own. */
  private argument(value: TensorValue, node: ast.Expression | undefined, place: Place, to: string, into: NonNullable<ModelEdge["into"]>): void {
    const { op } = value;
    if (this.landmarks.of(op) !== undefined) return this.connect([value], to, into);
    // A part of a sum may be repeated along axes that it lacks.
    if (op.kind === "broadcast" || op.kind === "cast") return this.argument(this.e.tensor(op.operands[0]!, value.masks), node, place, to, into);
    const written = node?.kind === "Where" ? node.value : node;
    if (op.kind === "add" && written?.kind === "Binary" && written.operator === "+") {
      const id = `sum ${to} ${"group" in into ? into.group : ""}`;
      this.nodes.set(id, { kind: "sum", id, label: "+", calls: [], norms: [] });
      op.operands.forEach((operand, i) => this.argument(this.e.tensor(operand), i === 0 ? written.left : written.right, place, id, { argument: "" }));
      this.connect([this.e.tensor(op, value.masks)], to, into, id);
      return;
    }
    const text = written === undefined ? undefined : textAt({ source: place.source, start: written.start, end: written.end });
    const id = `given ${to} ${this.nodes.size}`;
    this.nodes.set(id, { kind: "given", id, label: text ?? "value", calls: written === undefined ? [] : callsOf(written), shape: shapeText(op.type), norms: [] });
    this.connect([value], id);
    this.edges.push({ from: id, to, ...named(into) });
  }

  private sink(kind: "loss" | "report", label: string, { value, place }: { value: TensorValue; place: Place }): void {
    const id = `${kind} ${this.nodes.size}`;
    const module = this.e.modules.own.find(({ source }) => source === place.source);
    const node = module === undefined ? undefined : nodeAt(module, place.start, place.end);
    const calls = node === undefined ? [] : callsOf(node.kind === "Report" ? node.value : node);
    this.nodes.set(id, { kind, id, label, expression: textAt(place), calls, norms: [] });
    this.connect([value], id);
  }

  /** Edges from everything that a value is computed from. `through` is a node that stands between. */
  private connect(values: readonly TensorValue[], to: string, into?: ModelEdge["into"], through?: string): void {
    const landmarks = { ...this.landmarks, of: (op: Op) => (this.byOp.get(op) === to ? undefined : this.landmarks.of(op)) };
    const places = new Set<string>();
    const roots = through === undefined ? values.map(({ op }) => op) : [];
    const sources = sourcesOf(roots, landmarks, (op) => void places.add(op.place));
    const known = new Set(sources.flatMap((source) => this.masks.get(source) ?? []));
    const masks = sourcesOf(values.flatMap((value) => value.masks.filter((mask) => !known.has(mask))), landmarks).filter((source) => !sources.includes(source));
    for (const [isMask, some] of [[false, sources], [true, masks]] as const) {
      for (const source of some) {
        const [from, ...groups] = source.split("\n") as [string, ...string[]];
        const edge: ModelEdge = { from, to, ...(groups.length > 0 && { groups }), ...(isMask && { isMask }), ...named(into) };
        if (from !== to && !this.edges.some((own) => JSON.stringify(own) === JSON.stringify(edge))) this.edges.push(edge);
      }
    }
    if (through !== undefined) this.edges.push({ from: through, to, ...named(into) });
    const node = this.nodes.get(to);
    if (node === undefined || node.kind === "stack") return;
    const norms = this.norms.filter(({ path }) => [...places].some((place) => isWithin(place, path)));
    if (norms.length > 0) this.nodes.set(to, { ...node, norms: [...node.norms, ...norms.map(({ norm }) => norm)] });
  }

  /** A group of what a stack gives. */
  private sliceOf(op: Op): string | undefined {
    if (op.kind !== "slice" || op.attributes.axis !== "token") return undefined;
    const from = this.byOp.get(op.operands[0]!);
    const groups = this.stacks.some(({ path }) => path === from) ? (this.e.outputs.get(from!)!.groups ?? []) : [];
    let start = 0;
    for (const { name, extent } of groups) {
      if (op.attributes.start === start && op.attributes.extent === extent) return `${from}\n${name}`;
      start += extent;
    }
    return undefined;
  }

  /** In the order of computation. */
  private ordered(): readonly ModelNode[] {
    const result = new Map<string, ModelNode>();
    const visit = (id: string) => {
      if (result.has(id)) return;
      for (const { from, to } of this.edges) if (to === id && from !== id) visit(from);
      result.set(id, this.nodes.get(id)!);
    };
    [...this.nodes.keys()].forEach(visit);
    return [...result.values()];
  }
}

function named(into: ModelEdge["into"]): { into?: NonNullable<ModelEdge["into"]> } {
  return into === undefined || ("argument" in into && into.argument === "") ? {} : { into };
}

function tensorIn(value: Value): TensorValue | undefined {
  return value.kind === "tensor" ? value : value.kind === "pending" ? value.declared() : undefined;
}

/** The statements of a body, and of the branches in it. */
function statementsOf(body: readonly ast.Statement[]): readonly ast.Statement[] {
  return body.flatMap((node) => (node.kind === "When" ? statementsOf([...node.then, ...(node.otherwise ?? [])]) : [node]));
}
