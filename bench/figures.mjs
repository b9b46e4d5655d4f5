// What benches say of their figures.

export function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)];
}

/**
 * Whether the losses of all sides are the first one's, but for a share of its first loss: later ones may be near 0, where libraries
 * round them differently.
 */
export function agreeing(losses, tolerance) {
  return losses.every((found) => found.every((loss, step) => Math.abs(loss - losses[0][step]) <= tolerance * losses[0][0]));
}

export function rounded(ms) {
  return ms === null ? null : Number(ms.toPrecision(4));
}
