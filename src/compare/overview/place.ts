/** What stands at one place of a spec: values, policies and where they land, parameters, and the definition that is named. */

import type { Op } from "../../ir/program.js";
import { printType } from "../../ir/types.js";
import type { Elaborator } from "../../semantics/elaborator.js";
import type { Fact } from "../../semantics/facts.js";
import type { Imported, Module, Modules } from "../../semantics/modules.js";
import type * as ast from "../../syntax/ast.js";
import { childrenOf } from "../../syntax/visit.js";
import { valueText } from "./overview.js";
import { type Folded, folded, isWithin } from "./paths.js";
import { normOf } from "./sites.js";

/** A value, with the parts of the model in which the text is run; repeats are folded. */
export interface StandingValue {
  readonly kind: Fact["kind"];
  readonly name: string;
  /** Empty for the model itself. */
  readonly path: string;
  /** `f32[batch: 64, token: 17, feature: 64]`, or the value as one writes it. */
  readonly value: string;
  /** `cls 1`, `tokens 16`. */
  readonly groups?: readonly string[];
}
/** A norm that lands somewhere by what is written here. */
export interface StandingNorm {
  readonly site: string;
  readonly groups: readonly string[];
  readonly policy: string;
}
export interface StandingParameter {
  readonly name: string;
  readonly type: string;
}
export interface StandingDefinition {
  readonly keyword: string;
  readonly name: string;
  /** `std.norms`, or a file. */
  readonly module: string;
  readonly signature: string;
  readonly documentation: string;
}
export interface Standing {
  /** The name or the piece of text that stands there. */
  readonly text: string;
  readonly values: readonly StandingValue[];
  readonly norms: readonly StandingNorm[];
  readonly parameters: readonly StandingParameter[];
  readonly definition?: StandingDefinition;
}

