/** What the tests of the checker share: small specs put together from their parts, and diagnostics by marks in the text. */

import { expect } from "vitest";
import { type Compilation, type Compiled, compile } from "../../../src/compiler/compile.js";
import { readLibrary } from "../../../src/compiler/host.js";
import type { Diagnostic } from "../../../src/diagnostics/diagnostic.js";
import { printProgram } from "../../../src/ir/print.js";

/** The parts of a spec; those that a test does not give are the smallest ones without a mistake. */
export interface Parts {
  readonly definitions: string;
  readonly groups: string;
  readonly normalize: string;
  readonly place: string;
  readonly sublayers: string;
  readonly end: string;
  /** The stack's other lines, such as overrides. */
  readonly overrides: string;
  /** What the model does before its stack runs. */
  readonly before: string;
  readonly encoded: string;
  /** The rest of the model. */
  readonly loss: string;
  readonly model: string;
  readonly depth: string;
  readonly data: string;
  readonly optimizer: string;
  readonly schedule: string;
  readonly batch: string;
  readonly time: string;
  readonly settings: string;
  /** Definitions behind everything else. */
  readonly more: string;
}

const plain: Parts = {
  definitions: "",
  groups: "groups { cls, tokens }",
  normalize: "normalize { cls, tokens: layer }",
  place: "place pre",
  sublayers: "attention(heads: 2)",
  end: "normalize",
  overrides: "",
  before: "",
  encoded: "encoder(cls: learned(1), tokens: image, depth)",
  loss: "loss cross_entropy(linear(encoded.cls, 3), label)",
  model: "classifier",
  depth: "2",
  data: 'data npy("x")',
  optimizer: "optimizer adamw(decay: 0)",
  schedule: "schedule constant(peak: 1e-3, warmup: 5%)",
  batch: "batch 8",
  time: "steps 10",
  settings: "",
  more: "",
};

/** A spec with a stack `encoder`, a model `classifier` of 4 tokens with 8 features, and a recipe `run`. */
export function spec(parts: Partial<Parts> = {}): string {
  const own = { ...plain, ...parts };
  return `use std.norms { batch, dyt, group, instance, layer, rms, scale }
use std.placements { deep, output, post, pre, sandwich }
use std.layers { attention, dropout, linear, mlp }
${own.definitions}
stack encoder(depth) {
  ${own.groups}
  ${own.normalize}
  ${own.overrides}
  ${own.place}
  repeat depth {
    ${own.sublayers}
  }
  ${own.end}
}
model classifier(depth = ${own.depth}) {
  input image[token: 4, feature: 8]
  input label in 3
  ${own.before}
  encoded = ${own.encoded}
  ${own.loss}
}
train run of ${own.model} {
  ${own.data}
  ${own.optimizer}
  ${own.schedule}
  ${own.batch}
  ${own.time}
  ${own.settings}
}
${own.more}
`;
}

/** Compiles a text as the file `test.norm`, with other files beside it. */
export function check(text: string, files: Readonly<Record<string, string>> = {}): Compilation {
  return compile("test.norm", text, { readSpec: (path) => (Object.hasOwn(files, path) ? files[path] : undefined), readLibrary });
}

/** Compiles a text without a mistake in it and gives one of its recipes. */
export function compiled(text: string, recipe = "run", files: Readonly<Record<string, string>> = {}): Compiled {
  const { diagnostics, recipes } = check(text, files);
  expect(diagnostics.map(shortly)).toEqual([]);
  return recipes.get(recipe)!;
}

/** `error N0304 on line 7: cls: batch`. */
export function shortly({ severity, code, place: { source, start, end } }: Diagnostic): string {
  return `${severity} ${code} on line ${source.position(start).line}: ${source.text.slice(start, end)}`;
}

/** Takes the marks `«…»` out of a text; one mark may stand inside another. */
export function unmark(marked: string): { text: string; places: readonly { line: number; underlined: string }[] } {
  let text = "";
  const found: { start: number; end: number }[] = [];
  const open: { start: number; end: number }[] = [];
  for (const part of marked.split(/([«»])/)) {
    if (part === "«") open.push(found[found.push({ start: text.length, end: text.length }) - 1]!);
    else if (part === "»") open.pop()!.end = text.length;
    else text += part;
  }
  return { text, places: found.map(({ start, end }) => ({ line: text.slice(0, start).split("\n").length, underlined: text.slice(start, end) })) };
}

/**
 * Expects exactly the diagnostics that the marks `«…»` in the text announce: what is said at each, by the order of the
 * marks, as `N0304` for an error, `warning N0402` or `note N0407`. Several at one mark are joined by ` + `.
 */
export function expectDiagnostics(marked: string, said: readonly string[], files: Readonly<Record<string, string>> = {}): Compilation {
  const { text, places } = unmark(marked);
  expect(said).toHaveLength(places.length);
  const expected = places.flatMap(({ line, underlined }, i) =>
    said[i]!.split(" + ").map((one) => `${one.includes(" ") ? one : `error ${one}`} on line ${line}: ${underlined}`),
  );
  const compilation = check(text, files);
  expect(compilation.diagnostics.map(shortly)).toEqual(expected);
  return compilation;
}

/** The one diagnostic of a text. */
export function only(text: string, files: Readonly<Record<string, string>> = {}): Diagnostic {
  const { diagnostics } = check(text, files);
  expect(diagnostics.map(shortly)).toHaveLength(1);
  return diagnostics[0]!;
}

/** Which policy landed where, as `path: cls -> batch`. */
export function landed({ training }: Compiled): string[] {
  return training.sites.flatMap(({ path, parts }) => parts.map(({ groups, policy }) => `${path}: ${groups.join("+")} -> ${policy}`));
}

export function parameterNames({ program }: Compiled): string[] {
  return program.parameters.map(({ name }) => name);
}

/** The program as text without its name, for comparing what two recipes compile to. */
export function printed({ program }: Compiled): string {
  return printProgram({ ...program, name: "any" });
}
