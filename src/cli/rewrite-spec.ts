/** How a spec changes when means go from its norms: the norms without them, and which policies take these. */

import type { Compiled } from "../compiler/compile.js";
import type { Op } from "../ir/program.js";
import type { GroupSite } from "../semantics/model.js";
import type { Modules, Module } from "../semantics/modules.js";
import { standardModules } from "../semantics/modules.js";
import type * as ast from "../syntax/ast.js";
import { childrenOf } from "../syntax/visit.js";
import type { Stream } from "../transform/recentre.js";

/** A norm at a place of the model, and whether its mean goes. */
export interface NormAt {
  readonly place: string;
  readonly site: GroupSite | undefined;
  readonly op: Op;
}

/** `going` are the norms whose mean goes, `staying` those that keep it. */
export function specChange({ training }: Compiled, going: readonly NormAt[], staying: readonly NormAt[], streams: readonly Stream[]): string[] {
  const lines = ["in the spec, for weights that were centred (the norms keep their parameters):"];
  for (const policy of unique(going.map(policyOf))) {
    const own = going.filter((norm) => policyOf(norm) === policy);
    const kept = staying.filter((norm) => policyOf(norm) === policy).length;
    const { site } = own[0]!;
    if (site?.norm === undefined) continue;
    lines.push(`  ${policy} ${site.policy} becomes ${withoutMean(site.norm)}${site.policy.slice(site.norm.length)}${kept === 0 ? "" : `, at these sites only: ${own.map(({ place }) => place).join(", ")}`}`);
  }
  for (const op of streams.flatMap(({ data }) => data)) lines.push(`  ${op.source}: subtract its mean over ${streams.find(({ data }) => data.includes(op))!.values.get(op)!.join(", ")}`);
  for (const op of streams.flatMap(({ shifts }) => shifts)) lines.push(`  ${op.source}: leave out what is the same along ${streams.find(({ shifts }) => shifts.includes(op))!.values.get(op)!.join(", ")}`);
  for (const source of unique(going.map(({ op }) => op.source))) lines.push("", ...definitionWithoutMean(training.modules, source));
  return lines;
}

function policyOf({ site, op }: NormAt): string | undefined {
  return site === undefined ? op.source : site.policyPlace.source.place(site.policyPlace.start);
}

/** The name of a norm that does not subtract the mean. */
function withoutMean(norm: string): string {
  return `${norm}_without_mean`;
}

/** The text of the definition in which `x - mean` stands at `source`, with `x` in its place. */
function definitionWithoutMean(modules: Modules, source: string | undefined): string[] {
  for (const module of [...modules.own, ...standardModules.flatMap((name) => modules.named(`std.${name}`) ?? [])]) {
    for (const definition of module.definitions.values()) {
      const difference = differenceAt(module, definition, source);
      if (difference === undefined) continue;
      const { text } = module.source;
      const cut = `${text.slice(definition.name.end, difference.left.end)}${text.slice(difference.end, definition.end)}`;
      return `${text.slice(definition.start, definition.name.start)}${withoutMean(definition.name.name)}${cut}`.split("\n");
    }
  }
  return [];
}

/** The shortest difference that begins at a place. */
function differenceAt({ source: file }: Module, definition: ast.Definition, source: Op["source"]): ast.Binary | undefined {
  let found: ast.Binary | undefined;
  const open: ast.Node[] = [definition];
  for (let node = open.pop(); node !== undefined; node = open.pop()) {
    open.push(...childrenOf(node));
    if (node.kind !== "Binary" || node.operator !== "-" || file.place(node.start) !== source) continue;
    if (found === undefined || node.end < found.end) found = node;
  }
  return found;
}

function unique<T>(items: readonly T[]): T[] {
  return [...new Set(items)];
}
