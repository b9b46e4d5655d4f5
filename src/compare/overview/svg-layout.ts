/** Places for the boxes and edges of a figure, by ELK's layered layout. */

import type { ElkExtendedEdge, ElkNode, ElkPort } from "elkjs/lib/elk-api.js";
import type { Figure, StackItem, StackNode } from "./figure.js";
import { type Box, type Coding, groupChips, sectionBox, titleBox, valueBox } from "./svg-boxes.js";
import { trunkOf } from "./trunk.js";

export interface Point {
  readonly x: number;
  readonly y: number;
}

export interface PlacedBox {
  readonly x: number;
  readonly y: number;
  readonly box: Box;
}
/** A stack or a repeat, drawn below what it holds. */
export interface PlacedFrame {
  readonly kind: "stack" | "repeat";
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
  /** Of a repeat. */
  readonly count?: number;
}
export interface PlacedEdge {
  readonly points: readonly Point[];
  /** The groups that it carries inside of a stack; elsewhere one group, or none for other values. */
  readonly groups: readonly string[];
  readonly isStream: boolean;
  readonly isMask: boolean;
  /** What the value is to the stack: the name of its parameter. */
  readonly label?: string;
}
export interface PlacedFigure {
  readonly width: number;
  readonly height: number;
  readonly frames: readonly PlacedFrame[];
  readonly boxes: readonly PlacedBox[];
  readonly edges: readonly PlacedEdge[];
}

const options = {
  "elk.algorithm": "layered",
  "elk.direction": "DOWN",
  "elk.hierarchyHandling": "INCLUDE_CHILDREN",
  "elk.edgeRouting": "ORTHOGONAL",
  "elk.layered.nodePlacement.strategy": "NETWORK_SIMPLEX",
  "elk.layered.considerModelOrder.strategy": "PREFER_EDGES",
  "elk.spacing.nodeNode": "22",
  "elk.spacing.edgeNode": "16",
  "elk.spacing.edgeEdge": "12",
  "elk.layered.spacing.nodeNodeBetweenLayers": "26",
  "elk.layered.spacing.edgeNodeBetweenLayers": "12",
  "elk.layered.spacing.edgeEdgeBetweenLayers": "10",
  "elk.json.shapeCoords": "ROOT",
  "elk.json.edgeCoords": "ROOT",
  "elk.padding": "[top=0,left=0,bottom=0,right=0]",
};

/** Lays a figure out. ELK is loaded here, since it is large. */
export async function layout(figure: Figure, coding: Coding): Promise<PlacedFigure> {
  const graph = new Graph(figure, coding);
  const { default: Elk } = await import("elkjs/lib/elk.bundled.js");
  const elk = new Elk.default();
  return graph.placed(await elk.layout(graph.root()));
}

type EdgeFacts = Omit<PlacedEdge, "points">;

/** The figure as ELK wants it, and back. */
class Graph {
  private readonly boxes = new Map<string, Box>();
  private readonly frames = new Map<string, Pick<PlacedFrame, "kind" | "count">>();
  private readonly edges: ElkExtendedEdge[] = [];
  private readonly facts = new Map<string, EdgeFacts>();
  private readonly children: ElkNode[];

  constructor(
    private readonly figure: Figure,
    private readonly coding: Coding,
  ) {
    this.children = figure.nodes.map((node) => (node.kind === "stack" ? this.stack(node) : this.leaf(node.id, valueBox(node, coding))));
    for (const { from, to, groups, into, isMask } of figure.edges) {
      const [source, target] = [figure.nodes.find(({ id }) => id === from)!, figure.nodes.find(({ id }) => id === to)!];
      const start = source.kind === "stack" ? `${from} end${groups?.length === 1 ? `:${groups[0]}` : ""}` : from;
      const isGroup = into !== undefined && "group" in into;
      const end = target.kind !== "stack" ? to : isGroup ? `${to} groups:${into.group}` : to;
      const carried = isGroup ? [into.group] : groups?.length === 1 ? groups : [];
      this.edge(start, end, { groups: isMask === true ? [] : carried, isStream: false, isMask: isMask === true, ...(into !== undefined && "argument" in into && { label: into.argument }) });
    }
  }

  root(): ElkNode {
    return { id: "root", layoutOptions: options, children: this.children, edges: this.edges };
  }

  private leaf(id: string, box: Box, ports?: readonly ElkPort[]): ElkNode {
    this.boxes.set(id, box);
    return { id, width: box.width, height: box.height, ...(ports !== undefined && { ports: [...ports], layoutOptions: { "elk.portConstraints": "FIXED_POS" } }) };
  }

