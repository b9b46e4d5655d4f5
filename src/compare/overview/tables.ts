/** The tables of an overview as text, readable in 80 columns. */

import type { Role } from "../../ir/program.js";
import { formatBytes, formatCount } from "../../runtime/format.js";
import type { PartCost } from "./costs.js";
import { shapeText } from "./model-figure.js";
import { type Overview, type ShapeRow, counted } from "./overview.js";
import { type Paint, padded, shortened, width } from "./paint.js";
import type { Landing, OwnNorm, SiteTable } from "./sites.js";

const columns = 80;

/** Columns beside one another, two spaces between; those named in `right` end at their right. */
function aligned(rows: readonly (readonly string[])[], right: readonly number[] = []): readonly string[] {
  const widths = rows[0]!.map((_, i) => Math.max(...rows.map((row) => width(row[i]!))));
  return rows.map((row) => `  ${row.map((cell, i) => (right.includes(i) ? " ".repeat(widths[i]! - width(cell)) + cell : padded(cell, widths[i]!))).join("  ")}`.trimEnd());
}

/** Sites in rows and groups in columns. Groups that share a norm share a cell, or where they stand apart, a letter. */
export function siteLines({ stack, groups, rows }: SiteTable, paint: Paint): readonly string[] {
  const heads = groups.map(({ name, extent }) => ({ name, text: `${name} (${extent})` }));
  const short = rows.map((row) => ({ ...row, path: row.path.startsWith(`${stack}.`) ? row.path.slice(stack.length + 1) : row.path }));
  const first = Math.max(stack.length, ...short.map(({ path }) => path.length));
  const own = heads.map(({ name, text }) => Math.max(text.length, ...rows.flatMap(({ landings }) => landings.filter((landing) => landing.groups.includes(name) && landing.groups.length === 1).map(({ policy }) => policy.length))));
  const sharedWidths = rows.flatMap(({ landings }) => landings.filter((landing) => landing.groups.length > 1).map((landing) => ({ landing, needed: landing.policy.length + 6 })));
  for (const { landing, needed } of sharedWidths) {
    const spanned = groups.flatMap(({ name }, i) => (landing.groups.includes(name) ? [i] : []));
    const lacking = needed - spanned.reduce((sum, i) => sum + own[i]! + 2, -2);
    if (lacking > 0) own[spanned.at(-1)!]! += lacking;
  }
  const total = 2 + first + own.reduce((sum, w) => sum + w + 2, 0);
  const title = paint.title(stack);
  if (total > columns) return [`  ${title}  ${heads.map(({ name, text }) => paint.group(name, text)).join("  ")}`, ...short.flatMap(({ path, landings }) => stackedLines(path, landings, paint))];
  const head = `  ${padded(title, first)}  ${heads.map(({ name, text }, i) => padded(paint.group(name, text), own[i]!)).join("  ")}`;
  return [head, ...short.map(({ path, landings }) => `  ${padded(path, first)}  ${cells(landings, groups.map(({ name }) => name), own, paint)}`.trimEnd())].map((line) => line.trimEnd());
}

/** A site with a line for each of its norms. */
function stackedLines(path: string, landings: readonly Landing[], paint: Paint): readonly string[] {
  const names = Math.max(...landings.map(({ groups }) => groups.join(" + ").length));
  return [`  ${path}`, ...landings.map((landing) => `    ${padded(landing.groups.map((group) => paint.group(group, group)).join(" + "), names)}  ${paint.norm(landing.norm, landing.policy)}`)];
}

function cells(landings: readonly Landing[], groups: readonly string[], widths: readonly number[], paint: Paint): string {
  const parts: string[] = [];
  for (let i = 0; i < groups.length; ) {
    const landing = landings.find((own) => own.groups.includes(groups[i]!))!;
    const text = paint.norm(landing.norm, landing.policy);
    const length = landing.groups.findIndex((group, j) => groups[i + j] !== group);
    const isTogether = landing.groups.length > 1 && landing.groups[0] === groups[i] && length === -1;
    const span = isTogether ? landing.groups.length : 1;
    const room = widths.slice(i, i + span).reduce((sum, w) => sum + w + 2, -2);
    const shared = landing.groups.length > 1 && !isTogether ? `${text} = ${landing.groups.filter((group) => group !== groups[i]).join(", ")}` : text;
    parts.push(isTogether ? spanned(text, room) : padded(shared, room));
    i += span;
  }
  return parts.join("  ");
}

