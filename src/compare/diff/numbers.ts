/** Whole numbers for people. */

/** A whole number with its thousands parted: `12,345`. */
export function grouped(value: number): string {
  return String(value).replace(/\B(?=(\d{3})+$)/g, ",");
}
