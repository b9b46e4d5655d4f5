/** Checkpoints: one file that holds everything a run needs to go on as if it had never stopped. */

import { existsSync } from "node:fs";
import { join } from "node:path";
import { FormatError, RunError } from "./errors.js";
import { describeDifferences, describeTrainer, fingerprint, type Description } from "./fingerprint.js";
import type { Measured } from "./measuring.js";
import { readSafetensors, writeSafetensors } from "./safetensors.js";
import type { Manifest, NamedTensors, TensorSpec } from "./trainer.js";
import { formatVersion as version, select, shapeOf, weightsOf } from "./weights.js";

/** What a run has reached. */
export interface RunState {
  /** Training steps done. */
  readonly step: number;
  /** The number of steps done when the held-out examples were last evaluated; 0 before the first time. */
  readonly evaluatedAt: number;
  /** The smoothed training loss; null before the first step. */
  readonly loss: number | null;
  /** The last held-out measures; a measure that was not finite is null. */
  readonly measures: Readonly<Record<string, number | null>>;
  /** The number of steps done when measures were last taken; 0 before the first time. */
  readonly measuredAt: number;
  /** What each measure last came out as. */
  readonly measured: Readonly<Record<string, Measured>>;
  /** Seconds spent on the run so far, evaluations included. */
  readonly seconds: number;
}

/** What the checkpoint says of the data beside the manifest's own text. */
export interface DataExtent {
  readonly stepsPerEpoch: number;
  readonly trainingExamples: number;
  readonly heldOutExamples: number;
}

/** What a run began with: a line `from` of its recipe, and the file that it took. */
export interface Origin {
  /** The name of the stage, or the path that the spec says. */
  readonly from: string;
  /** The file's path as it was then. */
  readonly file: string;
  /** Of its bytes, in hexadecimal digits. */
  readonly sha256: string;
  /** The fingerprint of the stage's recipe; left out when it is not known. */
  readonly recipe?: string;
}

export interface Checkpoint {
  readonly state: RunState;
  /** Of a run that drew all of its first values: none. */
  readonly origins: readonly Origin[];
  /** The device that the run was on; bits are the same only on the same device. */
  readonly device: string;
  readonly values: NamedTensors;
}

export function checkpointPath(folder: string): string {
  return join(folder, "checkpoint.safetensors");
}
export function weightsPath(folder: string): string {
  return join(folder, "weights.safetensors");
}

/** Replaces the folder's checkpoint atomically. Throws `SaveError`, with the old checkpoint intact. */
export async function saveCheckpoint(
  folder: string,
  manifest: Manifest,
  data: DataExtent,
  { state, origins, device, values }: Checkpoint,
): Promise<void> {
  const description = describeTrainer(manifest, data);
  const metadata = new Map<string, string>([
    ["format", "norm checkpoint"],
    ["version", version],
    ["spec", manifest.spec],
    ["seed", String(manifest.seed)],
    ["step", String(state.step)],
    ["epoch", String(Math.floor(state.step / data.stepsPerEpoch))],
    ["batch_in_epoch", String(state.step % data.stepsPerEpoch)],
    ["state", JSON.stringify(state)],
    ...originsEntry(origins),
    ["device", device],
    ["fingerprint", fingerprint(description)],
    ["trainer", JSON.stringify([...description])],
  ]);
  const tensors = select(allSpecs(manifest), values);
  await writeSafetensors(checkpointPath(folder), { tensors, metadata });
}

/**
 * Reads the folder's checkpoint; undefined when there is none. Throws `FormatError` when the file is damaged, and
 * `RunError` that says what differs when it belongs to another trainer.
 */
export function loadCheckpoint(folder: string, manifest: Manifest, data: DataExtent): Checkpoint | undefined {
  const path = checkpointPath(folder);
  if (!existsSync(path)) return undefined;
  const { tensors, metadata } = readSafetensors(path);
  checkFormat(metadata, path);
  const description = describeTrainer(manifest, data);
  if (metadata.get("fingerprint") !== fingerprint(description)) {
    const differences = describeDifferences(readDescription(metadata.get("trainer"), path), description);
    throw new RunError(
      `${path} belongs to another trainer, so that training cannot go on from it:\n` +
        (differences.length > 0 ? differences : ["its fingerprint does not match its own description"])
          .map((line) => `  ${line.replace(/\p{Cc}/gu, "\ufffd")}`)
          .join("\n"),
    );
  }
  const values: NamedTensors = new Map();
  for (const spec of allSpecs(manifest)) {
    const tensor = tensors.get(spec.name);
    const shape = shapeOf(spec);
    if (!tensor || tensor.type !== spec.type || String(tensor.shape) !== String(shape)) {
      throw new FormatError(path, `tensor ${spec.name} of type ${spec.type} and shape [${shape}] is not in it`);
    }
    values.set(spec.name, tensor.data);
  }
  const state = readState(metadata.get("state"), path);
  return { state, origins: readOrigins(metadata.get("origins"), path), device: metadata.get("device") ?? "", values };
}

