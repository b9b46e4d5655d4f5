/**
 * Maps of names: which tensor of a file each parameter begins with, and how its axes lie there. A line is
 *
 *     encoder.{layer}.attention.w_query = encoder.layer.{layer}.attention.query.weight [head key, feature]
 *
 * On the left stands the parameter, with numbers in braces where its parts are such; on the right the tensor, and its dimensions in the file's order: each
 * is an axis of ours, several that are joined, or `1`. `1 of 3 head key` is the first of three equal sections. Where an axis of
 * ours is several dimensions, the left says what it is made of: `patches.weight [feature: row column channel] = …`. Without
 * brackets on the right the tensor lies as ours. `//` begins a comment.
 */

import type { Place } from "../../diagnostics/diagnostic.js";
import type { SourceFile } from "../../diagnostics/source.js";
import type { StartSlot, StoredDimension, StoredLayout, TensorSpec } from "../../runtime/trainer.js";
import { fail } from "../errors.js";

/** A line of a map. */
export interface NameLine {
  readonly place: Place;
  /** Matches the names of parameters; a group for each number. */
  readonly own: RegExp;
  /** The names of the numbers, in order. */
  readonly numbers: readonly string[];
  /** What axes of ours are made of, where they are more than themselves. */
  readonly made: ReadonlyMap<string, readonly string[]>;
  readonly stored: string;
  readonly dimensions: readonly StoredDimension[] | undefined;
}

/** More lines than any architecture has kinds of parameters, and longer ones; each is tried on each parameter. */
const mostLines = 2_000;
const longestLine = 1_000;

const name = String.raw`[\p{L}\p{N}_]+`;
const linePattern = new RegExp(String.raw`^(?<own>[^\s=[\]]+)\s*(?:\[(?<made>[^\]]*)\])?\s*=\s*(?<stored>[^\s[\]]+)\s*(?:\[(?<dimensions>[^\]]*)\])?$`, "u");
const madePattern = new RegExp(String.raw`^(${name})\s*:\s*(${name}(?:\s+${name})*)$`, "u");
const dimensionPattern = new RegExp(String.raw`^(?:(\d+)\s+of\s+(\d+)\s+)?(${name}(?:\s+${name})*)$`, "u");

/** The lines of a map. @throws CheckError for the first line that cannot be read. */
export function readNameMap(source: SourceFile): NameLine[] {
  const lines: NameLine[] = [];
  for (const { index, 0: text } of source.text.matchAll(/[^\r\n]+/g)) {
    const content = text.replace(/\/\/.*$/s, "").trimEnd();
    if (content.trim() === "") continue;
    const start = index + content.length - content.trimStart().length;
    if (lines.length === mostLines) fail("N0506", { source, start, end: index + content.length }, `the map has more than ${mostLines} lines`);
    if (content.length > longestLine) fail("N0506", { source, start, end: start + 1 }, `the line has more than ${longestLine} characters`);
    lines.push(readLine(content.trim(), { source, start, end: index + content.length }));
  }
  return lines;
}

function readLine(text: string, place: Place): NameLine {
  const parts = linePattern.exec(text)?.groups;
  if (parts === undefined) return fail("N0506", place, "this is no line of a map of names", { help: "write `name.of.ours = name.in.the.file [axes in the file's order]`" });
  const numbers = numbersIn(parts["own"]!, place);
  const unknown = numbersIn(parts["stored"]!, place).find((number) => !numbers.includes(number));
  if (unknown !== undefined) fail("N0506", place, `\`{${unknown}}\` stands on the right and not on the left`, { help: "a number of the file's name is one of our name" });
  if (new Set(numbers).size < numbers.length) fail("N0506", place, "a number stands twice on the left", { help: "give each number a name of its own" });
  const segments = parts["own"]!.split(".");
  const broken = segments.find((segment) => segment.includes("{") && !/^\{[^{}]*\}$/.test(segment));
  if (broken !== undefined) fail("N0506", place, `a number of ours is a whole part of a name, and \`${broken}\` is more`, { help: "write `encoder.{layer}.mlp`, say" });
  const own = segments.map((segment) => (segment.startsWith("{") ? String.raw`(\d+)` : segment.replace(/[\\^$*+?()[\]{}|]/g, String.raw`\$&`))).join(String.raw`\.`);
  return { place, own: new RegExp(`^${own}$`, "u"), numbers, made: madeOf(parts["made"], place), stored: parts["stored"]!, dimensions: dimensionsOf(parts["dimensions"], place) };
}

