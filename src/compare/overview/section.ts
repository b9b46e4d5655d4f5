/** How a sublayer, its norms and the stream are joined, read off the operations: a placement is whatever its text says. */

import type { Op } from "../../ir/program.js";
import type { Elaborator } from "../../semantics/elaborator.js";
import type { StackRecord, SublayerRecord } from "../../semantics/model.js";
import { numberText } from "../../semantics/values.js";
import type { InnerNorm, SectionNode } from "./figure.js";
import { type Landmarks, sourcesOf, unwrapped } from "./flow.js";
import { isWithin } from "./paths.js";
import { type Landing, landingsAt, normOf } from "./sites.js";

/** A node before repeats are joined: a norm has what lands at it here. */
export type RawNode = Exclude<SectionNode, { kind: "norm" }> | { readonly kind: "norm"; readonly id: string; readonly site: string; readonly landings: readonly Landing[] };

export interface RawSection {
  readonly kind: "section";
  readonly path: string;
  readonly label: string;
  readonly placement?: string;
  readonly carries: readonly string[];
  readonly nodes: readonly RawNode[];
  readonly edges: readonly (readonly [from: string, to: string])[];
}

/** The stream before a section and behind it. */
export interface Stream {
  readonly before: Op;
  readonly after: Op;
}

/** The section of a sublayer. */
export function sublayerSection(e: Elaborator, { path, layer, placement }: SublayerRecord, stream: Stream): RawSection {
  const layerName = layer.definition.name.name;
  const carries = streamsOf(placement.definition.body);
  const graph = new SectionGraph(e, stream, placement.definition.name.name, carries);
  for (const site of e.sites) if (site.stack !== "" && isWithin(site.path, path)) graph.addSite(site.path, path);
  graph.addLayer(path, layerName, innerNorms(e, path));
  for (const part of e.outputs.keys()) if (isWithin(part, path) && part !== path) graph.addPart(part, path);
  return { kind: "section", path, label: layerName, placement: placement.definition.name.name, carries, ...graph.read() };
}

/** The section of a bare `normalize`. */
export function bareSection(e: Elaborator, site: string, { path: stack, placement }: StackRecord, stream: Stream): RawSection {
  const label = site.slice(stack.length + 1).split(".").at(-1)!;
  const graph = new SectionGraph(e, stream, label, streamsOf(placement?.definition.body ?? []));
  graph.addSite(site, stack);
  return { kind: "section", path: site, label, carries: [], ...graph.read() };
}

/** A sublayer of which nothing but its sites is known: those of stacks in the standard library. */
export function opaqueSection(e: Elaborator, { path, layer, placement }: SublayerRecord): RawSection {
  const sites = e.sites.filter((site) => site.stack !== "" && isWithin(site.path, path));
  const nodes: RawNode[] = sites.map((site) => ({ kind: "norm", id: site.path, site: site.path.slice(path.length + 1), landings: landingsAt(e.groupSites, site.path) }));
  const form: RawNode = { kind: "form", id: "form", label: `${placement.definition.name.name} of ${layer.definition.name.name}` };
  const edges = [["in", "form"], ...nodes.map(({ id }) => ["form", id]), ["form", "out"]] as [string, string][];
  return { kind: "section", path, label: layer.definition.name.name, placement: placement.definition.name.name, carries: [], nodes: [...nodes, form], edges };
}

/** Norms that the layer calls by itself, at any depth. */
function innerNorms(e: Elaborator, path: string): readonly InnerNorm[] {
  const stacked = new Set(e.sites.filter(({ stack }) => stack !== "").map((site) => site.path));
  return e.groupSites.filter(({ site }) => isWithin(site, path) && !stacked.has(site)).map((site) => ({ name: site.site.slice(path.length + 1), ...normOf(site) }));
}

function streamsOf(body: readonly { readonly kind: string }[]): readonly string[] {
  return body.flatMap((node) => (node.kind === "State" && "scope" in node && node.scope === "stream" ? [(node as unknown as { name: { name: string } }).name.name] : []));
}

/** Reads a section backwards, from the stream behind it. */
class SectionGraph {
  private readonly landmarks = new Map<Op, RawNode>();
  private readonly marked = new Map<string, RawNode>();
  private readonly nodes = new Map<string, RawNode>();
  private readonly edges: [string, string][] = [];
  /** What comes in to a landmark: the operations that it is computed from. */
  private readonly inputs = new Map<string, readonly Op[]>();
  private readonly known = new Map<Op, string>();
  private readonly flow: Landmarks;

  constructor(
    private readonly e: Elaborator,
    private readonly stream: Stream,
    private readonly placement: string,
    private readonly carries: readonly string[],
  ) {
    this.flow = { of: (op) => (op === stream.before ? "in" : this.landmarks.get(op)?.id), from: stream.before.id };
  }

  addSite(path: string, within: string): void {
    const input = this.e.siteInputs.get(path)?.op;
    const output = this.siteOutput(path);
    if (input === undefined || output === undefined || output === input) return;
    const node: RawNode = { kind: "norm", id: path.slice(within.length + 1), site: path.slice(within.length + 1), landings: landingsAt(this.e.groupSites, path) };
    this.add(output, node, [input]);
  }

  addLayer(path: string, label: string, norms: readonly InnerNorm[]): void {
    const output = this.e.outputs.get(path)?.op;
    if (output === undefined) return;
    // A layer that gives what it is given, such as dropout at a rate of 0, is still there.
    this.add(output, { kind: "layer", id: "layer", label, norms }, output === this.stream.before ? [] : output.operands);
  }

