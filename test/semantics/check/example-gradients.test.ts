/** Per-example gradients of a model in which the examples of a batch depend on one another. */

import { expect, it } from "vitest";
import { expectDiagnostics, only, spec } from "./harness.js";

const noise = { more: "measure noise(x) { g = example_gradients(x) return mean(g^2) }" };
const batch = "normalize { cls: layer, tokens: batch }";

it.each([
  ["with batch norm", { ...noise, normalize: batch, settings: "measure «noise(encoder.cls)» every 1 epoch" }, ["N0406"]],
  ["with batch norm, by a measure without arguments", { ...noise, normalize: batch, settings: "measure «noise» at encoder.*.attention.before" }, ["N0406"]],
  ["with batch norm, through another name of the measure", { more: `${noise.more} measure other = noise`, normalize: batch, settings: "measure «other(encoded)»" }, ["N0406"]],
  ["with batch norm inside a layer", { ...noise, sublayers: "mlp(8, inner: batch)", settings: "measure «noise(encoded)»" }, ["N0406"]],
  ["with layer norm", { ...noise, settings: "measure noise(encoder.cls) every 1 epoch" }, []],
  ["with instance norm, which stays within an example", { ...noise, normalize: "normalize { cls: layer, tokens: instance }", settings: "measure noise(encoded)" }, []],
  ["with batch norm and a measure that takes no gradients", { normalize: batch, settings: "measure uniformity(encoder.cls)" }, []],
])("%s", (_, parts, said) => {
  expectDiagnostics(spec(parts), said);
});

it("points at the policy that couples the examples", () => {
  const found = only(spec({ ...noise, normalize: batch, settings: "measure noise(encoder.cls)" }));
  expect(found.message).toBe("`noise` takes the gradient of each example, and `batch` couples the examples");
  expect(found.related.map(({ place, label }) => `${place.source.text.slice(place.start, place.end)}: ${label}`)).toEqual(["tokens: batch: statistics over the batch"]);
});
