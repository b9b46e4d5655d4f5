/** What a recipe begins with, parameter by parameter: found by name in a stage or a file, and held against the model. */

import { diagnostic, type Diagnostic } from "../../diagnostics/diagnostic.js";
import type { Role } from "../../ir/program.js";
import type { Manifest, Start, StartSlot, TensorSpec } from "../../runtime/trainer.js";
import { fail } from "../errors.js";
import type { Selector } from "../recipes.js";
import { selects } from "../selectors.js";
import type { Beginning, Stage, WeightsFile } from "./lines.js";
import { slotBy } from "./name-map.js";

/** A model with its tensors that are kept: parameters, and states such as running statistics. */
export interface Kept {
  readonly manifest: Pick<Manifest, "parameters" | "states">;
  readonly program: { readonly parameters: readonly { readonly name: string; readonly role: Role }[] };
}

/**
 * A `from` line as the trainer has it. Paths that select nothing are reported.
 * @param stage the stage's name and model, where it is one.
 * @throws CheckError when a tensor of the stage has another shape, or a line of a map does not fit.
 */
export function startOf(beginning: Beginning, own: Kept, stage: (source: Stage) => { readonly name: string } & Kept, report: (found: Diagnostic) => void): Start {
  const { source, at, place } = beginning;
  const specs = keptOf(own.manifest);
  const isSelected = selector(own);
  const wanted = at.length === 0 ? specs : specs.filter((spec) => at.some((path) => isSelected(path, spec)));
  const earlier = source.kind === "stage" ? stage(source) : undefined;
  const find = earlier === undefined ? fromFile(source as WeightsFile) : fromStage(beginning, earlier);
  const found = new Map(wanted.flatMap((spec) => {
    const slot = find(spec);
    return slot === undefined ? [] : [[spec, slot] as const];
  }));
  const what = earlier === undefined ? "the map of names" : `the stage \`${earlier.name}\``;
  for (const path of at) {
    if ([...found.keys()].some((spec) => isSelected(path, spec))) continue;
    const selectsOwn = specs.some((spec) => isSelected(path, spec));
    const problem = selectsOwn ? `${what} has nothing for what \`${path.path.segments.join(".")}\` selects` : `no parameter is selected by \`${path.path.segments.join(".")}\``;
    report(diagnostic("N0503", path.place, problem, { help: `select a part of the model that both have${specs[0] === undefined ? "" : `, such as \`${specs[0].name}\``}` }));
  }
  if (at.length === 0 && found.size === 0) fail("N0503", place, `${what} has no parameter of this model`, { help: "parameters are found by their names: `norm build --emit model` prints them" });
  const target = source.kind === "file" ? { kind: "file" as const, path: source.path, place: place.source.place(place.start) } : { kind: "stage" as const, name: earlier!.name };
  return { source: target, slots: [...found.values()] };
}

/** Parameters, and the states that belong to the model. */
function keptOf({ parameters, states }: Kept["manifest"]): TensorSpec[] {
  return [...parameters, ...states.filter(({ owner }) => owner === "model")];
}

/** Whether a path means a parameter; states are meant by their name, or along with a parameter beside them. */
function selector({ program }: Kept): (selector: Selector, spec: TensorSpec) => boolean {
  const roles = new Map(program.parameters.map(({ name, role }) => [name, role]));
  const beside = new Map([...roles].map(([name, role]) => [parentOf(name), role]));
  return ({ path: { segments } }, { name }) => {
    const role = roles.get(name) ?? beside.get(parentOf(name));
    // Without a role, the name alone decides: no name is one of these.
    return selects(segments, name, role ?? ("" as Role));
  };
}

function parentOf(name: string): string {
  return name.slice(0, name.lastIndexOf("."));
}

function fromStage({ source, place }: Beginning, stage: { readonly name: string } & Kept): (spec: TensorSpec) => StartSlot | undefined {
  const others = new Map(keptOf(stage.manifest).map((spec) => [spec.name, spec]));
  return (spec) => {
    const other = others.get(spec.name);
    if (other === undefined) return undefined;
    const axes = other.axes.map(({ name }) => name);
    const fits = other.axes.length === spec.axes.length && spec.axes.every(({ name, extent }) => other.axes.some((axis) => axis.name === name && axis.extent === extent));
    if (!fits) {
      const { definition, module } = source as Stage;
      fail("N0505", place, `\`${spec.name}\` is ${shapeText(spec)} here, and ${shapeText(other)} in the stage \`${stage.name}\``, {
        related: [{ place: { source: module.source, start: definition.name.start, end: definition.name.end }, label: "the stage" }],
        help: "give both models the same extents, or say with `at` what the stage gives, and leave this out",
      });
    }
    const isSame = axes.join() === spec.axes.map(({ name }) => name).join();
    return { own: spec.name, stored: spec.name, ...(isSame ? {} : { layout: { own: spec.axes.map(({ name }) => [name]), stored: axes.map((name) => ({ parts: [name] })) } }) };
  };
}

function shapeText({ axes }: TensorSpec): string {
  return `[${axes.map(({ name, extent }) => `${name}: ${extent}`).join(", ")}]`;
}

/** By the map of names; without one, the file's names are ours. */
function fromFile({ names, prefix }: WeightsFile): (spec: TensorSpec) => StartSlot | undefined {
  if (names === undefined) return (spec) => ({ own: spec.name, stored: prefix + spec.name });
  return (spec) => {
    const found = names.flatMap((line) => {
      const slot = slotBy(line, spec, prefix);
      return slot === undefined ? [] : [{ line, slot }];
    });
    const [first, second] = found;
    if (second !== undefined) fail("N0506", second.line.place, `\`${spec.name}\` has two lines`, { related: [{ place: first!.line.place, label: "the first one" }], help: "remove one of the two" });
    return first?.slot;
  };
}
