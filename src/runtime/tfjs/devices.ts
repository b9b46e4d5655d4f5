/**
 * Chooses and loads a TensorFlow.js backend for an emitted trainer.
 *
 * This file is copied into emitted trainers: it imports Node's own modules and, when asked to, TensorFlow.js packages.
 */
import { existsSync, readdirSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join, resolve, sep } from "node:path";
import util from "node:util";
import { RunError } from "../errors.js";

type TensorFlow = typeof import("@tensorflow/tfjs-core");

export const deviceChoices = ["auto", "tfjs-node-gpu", "tfjs-node", "wasm", "cpu"] as const;
export type DeviceChoice = (typeof deviceChoices)[number];

/** A loaded backend. A process has one at a time: opening another makes that the one that all operations run on. */
export interface Device {
  /** Every tensor and operation must come from here: packages with an addon bring their own copy of tfjs-core. */
  readonly tf: TensorFlow;
  /** Such as `tfjs on wasm (SIMD)`. */
  readonly name: string;
  /** One line: what was tried, and why the earlier ones were not taken. */
  readonly why: string;
}

/** The asked-for device, or every one, is not available. The message says how to get it. */
export class DeviceError extends RunError {
  override name = "DeviceError";
}

type Opened = { readonly tf: TensorFlow; readonly name: string };
/** A backend, or the reason in one line why there is none. */
type Attempt = Opened | string;

interface Backend {
  readonly open: (searchFrom: readonly string[]) => Promise<Attempt>;
  /** What a user can do to have it. */
  readonly remedy: string;
}

/** In the order in which `auto` tries them. */
const backends: ReadonlyMap<string, Backend> = new Map([
  [
    "tfjs-node-gpu",
    {
      open: (searchFrom: readonly string[]) => openAddon("tfjs-node-gpu", searchFrom),
      remedy: "run `npm run setup:tensorflow`, or `npm install @tensorflow/tfjs-node-gpu`",
    },
  ],
  [
    "tfjs-node",
    {
      open: (searchFrom: readonly string[]) => openAddon("tfjs-node", searchFrom),
      remedy: "run `npm install @tensorflow/tfjs-node`, or `npm run setup:tensorflow` for tfjs-node-gpu, which needs no GPU",
    },
  ],
  ["wasm", { open: openWasm, remedy: "run `npm install @tensorflow/tfjs-core @tensorflow/tfjs-backend-wasm`" }],
  ["cpu", { open: openCpu, remedy: "run `npm install @tensorflow/tfjs-core @tensorflow/tfjs-backend-cpu`" }],
]);

/**
 * Opens the device of that choice; `auto` takes the first of tfjs-node-gpu, tfjs-node, wasm, cpu that loads.
 *
 * @param searchFrom folders from which packages are looked up as Node does for a file in them. Packages with an addon are
 *   also looked up in each folder's `.tensorflow`; wasm and cpu last also from this file.
 * @throws {DeviceError} when there is no such choice, or what is asked for does not load.
 */
export async function openDevice(choice: DeviceChoice, searchFrom: readonly string[]): Promise<Device> {
  if (choice !== "auto") {
    const backend = backends.get(choice);
    if (backend === undefined) {
      throw new DeviceError(`there is no device \`${String(choice)}\`: choose one of ${deviceChoices.join(", ")}`);
    }
    const attempt = await backend.open(searchFrom);
    if (typeof attempt === "string") {
      throw new DeviceError(`the device \`${choice}\` is not available: ${attempt}. To have it, ${backend.remedy}.`);
    }
    return { ...attempt, why: `${choice} was asked for` };
  }
  const refused: string[] = [];
  for (const [name, backend] of backends) {
    const attempt = await backend.open(searchFrom);
    if (typeof attempt !== "string") return { ...attempt, why: [...refused, `${name}: taken`].join("; ") };
    refused.push(`${name}: ${attempt}`);
  }
  throw new DeviceError(`no device is available: ${refused.join("; ")}. To have one, ${backends.get("wasm")?.remedy}.`);
}

/** The backend `tensorflow` of a package with a native addon. */
async function openAddon(name: "tfjs-node-gpu" | "tfjs-node", searchFrom: readonly string[]): Promise<Attempt> {
  const places = searchFrom.flatMap((folder) => [folder, join(folder, ".tensorflow")]);
  const manifests = new Set(places.flatMap((place) => find(`@tensorflow/${name}/package.json`, place) ?? []));
  let why = "not installed";
  for (const manifest of manifests) {
    const folder = dirname(manifest);
    const addon = addonOf(folder);
    if (addon === undefined) {
      why = `its native addon was not built in ${folder}`;
      continue;
    }
    try {
      return await loadAddon(name, folder, addon);
    } catch (error) {
      why = `does not load: ${firstLine(error)}`;
    }
  }
  return why;
}

