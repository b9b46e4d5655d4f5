/** Masks: `where` says what is valid, and reductions, softmax and norms skip the rest. */

import { describe, expect, it } from "vitest";
import type { Op } from "../../../src/ir/program.js";
import { compiled, expectDiagnostics, spec } from "./harness.js";

const padded = { before: "input length in 5 words = image where index(image over token) < length", encoded: "encoder(cls: learned(1), tokens: words, depth)" };

/** The operations of the training program's forward pass whose place is below a path. */
function operations(parts: Parameters<typeof spec>[0], place: string): readonly Op[] {
  const { program } = compiled(spec({ ...padded, ...parts, depth: "1" }));
  return program.entries.get("forward")!.operations.filter((op) => op.place.startsWith(place));
}

describe("a mask", () => {
  it("keeps padding out of the statistics over the tokens", () => {
    const masked = (normalize: string) => operations({ normalize, loss: "loss mean(encoded.tokens^2)" }, "encoder.0.attention.before.tokens").some(({ kind }) => kind === "select");
    expect(masked("normalize { cls: layer, tokens: instance }")).toBe(true);
    expect(masked("normalize { cls: layer, tokens: batch }")).toBe(true);
    expect(masked("normalize { cls: layer, tokens: layer }")).toBe(false);
  });

  it("gives no weight to padding in attention", () => {
    expect(operations({}, "encoder.0.attention").some(({ kind }) => kind === "select")).toBe(true);
  });

  it("stays with the groups that it is made for", () => {
    const masked = (groups: string) => operations({ normalize: `normalize { ${groups}: instance, ..: layer }`, groups: "groups { cls, tokens }", encoded: "encoder(cls: learned(3), tokens: words, depth)", loss: "loss mean(encoded^2)" }, `encoder.0.attention.before.${groups}`);
    expect(masked("tokens").some(({ kind }) => kind === "select")).toBe(true);
    expect(masked("cls").some(({ kind }) => kind === "select")).toBe(false);
  });

  it("makes a count a matter of the data, until `fill` takes it away", () => {
    const counted = (words: string) => spec({ ...padded, before: `${padded.before} w = param[wide: ${words}] = 0` });
    expectDiagnostics(counted("«count(words over token)»"), ["N0208"]);
    expectDiagnostics(counted("count(fill(words, 0) over token)"), []);
    expectDiagnostics(counted("count(words over feature)"), []);
  });
});

describe("`where`", () => {
  it.each([
    ["a condition", "image where image > 0", []],
    ["a condition that brings an axis", "mean(image over batch) where index(image over batch) < 3", []],
    ["a condition known to hold", "image where true", []],
    ["two conditions", "image where image > 0 and not image > 1", []],
    ["a number", "image where «3»", ["N0208"]],
    ["a tensor of numbers", "image where «image»", ["N0208"]],
    ["a condition known not to hold", "image where «false»", ["N0208"]],
    ["a condition over another extent of an axis", "«image where index(slice(image along token, size: 2) over token) < 1»", ["N0302"]],
    ["nothing that could be masked", "«none» where image > 0", ["N0208"]],
  ])("takes %s", (_, expression, said) => {
    expectDiagnostics(spec({ before: `v = ${expression}` }), said);
  });
});

it("keeps invalid examples of a padded last batch out of evaluation", () => {
  const { program } = compiled(spec());
  const reads = (entry: string) => program.entries.get(entry)!.operations.some((op) => op.kind === "input" && op.attributes.slot === "valid");
  expect([reads("evaluate"), reads("step")]).toEqual([true, false]);
});
