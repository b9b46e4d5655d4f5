/** A plan's dispatches, compiled and bound: all that a step has to do is to record them. */

import { RunError } from "../errors.js";
import type { Buffers } from "./buffers.js";
import type { Plan, PlannedDispatch, PlannedEntry } from "./plan.js";
import { firstLine, type Watch } from "./watch.js";

/** A dispatch that is ready to be recorded. */
export interface Command {
  readonly pipeline: GPUComputePipeline;
  readonly group: GPUBindGroup;
  readonly x: number;
  readonly y: number;
}

export type EntryName = keyof Plan["entries"];
type Section = "dispatches" | "check" | "commit";
type EntryCommands = Readonly<Record<Section, readonly Command[]>>;
export interface Commands extends Readonly<Record<EntryName, EntryCommands>> {
  readonly measures: Readonly<Record<string, EntryCommands>>;
}

const entryNames: readonly EntryName[] = ["initialise", "step", "evaluate"];
const sections: readonly Section[] = ["dispatches", "check", "commit"];

interface Kernel {
  readonly layout: GPUBindGroupLayout;
  readonly pipeline: Promise<GPUComputePipeline>;
}

/**
 * Compiles the shaders of a plan, all at once, and binds its buffers.
 * @param onProgress is told how many of how many pipelines are compiled.
 * @throws RunError when the GPU refuses one; the message names it.
 */
export async function prepare(
  device: GPUDevice,
  watch: Watch,
  plan: Plan,
  buffers: Buffers,
  onProgress: (done: number, total: number) => void,
): Promise<Commands> {
  const measures = Object.entries(plan.measures ?? {});
  const entries = [...entryNames.map((name) => plan.entries[name]), ...measures.map(([, entry]) => entry)];
  const planned = entries.flatMap((entry) => sections.flatMap((section) => entry[section]));
  // A mistake in a shader or a layout is told by its pipeline; the scope keeps it from being told twice.
  device.pushErrorScope("validation");
  const kernels = kernelsOf(device, plan, planned);
  void device.popErrorScope().catch(() => undefined);
  let done = 0;
  const pipelines = new Map<string, GPUComputePipeline>();
  await watch.wait(
    Promise.all(
      [...kernels].map(async ([key, kernel]) => {
        pipelines.set(key, await kernel.pipeline);
        onProgress(++done, kernels.size);
      }),
    ),
  );
  const command = (dispatch: PlannedDispatch): Command => {
    const [x, y] = dispatch.groups;
    const key = keyOf(dispatch);
    const entries = dispatch.bindings.map(({ buffer, offset, size }, binding) => ({ binding, resource: { buffer: buffers[buffer]!, offset, size } }));
    return { pipeline: pipelines.get(key)!, group: device.createBindGroup({ label: purposeOf(dispatch), layout: kernels.get(key)!.layout, entries }), x, y };
  };
  const bound = (entry: PlannedEntry) => ({
    dispatches: entry.dispatches.map(command),
    check: entry.check.map(command),
    commit: entry.commit.map(command),
  });
  return watch.made(
    () => ({ initialise: bound(plan.entries.initialise), step: bound(plan.entries.step), evaluate: bound(plan.entries.evaluate), measures: Object.fromEntries(measures.map(([name, entry]) => [name, bound(entry)])) }),
    (why) => `the plan's buffers do not fit its kernels: ${why}`,
  );
}

function kernelsOf(device: GPUDevice, { shaders }: Plan, dispatches: readonly PlannedDispatch[]): Map<string, Kernel> {
  const modules = shaders.map((code, i) => device.createShaderModule({ code, label: nameOf(i) }));
  const layouts = new Map<string, GPUBindGroupLayout>();
  const kernels = new Map<string, Kernel>();
  for (const dispatch of dispatches) {
    const key = keyOf(dispatch);
    if (kernels.has(key)) continue;
    const access = accessOf(dispatch);
    const layout = layouts.get(access) ?? createLayout(device, dispatch);
    layouts.set(access, layout);
    const pipeline = compiled(device, modules[dispatch.shader], layout, dispatch);
    kernels.set(key, { layout, pipeline });
  }
  return kernels;
}

function createLayout(device: GPUDevice, { bindings }: PlannedDispatch): GPUBindGroupLayout {
  return device.createBindGroupLayout({
    entries: bindings.map(({ access }, binding) => ({
      binding,
      visibility: GPUShaderStage.COMPUTE,
      buffer: { type: access === "read" ? "read-only-storage" : "storage" },
    })),
  });
}

async function compiled(device: GPUDevice, module: GPUShaderModule | undefined, layout: GPUBindGroupLayout, dispatch: PlannedDispatch): Promise<GPUComputePipeline> {
  const name = nameOf(dispatch.shader);
  if (module === undefined) throw new RunError(`the plan has no ${name}, which a dispatch names`);
  try {
    return await device.createComputePipelineAsync({
      label: name,
      layout: device.createPipelineLayout({ bindGroupLayouts: [layout] }),
      compute: { module, entryPoint: "main" },
    });
  } catch (cause) {
    const { messages } = await module.getCompilationInfo();
    const mistakes = messages.filter(({ type }) => type === "error").map(({ lineNum, linePos, message }) => `${lineNum}:${linePos}: ${message}`);
    const why = mistakes.length > 0 ? mistakes.join("; ") : firstLine(cause);
    throw new RunError(`this GPU does not compile ${name}, which is for ${purposeOf(dispatch)}: ${why}. Please report it`, { cause });
  }
}

function nameOf(shader: number): string {
  return `shader ${shader}`;
}

/** What a dispatch is for, in words, such as `rsqrt of encoder.0.attention`. */
function purposeOf({ outputs }: PlannedDispatch): string {
  const [output] = outputs;
  if (output === undefined) return "the check of values";
  return output.place === "" ? output.operation : `${output.operation} of ${output.place}`;
}

function accessOf({ bindings }: PlannedDispatch): string {
  return bindings.map(({ access }) => access).join(" ");
}

function keyOf(dispatch: PlannedDispatch): string {
  return `${dispatch.shader} ${accessOf(dispatch)}`;
}