async function loadAddon(name: string, folder: string, addon: string): Promise<Opened> {
  // TensorFlow reads these when its library is loaded. Only warnings and what is below them are kept quiet.
  process.env["TF_CPP_MIN_LOG_LEVEL"] ??= "2";
  // With oneDNN's operations on, TensorFlow says so at every start, at any log level; for our shapes they are no faster.
  process.env["TF_ENABLE_ONEDNN_OPTS"] ??= "0";
  // Removed in Node 23; tfjs-node 4.22 still calls it.
  const olderUtil = util as { isNullOrUndefined?: (value: unknown) => boolean };
  olderUtil.isNullOrUndefined ??= (value) => value === null || value === undefined;

  const require = createRequire(join(folder, "package.json"));
  // The addon before the package: when it does not load, nothing of tfjs is in the process that the next choice would meet.
  require(addon);
  const tf = require(folder) as TensorFlow;
  if (!(await tf.setBackend("tensorflow"))) throw new Error("the backend `tensorflow` does not start");
  const backend = tf.backend() as unknown as { isUsingGpuDevice: boolean; binding: { TF_Version: string } };
  const place = backend.isUsingGpuDevice ? "GPU" : name === "tfjs-node-gpu" ? "CPU: no CUDA device" : "CPU";
  return { tf, name: `${name} on TensorFlow ${backend.binding.TF_Version} (${place})` };
}

/** The addon for the newest interface version (Node-API) that this Node has. */
function addonOf(folder: string): string | undefined {
  const library = join(folder, "lib");
  if (!existsSync(library)) return undefined;
  return readdirSync(library)
    .map((entry) => ({ version: Number(/^napi-v(\d+)$/.exec(entry)?.[1]), file: join(library, entry, "tfjs_binding.node") }))
    .filter(({ version, file }) => version <= Number(process.versions["napi"]) && existsSync(file))
    .toSorted((a, b) => b.version - a.version)[0]?.file;
}

async function openWasm(searchFrom: readonly string[]): Promise<Attempt> {
  const found = findBackend("@tensorflow/tfjs-backend-wasm", searchFrom);
  if (typeof found === "string") return found;
  try {
    const tf = found.require("@tensorflow/tfjs-core") as TensorFlow;
    const wasm = found.require(found.file) as { setWasmPaths(prefix: string): void };
    // The .wasm files lie beside the package's main file, wherever the process was started.
    wasm.setWasmPaths(dirname(found.file) + sep);
    if (!(await tf.setBackend("wasm"))) return "the backend `wasm` does not start";
    // tfjs takes the file with SIMD when this flag is true.
    const simd = await tf.env().getAsync("WASM_HAS_SIMD_SUPPORT");
    return { tf, name: `tfjs on wasm (${simd === true ? "SIMD" : "no SIMD"})` };
  } catch (error) {
    return `does not load: ${firstLine(error)}`;
  }
}

async function openCpu(searchFrom: readonly string[]): Promise<Attempt> {
  const found = findBackend("@tensorflow/tfjs-backend-cpu", searchFrom);
  if (typeof found === "string") return found;
  try {
    const tf = found.require("@tensorflow/tfjs-core") as TensorFlow;
    found.require(found.file);
    if (!(await tf.setBackend("cpu"))) return "the backend `cpu` does not start";
    // At its first tensor the backend prints that tfjs-node would be faster; `why` says what there is to say.
    (tf.backend() as { firstUse?: boolean }).firstUse = false;
    return { tf, name: "tfjs on cpu (plain JavaScript)" };
  } catch (error) {
    return `does not load: ${firstLine(error)}`;
  }
}

/** A backend package's main file, and a `require` that gives the copy of tfjs-core that this package itself uses. */
function findBackend(name: string, searchFrom: readonly string[]): { file: string; require: NodeJS.Require } | string {
  for (const place of [...searchFrom, import.meta.dirname]) {
    const file = find(name, place);
    if (file === undefined) continue;
    const require = createRequire(file);
    return find("@tensorflow/tfjs-core", dirname(file)) === undefined ? "@tensorflow/tfjs-core is not installed" : { file, require };
  }
  return "not installed";
}

/** Where Node would find a module for a file in that folder. */
function find(name: string, folder: string): string | undefined {
  try {
    return createRequire(join(resolve(folder), "package.json")).resolve(name);
  } catch {
    return undefined;
  }
}

function firstLine(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).split("\n")[0] ?? "";
}
