/** U-MAE's variants of the masked autoencoder in the examples. */

import { describe, expect, test } from "vitest";
import { compiledRun, firstLoss } from "./example-recipes.js";

const uses = `
  use "mae-umae.norm" { cosine_penalty, product_penalty, umae, umae_formula }
  use "mnist-autoencoder.norm" { mae }
  function cosine_alone(encoded) { return mean_squared_cosine(encoded.cls) }
  function product_alone(encoded) { return mean_inner_product(encoded.cls) }
  objective nothing(prediction, target, removed) { return 0 * mean(prediction) }`;

describe("U-MAE", () => {
  const plain = firstLoss(uses, "mae");
  const cosine = firstLoss(uses, "mae with { masked_squared_error = nothing penalty = cosine_alone }");
  const product = firstLoss(uses, "mae with { masked_squared_error = nothing penalty = product_alone }");

  test("adds its term with a weight of 0.01, by either form, and another where a variant says so", () => {
    expect(firstLoss(uses, "umae") - plain).toBeCloseTo(0.01 * cosine, 12);
    expect(firstLoss(uses, "umae_formula") - plain).toBeCloseTo(0.01 * product, 12);
    expect(firstLoss(uses, "umae with { penalty = cosine_penalty(weight: 0.1) }") - plain).toBeCloseTo(0.1 * cosine, 12);
  });

  test("takes the normalised class tokens: with 16 features an inner product is 16 times a cosine", () => {
    // The mean of squared cosines is at least the square of their mean.
    expect(cosine).toBeGreaterThanOrEqual((product / 16) ** 2);
    expect(cosine).toBeLessThan(1);
    expect(product).toBeLessThan(16);
    expect(product).toBeGreaterThan(0);
  });

  test("has no parameters of its own", () => {
    const names = (variant: string) => compiledRun(`${uses}\ntrain run = ${variant} with { batch 8 }`).program.parameters.map(({ name }) => name);
    expect(names("umae")).toEqual(names("mae"));
  });
});
