/** Where norms land: at each sublayer of the text, and from each line of a policy. */

import { elements } from "../ir/types.js";
import type { Elaborator } from "../semantics/elaborator.js";
import type { GroupSite, StackRecord } from "../semantics/model.js";
import type { Place } from "../diagnostics/diagnostic.js";
import { type LandingNote, type PolicyNote, type Ran, spotOf } from "./analysis.js";
import { foldedPaths, grouped, ranges } from "./fold.js";
import { axesText } from "./notes.js";

/** A sublayer or a bare `normalize` as it ran once. */
interface Landing {
  readonly place: Place;
  /** The recipe or model that ran it. */
  readonly by: string;
  /** The number of its repetition. */
  readonly repetition: number | undefined;
  /** Its sites in order, each with its norms. */
  readonly norms: string;
  readonly shape?: string;
  readonly parameters?: { readonly all: number; readonly norms: number };
}

/** What lands at every sublayer and every bare `normalize` of the spec's own text. */
export function landings(ran: readonly Ran[]): LandingNote[] {
  const all = ran.flatMap(({ name, elaborator }) => elaborator.stacks.filter(({ callable }) => !callable.module.isLibrary).flatMap((stack) => landingsOf(stack, elaborator, name)));
  return [...grouped(all, ({ place: { source, start, end } }) => `${source.path} ${start} ${end}`).values()].map((alike) => {
    const byRun = [...grouped(alike, ({ by }) => by)].map(([by, own]) => ({ by, texts: repeatedTexts(own) }));
    const different = [...grouped(byRun, ({ texts }) => texts.join("; ")).values()];
    const shown = different.map(([first]) => first!.texts.join("; "));
    const long = different.length === 1 ? different[0]![0]!.texts : different.map((runs) => `${runs.map(({ by }) => by).join(", ")}: ${runs[0]!.texts.join("; ")}`);
    return { at: spotOf(alike[0]!.place), short: shown.length <= 2 ? shown.join(" | ") : `${shown[0]} | …`, long, details: detailsOf(alike) };
  });
}

/** The norms of each repetition; those that are the same are one text. */
function repeatedTexts(own: readonly Landing[]): string[] {
  const alike = [...grouped(own, ({ norms }) => norms)];
  if (alike.length === 1) return [alike[0]![0]];
  return alike.map(([norms, some]) => {
    const numbers = some.flatMap(({ repetition }) => (repetition === undefined ? [] : [repetition]));
    return numbers.length === 0 ? norms : `${ranges(numbers)}: ${norms}`;
  });
}

function detailsOf(alike: readonly Landing[]): string[] {
  const shapes = [...new Set(alike.flatMap(({ shape }) => shape ?? []))];
  const sizes = [...new Set(alike.flatMap(({ parameters }) => (parameters === undefined ? [] : `${exact(parameters.all)} parameters${parameters.norms === 0 ? "" : `, ${exact(parameters.norms)} of them in norms`}`)))];
  const times = new Set(alike.map(({ repetition }) => repetition)).size;
  return [...shapes.slice(0, 3).map((shape) => `in and out: tensor${shape}`), ...sizes.slice(0, 3).map((size) => (times > 1 ? `${size}, in each of ${times} repetitions` : size))];
}

/** A count with all its digits: 18,864. */
function exact(count: number): string {
  return count.toLocaleString("en");
}

function landingsOf(stack: StackRecord, e: Elaborator, by: string): Landing[] {
  const own = e.groupSites.filter(({ site, at }) => at !== undefined && site.startsWith(`${stack.path}.`));
  const sublayers = stack.sublayers.map(({ path, place }): Landing => {
    const sites = own.filter(({ site, sitePlace }) => site.startsWith(`${path}.`) && isSame(sitePlace, place));
    const value = e.facts.find((fact) => fact.kind === "sublayer" && fact.path === path)?.value;
    const shape = value?.kind === "tensor" ? axesText(value.op.type.axes, value.groups) : undefined;
    return { place, by, repetition: repetitionOf(stack, path), norms: normsText(sites, path), parameters: parametersOf(e, path), ...(shape !== undefined && { shape }) };
  });
  const bare = own.filter(({ sitePlace }) => !stack.sublayers.some(({ place }) => isSame(place, sitePlace)));
  const lines = [...grouped(bare, ({ sitePlace, site }) => `${sitePlace.start} ${repetitionOf(stack, site)}`).values()].map((sites): Landing => {
    const { site, sitePlace } = sites[0]!;
    return { place: sitePlace, by, repetition: repetitionOf(stack, site), norms: partsText(sites) };
  });
  return [...sublayers, ...lines];
}

function isSame(a: Place, b: Place): boolean {
  return a.source.path === b.source.path && a.start === b.start && a.end === b.end;
}

function repetitionOf(stack: StackRecord, path: string): number | undefined {
  const [first] = path.slice(stack.path.length + 1).split(".");
  return first !== undefined && /^\d+$/.test(first) ? Number(first) : undefined;
}

/** The norms of each site; a name tells sites apart where they differ. */
function normsText(sites: readonly GroupSite[], path: string): string {
  const named = [...grouped(sites, ({ site }) => site)].map(([site, parts]) => ({ name: site.slice(path.length + 1), text: partsText(parts) }));
  if (named.length === 0) return "no norm";
  const alike = [...grouped(named, ({ text }) => text)];
  return alike.length === 1 ? alike[0]![0] : alike.map(([text, some]) => `${some.map(({ name }) => name).join(", ")} ${text}`).join("; ");
}

/** `cls batch · tokens layer(eps: 1e-6)`. */
function partsText(parts: readonly GroupSite[]): string {
  return parts.map(({ groups, policy }) => `${groups.join("+")} ${policy}`).join(" · ");
}

function parametersOf({ slots }: Elaborator, path: string): { all: number; norms: number } {
  const sum = { all: 0, norms: 0 };
  for (const { name, type, isNorm } of slots.parameters.values()) {
    if (!name.startsWith(`${path}.`)) continue;
    const count = elements(type.axes);
    sum.all += count;
    if (isNorm) sum.norms += count;
  }
  return sum;
}

/** Where each line of a policy lands, over all recipes and models. */
export function policiesOf(ran: readonly Ran[]): PolicyNote[] {
  const own = ran.flatMap(({ elaborator }) => elaborator.groupSites.filter(({ at, applied }) => at !== undefined && applied.kind !== "native"));
  return [...grouped(own, ({ policyPlace: { source, start, end } }) => `${source.path} ${start} ${end}`).values()].map((alike) => {
    const sites = [...grouped(alike, ({ groups }) => groups.join("+"))].flatMap(([groups, some]) => foldedPaths(some.map(({ site }) => site)).map((site) => `${site} (${groups})`));
    return { at: spotOf(alike[0]!.policyPlace), sites };
  });
}
