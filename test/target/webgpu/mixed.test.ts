/**
 * Kernels of mixed precision: Dawn's null backend compiles them, since no software adapter has 16-bit floats. What they compute
 * is checked where a GPU is at hand.
 */

import { readFileSync } from "node:fs";
import { beforeAll, describe, expect, test } from "vitest";
import { compile } from "../../../src/compiler/compile.js";
import { fileHost } from "../../../src/compiler/host.js";
import { type Device, portable } from "../../../src/kernel/device.js";
import { lower } from "../../../src/kernel/lower.js";
import { emitWebgpu } from "../../../src/target/webgpu/emit.js";
import { type NullDevice, openNullDevice } from "../../runtime/webgpu/null-device.js";

/** A ViT of two layers of 64 with 17 tokens. */
const spec = readFileSync(new URL("attention.norm", import.meta.url), "utf8")
  .replace("dim = 16, depth = 2, heads = 4, patch = 4", "dim = 64, depth = 2, heads = 4, patch = 7")
  .replace("batch 2", "batch 16\n  precision mixed");

/** As the adapters of the NVIDIA GPUs that have them, but with the null backend's limits. */
const half: Device = { ...portable, half: true, parallelism: 1024 };
const devices: Readonly<Record<string, Device>> = {
  "16-bit storage": half,
  "16-bit storage and subgroups": { ...half, subgroup: 32 },
  // The null backend wants groups of at least 128 threads in steps of its largest subgroup.
  "subgroup matrices": { ...half, matrix: { m: 16, n: 16, k: 16, subgroup: 32 } },
};

describe("mixed precision on WebGPU", () => {
  let validator: NullDevice;
  beforeAll(async () => {
    validator = await openNullDevice();
  });
  const { recipes, diagnostics } = compile("mixed.norm", spec, fileHost("."));
  expect(diagnostics).toEqual([]);
  const { program } = recipes.get("tiny")!;

  for (const [name, device] of Object.entries(devices)) {
    test(`every kernel compiles: ${name}`, async () => {
      const plan = emitWebgpu(program, device);
      expect(plan.features).toContain("shader-f16");
      expect(plan.features.includes("chromium-experimental-subgroup-matrix")).toBe(device.matrix !== undefined);
      const faults = await Promise.all(plan.shaders.map(async (text) => (await validator.validate(text)).map((fault) => `${fault}\n${text}`)));
      expect(faults.flat()).toEqual([]);
    });
  }

  test("factors of products take 16 bits; the residual stream, statistics and gradients of parameters 32", () => {
    const kernels = lower(program, half, ["step"]);
    const stores = kernels.entries.get("step")!.dispatches.flatMap((dispatch) => dispatch.pieces.flatMap((piece) => piece.part.stores));
    const halves = stores.filter(({ tensor }) => tensor.half);
    expect(halves.length).toBeGreaterThan(10);
    const wide = new Set(stores.filter(({ tensor }) => !tensor.half).map(({ tensor }) => tensor.axes.map((axis) => axis.extent).join("x")));
    // The stream, and a weight.
    for (const shape of ["16x17x64", "64x128"]) expect(wide).toContain(shape);
    expect([...kernels.slots.values()].some((tensor) => tensor.half)).toBe(false);
  });

  test("a program of single precision stores nothing in 16 bits, also where it could", () => {
    const single = { ...program, precision: "single" as const };
    expect(emitWebgpu(single, devices["subgroup matrices"]!).features).toEqual([]);
  });
});
