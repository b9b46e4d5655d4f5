/**
 * No text makes the compiler throw or hang (the test's own time limit would tell), or point outside of a file, and what it
 * refuses it says why. `FUZZ_RUNS` says how many mutations of each spec are tried, and `FUZZ_SEED` chooses others.
 */

import { readFileSync, readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Compilation, compile } from "../../../src/compiler/compile.js";
import { fileHost } from "../../../src/compiler/host.js";
import { diagnosticData, renderDiagnostic } from "../../../src/diagnostics/render.js";
import type { Host } from "../../../src/semantics/modules.js";
import { lexer } from "../../../src/syntax/tokens.js";
import { spec } from "./harness.js";

const folder = fileURLToPath(new URL("../../../examples/", import.meta.url));
const runs = Number(process.env["FUZZ_RUNS"] ?? 1000);
const seed = Number(process.env["FUZZ_SEED"] ?? 7);

/** With few layers, which are compiled as many are. */
function shallow(text: string): string {
  return text.replaceAll(/depth(:| =) \d+/g, "depth$1 1");
}

const files = fileHost(folder);
const read = new Map<string, string | undefined>();
/** Gives the examples that others use with few layers too, and reads every file once. */
const host: Host = {
  readSpec: (path) => remembered(path, () => files.readSpec(path), shallow),
  readLibrary: (path) => remembered(`library: ${path}`, () => files.readLibrary(path), (text) => text),
};
function remembered(key: string, look: () => string | undefined, change: (text: string) => string): string | undefined {
  if (!read.has(key)) {
    const text = look();
    read.set(key, text === undefined ? undefined : change(text));
  }
  return read.get(key);
}

const recipe = "train t of m { data npy(\"x\") optimizer sgd schedule constant(1) batch 3 steps 1 }";

/** Every example with few layers, and specs for what the examples leave out. */
const specs: readonly (readonly [string, string])[] = [
  ...readdirSync(folder)
    // Studies are made of variants of the others.
    .filter((name) => name.endsWith(".norm") && !name.startsWith("study-"))
    .map((name) => [name, shallow(readFileSync(folder + name, "utf8"))] as const),
  ["variants", spec({ depth: "1", more: "stack other = encoder with { place sandwich normalize { cls: rms, tokens: group(2) } normalize at first, mlp.before { cls: none } } train second = run with { encoder = other batch 4 epochs 2 }" })],
  ["own definitions", spec({
    depth: "1",
    definitions: `norm own(x, eps = 1e-5) {
  param scale[feature] = 1
  state mean_square[feature] = 1
  when training {
    square = mean(x^2 except feature)
    mean_square <- mix(mean_square, square, 0.1)
  } otherwise {
    square = mean_square
  }
  y = x * rsqrt(square + eps) * scale
  return y with gradient(dy) {
    g = dy - y * mean(dy * y except feature)
    return g * rsqrt(square + eps)
  }
}
placement twice(x, sublayer, norm) { return x + norm@outer(sublayer(norm@inner(x))) }
layer gated(x, hidden) {
  g = linear(x, hidden)
  return linear(g * sigmoid(g), size(feature))
}`,
    place: "place twice",
    normalize: "normalize { cls, tokens: own }",
    sublayers: "gated(hidden: 4)",
    more: "optimizer plain(p, g, rate, decay = 0) { state m = 0 m <- mix(g, m, 0.9) p <- p - rate * (m + decay * p) } schedule step_down(step, steps, peak) { return select(step < steps / 2, peak, peak / 10) } initializer tiny(p) { return 1e-3 * uniform_like(p) } measure size_of(x) { return mean(x^2) } ablation study of run { vary encoder.place in { pre, twice } seeds 2 report run.loss }",
    optimizer: "optimizer plain(decay: 0.1) optimizer at norm: sgd",
    schedule: "schedule step_down(1e-3)",
    settings: "measure size_of(encoder.cls) every 2 steps freeze linear",
  })],
  // Small ones, of which a mutation hits every part.
  ["placement", `norm n(x) { return x - mean(x over feature) }
placement p(x, sublayer, norm) { return x + norm(sublayer(norm(x))) }
layer l(x) { w = param[feature] = 1 return x * w }
stack s() { groups { a, b } normalize { a: n b: none } place p l normalize }
model m() { input x[token: 3, feature: 4] e = s(a: x, b: x) loss mean(e.a^2) } ${recipe}`],
  ["attention", `layer a(x, h) {
  param w[feature, head: h, key: size(feature) / h] ~ xavier
  q = dot(x, w over feature)
  s = dot(q, q[token as source] over key) where index(q over token) >= index(q[token as source] over source)
  return merge(dot(softmax(s over source), q[token as source] over source), head, key into feature)
}
model m() { input x[token: 3, feature: 4] input n in 4 y = a(x where index(x over token) < n, 2) loss mean(y^2) report mean(y) } ${recipe}`],
  ["gradient", `norm n(x) {
  state s[feature] = 1
  y = x * rsqrt(s + 1)
  return y with gradient(dy) { s <- mix(s, mean(dy * y except feature), 0.5) return dy * s }
}
model m(k = 2) { input x[token: 3, feature: 4] t = param[token, feature] ~ normal y = n(x + t) loss mean(y^k) } ${recipe}`],
];

const tokens = specs.map(([, text]) => lexer.tokenize(text).tokens.map(({ startOffset, image }) => ({ startOffset, image })));
const words = [...new Set(tokens.flat().map(({ image }) => image))];
const nasty = ["1e9", "1e300", "1e6", "0", "2 ^ 40", "1 / 0", "infinity", "none", "training", "(", "}", "{", ":", "=", "<-", "@", "..", "\"", "é", "\0", "$", "with", "where x", "over token", "except feature", "[token as source]", "[feature: 1e12]"];