  /** A layer that the placement calls. What the sublayer itself calls is never met: its own result is met first. */
  addPart(path: string, within: string): void {
    const { op } = this.e.outputs.get(path)!;
    const label = path.slice(within.length + 1);
    if (op !== this.stream.before && !this.landmarks.has(op)) this.add(op, { kind: "part", id: `part ${label}`, label }, op.operands);
  }

  read(): { nodes: readonly RawNode[]; edges: readonly (readonly [string, string])[] } {
    const { before, after } = this.stream;
    const identity = [...this.landmarks.values()].find(({ kind }) => kind === "layer");
    if (before === after && identity !== undefined) return { nodes: [identity], edges: [["in", "layer"], ["layer", "out"]] };
    this.connect(this.value(after), "out");
    return { nodes: this.ordered(), edges: this.edges };
  }

  /** Each node behind those that it reads. */
  private ordered(): readonly RawNode[] {
    const result = new Set<RawNode>();
    const visit = (id: string) => {
      for (const [from, to] of this.edges) if (to === id) visit(from);
      const node = this.nodes.get(id);
      if (node !== undefined) result.add(node);
    };
    visit("out");
    return [...result];
  }

  private add(op: Op, node: RawNode, inputs: readonly Op[]): void {
    if (op === this.stream.before && node.kind !== "layer") return;
    this.landmarks.set(op, node);
    this.marked.set(node.id, node);
    this.inputs.set(node.id, inputs);
  }

  /** The node that gives this value, and all that it rests on. */
  private value(op: Op): string {
    const known = this.known.get(op);
    if (known !== undefined) return known;
    const id = this.computed(op);
    this.known.set(op, id);
    return id;
  }

  private computed(op: Op): string {
    if (op === this.stream.before) return "in";
    const landmark = this.landmarks.get(op);
    if (landmark !== undefined) return this.landmark(landmark);
    const moving = op.operands.filter((operand) => this.rests(operand));
    if (moving.length === 0) return this.carried(op);
    if (moving.length === 1 && op.operands.length === 1 && (op.kind === "broadcast" || op.kind === "cast" || op.kind === "stop_gradient")) return this.value(moving[0]!);
    if (op.kind === "add" && moving.length === 2) return this.node({ kind: "sum", id: `sum ${op.id}` }, moving);
    if (op.kind === "mul" && moving.length === 1 && op.operands.length === 2) {
      const by = this.factor(op.operands.find((operand) => operand !== moving[0])!);
      if (by !== undefined) return this.node({ kind: "scale", id: `scale ${op.id}`, by }, moving);
    }
    return this.form(op);
  }

  private landmark(node: RawNode): string {
    if (this.nodes.has(node.id)) return node.id;
    const inputs = this.inputs.get(node.id)!;
    if (node.kind === "norm") return this.node(node, inputs);
    this.nodes.set(node.id, node);
    for (const source of sourcesOf(inputs, { ...this.flow, of: (op) => this.outside(op, node) })) this.connect(this.named(source), node.id);
    return node.id;
  }

  /** What stands around a layer or a part, and not in it: the sublayer may call layers of its own. */
  private outside(op: Op, node: RawNode): string | undefined {
    const found = this.landmarks.get(op);
    if (found?.kind !== "part") return this.flow.of(op);
    const isInside = node.kind === "layer" || (node.kind === "part" && isWithin(found.label, node.label));
    return isInside ? undefined : found.id;
  }

  private node(node: RawNode, inputs: readonly Op[]): string {
    this.nodes.set(node.id, node);
    for (const input of inputs) this.connect(this.value(input), node.id);
    return node.id;
  }

  /** A value that rests on neither the stream nor the sublayer came along beside the sequence. */
  private carried(op: Op): string {
    return this.node({ kind: "carried", id: `carried ${op.id}`, label: this.carries.length === 0 ? "from before" : this.carries.join(", ") }, []);
  }

  private form(op: Op): string {
    const id = `form ${op.id}`;
    this.nodes.set(id, { kind: "form", id, label: this.placement });
    for (const source of sourcesOf(op.operands, this.flow)) this.connect(this.named(source), id);
    return id;
  }

  private named(source: string): string {
    return source === "in" ? source : this.landmark(this.marked.get(source)!);
  }

  private connect(from: string, to: string): void {
    if (!this.edges.some(([a, b]) => a === from && b === to)) this.edges.push([from, to]);
  }

  private rests(op: Op): boolean {
    return sourcesOf([op], this.flow).length > 0;
  }

  /** What a value is multiplied by. */
  private factor(op: Op): string | undefined {
    const own = unwrapped(op);
    if (own.kind === "constant") return numberText(own.attributes.value);
    return own.kind === "parameter" ? own.attributes.slot.split(".").at(-1)! : undefined;
  }

  /** What a site gives: the result of its one norm, or its groups joined again. */
  private siteOutput(path: string): Op | undefined {
    const landings = landingsAt(this.e.groupSites, path);
    const results = landings.map(({ groups }) => this.e.outputs.get(`${path}.${groups.join("+")}`)!.op);
    if (landings.length === 1) return results[0];
    const owned = (op: Op): boolean => results.includes(op) || (op.kind === "slice" && results.includes(op.operands[0]!));
    const groups = landings.reduce((count, landing) => count + landing.groups.length, 0);
    const first = Math.min(...results.map(({ id }) => id));
    return this.e.builder.operations.slice(first).find((op) => op.kind === "concatenate" && op.operands.length === groups && op.operands.every(owned));
  }
}
