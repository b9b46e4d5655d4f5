/** Functions that kernels use besides those of WGSL. A shader gets those that it names. */

import { withNeeds } from "../library.js";

/** Coefficients of `erf` about 0: Abramowitz and Stegun, 7.1.5, times 2/√π. */
const erfSeries = [1, 1 / 3, 1 / 10, 1 / 42, 1 / 216, 1 / 1320, 1 / 9360, 1 / 75600, 1 / 685440, 1 / 6894720]
  .map((term, i) => `${Math.fround((i % 2 === 0 ? 2 : -2) * term / Math.sqrt(Math.PI))}`);

function horner(coefficients: readonly string[], x: string): string {
  return coefficients.reduceRight((rest, own) => (rest === "" ? own : `${own} + ${x} * (${rest})`), "");
}

/** The form for vectors of four. */
function fourOf(name: string): { readonly text: string; readonly needs: readonly string[] } {
  const each = ["x", "y", "z", "w"].map((i) => `${name}(x.${i})`).join(", ");
  return { text: `fn ${name}4(x: vec4<f32>) -> vec4<f32> { return vec4<f32>(${each}); }`, needs: [name] };
}

/** Each function's text, and the others that it calls. Those ending in 4 are for vectors of four. */
const functions: Readonly<Record<string, { readonly text: string; readonly needs?: readonly string[] }>> = {
  // Not constant expressions, in which WGSL forbids infinities and overflow.
  number: { text: "fn number(x: f32) -> f32 { return x; }" },
  infinity: { text: "var<private> infinity_bits: u32 = 0x7f800000u;\nfn infinity() -> f32 { return bitcast<f32>(infinity_bits); }" },
  not_a_number: { text: "var<private> nan_bits: u32 = 0x7fc00000u;\nfn not_a_number() -> f32 { return bitcast<f32>(nan_bits); }" },
  is_finite: { text: "fn is_finite(x: f32) -> bool { return (bitcast<u32>(x) & 0x7f800000u) != 0x7f800000u; }" },
  is_nan: { text: "fn is_nan(x: f32) -> bool { return (bitcast<u32>(x) & 0x7fffffffu) > 0x7f800000u; }" },
  // WGSL lets its own functions give anything finite for what is not, and drivers do: a fault must stay one.
  exp_: { text: "fn exp_(x: f32) -> f32 { return select(exp(x), x, is_nan(x)); }", needs: ["is_nan"] },
  sign_: { text: "fn sign_(x: f32) -> f32 { return select(sign(x), x, is_nan(x)); }", needs: ["is_nan"] },
  log_: {
    text: `fn log_(x: f32) -> f32 {
  if (x > 0.0 && x < infinity()) { return log(x); }
  if (x == 0.0) { return -infinity(); }
  if (x > 0.0) { return x; }
  return not_a_number();
}`,
    needs: ["infinity", "not_a_number"],
  },
  // WGSL's own may be wrong by 5e-4, and more beyond one turn. Reduction to a quarter turn after Cody and Waite, polynomials of
  // Moshier's Cephes: exact to some units in the last place up to some hundred turns.
  turned: {
    text: `fn turned(x: f32, quarter: i32) -> f32 {
  let q = round(x * 0.63661977);
  let r = ((x - q * 1.5703125) - q * 4.837512969970703e-4) - q * 7.54978995489188e-8;
  let y = r * r;
  let n = i32(q) + quarter;
  let s = r + r * y * (-0.16666654611 + y * (0.0083321608736 + y * -0.00019515295891));
  let c = 1.0 - 0.5 * y + y * y * (0.04166664568298827 + y * (-0.001388731625493765 + y * 2.443315711809948e-5));
  let v = select(s, c, (n & 1) == 1);
  return select(v, -v, (n & 2) == 2);
}`,
  },
  sin_: { text: "fn sin_(x: f32) -> f32 { return turned(x, 0); }", needs: ["turned"] },
  cos_: { text: "fn cos_(x: f32) -> f32 { return turned(x, 1); }", needs: ["turned"] },
  // The series where the rational formula (Abramowitz and Stegun, 7.1.26) would lose relative precision.
  erf_: {
    text: `fn erf_(x: f32) -> f32 {
  let a = abs(x);
  if (a < 0.9) { let y = x * x; return x * (${horner(erfSeries, "y")}); }
  let t = 1.0 / (1.0 + 0.3275911 * a);
  let y = 1.0 - t * (0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * 1.061405429)))) * exp(-a * a);
  return select(y, -y, x < 0.0);
}`,
  },
  // WGSL's own may overflow, and loses precision near 0.
  tanh_: {
    text: `fn tanh_(x: f32) -> f32 {
  let a = abs(x);
  if (a < 0.25) { let y = x * x; return x * (1.0 + y * (-0.33333333 + y * (0.13333333 + y * (-0.053968254 + y * 0.021869488)))); }
  let e = exp(-2.0 * a);
  let y = (1.0 - e) / (1.0 + e);
  return select(y, -y, x < 0.0);
}`,
  },
  // WGSL's own is not defined for negative bases.
  pow_: {
    text: `fn pow_(x: f32, y: f32) -> f32 {
  if (y == 0.0) { return 1.0; }
  if (x == 0.0) { return select(0.0, infinity(), y < 0.0); }
  let p = pow(abs(x), y);
  if (x > 0.0) { return p; }
  if (floor(y) != y) { return not_a_number(); }
  return select(p, -p, floor(y * 0.5) * 2.0 != y);
}`,
    needs: ["infinity", "not_a_number"],
  },
  // Threefry-2x32 with 20 rounds, as in random/threefry.ts.
  threefry: {
    text: `fn threefry(key: vec2<u32>, counter: u32) -> vec2<u32> {
  let schedule = array<u32, 3>(key.x, key.y, 0x1bd11bdau ^ key.x ^ key.y);
  let rotations = array<u32, 8>(13u, 15u, 26u, 6u, 17u, 29u, 16u, 24u);
  var x = counter + key.x;
  var y = key.y;
  for (var round = 0u; round < 20u; round++) {
    let r = rotations[round % 8u];
    x = x + y;
    y = (y << r) | (y >> (32u - r));
    y = y ^ x;
    if (round % 4u == 3u) {
      let n = (round + 1u) / 4u;
      x = x + schedule[n % 3u];
      y = y + schedule[(n + 1u) % 3u] + n;
    }
  }
  return vec2<u32>(x, y);
}`,
  },
  uniform: { text: "fn uniform(a: i32, b: i32, i: i32) -> f32 {\n  return f32(threefry(vec2<u32>(u32(a), u32(b)), u32(i)).x >> 8u) / 16777216.0;\n}", needs: ["threefry"] },
  normal: {
    text: `fn normal(a: i32, b: i32, i: i32) -> f32 {
  let w = threefry(vec2<u32>(u32(a), u32(b)), u32(i));
  return sqrt(-2.0 * log(f32((w.x >> 8u) + 1u) / 16777216.0)) * cos_(6.2831855 * (f32(w.y >> 8u) / 16777216.0));
}`,
    needs: ["threefry", "cos_"],
  },
  ...Object.fromEntries(["erf_", "tanh_", "exp_", "log_", "sin_", "cos_", "sign_"].map((name) => [`${name}4`, fourOf(name)])),
  pow_4: {
    text: "fn pow_4(x: vec4<f32>, y: vec4<f32>) -> vec4<f32> { return vec4<f32>(pow_(x.x, y.x), pow_(x.y, y.y), pow_(x.z, y.z), pow_(x.w, y.w)); }",
    needs: ["pow_"],
  },
};

/** The texts of the named functions and of those that they call, each before its use. */
export function libraryOf(names: ReadonlySet<string>): readonly string[] {
  return withNeeds(functions, names).map(({ text }) => text);
}
