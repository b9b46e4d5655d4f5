/** Quantities in figures: old, new, and how far apart they are. */

import { formatBytes, formatCount } from "../../../runtime/format.js";
import { grouped } from "../numbers.js";
import type { Quantity } from "../quantities.js";

export interface QuantityRow {
  readonly name: string;
  readonly before: string;
  readonly after: string;
  /** With its sign: `+384`. */
  readonly difference: string;
  /** `+0.64 %`, or `≈ 0 %` below a hundredth of one; empty where A has none of it. */
  readonly share: string;
  readonly isChanged: boolean;
}

export function quantityRows(quantities: readonly Quantity[]): QuantityRow[] {
  return quantities.map(({ name, unit, before, after }) => ({
    name,
    before: figure(before, unit),
    after: figure(after, unit),
    difference: signed(after - before, (size) => figure(size, unit)),
    share: share(before, after),
    isChanged: before !== after,
  }));
}

/** Counts exactly, since a norm more or less is a small part of a model; the others with prefixes. */
export function figure(value: number, unit: Quantity["unit"]): string {
  if (unit === "bytes") return formatBytes(value);
  return unit === "FLOP" ? `${formatCount(value)} FLOP` : grouped(value);
}

/** The difference as a part of the old value, in percent with two digits. */
export function share(before: number, after: number): string {
  if (before === 0) return "";
  const percent = (100 * (after - before)) / before;
  if (percent !== 0 && Math.abs(percent) < 0.01) return "≈ 0 %";
  return signed(percent, (size) => `${size >= 10 ? grouped(Math.round(size)) : Number(size.toPrecision(2))} %`);
}

function signed(value: number, text: (size: number) => string): string {
  return `${value < 0 ? "-" : value > 0 ? "+" : ""}${text(Math.abs(value))}`;
}
