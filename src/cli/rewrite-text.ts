/** What `norm rewrite` says: which means go and by what proof, which stay and why, what is saved, and how the spec changes. */

import type { Compiled } from "../compiler/compile.js";
import type { Op, Program } from "../ir/program.js";
import { hasAxis } from "../ir/types.js";
import { formatBytes, formatCount } from "../runtime/format.js";
import type { GroupSite } from "../semantics/model.js";
import { centringOf } from "../transform/centring.js";
import { cost } from "../transform/cost.js";
import type { Reason, Recentred, Stream } from "../transform/recentre.js";
import { type NormAt, specChange } from "./rewrite-spec.js";

export function rewriteText(compiled: Compiled, result: Recentred): string {
  const { recipe, program, training } = compiled;
  const sites = sitesByPlace(training.groupSites);
  const users = usersIn(program);
  const norms = (stream: Stream): NormAt[] =>
    [...stream.sites].sort((a, b) => a.id - b.id).flatMap((op) => placesOf(op, users, sites).map((place) => ({ place, site: sites.get(place), op })));
  const going = result.streams.filter(({ reasons }) => reasons.length === 0);
  const staying = result.streams.filter(({ reasons }) => reasons.length > 0);

  const lines = [`${recipe.name} of ${training.modules.own[0]!.source.path}, in evaluation`];
  if (result.streams.length === 0) lines.push("", "no norm subtracts a mean");
  for (const stream of going) lines.push("", ...goingLines(stream, norms(stream)));
  for (const alike of groupedBy(staying, (stream) => stream.reasons.map((reason) => reasonKey(reason)).toSorted().join("|"))) {
    lines.push("", ...stayingLines(alike, alike.flatMap(norms), sites));
  }
  if (going.length > 0) lines.push("", ...costLines(program, result.program), "", ...specChange(compiled, going.flatMap(norms), staying.flatMap(norms), going));
  return `${lines.join("\n")}\n`;
}

function goingLines(stream: Stream, norms: readonly NormAt[]): string[] {
  const over = stream.axes.join(", ");
  const learned = [...stream.values].filter(([op]) => op.kind !== "parameter").length;
  const bearing = stream.bearing.length === 0 ? "" : `, and ${counted(stream.bearing.length, "mean over a part of it", "means over parts of it")}, which stay`;
  return [
    `the mean over ${over} goes from ${counted(norms.length, "norm", "norms")}`,
    ...norms.map((norm) => `  ${normText(norm)}`),
    `  because ${counted(learned, "value is", "values are")} read by nothing but these means${bearing}: a shift over ${over} reaches no result`,
    "  and because they are linear in these parameters alone, whose mean becomes 0",
    ...stream.parameters.toSorted((a, b) => (a.slot < b.slot ? -1 : 1)).map(({ slot, axes }) => `    ${slot} over ${axes.join(", ")}`),
    ...stream.data.map((op) => `    and in data, which the program centres itself: ${opText(op)}`),
  ];
}

/** Reasons and sites beyond these are counted only. */
const most = 6;

function stayingLines(streams: readonly Stream[], norms: readonly NormAt[], sites: ReadonlyMap<string, GroupSite>): string[] {
  const { axes, reasons } = streams[0]!;
  const over = axes.join(", ");
  const kinds = groupedBy(reasons, reasonKey);
  return [
    `the mean over ${over} stays in ${counted(norms.length, "norm", "norms")}`,
    ...shortened(norms.map((norm) => `  ${normText(norm)}`)),
    ...shortened(kinds.map((alike) => `  because ${reasonText(alike[0]!, over, sites)}${alike.length === 1 ? "" : ` (and so at ${counted(alike.length - 1, "more place", "more places")})`}`)),
  ];
}

function reasonKey(reason: Reason): string {
  const op = (reason.kind === "read" ? reason.reader : undefined) ?? reason.of;
  return `${reason.kind} ${op.kind} ${op.source ?? ""}`;
}

