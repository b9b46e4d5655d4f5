/** A stack as the picture shows it: its sublayers and bare sites in order, and what repeats, once. */

import type { Elaborator } from "../../semantics/elaborator.js";
import type { StackRecord } from "../../semantics/model.js";
import type { Op } from "../../ir/program.js";
import type { Section, SectionNode, StackItem } from "./figure.js";
import { isNumber, isWithin, rangesText } from "./paths.js";
import { type RawSection, bareSection, opaqueSection, sublayerSection } from "./section.js";
import type { Landing } from "./sites.js";

/** What the stack runs, from its first sequence to what it gives. */
export function stackItems(e: Elaborator, stack: StackRecord): readonly StackItem[] {
  const blocks: Block[] = [];
  for (const section of sections(e, stack)) {
    const [first] = section.path.slice(stack.path.length + 1).split(".") as [string];
    const repetition = isNumber(first) ? Number(first) : undefined;
    const last = blocks.at(-1);
    if (repetition !== undefined && last?.repetition === repetition) last.sections.push(section);
    else blocks.push({ repetition, sections: [section] });
  }
  return joinedRepeats(blocks.flatMap(unitsOf)).map(finished);
}

function sections(e: Elaborator, stack: StackRecord): readonly RawSection[] {
  const result: RawSection[] = [];
  const given = e.outputs.get(stack.path)!.op;
  const bare = e.sites.filter(({ stack: own, path }) => own === stack.path && !stack.sublayers.some((sublayer) => isWithin(path, sublayer.path))).map(({ path }) => path);
  let stream: Op | undefined = firstOf(e, stack);
  const takeBare = (isEnd: boolean) => {
    for (let site = bare[0]; site !== undefined && stream !== undefined; site = bare[0]) {
      const input = e.siteInputs.get(site)!.op;
      if (!isEnd && input !== stream) return;
      bare.shift();
      const after: Op = isEnd && bare.length === 0 ? given : siteResult(e, site, input);
      result.push(bareSection(e, site, stack, { before: stream, after }));
      stream = after;
    }
  };
  for (const sublayer of stack.sublayers) {
    takeBare(false);
    const fact = e.facts.find(({ kind, path }) => kind === "sublayer" && path === sublayer.path);
    const after: Op | undefined = fact?.value.kind === "tensor" ? fact.value.op : undefined;
    result.push(stream === undefined || after === undefined ? opaqueSection(e, sublayer) : sublayerSection(e, sublayer, { before: stream, after }));
    stream = after;
  }
  takeBare(true);
  return result;
}

/** The sequence that the stack begins with: what its groups were joined to. */
function firstOf(e: Elaborator, { path, callable }: StackRecord): Op | undefined {
  const groups = e.outputs.get(path)!.groups!.map(({ name }) => callable.given.get(name)!.value);
  const parts = groups.map((value) => (value.kind === "tensor" ? value.op : value.kind === "pending" ? value.declared()?.op : undefined));
  if (parts.length === 1) return parts[0];
  const rests = (op: Op, part: Op): boolean => op === part || ((op.kind === "broadcast" || op.kind === "cast") && rests(op.operands[0]!, part));
  return e.builder.operations.find((op) => op.kind === "concatenate" && op.operands.length === parts.length && op.operands.every((operand, i) => parts[i] === undefined || rests(operand, parts[i])));
}

/** What a bare site gives to the next sublayer. */
function siteResult(e: Elaborator, site: string, input: Op): Op {
  const last = e.groupSites.findLast((own) => own.site === site)!;
  const single = e.groupSites.filter((own) => own.site === site).length === 1;
  if (single) return e.outputs.get(`${site}.${last.groups.join("+")}`)!.op;
  return e.builder.operations.slice(last.operations[1]).find((op) => op.kind === "concatenate") ?? input;
}

interface Block {
  readonly repetition: number | undefined;
  readonly sections: RawSection[];
}

/** Sections, or repeats of them, with what tells apart those that cannot be joined, and what lands at each norm in each repetition. */
type Unit =
  | { readonly kind: "section"; readonly key: string; readonly sections: readonly Numbered[] }
  | { readonly kind: "repeat"; readonly key: string; readonly count: number; readonly units: readonly Unit[] };
interface Numbered {
  readonly repetition: number | undefined;
  readonly section: RawSection;
}

function unitsOf({ repetition, sections: own }: Block): readonly Unit[] {
  const units = own.map((section): Unit => ({ kind: "section", key: keyOf(section), sections: [{ repetition, section }] }));
  return repetition === undefined ? units : [repeatOf(units, 1)];
}

function repeatOf(units: readonly Unit[], count: number): Unit {
  return { kind: "repeat", key: `(${units.map(({ key }) => key).join(";")})`, count, units };
}

