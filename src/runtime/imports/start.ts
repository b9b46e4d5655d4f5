/** The values that a run begins with where its recipe has `from` lines: of stages, and of files. */

import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import type { Origin } from "../checkpoint.js";
import { openFolders } from "../data/access.js";
import { explain, FormatError, RunError } from "../errors.js";
import { readSafetensors } from "../safetensors.js";
import { quote } from "../safetensors-header.js";
import type { Manifest, NamedTensors, Start, StartSlot } from "../trainer.js";
import { inOwnLayout } from "./layout.js";
import { namedWeights, stageWeights, type StageWeights } from "./stages.js";

/** Where what a run begins with is looked for. */
export interface StartPlaces {
  /** Folders in which files may lie that the spec names; nothing outside them is read. */
  readonly data: readonly string[];
  /** The folder that holds the runs of stages. */
  readonly runs: string;
  /** A run's folder or a file, by the name of the stage, where a person said so. */
  readonly from: ReadonlyMap<string, string>;
}

export interface Begun {
  readonly values: NamedTensors;
  readonly origins: readonly Origin[];
  /** A line for people for each origin. */
  readonly remarks: readonly string[];
}

/**
 * Puts what the manifest's `start` says in the place of an engine's first values. Throws `RunError` when a stage has no finished
 * run, `DataError` when a file is not there or must not be read, and `FormatError` when a file lacks a tensor, is damaged, or has
 * a tensor of another shape.
 */
export async function begin(manifest: Manifest, drawn: NamedTensors, places: StartPlaces): Promise<Begun> {
  const starts = manifest.start ?? [];
  const values: NamedTensors = new Map(drawn);
  const origins: Origin[] = [];
  const remarks: string[] = [];
  for (const { source, slots } of starts) {
    const { file, recipe, remark } = await locate(source, places);
    for (const [name, data] of read(manifest, slots, file)) values.set(name, data);
    const from = source.kind === "stage" ? source.name : source.path;
    origins.push({ from, file, sha256: await hashOf(file), ...(recipe === undefined ? {} : { recipe }) });
    remarks.push(`${from}: ${slots.length} parameters and states of ${file}${remark === undefined ? "" : ` (${remark})`}`);
  }
  return { values, origins, remarks };
}

async function locate(source: Start["source"], { data, runs, from }: StartPlaces): Promise<StageWeights> {
  if (source.kind === "stage") {
    const named = from.get(source.name);
    return named === undefined ? stageWeights(source, runs) : namedWeights(source, named);
  }
  const { path, kind } = await (await openFolders(data, source.place)).demand(source.path);
  if (kind === "folder") throw new RunError(`${source.place}: ${path} is a folder, and \`weights\` reads a file of safetensors`);
  return { file: path };
}

/** The values of the slots, out of a file. */
function read(manifest: Manifest, slots: readonly StartSlot[], file: string): [string, Float32Array][] {
  const specs = new Map([...manifest.parameters, ...manifest.states].map((spec) => [spec.name, spec]));
  const wanted = new Set(slots.map(({ stored }) => stored));
  const there: string[] = [];
  const { tensors } = readSafetensors(file, (name) => {
    there.push(name);
    return wanted.has(name);
  });
  return slots.map((slot) => {
    const spec = specs.get(slot.own);
    if (spec === undefined) throw new RunError(`the manifest begins ${slot.own} with values, and has no such parameter or state`);
    const tensor = tensors.get(slot.stored);
    if (tensor === undefined) {
      const some = there.length === 0 ? "no tensors" : there.slice(0, 3).map(quote).join(", ") + (there.length > 3 ? `, … (${there.length} in all)` : "");
      throw new FormatError(file, `there is no tensor ${quote(slot.stored)} in it, with which ${slot.own} begins; it has ${some}`);
    }
    return [slot.own, inOwnLayout(spec, slot, tensor, file)];
  });
}

async function hashOf(file: string): Promise<string> {
  const hash = createHash("sha256");
  try {
    for await (const chunk of createReadStream(file) as AsyncIterable<Uint8Array>) hash.update(chunk);
  } catch (cause) {
    throw new RunError(`cannot read ${file}: ${explain(cause)}`, { cause });
  }
  return hash.digest("hex");
}
