/** Numbers for people. */

import type { Measured } from "./measuring.js";

/** A count with at most three significant digits and a decimal prefix: 950, 1.3 k, 12.4 M, 2.1 G. */
export function formatCount(count: number): string {
  return scaled(count, 1000, ["", "k", "M", "G", "T", "P"]);
}

/** Bytes with a binary prefix: 12.4 MiB. */
export function formatBytes(bytes: number): string {
  return scaled(bytes, 1024, ["B", "KiB", "MiB", "GiB", "TiB", "PiB"]);
}

/** A time given in seconds: 0.42 s, 45 s, 3 min 20 s, 2 h 05 min. */
export function formatSeconds(seconds: number): string {
  if (!Number.isFinite(seconds)) return "?";
  if (seconds < 9.95) return `${Number(seconds.toPrecision(2))} s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${twoDigits(whole % 60)} s`;
  const minutes = Math.round(seconds / 60);
  return `${Math.floor(minutes / 60)} h ${twoDigits(minutes % 60)} min`;
}

/** A loss, a rate or a measure with `digits` significant digits, or two fewer in exponential notation: 0.4321, 12.30, 1.00e-3. */
export function formatValue(value: number, digits = 4): string {
  if (!Number.isFinite(value)) return Number.isNaN(value) ? "NaN" : value > 0 ? "∞" : "-∞";
  if (value === 0) return "0";
  const size = Math.abs(value);
  if (size >= 0.01 && size < 10 ** digits) {
    const text = value.toPrecision(digits);
    // Rounding may carry over, as 9999.6 does; toPrecision then falls into its own exponential notation.
    if (!text.includes("e")) return text;
  }
  return value.toExponential(digits - 2);
}

/** What a measure came out as: a number, or a list by its ends and its length. */
export function formatMeasure(value: Measured): string {
  const text = (one: number | null | undefined) => formatValue(one ?? NaN);
  if (value === null || typeof value === "number") return text(value);
  return value.length < 3 ? `[${value.map(text).join(", ")}]` : `${text(value[0])} … ${text(value.at(-1))} (${value.length})`;
}

function scaled(value: number, base: number, units: readonly string[]): string {
  let rest = value;
  let unit = 0;
  // 999.5 would be rounded to 1000 of this unit.
  while (Math.abs(rest) >= base - 0.5 && unit < units.length - 1) {
    rest /= base;
    unit++;
  }
  const digits = Math.abs(rest) >= 99.95 || Number.isInteger(rest) ? 0 : 1;
  return `${rest.toFixed(digits)} ${units[unit]}`.trimEnd();
}

function twoDigits(value: number): string {
  return String(value).padStart(2, "0");
}
