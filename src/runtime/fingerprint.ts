/** What makes a trainer the same trainer: everything that its results depend on. */

import { createHash } from "node:crypto";
import type { DataExtent } from "./checkpoint.js";
import type { Manifest, Start, TensorSpec } from "./trainer.js";

/** A trainer's traits by name, such as `seed` or `parameter encoder.0.query`, each as text for people. */
export type Description = ReadonlyMap<string, string>;

/** Fields of a manifest that results do not depend on; the spec's file may be renamed, and a device is compared apart. */
const irrelevant = new Set(["name", "spec", "target", "reports", "measures", "cost"]);

/** Describes all that the results of training depend on. */
export function describeTrainer(manifest: Manifest, data: DataExtent): Description {
  return new Map([
    ...describeRecipe(manifest),
    ["steps per epoch", String(data.stepsPerEpoch)],
    ["training examples", String(data.trainingExamples)],
    ["held-out examples", String(data.heldOutExamples)],
  ]);
}

/** The traits of the data itself, which only a run knows. */
const ofData = new Set(["steps per epoch", "training examples", "held-out examples"]);

/** A trainer's description without those of the data: what its manifest alone says. */
export function withoutData(description: Description): Description {
  return new Map([...description].filter(([name]) => !ofData.has(name)));
}

/** Describes what a manifest says of results. Whatever a manifest gets in future is taken to be part of it. */
export function describeRecipe(manifest: Manifest): Description {
  const description = new Map<string, string>();
  for (const [field, value] of Object.entries(manifest)) {
    if (irrelevant.has(field) || value === undefined) continue;
    if (field === "data") description.set("data", describeSource(manifest));
    else if (field === "parameters") describeTensors("parameter", manifest.parameters, description);
    else if (field === "states") describeTensors("state", manifest.states, description);
    else if (field === "inputs") describeTensors("input", manifest.inputs, description);
    else if (field === "start") describeStarts(manifest.start ?? [], description);
    else description.set(field, typeof value === "string" ? value : JSON.stringify(value));
  }
  return description;
}

/** A hash of a description, whatever the order of its traits. */
export function fingerprint(description: Description): string {
  const lines = [...description].map(([name, text]) => JSON.stringify([name, text])).sort();
  return createHash("sha256").update(lines.join("\n")).digest("hex");
}

/**
 * The fingerprint of a recipe by which later stages know its runs: of what its manifest says, and of the stages that it begins
 * with in turn.
 */
export function recipeFingerprint(recipe: Description, stages: readonly string[]): string {
  return fingerprint(new Map([...recipe, ...stages.map((stage, i) => [`stage ${i + 1}`, stage] as const)]));
}

/** Says what differs between the checkpoint's trainer and this one, a line for each trait. */
export function describeDifferences(stored: Description, present: Description): string[] {
  const lines: string[] = [];
  for (const name of new Set([...stored.keys(), ...present.keys()])) {
    const before = stored.get(name);
    const now = present.get(name);
    if (before === now) continue;
    if (before === undefined) lines.push(`${name}: not in the checkpoint, ${now} here`);
    else if (now === undefined) lines.push(`${name}: ${before} in the checkpoint, not here`);
    else lines.push(`${name}: ${differingLine(before, now)} in the checkpoint, ${differingLine(now, before)} here`);
  }
  return lines;
}

/** The first line of `text` that `other` has otherwise: a recipe is many lines, and one of them was changed. */
function differingLine(text: string, other: string): string {
  const others = other.split("\n");
  return (text.split("\n").find((line, i) => line !== others[i]) ?? "(nothing)").trim();
}

function describeSource({ data }: Manifest): string {
  const parts = data.arguments.map(
    ({ name, value }) => (name === undefined ? "" : `${name}: `) + JSON.stringify(value),
  );
  return `${data.loader}(${parts.join(", ")})`;
}

/** What a run begins with. Which run of a stage it was is not part of it: one that has begun needs it no more. */
function describeStarts(starts: readonly Start[], description: Map<string, string>): void {
  starts.forEach(({ source, slots }, i) => {
    const from = source.kind === "stage" ? source.name : JSON.stringify(source.path);
    description.set(`from ${i + 1}`, [from, ...slots.map((slot) => JSON.stringify(slot))].join("\n"));
  });
}

function describeTensors(kind: string, specs: readonly TensorSpec[], description: Map<string, string>): void {
  for (const { name, type, axes, ...rest } of specs) {
    const shape = axes.map((axis) => `${axis.name} ${axis.extent}`).join(" × ") || "scalar";
    const traits = Object.entries(rest).map(([trait, value]) => `, ${trait} ${String(value)}`);
    description.set(`${kind} ${name}`, `${type} ${shape}${traits.join("")}`);
  }
}