/** Everything that the picture shows of a section but its norms' policies. */
function keyOf({ label, placement, nodes, edges }: RawSection): string {
  const names = new Map<string, string>(nodes.map(({ id }, i) => [id, `n${i}`]));
  const shown = nodes.map((node) => (node.kind === "norm" ? ["norm", node.site] : { ...node, id: "" }));
  return JSON.stringify([label, placement, shown, edges.map((ends) => ends.map((end) => names.get(end) ?? end))]);
}

/** Joins runs of equal units, the shortest first: `A B B A B B` is twice (A, twice B). */
function joinedRepeats(all: readonly Unit[]): readonly Unit[] {
  let units = [...all];
  for (let period = 1; 2 * period <= units.length; period++) {
    for (let start = 0; start + 2 * period <= units.length; start++) {
      const own = units.slice(start, start + period);
      if (!own.some(({ kind }) => kind === "repeat")) continue;
      const isRun = (at: number) => own.every((unit, i) => units[at + i] !== undefined && alike(unit, units[at + i]!, period));
      let count = 1;
      while (isRun(start + count * period)) count++;
      if (count === 1) continue;
      const runs = Array.from({ length: count }, (_, i) => units.slice(start + i * period, start + (i + 1) * period));
      const merged = runs.reduce((a, b) => a.map((unit, i) => merge(unit, b[i]!, period === 1)));
      // A run of single repeats is one repeat; of several, a repeat of what they hold.
      const inside = merged.flatMap((unit) => (unit.kind === "repeat" && unit.count === 1 ? unit.units : [unit]));
      const repeat = period === 1 ? merged[0]! : repeatOf(inside, count);
      units = [...units.slice(0, start), repeat, ...units.slice(start + count * period)];
    }
  }
  return units;
}

function alike(a: Unit, b: Unit, period: number): boolean {
  if (a.kind === "section" || b.kind === "section") return a.kind === b.kind && a.key === b.key;
  return a.key === b.key && (period === 1 || a.count === b.count);
}

/** The same unit, with what lands in both; where one repeat goes on in the other, `adds`, their counts add up. */
function merge(a: Unit, b: Unit, adds: boolean): Unit {
  if (a.kind === "section" && b.kind === "section") return { ...a, sections: [...a.sections, ...b.sections] };
  if (a.kind === "repeat" && b.kind === "repeat") return { ...a, count: adds ? a.count + b.count : a.count, units: a.units.map((unit, i) => merge(unit, b.units[i]!, false)) };
  throw new Error("units that are alike are of one kind");
}

function finished(unit: Unit): StackItem {
  return unit.kind === "section" ? sectionOf(unit.sections) : { kind: "repeat", count: unit.count, items: unit.units.map(finished) };
}

/** One section for all its repetitions. */
function sectionOf(all: readonly Numbered[]): Section {
  const { label, placement, carries, nodes, edges } = all[0]!.section;
  return {
    kind: "section",
    label,
    ...(placement !== undefined && { placement }),
    carries,
    nodes: nodes.map((node, i): SectionNode => {
      if (node.kind !== "norm") return node;
      const landed = all.map(({ repetition, section }) => ({ repetition, landings: (section.nodes[i] as typeof node).landings }));
      return { kind: "norm", id: node.id, site: node.site, ...chipsOf(landed) };
    }),
    edges,
  };
}

/** What lands most often, and what lands elsewhere in its place. */
function chipsOf(landed: readonly { readonly repetition: number | undefined; readonly landings: readonly Landing[] }[]): Pick<SectionNode & { kind: "norm" }, "chips" | "exceptions"> {
  const keys = landed.map(({ landings }) => JSON.stringify(landings));
  const counts = new Map<string, number>();
  for (const key of keys) counts.set(key, (counts.get(key) ?? 0) + 1);
  const most = keys.findLast((key) => counts.get(key) === Math.max(...counts.values()))!;
  const usual = landed[keys.indexOf(most)]!.landings;
  const known = new Set(usual.map((landing) => JSON.stringify(landing)));
  const others = new Map<string, number[]>();
  for (const { repetition, landings } of landed.filter((_, i) => keys[i] !== most)) {
    const text = landings.filter((landing) => !known.has(JSON.stringify(landing))).map(({ groups, policy }) => `${groups.join(", ")}: ${policy}`).join(" · ");
    others.set(text, [...(others.get(text) ?? []), repetition ?? 0]);
  }
  return {
    chips: usual.map(({ groups, policy, norm }) => ({ groups, policy, ...(norm !== undefined && { norm }) })),
    exceptions: [...others].map(([landing, numbers]) => `in repeat ${rangesText(numbers)} ${landing}`),
  };
}
