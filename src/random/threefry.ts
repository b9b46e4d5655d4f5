/**
 * Counter-based random numbers, the same on every target.
 *
 * Threefry-2x32 with 20 rounds (Salmon, Moraes, Dror and Shaw, "Parallel random numbers: as easy as 1, 2, 3", 2011).
 * It needs only 32-bit addition, rotation and exclusive or, so that JavaScript, WGSL and WebAssembly compute it alike.
 * A draw is a function of a key (seed, place, step) and a counter (the index of the element): nothing is carried over.
 */

const rotations = [13, 15, 26, 6, 17, 29, 16, 24] as const;
const parity = 0x1bd11bda;

/** Two 32-bit words of key. */
export type Key = readonly [number, number];

/** Encrypts the counter `(first, second)` under `key`, writing two unsigned 32-bit words to `out`. */
export function threefry(key: Key, first: number, second: number, out: Uint32Array): void {
  const schedule = [key[0] | 0, key[1] | 0, (parity ^ key[0] ^ key[1]) | 0];
  let x = (first + schedule[0]!) | 0;
  let y = (second + schedule[1]!) | 0;
  for (let round = 0; round < 20; round++) {
    const rotation = rotations[round % 8]!;
    x = (x + y) | 0;
    y = (y << rotation) | (y >>> (32 - rotation));
    y ^= x;
    if (round % 4 === 3) {
      const injection = (round + 1) / 4;
      x = (x + schedule[injection % 3]!) | 0;
      y = (y + schedule[(injection + 1) % 3]! + injection) | 0;
    }
  }
  out[0] = x;
  out[1] = y;
}

/** A 32-bit FNV-1a hash of the UTF-16 code units of `text`; names of places become keys through it. */
export function hashText(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) {
    hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  }
  return hash >>> 0;
}

/** The key of the draws made at `place` in training step `step` under `seed` (each an unsigned 32-bit integer). */
export function keyOf(seed: number, place: string, step: number): Key {
  const out = new Uint32Array(2);
  threefry([seed >>> 0, hashText(place)], step >>> 0, 0, out);
  return [out[0]!, out[1]!];
}

/** `count` numbers uniform in [0, 1), each a multiple of 2^-24 and so exact in float32. */
export function uniforms(key: Key, count: number, out: Float32Array | Float64Array = new Float32Array(count)) {
  const words = new Uint32Array(2);
  for (let i = 0; i < count; i++) {
    threefry(key, i, 0, words);
    out[i] = (words[0]! >>> 8) / 0x1000000;
  }
  return out;
}

/** `count` standard normal numbers, by the transform of Box and Muller (1958) on both words of one counter. */
export function normals(key: Key, count: number, out: Float32Array | Float64Array = new Float32Array(count)) {
  const words = new Uint32Array(2);
  for (let i = 0; i < count; i++) {
    threefry(key, i, 0, words);
    const radius = Math.sqrt(-2 * Math.log(((words[0]! >>> 8) + 1) / 0x1000000));
    out[i] = radius * Math.cos((2 * Math.PI * (words[1]! >>> 8)) / 0x1000000);
  }
  return out;
}

/** A seeded permutation of 0 … count − 1 (Fisher and Yates), as the loaders use it to shuffle examples. */
export function permutation(key: Key, count: number): Uint32Array {
  const order = Uint32Array.from({ length: count }, (_, i) => i);
  const words = new Uint32Array(2);
  for (let i = count - 1; i > 0; i--) {
    threefry(key, i, 0, words);
    // 53 random bits: the bias towards small indices is below 2^-20 for any count that fits in memory.
    const unit = ((words[0]! >>> 5) * 0x4000000 + (words[1]! >>> 6)) / 0x20000000000000;
    const j = Math.floor(unit * (i + 1));
    const held = order[i]!;
    order[i] = order[j]!;
    order[j] = held;
  }
  return order;
}
