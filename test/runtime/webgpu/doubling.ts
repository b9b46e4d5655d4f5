/** The least that shows that a device computes. It runs in Node and in a browser's page. */

const code = `
@group(0) @binding(0) var<storage, read_write> data: array<f32>;
@compute @workgroup_size(64) fn double(@builtin(global_invocation_id) id: vec3u) {
  if (id.x < arrayLength(&data)) { data[id.x] *= 2; }
}`;

/** The numbers times two, computed on the device. */
export async function doubled(device: GPUDevice, numbers: readonly number[]): Promise<number[]> {
  const input = new Float32Array(numbers);
  const { STORAGE, COPY_DST, COPY_SRC, MAP_READ } = GPUBufferUsage;
  const data = device.createBuffer({ size: input.byteLength, usage: STORAGE | COPY_DST | COPY_SRC });
  const result = device.createBuffer({ size: input.byteLength, usage: COPY_DST | MAP_READ });
  device.queue.writeBuffer(data, 0, input);

  const module = device.createShaderModule({ code });
  const pipeline = await device.createComputePipelineAsync({ layout: "auto", compute: { module } });
  const layout = pipeline.getBindGroupLayout(0);
  const encoder = device.createCommandEncoder();
  const pass = encoder.beginComputePass();
  pass.setPipeline(pipeline);
  pass.setBindGroup(0, device.createBindGroup({ layout, entries: [{ binding: 0, resource: { buffer: data } }] }));
  pass.dispatchWorkgroups(Math.ceil(numbers.length / 64));
  pass.end();
  encoder.copyBufferToBuffer(data, 0, result, 0, input.byteLength);
  device.queue.submit([encoder.finish()]);

  await result.mapAsync(GPUMapMode.READ);
  const output = [...new Float32Array(result.getMappedRange())];
  result.unmap();
  return output;
}
