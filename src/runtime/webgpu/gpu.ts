/**
 * Where WebGPU comes from: the browser's own, or in Node the npm package `webgpu`, which is Dawn.
 *
 * This file and its neighbours run unchanged in a browser: they import nothing of Node's.
 */
import { inNode, RunError } from "../errors.js";

/** What this file asks of its surroundings, which are Node's or a browser's. */
interface Surroundings {
  readonly navigator?: { readonly gpu?: GPU; readonly userAgent?: string };
  readonly process?: { readonly platform?: string };
  readonly isSecureContext?: boolean;
}
const surroundings = globalThis as Surroundings;

/** There, WebGPU stands on Vulkan. */
export const onLinux = inNode ? surroundings.process?.platform === "linux" : /Linux/.test(surroundings.navigator?.userAgent ?? "");

/**
 * Subgroup matrices are an unsafe API still; and Dawn hides 16-bit floats on NVIDIA's Vulkan drivers unless told otherwise,
 * and with them every subgroup matrix of 16-bit floats.
 */
const dawnOptions = ["enable-dawn-features=allow_unsafe_apis,vulkan_enable_f16_on_nvidia"];

const otherTarget = "or compile the spec for another target: `--target wasm` needs no GPU";

/**
 * Never let go: Dawn's devices use it without holding it, so that once it were collected as garbage the process would hang or
 * crash. It does not keep a process from ending.
 */
let dawn: Promise<GPU> | undefined;

/**
 * The adapter of the fastest GPU. In Node, WebGPU's constants, such as `GPUBufferUsage`, are global after the first call.
 *
 * @throws {RunError} when there is none.
 */
export async function requestAdapter(): Promise<GPUAdapter> {
  const gpu = surroundings.navigator?.gpu ?? (inNode ? await (dawn ??= openDawn()) : undefined);
  if (gpu === undefined) throw new RunError(whyNotInBrowser());
  const adapter = await gpu.requestAdapter({ powerPreference: "high-performance" });
  if (adapter === null) throw new RunError(whyNoAdapter());
  return adapter;
}

async function openDawn(): Promise<GPU> {
  const { create, globals } = await import("webgpu").catch((error: unknown) => {
    const missing = error instanceof Error && "code" in error && error.code === "ERR_MODULE_NOT_FOUND";
    throw new RunError(
      missing
        ? `WebGPU in Node needs the npm package \`webgpu\`, which is not installed: run \`npm install webgpu\`, ${otherTarget}`
        : `the npm package \`webgpu\` does not load: ${firstLine(error)}. Run \`npm install webgpu\` again, ${otherTarget}`,
      { cause: error },
    );
  });
  if (!("GPUBufferUsage" in globalThis)) Object.assign(globalThis, globals);
  return create(dawnOptions);
}

function whyNoAdapter(): string {
  if (!inNode) return "WebGPU finds no GPU: this browser has none that it supports, or has switched it off (see chrome://gpu)";
  if (!onLinux) return `WebGPU finds no GPU: install the driver of the GPU's maker, ${otherTarget}`;
  return (
    "WebGPU finds no GPU: there is no Vulkan driver that works here. Install the driver of the GPU's maker and the Vulkan loader " +
    "(libvulkan.so.1); a container needs NVIDIA_DRIVER_CAPABILITIES=all to see NVIDIA's. `vulkaninfo --summary` lists what there is; " +
    otherTarget
  );
}

function whyNotInBrowser(): string {
  return surroundings.isSecureContext === false
    ? "this page has no WebGPU, because browsers give it to secure pages only: open the page by https, or from localhost"
    : "this browser has no WebGPU: use a newer one, or switch WebGPU on in its settings";
}

function firstLine(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).split("\n")[0] ?? "";
}