function reasonText(reason: Reason, over: string, sites: ReadonlyMap<string, GroupSite>): string {
  const at = (op: Op) => opText(op, sites);
  switch (reason.kind) {
    case "read":
      if (reason.reader === undefined) return `\`${reason.result}\` returns the value`;
      return `a shift over ${over} does not stay one in ${at(reason.reader)}: ${whyNot(reason.reader, reason.of, over)}`;
    case "made":
      return `no parameters could be centred in place of ${at(reason.of)}`;
    case "axes":
      return `${at(reason.of)} would have to be centred over other axes too`;
    case "gain":
      return `centring the data ${at(reason.of)} would cost as much as is saved`;
  }
}

function whyNot(reader: Op, value: Op, over: string): string {
  const others = reader.operands.filter((operand) => operand !== value);
  if (reader.kind === "mul" && others.length === 0) return "it squares the value";
  if (reader.kind === "contract" || reader.kind === "reduce_sum" || reader.kind === "reduce_max") return `it sums over ${reader.attributes.axes.join(", ")}`;
  if ((reader.kind === "mul" || reader.kind === "div") && others.some((other) => over.split(", ").some((name) => hasAxis(other.type, name)))) {
    return `it weighs the positions along ${over} differently`;
  }
  return "it is not linear";
}

/** `batch at encoder.0.attention.before.cls (spec.norm:8:5): mul, std/norms.norm:52:10` */
function opText(op: Op, sites: ReadonlyMap<string, GroupSite> = new Map()): string {
  const site = sites.get(op.place);
  const place = op.place === "" ? "the model" : op.place;
  const source = op.source === undefined ? "" : `, ${op.source}`;
  return site === undefined ? `${place} (${op.kind}${source})` : `${site.policy} at ${place}, ${placeText(site)} (${op.kind}${source})`;
}

function normText({ place, site }: NormAt): string {
  return site === undefined ? place : `${place}: ${site.policy}, ${placeText(site)}`;
}

function placeText({ policyPlace }: GroupSite): string {
  return policyPlace.source.place(policyPlace.start);
}

function costLines(before: Program, after: Program): string[] {
  const [old, own] = [before, after].map((program) => cost(program).entries.get("evaluate")!);
  const count = ({ operations, flops, bytesUnfused }: NonNullable<typeof old>) => `${operations} operations, ${formatCount(flops.total)} FLOP, ${formatBytes(bytesUnfused)} moved unfused`;
  const share = 100 * (1 - own!.flops.total / old!.flops.total);
  return [`a batch: ${count(old!)}`, `becomes  ${count(own!)}: ${share.toPrecision(2)} % of the FLOP less`];
}

/** The paths of norms: of a policy's by its groups, of one that a layer calls by itself. */
function sitesByPlace(groupSites: readonly GroupSite[]): Map<string, GroupSite> {
  return new Map(groupSites.flatMap((site) => [[site.site, site], [`${site.site}.${site.groups.join("+")}`, site]] as const));
}

function usersIn(program: Program): (op: Op) => readonly Op[] {
  const users = new Map<Op, Op[]>();
  for (const op of program.entries.get("evaluate")!.operations) for (const operand of op.operands) users.set(operand, [...(users.get(operand) ?? []), op]);
  return (op) => users.get(op) ?? [];
}

/** Where an operation stands: norms of one value share what they compute, and all but the first show by what they do with it. */
function placesOf(op: Op, usersOf: (op: Op) => readonly Op[], sites: ReadonlyMap<string, GroupSite>): string[] {
  const places = new Set([op.place]);
  const seen = new Set([op]);
  for (const own of seen) {
    for (const user of usersOf(own)) {
      if (user.place === op.place && centringOf(user) === undefined) seen.add(user);
      else if (sites.has(user.place)) places.add(user.place);
    }
  }
  return [...places];
}

function groupedBy<T>(items: readonly T[], key: (item: T) => string): T[][] {
  const groups = new Map<string, T[]>();
  for (const item of items) groups.set(key(item), [...(groups.get(key(item)) ?? []), item]);
  return [...groups.values()];
}

function shortened(lines: readonly string[]): string[] {
  return lines.length <= most ? [...lines] : [...lines.slice(0, most - 1), `  and ${lines.length - most + 1} more`];
}

function counted(count: number, one: string, several: string): string {
  return `${count} ${count === 1 ? one : several}`;
}