/** One cell over several columns: `├─ layer ───────┤`. */
function spanned(text: string, room: number): string {
  return `├─ ${text} ${"─".repeat(Math.max(1, room - width(text) - 5))}┤`;
}

export function ownNormLines(norms: readonly OwnNorm[], paint: Paint): readonly string[] {
  return aligned(norms.map(({ path, policy, norm }) => [path, paint.norm(norm, policy)]));
}

export function shapeLines(shapes: readonly ShapeRow[], paint: Paint): readonly string[] {
  return aligned(shapes.map(({ name, type, groups }) => [name, `${shapeText(type)}${type.dtype === "f32" ? "" : ` ${paint.quiet(type.dtype === "i32" ? "whole numbers" : "conditions")}`}`, (groups ?? []).map((group) => paint.group(group.name, `${group.name} ${group.extent}`)).join(" + ")]));
}

const roles: readonly Role[] = ["weight", "bias", "norm", "embedding"];

/** Parameters and states by part. */
export function parameterLines({ costs, totals }: Overview, paint: Paint, isPart: boolean): readonly string[] {
  const { parameters, states } = totals;
  const row = (name: string, { parameters: count, roles: own, states: kept }: Pick<PartCost, "parameters" | "roles" | "states">) => [
    name,
    whole(count),
    parameters.total === 0 ? "" : ((100 * count) / parameters.total).toFixed(1),
    totals.entry === "step" ? rolesText(own) : "",
    kept.model === 0 ? "" : formatCount(kept.model),
    kept.optimizer === 0 ? "" : formatCount(kept.optimizer),
  ];
  const some = costs.filter(({ parameters: count, states: kept }) => count + kept.model + kept.optimizer > 0);
  const last = isPart ? [] : [row("total", { parameters: parameters.total, roles: {}, states })];
  const [head, ...body] = aligned([["part", "parameters", "%", totals.entry === "step" ? "role" : "", "state", "optim."], ...some.map((cost) => row(partName(cost), cost)), ...last], [1, 2, 4, 5]);
  const byRole = roles.flatMap((role) => (parameters[role] > 0 ? [`${role} ${whole(parameters[role])}`] : []));
  return [paint.quiet(head!), ...body, ...(isPart || totals.entry === "forward" ? [] : [`  by role: ${byRole.join(", ")}`])];
}

/** The two that stand first, and whether there are more. */
function rolesText(own: PartCost["roles"]): string {
  const some = roles.filter((role) => own[role]);
  return some.slice(0, 2).join(", ") + (some.length > 2 ? "…" : "");
}

/** Operations and memory by part; of a model by itself, the forward pass alone. */
export function costLines({ costs, totals }: Overview, paint: Paint, isPart: boolean): readonly string[] {
  const phases = totals.entry === "step" ? (["forward", "backward", "update"] as const) : (["forward"] as const);
  const row = (name: string, { flops, activations }: Pick<PartCost, "flops" | "activations">) => [
    name,
    ...phases.map((phase) => (flops[phase] === 0 ? "" : formatCount(flops[phase]))),
    ...(totals.entry === "forward" ? [] : [activations === 0 ? "" : formatBytes(activations)]),
  ];
  const some = costs.filter(({ flops, activations }) => flops.total + activations > 0);
  const last = isPart ? [] : [row("total", { flops: totals.cost.flops, activations: totals.cost.bytesActivations })];
  const head = ["part", ...phases, ...(totals.entry === "forward" ? [] : ["activations"])];
  const [first, ...body] = aligned([head, ...some.map((cost) => row(partName(cost), cost)), ...last], [1, 2, 3, 4]);
  return [paint.quiet(first!), ...body];
}

function partName({ part }: PartCost): string {
  return part === "" ? "(the model's own lines)" : shortened(part, 29);
}

/** `1,234,567` */
function whole(count: number): string {
  return count.toLocaleString("en-US");
}

export function kernelLines({ kernels, totals }: Overview): readonly string[] {
  const peak = `  a ${totals.entry === "step" ? "step" : "forward pass"} holds ${formatBytes(totals.cost.bytesPeak)} of values at most, besides parameters, states and inputs`;
  if (kernels === undefined) return [peak];
  if ("unavailable" in kernels) return [peak, `  not for every WebGPU device: ${kernels.unavailable}`];
  return [peak, `  on any WebGPU device: ${counted(kernels.distinct, "kernel")} in ${kernels.dispatches} dispatches a step`];
}
