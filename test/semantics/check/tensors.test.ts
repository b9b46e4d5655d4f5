/** Tensors: axes by name, extents and element types. */

import { describe, it } from "vitest";
import { expectDiagnostics, spec } from "./harness.js";

/** In a model with `image[batch: 8, token: 4, feature: 8]`, `label[batch: 8] in 3` and `part`, the first 2 tokens. */
const of = (expression: string) => spec({ before: `part = slice(image along token, size: 2) v = ${expression}` });

describe("an axis that is not there", () => {
  it.each([
    ["in a reduction", "sum(image over «source»)"],
    ["of a number", "mean(mean(image) over «token»)"],
    ["in `except`", "mean(image except «source»)"],
    ["of one side of `dot`", "dot(image, label «over feature»)"],
    ["in a renaming", "image[«source» as other]"],
    ["in a split", "split(image, «source» into a: 2, b)"],
    ["in a merge", "merge(image, «source», token into feature)"],
    ["in a slice", "slice(image along «source», size: 2)"],
    ["in a concatenation", "concatenate(image, label along «token»)"],
    ["in `take`", "take(image, label along «vocabulary»)"],
    ["in an order", "argsort(image along «source»)"],
    ["in a size", "size(image over «source»)"],
  ])("%s", (_, expression) => {
    expectDiagnostics(of(expression), ["N0301"]);
  });
});

describe("one axis with two extents", () => {
  it.each([
    ["in a sum", "«image + part»"],
    ["in a comparison", "«image < part»"],
    ["in `dot`, along a shared axis", "«dot(image, part over feature)»"],
    ["in `dot`, along the contracted axis", "«dot(image, part over token)»"],
    ["in a choice", "«select(image > 0, part, 0)»"],
    ["in a larger of two", "«max(image, part)»"],
    ["in `broadcast`", "«broadcast(image, part)»"],
    ["in a concatenation along another axis", "«concatenate(image, part along feature)»"],
    ["in `take`", "«take(image, index(part over token)[token as other] + 0 * index(slice(image along feature, size: 2) over feature) along token)»"],
  ])("%s", (_, expression) => {
    expectDiagnostics(of(expression), ["N0302"]);
  });
});

describe("an axis that would stand twice", () => {
  it.each([
    ["by a renaming", "image[token as «feature»]"],
    ["by two renamings", "image[token as one, feature as «one»]"],
    ["by a split", "split(image, feature «into token: 2, b»)"],
    ["by a split into equal names", "split(image, feature «into a: 2, a»)"],
    ["by a merge", "merge(split(image, feature into a: 2, b), a, b «into token»)"],
    ["by a merge of one axis with itself", "«merge(image, token, token into one)»"],
  ])("%s", (_, expression) => {
    expectDiagnostics(of(expression), ["N0310"]);
  });

  it("does not, when the other one moves away at once", () => {
    expectDiagnostics(of("image[token as feature, feature as token]"), []);
  });
});

describe("elements of the wrong type", () => {
  it.each([
    ["an order of conditions", "argsort(«image > 0 along token»)"],
    ["a sum of conditions", "sum(«image > 0»)"],
    ["an exponential of conditions", "exp(«image > 0»)"],
    ["conditions added", "(«image > 0») + 1"],
    ["a negated condition", "-(«image > 0»)"],
    ["a number that is denied", "not «image»"],
    ["conditions and numbers to choose from", "«select(image > 0, image > 1, image)»"],
    ["indices that are no whole numbers", "take(image, «image along token»)"],
  ])("%s", (_, expression) => {
    expectDiagnostics(of(expression), ["N0303"]);
  });
});

describe("values of the wrong kind", () => {
  it.each([
    ["a norm in a reduction", "sum(«layer»)"],
    ["a text in an exponential", 'exp(«"x"»)'],
    ["numbers joined by `and`", "«image» and true"],
    ["a number that decides", "select(«1», 2, 3)"],
    ["a tensor that fills", "fill(image, «image»)"],
    ["a norm in `dot`", "dot(image, «layer over feature»)"],
    ["a tuple added", "image + «(1, 2)»"],
  ])("%s", (_, expression) => {
    expectDiagnostics(of(expression), ["N0208"]);
  });
});

describe("a built-in function is told what it needs", () => {
  it.each([
    ["`dot` its axes", "«dot(image, image)»", "N0207"],
    ["`take` its axis", "«take(image, label)»", "N0207"],
    ["`split` its axes", "«split(image, feature)»", "N0207"],
    ["`merge` its axis", "«merge(image, token, feature)»", "N0207"],
    ["`slice` its size", "«slice(image along token)»", "N0207"],
    ["`argsort` its axis", "«argsort(image)»", "N0207"],
    ["`exp` one argument", "«exp(image, image)»", "N0207"],
    ["`exp` no axes", "exp(image «over token»)", "N0206"],
    ["`slice` no other names", "slice(image along token, size: 2, «start: 1»)", "N0206"],
    ["`slice` a stretch that is there", "«slice(image along token, from: 3, size: 2)»", "N0315"],
    ["`slice` whole numbers", "slice(image along token, size: «1.5»)", "N0308"],
    ["`argsort` one axis", "argsort(image «along token, feature»)", "N0301"],
    ["`index` an axis that is known", "index(«token»)", "N0307"],
  ])("%s", (_, expression, code) => {
    expectDiagnostics(of(expression), [code]);
  });
});

describe("a loss", () => {
  it.each([
    ["is one number", "loss «encoded»", ["N0313"]],
    ["is a tensor", "loss «layer»", ["N0208"]],
    ["is a number, not a condition", "loss «mean(encoded) > 0»", ["N0303"]],
    ["may be given in several lines", "loss mean(encoded) loss mean(encoded^2)", []],
    ["may stand under `when`, in both modes", "when training { loss mean(encoded) } otherwise { loss mean(encoded^2) }", []],
    ["and so is a report", "loss mean(encoded) report all: «encoded»", ["N0313"]],
    ["and a report has a name", "loss mean(encoded) «report 2 * mean(encoded)»", ["N0207"]],
    ["of its own", "loss mean(encoded) report mean(encoded) «report mean(encoded^2)»", ["N0202"]],
    ["that the trainer does not report itself", "loss mean(encoded) «report rate: mean(encoded)»", ["N0202"]],
  ])("%s", (_, loss, said) => {
    expectDiagnostics(spec({ loss }), said);
  });

  it("is what a model must have, in both modes", () => {
    expectDiagnostics(spec({ loss: "" }).replace("model classifier", "model «classifier»"), ["N0314"]);
    expectDiagnostics(spec({ loss: "when training { loss mean(encoded) }" }).replace("model classifier", "model «classifier»"), ["N0314"]);
  });
});

describe("an input", () => {
  it.each([
    ["has extents", "input other[«wide»]", ["N0307"]],
    ["has positive extents", "input other[wide: «0»]", ["N0315"]],
    ["has the batch by itself", "input other[«batch: 3»]", ["N0310"]],
    ["counts what it is below", "input other in «0»", ["N0315"]],
    ["is a whole number of 32 bits", "input other in «3e9»", ["N0315"]],
  ])("%s", (_, before, said) => {
    expectDiagnostics(spec({ before }), said);
  });
});