  private stack(node: StackNode): ElkNode {
    const { id, label, name, groups, shape, items } = node;
    this.frames.set(id, { kind: "stack" });
    const ends = (which: "groups" | "end"): ElkNode => {
      const chips = groupChips(groups, this.coding);
      const isFirst = which === "groups";
      const outer = [...chips.middles].map(([group, x]): ElkPort => ({ id: `${id} ${which}:${group}`, x, y: isFirst ? 0 : chips.height, width: 0, height: 0, layoutOptions: { "elk.port.side": isFirst ? "NORTH" : "SOUTH" } }));
      const inner: ElkPort = { id: `${id} ${which}:`, x: chips.width / 2, y: isFirst ? chips.height : 0, width: 0, height: 0, layoutOptions: { "elk.port.side": isFirst ? "SOUTH" : "NORTH" } };
      const all: ElkPort = { id: `${id} ${which}`, x: chips.width / 2, y: isFirst ? 0 : chips.height, width: 0, height: 0, layoutOptions: { "elk.port.side": isFirst ? "NORTH" : "SOUTH" } };
      return this.leaf(`${id} ${which} chips`, chips, [...outer, inner, all]);
    };
    const streams = groups.map((group) => group.name);
    const first = ends("groups");
    const { children, last } = this.items(items, `${id} groups:`, id, streams);
    this.edge(last, `${id} end:`, { groups: streams, isStream: true, isMask: false });
    const title = this.leaf(`${id} title`, titleBox(label, name === undefined || name === label ? shape : `${name}: ${shape}`));
    return { id, children: [title, first, ...children, ends("end")], layoutOptions: { "elk.padding": "[top=16,left=18,bottom=18,right=18]" } };
  }

  private items(items: readonly StackItem[], before: string, path: string, streams: readonly string[]): { children: ElkNode[]; last: string } {
    const children: ElkNode[] = [];
    let last = before;
    items.forEach((item, i) => {
      const own = `${path}/${i}`;
      if (item.kind === "repeat") {
        const inside = this.items(item.items, last, own, streams);
        last = inside.last;
        this.frames.set(own, { kind: "repeat", count: item.count });
        children.push({ id: own, children: inside.children, layoutOptions: { "elk.padding": "[top=16,left=14,bottom=14,right=46]" } });
        return;
      }
      const before = last;
      const trunk = trunkOf(item);
      const named = (id: string) => (id === "in" ? before : `${own} ${id}`);
      const sums = new Set(item.nodes.flatMap(({ kind, id }) => (kind === "sum" ? [id] : [])));
      for (const node of item.nodes) children.push(this.leaf(`${own} ${node.id}`, sectionBox(node, this.coding), sums.has(node.id) ? sumPorts(`${own} ${node.id}`) : undefined));
      for (const [from, to] of item.edges) {
        const start = sums.has(from) ? `${named(from)} out` : named(from);
        if (to === "out") last = start;
        else {
          const isTrunk = trunk.some((id, at) => id === from && trunk[at + 1] === to);
          // The stream comes to a sum from above, and what is added to it from the side.
          this.edge(start, sums.has(to) ? `${named(to)} ${isTrunk ? "stream" : "branch"}` : named(to), { groups: streams, isStream: true, isMask: false }, isTrunk);
        }
      }
    });
    return { children, last };
  }

  /** @param isStraight other edges rather than it should bend. */
  private edge(from: string, to: string, facts: EdgeFacts, isStraight = false): void {
    const id = `edge ${this.edges.length}`;
    this.facts.set(id, facts);
    this.edges.push({ id, sources: [from], targets: [to], ...(isStraight && { layoutOptions: { "elk.layered.priority.straightness": "10", "elk.layered.priority.shortness": "1" } }) });
  }

  placed(root: ElkNode): PlacedFigure {
    const boxes: PlacedBox[] = [];
    const frames: PlacedFrame[] = [];
    const visit = (node: ElkNode) => {
      const { id, x = 0, y = 0, width = 0, height = 0 } = node;
      const box = this.boxes.get(id);
      const frame = this.frames.get(id);
      if (box !== undefined) boxes.push({ x, y, box });
      if (frame !== undefined) frames.push({ x, y, width, height, ...frame });
      node.children?.forEach(visit);
    };
    root.children?.forEach(visit);
    const edges = (root.edges ?? []).flatMap(({ id, sections = [] }) => sections.map(({ startPoint, bendPoints = [], endPoint }): PlacedEdge => ({ points: [startPoint, ...bendPoints, endPoint], ...this.facts.get(id)! })));
    return { width: root.width ?? 0, height: root.height ?? 0, frames, boxes, edges };
  }
}

function sumPorts(id: string): readonly ElkPort[] {
  const port = (name: string, side: string, x: number, y: number): ElkPort => ({ id: `${id} ${name}`, x, y, width: 0, height: 0, layoutOptions: { "elk.port.side": side } });
  return [port("stream", "NORTH", 9, 0), port("branch", "EAST", 18, 9), port("out", "SOUTH", 9, 18)];
}
