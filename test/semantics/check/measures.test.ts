/** `measure` lines and ablations. */

import { describe, it } from "vitest";
import { expectDiagnostics, spec } from "./harness.js";

describe("a measurement", () => {
  it.each([
    ["of a stack's group", "measure uniformity(encoder.cls)", []],
    ["of a value of the model", "measure uniformity(encoded) every 1 epoch", []],
    ["at sites", "measure uniformity at encoder.*.attention.before every 10 steps", []],
    ["by what is no measure", "measure «layer»(encoded)", ["N0208"]],
    ["by what nothing defines", "measure «uniformty»(encoded)", ["N0201"]],
    ["by a number", "measure «3»", ["N0208"]],
    ["of what the model does not have", "measure uniformity(«encodd».cls)", ["N0201"]],
    ["at no site", "measure uniformity at «encoder.9»", ["N0309"]],
    ["by a time that is no unit", "measure uniformity(encoded) every 3 «minutes»", ["N0208"]],
    ["never", "measure uniformity(encoded) every «0» steps", ["N0315"]],
    ["at every half step", "measure uniformity(encoded) every «0.5» steps", ["N0308"]],
    ["of a group at a site, by its path", "measure activation_variance(encoder.final.cls)", []],
    ["of a parameter by its name", "measure stable_rank(slice(linear.weight along feature, from: 0, size: 2)[feature as batch, out as feature])", []],
    ["at parts and parameters", "measure gradient_norm at encoder.*.attention measure gradient_norm at *.w_out", []],
    ["by a function", "measure accuracy(encoded.cls, label)", []],
    ["with an argument of its own", "measure anisotropy(centred: true) at «encoder.final.cls»", ["N0309"]],
    ["by what gives no number", "measure «unit(encoded over feature)»", ["N0313"]],
    ["without what it is taken of", "measure «uniformity»", ["N0207"]],
    ["with something in the place of an input", "measure uniformity(encoded.cls) given image = 2 * image of 16 examples", []],
    ["with something in the place of no input", "measure uniformity(encoded.cls) given «imag» = 2", ["N0201"]],
    ["with what has other axes in the place of an input", "measure uniformity(encoded.cls) given image = «mean(image over token)»", ["N0302"]],
    ["in a mode that there is not", "measure uniformity(encoded.cls) in «testing»", ["N0208"]],
    ["of what is not examples", "measure uniformity(encoded.cls) of 8 «tokens»", ["N0208"]],
    ["twice", "measure uniformity(encoded.cls), «uniformity(encoded.cls)»", ["N0202"]],
    ["in both modes", "measure uniformity(encoded.cls) measure uniformity(encoded.cls) in training", []],
    ["of the gradient of what a measure makes", "measure «gradient_norm(2 * encoded)»", ["N0208"]],
    ["with several mistakes", "measure «uniformty»(encoded), uniformity(«encodd») at «nowhere» every 1 «day»", ["N0201", "N0201", "N0309", "N0208"]],
  ])("%s", (_, settings, said) => {
    expectDiagnostics(spec({ settings }), said);
  });
});

describe("an ablation", () => {
  const of = (body: string, recipes = "run") => spec({ more: `ablation study of ${recipes} { ${body} }` });

  it.each([
    ["varies a group's norm", "vary encoder.normalize.cls in { layer, batch(eps: 1e-3), none }", []],
    ["varies a whole policy", "vary encoder.normalize in { { ..: layer } }", []],
    ["varies an override", "vary encoder.normalize.at.first.cls in { layer, none }", []],
    ["varies a placement", "vary encoder.place in { pre, post }", []],
    ["varies a parameter of the model", "vary depth in { 1, 2 }", []],
    ["varies a line of the recipe", "vary run.batch in { 8, 16 }", []],
    ["varies two things together", "vary batch, depth in { (8, 1), (16, 2) }", []],
    ["repeats over seeds and reports", "vary depth in { 1, 2 } seeds 3 report run.accuracy", []],
    ["varies what is not there", "vary «dept» in { 1, 2 }", ["N0309"]],
    ["varies a group that is not there", "vary «encoder.normalize.clss» in { layer }", ["N0309"]],
    ["varies a stack that is not there", "vary «decoder.place» in { pre }", ["N0309"]],
    ["varies a part of a stack that is not there", "vary «encoder.width» in { 1 }", ["N0309"]],
    ["gives one value for two paths", "vary batch, depth in { «8» }", ["N0208"]],
    ["names a choice that nothing defines", "vary encoder.normalize.cls in { «layr» }", ["N0201"]],
    ["excludes what is not there", "vary depth in { 1, 2 } exclude «dept» = 1", ["N0309"]],
    ["reports of a recipe that it does not have", "report «other.accuracy»", ["N0201"]],
    ["has no seeds", "vary depth in { 1, 2 } seeds «0»", ["N0315"]],
    ["has several mistakes", "vary «dept» in { 1 } vary «widt» in { 2 }", ["N0309", "N0309"]],
  ])("%s", (_, body, said) => {
    expectDiagnostics(of(body), said);
  });

  it("is of recipes that are there", () => {
    expectDiagnostics(of("vary depth in { 1 }", "«rn»"), ["N0201"]);
    expectDiagnostics(of("vary encoder.place in { pre }", "«classifier»"), ["N0201"]);
  });
});

it("a measure may have another name", () => {
  expectDiagnostics(spec({ more: "measure even = uniformity", settings: "measure even(encoded)" }), []);
});