/** What a checkpoint says of its run, without its tensors. */
export interface CheckpointNote {
  readonly state: RunState;
  readonly origins: readonly Origin[];
  readonly trainer: Description;
}

/** Throws `FormatError` when the file is damaged, `RunError` when it cannot be read. */
export function readCheckpointNote(folder: string): CheckpointNote {
  const path = checkpointPath(folder);
  const { metadata } = readSafetensors(path, () => false);
  checkFormat(metadata, path);
  return {
    state: readState(metadata.get("state"), path),
    origins: readOrigins(metadata.get("origins"), path),
    trainer: readDescription(metadata.get("trainer"), path),
  };
}

function checkFormat(metadata: ReadonlyMap<string, string>, path: string): void {
  if (metadata.get("format") !== "norm checkpoint") throw new FormatError(path, "not a checkpoint of Norm");
  if (metadata.get("version") !== version) {
    throw new RunError(`${path} has format version ${metadata.get("version")}; this trainer reads version ${version}`);
  }
}

/**
 * Writes the folder's `weights.safetensors`, the parameters and the model's own states, atomically. Throws
 * `SaveError`.
 */
export async function saveWeights(
  folder: string,
  manifest: Manifest,
  { state, origins, values }: Omit<Checkpoint, "device">,
): Promise<void> {
  const { tensors, metadata } = weightsOf(manifest, state.step, values);
  // Without paths: the same run gives the same bytes, wherever it is.
  const entry = originsEntry(origins.map(({ from, sha256 }) => ({ from, sha256 })));
  await writeSafetensors(weightsPath(folder), { tensors, metadata: new Map([...metadata, ...entry]) });
}

function originsEntry(origins: readonly Pick<Origin, "from" | "sha256">[]): [string, string][] {
  return origins.length === 0 ? [] : [["origins", JSON.stringify(origins)]];
}

function readOrigins(text: string | undefined, path: string): Origin[] {
  if (text === undefined) return [];
  const origins = parse(text, path);
  const isOrigin = (value: unknown): boolean => {
    const { from, file, sha256, recipe } = (value ?? {}) as Record<string, unknown>;
    return [from, file, sha256, recipe ?? ""].every(isText);
  };
  if (!Array.isArray(origins) || !origins.every(isOrigin)) throw new FormatError(path, "what it says of the run's beginning is damaged");
  return origins as Origin[];
}

function allSpecs(manifest: Manifest): TensorSpec[] {
  return [...manifest.parameters, ...manifest.states];
}

function readDescription(text: string | undefined, path: string): Description {
  const pairs = parse(text, path);
  if (!Array.isArray(pairs) || !pairs.every((pair) => Array.isArray(pair) && pair.length === 2 && pair.every(isText))) {
    throw new FormatError(path, "its description of the trainer is damaged");
  }
  return new Map(pairs as [string, string][]);
}

function readState(text: string | undefined, path: string): RunState {
  const parsed = parse(text, path) as Partial<RunState> | null;
  // Runs from before there were measures do not say.
  const state: Partial<RunState> | null = typeof parsed === "object" && parsed !== null ? { measuredAt: 0, measured: {}, ...parsed } : null;
  if (
    state === null ||
    !isCount(state.step) ||
    !isCount(state.evaluatedAt) ||
    !isCount(state.measuredAt) ||
    typeof state.measured !== "object" ||
    state.measured === null ||
    !Object.values(state.measured).every((value) => isNumberOrNull(value) || (Array.isArray(value) && value.every(isNumberOrNull))) ||
    !isNumberOrNull(state.loss) ||
    typeof state.seconds !== "number" ||
    typeof state.measures !== "object" ||
    state.measures === null ||
    !Object.values(state.measures).every(isNumberOrNull)
  ) {
    throw new FormatError(path, "its state of the run is damaged");
  }
  return state as RunState;
}

function parse(text: string | undefined, path: string): unknown {
  try {
    return JSON.parse(text ?? "");
  } catch (cause) {
    throw new FormatError(path, "its metadata are damaged", { cause });
  }
}

function isText(value: unknown): value is string {
  return typeof value === "string";
}
function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}
function isNumberOrNull(value: unknown): value is number | null {
  return value === null || typeof value === "number";
}
