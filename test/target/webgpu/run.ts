/** Runs one entry of a plan on a device, for tests: no engine, nothing kept. */

import type { Environment } from "../../../src/ir/definition.js";
import type { Device } from "../../../src/kernel/device.js";
import { lower } from "../../../src/kernel/lower.js";
import { keyOf } from "../../../src/random/threefry.js";
import type { BufferName, Plan, PlannedDispatch } from "../../../src/runtime/webgpu/plan.js";
import { planOf } from "../../../src/target/webgpu/emit.js";
import type { Run, RunStep } from "../run.js";
import { schedules } from "./schedules.js";

/** By each of the schedules, steps on a device that is open when they run. */
export function runnersOn(device: () => GPUDevice): Readonly<Record<string, RunStep>> {
  return Object.fromEntries(Object.entries(schedules).map(([name, schedule]) => [`with ${name}`, runnerOn(device, schedule)]));
}

function runnerOn(device: () => GPUDevice, schedule: Device): RunStep {
  return (program, environment) => runPlan(device(), planOf(lower(program, schedule, ["step"]), schedule), "step", environment);
}

/** Runs `entry` with the environment's slots and inputs. @throws Error with the messages of shaders that do not compile. */
export async function runPlan(device: GPUDevice, plan: Plan, entry: keyof Plan["entries"], environment: Environment): Promise<Run> {
  device.pushErrorScope("validation");
  const usage = GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_DST | GPUBufferUsage.COPY_SRC;
  const names = Object.keys(plan.buffers) as BufferName[];
  const buffers = Object.fromEntries(names.map((name) => [name, device.createBuffer({ size: plan.buffers[name]!, usage })])) as Record<BufferName, GPUBuffer>;
  const write = (buffer: BufferName, { offset, type }: { offset: number; type: string }, values: Iterable<number>) =>
    device.queue.writeBuffer(buffers[buffer]!, offset, type === "f32" ? Float32Array.from(values) : Int32Array.from(values));
  for (const slot of plan.slots) write("slots", slot, environment.slots.get(slot.name) ?? []);
  for (const input of plan.inputs) {
    const values = environment.inputs.get(input.name) ?? (input.name === "step" ? [environment.step] : []);
    write("inputs", input, values);
  }
  for (const key of plan.keys) write("inputs", { ...key, type: "i32" }, keyOf(environment.seed, key.name, environment.step));

  const modules = plan.shaders.map((code) => device.createShaderModule({ code }));
  for (const [i, module] of modules.entries()) {
    const { messages } = await module.getCompilationInfo();
    const errors = messages.filter((message) => message.type === "error");
    if (errors.length > 0) throw new Error(`${errors.map((error) => `${error.lineNum}: ${error.message}`).join("\n")}\n${plan.shaders[i]}`);
  }
  const { dispatches, check, commit, results } = plan.entries[entry];
  const encoder = device.createCommandEncoder();
  const pass = encoder.beginComputePass();
  const pipelines = new Map<number, GPUComputePipeline>();
  const run = (dispatch: PlannedDispatch) => {
    const pipeline = pipelines.get(dispatch.shader) ?? device.createComputePipeline({ layout: "auto", compute: { module: modules[dispatch.shader]!, entryPoint: "main" } });
    pipelines.set(dispatch.shader, pipeline);
    pass.setPipeline(pipeline);
    const entries = dispatch.bindings.map(({ buffer, offset, size }, binding) => ({ binding, resource: { buffer: buffers[buffer]!, offset, size: Math.min(size, plan.buffers[buffer]! - offset) } }));
    pass.setBindGroup(0, device.createBindGroup({ layout: pipeline.getBindGroupLayout(0), entries }));
    pass.dispatchWorkgroups(...dispatch.groups);
  };
  [...dispatches, ...check, ...commit].forEach(run);
  pass.end();
  const read = async (name: BufferName) => {
    const staging = device.createBuffer({ size: plan.buffers[name]!, usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST });
    const copy = device.createCommandEncoder();
    copy.copyBufferToBuffer(buffers[name]!, 0, staging, 0, plan.buffers[name]!);
    device.queue.submit([copy.finish()]);
    await staging.mapAsync(GPUMapMode.READ);
    const bytes = staging.getMappedRange().slice(0);
    staging.destroy();
    return bytes;
  };
  device.queue.submit([encoder.finish()]);
  const [slots, outcome] = [await read("slots"), await read("results")];
  const error = await device.popErrorScope();
  if (error !== null) throw new Error(error.message);
  Object.values(buffers).forEach((buffer) => buffer.destroy());
  const values = (bytes: ArrayBuffer, { offset, elements, type }: { offset: number; elements: number; type: string }) =>
    Float64Array.from(type === "f32" ? new Float32Array(bytes, offset, elements) : new Int32Array(bytes, offset, elements));
  return {
    results: new Map(results.map((range) => [range.name, values(outcome, range)])),
    slots: new Map(plan.slots.map((range) => [range.name, values(slots, range)])),
    healthy: new Uint32Array(outcome, 0, 1)[0] === 0,
  };
}