/** What a name may be wrapped in: other axes, extents, element types and kinds of values in the place of a sound one. */
const wraps = [
  "mean($ over token)", "mean($ over feature)", "mean($ over batch)", "mean($)", "sum($ except feature)", "count($ over token)", "size($ over token)",
  "$[token as other]", "$[feature as token]", "$[batch as token]", "slice($ along token, size: 1)", "concatenate($, $ along token)", "concatenate($, $ along feature)",
  "split($, feature into a: 2, b)", "merge($, token, feature into token)", "($ > 0)", "($ where $ > 0)", "($ where index($ over token) < 2)", "index($ over token)", "integer($)", "stop($)",
  "uniform_like($)", "argsort($ along token)", "take($, argsort($ along token) along token)", "dot($, $ over feature)", "softmax($ over token)", "broadcast(mean($), $)", "exp($)", "$($)", "$.cls", "-$", "$ ^ $", "($, $)",
  "linear($, 8)", "learned(1)", "param[feature] = 1", "param[token, feature] ~ xavier", "layer($)", "none", "select($ > 0, $, 0)", "fill($, 0)", "{ ..: $ }", "$ with { place pre }", "when",
];

const mutation = fc.record({
  kind: fc.constantFrom("delete", "insert", "duplicate", "swap", "replace", "nasty", "wrap", "wrap", "wrap"),
  byToken: fc.boolean(),
  at: fc.nat(),
  to: fc.nat(),
});
type Mutation = typeof mutation extends fc.Arbitrary<infer T> ? T : never;

function mutate(text: string, { kind, byToken, at, to }: Mutation): string {
  const found = lexer.tokenize(text).tokens.filter(({ image }) => kind !== "wrap" || /^\p{L}/u.test(image));
  const byCharacter = !byToken && !["replace", "nasty", "wrap"].includes(kind);
  const places = byCharacter ? Array.from({ length: text.length }, (_, i) => [i, i + 1] as const) : found.map(({ startOffset, image }) => [startOffset, startOffset + image.length] as const);
  if (places.length === 0) return text;
  const [start, end] = places[at % places.length]!;
  const [otherStart, otherEnd] = places[to % places.length]!;
  const part = text.slice(start, end);
  const [before, after] = [text.slice(0, start), text.slice(end)];
  switch (kind) {
    case "delete":
      return before + after;
    case "insert":
      return `${before} ${words[to % words.length]!} ${part}${after}`;
    case "duplicate":
      return `${before}${part} ${part}${after}`;
    case "swap":
      return start < otherStart ? before + text.slice(otherStart, otherEnd) + text.slice(end, otherStart) + part + text.slice(otherEnd) : text;
    case "wrap":
      return before + wraps[to % wraps.length]!.replaceAll("$", part) + after;
    case "replace":
      return before + words[to % words.length]! + after;
    default:
      return before + nasty[to % nasty.length]! + after;
  }
}

function compileSafely(text: string): Compilation {
  const compilation = compile("fuzz.norm", text, host);
  const { diagnostics, main, recipes } = compilation;
  for (const found of diagnostics) {
    const { message, place, related, help = "", note = "" } = found;
    for (const where of [place, ...related.map((other) => other.place)]) {
      expect(where.start).toBeGreaterThanOrEqual(0);
      expect(where.end).toBeGreaterThan(where.start);
      // One place behind the last character is where something is missing.
      expect(where.end).toBeLessThanOrEqual(where.source.text.length + 1);
    }
    expect(`${message} ${help} ${note}`).not.toMatch(/undefined|\[object|%\d+ =/);
    expect(renderDiagnostic(found)).toContain(message);
    expect(diagnosticData(found)).toMatchObject({ code: found.code });
  }
  // Where a recipe did not become a program, something says why.
  const trains = [...main.definitions.values()].filter(({ keyword, name }) => keyword === "train" && name.name !== "");
  if (trains.some(({ name }) => !recipes.has(name.name))) expect(diagnostics.some(({ severity }) => severity === "error")).toBe(true);
  return compilation;
}

/**
 * How many mutations of a spec are tried: the fewer the more there is to compile in it, so that none takes much longer than
 * a small one does. What examples have in common is mutated in each of them; what the other specs hold is nowhere else.
 */
function runsOf(name: string, text: string, { recipes }: Compilation): number {
  const operations = [...recipes.values()].flatMap(({ program }) => [...program.entries.values()]).reduce((sum, entry) => sum + entry.operations.length, 0);
  // For every line that varies something, an ablation's recipe is written out again.
  const times = 1 + (text.match(/^ +vary /gm)?.length ?? 0);
  const enough = name.endsWith(".norm") ? 200 : 800;
  return Math.max(10, Math.ceil(runs * Math.min(1, enough / (operations * times))));
}

describe("survives mutations of", () => {
  it.each(specs)("%s", { timeout: 20 * 60_000 }, (name, text) => {
    const whole = compileSafely(text);
    // Many mutations change nothing, or a comment only, or what another did, and would be compiled as long as any.
    const tried = new Set<string>();
    fc.assert(
      fc.property(fc.array(mutation, { minLength: 1, maxLength: 3 }), (mutations) => {
        const mutated = mutations.reduce(mutate, text);
        const written = wordsOf(mutated);
        if (!tried.has(written)) compileSafely(mutated);
        tried.add(written);
      }),
      { numRuns: runsOf(name, text, whole), seed, endOnFailure: false },
    );
  });
});

/** The tokens of a text and what is between them that is none, without its blanks and comments. */
function wordsOf(text: string): string {
  const { tokens: found, errors } = lexer.tokenize(text);
  return JSON.stringify([found.map(({ image }) => image), errors.map(({ offset, length }) => text.slice(offset, offset + length))]);
}
