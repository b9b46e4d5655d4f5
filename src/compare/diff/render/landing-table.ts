/** Landings as tables of texts: a row for each site, a column for each group. */

import type { Landing, LandingCell } from "../landing.js";

export interface LandingTable {
  readonly stack: string;
  /** `cls (1 token)`, `tokens (16 tokens)`. */
  readonly heads: readonly string[];
  readonly rows: readonly { readonly site: string; readonly count: number; readonly cells: readonly CellView[] }[];
  readonly unchanged: number;
  /** What the short names stand for: `layer² is layer(eps: 1e-6)`. */
  readonly legend: readonly string[];
}

export interface CellView {
  readonly text: string;
  /** Where it is changed: what was there and what is there now. */
  readonly before?: string;
  readonly after?: string;
  readonly tone: "changed" | "added" | "removed" | "same" | "empty";
}

/** @param isShort whether norms are called by their names alone, with a legend where that does not tell them apart. */
export function landingTable({ stack, groups, rows, unchanged }: Landing, isShort: boolean): LandingTable {
  const texts = [...new Set(rows.flatMap(({ cells }) => cells.flatMap(({ before, after }) => [before, after])).filter((text) => text !== undefined))];
  const short = isShort ? shortNames(texts) : new Map<string, string>();
  const name = (text: string) => short.get(text) ?? text;
  return {
    stack,
    heads: groups.map(({ name: group, before, after }) => `${group} (${tokens(before, after)})`),
    rows: rows.map(({ site, count, cells }) => ({ site, count, cells: cells.map((cell) => cellView(cell, name)) })),
    unchanged,
    legend: [...short].flatMap(([text, own]) => (text === own ? [] : [`${own} is ${text}`])),
  };
}

function tokens(before: number | undefined, after: number | undefined): string {
  const text = (count: number) => `${count} token${count === 1 ? "" : "s"}`;
  if (before === undefined) return `${text(after!)}, new`;
  if (after === undefined) return `${text(before)}, gone`;
  return before === after ? text(before) : `${before} → ${text(after)}`;
}

function cellView({ before, after, isChanged }: LandingCell, name: (text: string) => string): CellView {
  if (before === undefined && after === undefined) return { text: "", tone: "empty" };
  if (before === undefined) return { text: `+ ${name(after!)}`, tone: "added" };
  if (after === undefined) return { text: `- ${name(before)}`, tone: "removed" };
  if (!isChanged) return { text: name(after), tone: "same" };
  return { text: `${name(before)} → ${name(after)}`, before: name(before), after: name(after), tone: "changed" };
}

/** The name before the arguments; where several norms have one name, each with a number of its own. */
function shortNames(texts: readonly string[]): Map<string, string> {
  const callee = (text: string) => /^[\w.]+/.exec(text)?.[0] ?? text;
  const counts = new Map<string, number>();
  return new Map(texts.map((text): [string, string] => {
    const own = callee(text);
    if (texts.filter((other) => callee(other) === own).length === 1) return [text, own];
    const number = (counts.get(own) ?? 0) + 1;
    counts.set(own, number);
    return [text, `${own}${String(number).replace(/\d/g, (digit) => "⁰¹²³⁴⁵⁶⁷⁸⁹"[Number(digit)]!)}`];
  }));
}
