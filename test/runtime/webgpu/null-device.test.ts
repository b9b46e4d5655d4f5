import { beforeAll, expect, test } from "vitest";
import { type NullDevice, openNullDevice } from "./null-device.js";

let device: NullDevice;
beforeAll(async () => {
  device = await openNullDevice();
});

function matrixKernel(workgroup: number, rows = 16): string {
  return `enable f16;
enable chromium_experimental_subgroup_matrix;
@group(0) @binding(0) var<storage, read_write> a: array<f16>;
@group(0) @binding(1) var<storage, read_write> b: array<f16>;
@group(0) @binding(2) var<storage, read_write> c: array<f32>;
@compute @workgroup_size(${workgroup})
fn multiply() {
  let left = subgroupMatrixLoad<subgroup_matrix_left<f16, 16, 16>, row_major>(&a, 0, 16);
  let right = subgroupMatrixLoad<subgroup_matrix_right<f16, 16, ${rows}>, row_major>(&b, 0, 16);
  var sum: subgroup_matrix_result<f32, 16, 16>;
  sum = subgroupMatrixMultiplyAccumulate(left, right, sum);
  subgroupMatrixStore<row_major>(&c, 0, sum, 16);
}`;
}

test("a kernel of subgroup matrices with 16-bit floats is valid", async () => {
  expect(await device.validate(matrixKernel(128))).toEqual([]);
});

test("matrices that do not fit are told with their place", async () => {
  expect(await device.validate(matrixKernel(128, 8))).toEqual([
    expect.stringMatching(/^11:9: no matching call to 'subgroupMatrixMultiply/),
  ]);
});

test("what only a pipeline shows is told with its entry point", async () => {
  expect(await device.validate(matrixKernel(32))).toEqual([
    expect.stringMatching(/^multiply: .*must be a multiple of the device maxSubgroupSize/),
  ]);
  const two = `
    @compute @workgroup_size(64) fn small() {}
    @workgroup_size(2048) @compute fn large() {}`;
  expect(await device.validate(two)).toEqual([expect.stringMatching(/^large: .*exceeds the maximum/)]);
});

test("subgroups in 16-bit floats are valid, and an unknown name is not", async () => {
  const code = (name: string) => `enable f16; enable subgroups;
    @group(0) @binding(0) var<storage, read_write> data: array<f16>;
    @compute @workgroup_size(64) fn sum(@builtin(local_invocation_index) i: u32) { data[i] = subgroupAdd(${name}[i]); }`;
  expect(await device.validate(code("data"))).toEqual([]);
  expect(await device.validate(code("dada"))).toEqual([expect.stringMatching(/^3:\d+: unresolved value 'dada'$/)]);
});