/** The names in braces. @throws CheckError for other braces. */
function numbersIn(text: string, place: Place): string[] {
  if (/[{}]/.test(text.replace(/\{[\p{L}_][\p{L}\p{N}_]*\}/gu, ""))) fail("N0506", place, "braces hold the name of a number", { help: "write `{layer}`, say" });
  return [...text.matchAll(/\{([^{}]*)\}/g)].map((match) => match[1]!);
}

function madeOf(text: string | undefined, place: Place): Map<string, readonly string[]> {
  const made = new Map<string, readonly string[]>();
  for (const item of text?.split(",") ?? []) {
    const parts = madePattern.exec(item.trim());
    if (parts === null || made.has(parts[1]!)) return fail("N0506", place, `\`${item.trim()}\` does not say what an axis is made of`, { help: "write `axis: slowest … fastest`, each axis once" });
    made.set(parts[1]!, parts[2]!.split(/\s+/));
  }
  return made;
}

function dimensionsOf(text: string | undefined, place: Place): StoredDimension[] | undefined {
  if (text === undefined) return undefined;
  if (text.trim() === "") return [];
  return text.split(",").map((item): StoredDimension => {
    const found = dimensionPattern.exec(item.trim());
    if (found === null) return fail("N0506", place, `\`${item.trim()}\` is no dimension of a tensor`, { help: "write the axes that the dimension holds, the slowest first, or `1`" });
    const parts = found[3] === "1" ? [] : found[3]!.split(/\s+/);
    if (found[1] === undefined) return { parts };
    const [section, of] = [Number(found[1]), Number(found[2])];
    if (!(section >= 1 && section <= of && of <= 2 ** 20)) fail("N0506", place, `there is no section ${section} of ${of}`, { help: "sections count from 1" });
    return { parts, section, of };
  });
}

/** Where a tensor's values stand by a line of a map, or undefined when the line is about others. @throws CheckError when its axes do not fit. */
export function slotBy(line: NameLine, spec: TensorSpec, prefix: string): StartSlot | undefined {
  const match = line.own.exec(spec.name);
  if (match === null) return undefined;
  const stored = prefix + line.stored.replace(/\{([^{}]*)\}/g, (_, number: string) => match[line.numbers.indexOf(number) + 1]!);
  const layout = layoutBy(line, spec);
  return { own: spec.name, stored, ...(layout === undefined ? {} : { layout }) };
}

function layoutBy({ made, dimensions, place }: NameLine, spec: TensorSpec): StoredLayout | undefined {
  const axes = spec.axes.map((axis) => axis.name);
  const shown = `\`${spec.name}[${axes.join(", ")}]\``;
  const other = [...made.keys()].find((axis) => !axes.includes(axis));
  if (other !== undefined) fail("N0506", place, `${shown} has no axis \`${other}\``);
  if (dimensions === undefined && made.size === 0) return undefined;
  const own = axes.map((axis) => made.get(axis) ?? [axis]);
  const stored = dimensions ?? own.flat().map((part) => ({ parts: [part] }));
  const [left, right] = [own.flat(), stored.flatMap(({ parts }) => parts)];
  const twice = [left, right].flatMap((side) => side.filter((part, i) => side.indexOf(part) < i))[0];
  if (twice !== undefined) fail("N0506", place, `\`${twice}\` stands twice`, { note: `the line is about ${shown}` });
  const lost = left.find((part) => !right.includes(part));
  if (lost !== undefined) fail("N0506", place, `\`${lost}\` of ${shown} is in no dimension of the file's tensor`, { help: `write where it lies, as in \`[${left.join(", ")}]\`` });
  const extra = right.find((part) => !left.includes(part));
  if (extra !== undefined) fail("N0506", place, `${shown} has no axis \`${extra}\``, { help: "a dimension of extent 1 is written `1`" });
  const open = unknownPart(own, stored);
  if (open !== undefined) fail("N0506", place, `the extent of \`${open}\` follows from nothing`, { help: "of an axis, or a dimension, all parts but one must be known from elsewhere" });
  return { own, stored };
}

/** A part whose extent nothing gives: of each group all but one must be known from the others. */
function unknownPart(own: readonly (readonly string[])[], stored: readonly StoredDimension[]): string | undefined {
  const known = new Set<string>();
  const groups = [...own, ...stored.map(({ parts }) => parts)];
  for (let before = -1; before < known.size; ) {
    before = known.size;
    for (const parts of groups) {
      const open = parts.filter((part) => !known.has(part));
      if (open.length === 1) known.add(open[0]!);
    }
  }
  return own.flat().find((part) => !known.has(part));
}