/** Finds what stands at an offset of a module's text; undefined where nothing does. `elaborators` are those of its recipes and models. */
export function standingAt(elaborators: readonly Elaborator[], modules: Modules, module: Module, offset: number): Standing | undefined {
  const nodes = nodesAt(module.file, offset);
  const named = nameAt(nodes, module.source.text, offset);
  // Several recipes may train one model: what the first says of it is shown, unless it does not run what stands here.
  const found = elaborators.map((e) => readingOf(e, module, nodes, named, offset)).find(({ values, norms }) => values.length + norms.length > 0);
  const local = found?.values.some(({ name, kind }) => name === named?.name && kind !== "sublayer") ?? false;
  const definition = named === undefined || local ? undefined : definitionOf(modules, module, named);
  if (found === undefined && definition === undefined) return undefined;
  return { text: named?.name ?? module.source.text.slice(offset).split(/[\s({]/)[0]!, ...(found ?? { values: [], norms: [], parameters: [] }), ...(definition !== undefined && { definition }) };
}

/** The names and sublayers that begin on a line, with their columns. */
export function factsOnLine(elaborators: readonly Elaborator[], module: Module, line: number): readonly { readonly name: string; readonly column: number }[] {
  const found = new Map<number, string>();
  for (const { facts } of elaborators) {
    for (const { name, place } of facts) {
      const at = module.source.position(place.start);
      if (place.source === module.source && at.line === line) found.set(at.column, name);
    }
  }
  return [...found].map(([column, name]) => ({ column, name })).toSorted((a, b) => a.column - b.column);
}

/** All nodes around an offset, outermost first. */
function nodesAt(file: ast.File, offset: number): readonly ast.Node[] {
  const around: ast.Node[] = [];
  let node: ast.Node | undefined = file;
  while (node !== undefined) {
    around.push(node);
    node = childrenOf(node).find((child) => child.start <= offset && offset < child.end && child.kind !== "Comment");
  }
  return around;
}

interface Name {
  readonly name: string;
  /** Of `graphs.centrality`, `graphs`. */
  readonly of?: string;
}

function nameAt(nodes: readonly ast.Node[], text: string, offset: number): Name | undefined {
  const last = nodes.at(-1)!;
  const before = nodes.at(-2);
  if (last.kind === "Name") return { name: last.name };
  if (last.kind === "Identifier") return before?.kind === "Member" && before.object.kind === "Name" ? { name: last.name, of: before.object.name } : { name: last.name };
  // A keyword or a mark: only what is named just here counts.
  const word = /^[\p{L}_][\p{L}\p{N}_]*/u.exec(text.slice(offset));
  return word === null || last.kind !== "Path" ? undefined : { name: word[0] };
}

function readingOf(e: Elaborator, module: Module, nodes: readonly ast.Node[], named: Name | undefined, offset: number): Pick<Standing, "values" | "norms" | "parameters"> {
  const covers = ({ place }: Pick<Fact, "place">) => place.source === module.source && place.start <= offset && offset < place.end;
  const definition = nodes.find((node) => node.kind === "Definition");
  const inDefinition = ({ place }: Fact) => definition !== undefined && place.source === module.source && place.start >= definition.start && place.end <= definition.end;
  const direct = smallest(e.facts.filter((fact) => covers(fact)));
  const used = named === undefined ? [] : e.facts.filter((fact) => fact.name === named.name && fact.kind !== "sublayer" && inDefinition(fact));
  const isSublayerName = direct.some(({ kind }) => kind === "sublayer") && used.length > 0;
  const facts = direct.length > 0 && !isSublayerName ? direct : used;
  const around = nodes.findLast((node) => node.kind === "Normalize");
  const inPolicy = e.groupSites.map((site) => ({ site, place: site.policyPlace })).filter(({ place }) => place.source === module.source && around !== undefined && place.start >= around.start && place.end <= around.end);
  const onLine = smallest(e.groupSites.filter((site) => covers({ place: site.policyPlace })).map((site) => ({ site, place: site.policyPlace })));
  // On the word `normalize` or its paths, all lines of the policy are meant.
  const policies = onLine.length > 0 ? onLine : inPolicy;
  const sites = smallest(e.groupSites.filter((site) => covers({ place: site.sitePlace })).map((site) => ({ site, place: site.sitePlace })));
  // On a name that is given a value, the value is meant, and not the line's site.
  const landed = (policies.length > 0 ? policies : facts.some(({ kind }) => kind !== "sublayer") ? [] : sites).map(({ site }) => site);
  const isPolicy = policies.length > 0;
  const owners = [...(isPolicy ? [] : facts.map(ownerOf)), ...landed.map(({ site, groups, at }) => (at === undefined ? site : `${site}.${groups.join("+")}`))];
  const own = [...e.slots.parameters.values()].filter(({ name }) => owners.some((owner) => owner !== "" && isWithin(name, owner)));
  return {
    values: (isPolicy ? [] : foldedBy(facts, ({ path }) => path, (fact) => JSON.stringify(valueOf(fact)))).map(({ path, items }) => ({ path, ...valueOf(items[0]!) })),
    norms: foldedBy(landed, ({ site }) => site, (site) => JSON.stringify([site.groups, normOf(site).policy])).map(({ path, items }) => ({ site: path, groups: items[0]!.groups, policy: normOf(items[0]!).policy })),
    parameters: foldedBy(own, ({ name }) => name, ({ type }) => printType(type)).map(({ path, items }) => ({ name: path, type: printType(items[0]!.type) })),
  };
}

function foldedBy<T>(items: readonly T[], pathOf: (item: T) => string, keyOf: (item: T) => string): readonly Folded<T>[] {
  return folded([...new Map(items.map((item) => [`${pathOf(item)}\n${keyOf(item)}`, item])).values()], pathOf, keyOf);
}

/** Those with the shortest text. */
function smallest<T extends { readonly place: { readonly start: number; readonly end: number } }>(items: readonly T[]): readonly T[] {
  const size = Math.min(...items.map(({ place }) => place.end - place.start));
  return items.filter(({ place }) => place.end - place.start === size);
}

/** The part of the model whose parameters a fact owns. */
function ownerOf({ kind, path, name, value }: Fact): string {
  if (kind === "sublayer") return path;
  if (kind === "parameter") return "";
  const op: Op | undefined = value.kind === "tensor" ? value.op : value.kind === "pending" ? value.declared()?.op : undefined;
  if (op?.kind === "parameter") return op.attributes.slot;
  return path === "" ? name : `${path}.${name}`;
}

function valueOf({ kind, name, value }: Fact): Omit<StandingValue, "path"> {
  const tensor = value.kind === "pending" ? value.declared() : value;
  if (tensor?.kind !== "tensor") return { kind, name, value: valueText(value) };
  return { kind, name, value: printType(tensor.op.type), ...(tensor.groups !== undefined && { groups: tensor.groups.map((group) => `${group.name} ${group.extent}`) }) };
}

function definitionOf(modules: Modules, module: Module, { name, of }: Name): StandingDefinition | undefined {
  const from = (own: Module | undefined, key: string): Imported | undefined => {
    const definition = own?.definitions.get(key);
    return definition === undefined ? undefined : { kind: "definition", module: own!, definition };
  };
  const space = of === undefined ? undefined : module.imports.get(of);
  const found = space?.kind === "module" ? from(space.module, name) : (from(module, name) ?? module.imports.get(name) ?? modules.prelude.get(name));
  if (found?.kind !== "definition") return undefined;
  const { definition, module: home } = found;
  const parameters = definition.parameters;
  const signature = `${definition.keyword} ${definition.name.name}${parameters === undefined ? "" : `(${parameters.map((parameter) => home.source.text.slice(parameter.start, parameter.end).replace(/\s+/g, " ")).join(", ")})`}`;
  return { keyword: definition.keyword, name: definition.name.name, module: home.isLibrary ? home.name : home.source.path, signature, documentation: definition.documentation };
}
