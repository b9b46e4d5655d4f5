// Norm's own engine on the adapter that there is.
import { describeAdapter, openDevice } from "../../dist/runtime/webgpu/adapter.js";
import { createEngine } from "../../dist/runtime/webgpu/engine.js";
import { deviceOf } from "../../dist/target/webgpu/device.js";
import { emitWebgpu } from "../../dist/target/webgpu/emit.js";

/** Compiles a program for the adapter and opens its engine. */
export async function openTrainer(program, manifest) {
  const plan = emitWebgpu(program, deviceOf(await describeAdapter()));
  const open = await openDevice(plan);
  return createEngine(open, plan, manifest);
}
