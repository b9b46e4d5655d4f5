/** Recipes: what a `train` block says, with its variants. */

import type { Place } from "../diagnostics/diagnostic.js";
import { type Precision, precisions } from "../ir/program.js";
import { lineAdded, lineRemoved } from "../diagnostics/fixes.js";
import { similarDetails } from "../diagnostics/similar.js";
import type { DataSource } from "../runtime/trainer.js";
import type * as ast from "../syntax/ast.js";
import { evaluatePartial, frameFor } from "./calls.js";
import type { Elaborator } from "./elaborator.js";
import { Silent, fail } from "./errors.js";
import { numberOf, wholeOf } from "./expressions.js";
import { type Frame, Instance } from "./frame.js";
import { loaderNames } from "./intrinsics/names.js";
import { type Module, place } from "./modules.js";
import { type Beginning, readBeginning } from "./starts/lines.js";
import { type CallableValue, describe } from "./values.js";

/** A path with its place: selects parameters by role or by name. */
export interface Selector {
  readonly path: ast.Path;
  readonly place: Place;
}

export interface Recipe {
  readonly name: string;
  readonly place: Place;
  /** Where the model is named, and the frame in which it runs. */
  readonly model: CallableValue;
  readonly modelPlace: Place;
  readonly frame: Frame;
  readonly data: DataSource;
  readonly batch: number;
  readonly epochs?: number;
  readonly steps?: number;
  readonly seed: number;
  readonly holdout: number;
  readonly precision: Precision;
  readonly schedule: CallableValue;
  readonly schedulePlace: Place;
  /** In order; of those that select a parameter, the last one updates it. */
  readonly optimizers: readonly { readonly at: readonly Selector[]; readonly optimizer: CallableValue; readonly place: Place }[];
  readonly frozen: readonly Selector[];
  /** What it begins with in place of first values; what stands later counts. */
  readonly beginnings: readonly Beginning[];
  readonly measurements: readonly { readonly node: ast.Measurement; readonly module: Module }[];
  /** Where the lines stand that count. */
  readonly places: ReadonlyMap<ast.Setting["keyword"], Place>;
}

interface Line {
  readonly node: ast.Setting;
  readonly frame: Frame;
  readonly place: Place;
}

/** Does one part of the reading; a mistake in it is reported, and the recipe is not used. */
type Part = <T>(action: () => T) => T | undefined;

/** Reads a recipe, and reports every line that is wrong or lacks. `e` only evaluates: nothing is built. @throws CheckError | Silent */
export function readRecipe(e: Elaborator, callable: CallableValue): Recipe {
  const { definition, module } = callable;
  const frame = frameFor(e, emptyFrame(module), callable, new Instance(""));
  const where = place(module.source, definition.name);
  const of = definition.of?.[0];
  if (of === undefined) return fail("N0501", where, "the recipe does not say what it trains");
  let complete = true;
  const part: Part = (action) => e.attempt(() => void (complete = false) as undefined, action);
  const model = part(() => evaluatePartial(e, frame, of, ["model"], "what is trained"));
  const lines = collect(part, frame, callable);
  const one = (keyword: ast.Setting["keyword"]): Line | undefined => lines.settings.get(keyword);
  const need = (keyword: ast.Setting["keyword"], example: string): Line | undefined =>
    one(keyword) ?? part(() => fail("N0501", where, `the recipe \`${definition.name.name}\` has no \`${keyword}\` line`, { help: `add \`${example}\``, fixes: lineAdded(place(module.source, definition), example) }));
  const read = <T>(line: Line | undefined, value: (line: Line) => T): T | undefined => line && part(() => value(line));
  const whole = (line: Line | undefined, what: string) => read(line, ({ frame: at, node }) => wholeOf(e, at, node.value, what));

  const data = read(need("data", 'data idx("data/mnist")'), (line) => dataSource(e, line));
  const optimizers = lines.optimizers.flatMap((line) => {
    const at = line.node.at.map((path) => ({ path, place: place(line.frame.module.source, path) }));
    const optimizer = read(line, ({ frame: inside, node }) => evaluatePartial(e, inside, node.value, ["optimizer"], "what follows `optimizer`"));
    return optimizer === undefined ? [] : [{ at, optimizer, place: line.place }];
  });
  if (!lines.optimizers.some((line) => line.node.at.length === 0)) need("optimizer", "optimizer adamw(decay: 0.05)");
  const scheduled = need("schedule", "schedule cosine(peak: 1e-3, warmup: 5%)");
  const schedule = read(scheduled, ({ frame: at, node }) => evaluatePartial(e, at, node.value, ["schedule"], "what follows `schedule`"));
  const batch = whole(need("batch", "batch 128"), "the batch");
  const [forEpochs, forSteps] = [one("epochs"), one("steps")];
  if (forEpochs === undefined && forSteps === undefined) need("epochs", "epochs 10");
  if (forEpochs !== undefined && forSteps !== undefined) {
    part(() => fail("N0502", forSteps.place, "the recipe gives both `epochs` and `steps`", { related: [{ place: forEpochs.place, label: "given here" }], help: "remove one of the two", fixes: [lineRemoved(forSteps.place), lineRemoved(forEpochs.place)] }));
  }
  const epochs = whole(forEpochs, "the number of epochs");
  const steps = whole(forSteps, "the number of steps");
  const seed = read(one("seed"), (line) => seedOf(e, line)) ?? 0;
  const holdout = read(one("holdout"), (line) => shareOf(e, line)) ?? 0.1;
  const precision = read(one("precision"), precisionOf) ?? "single";
  const beginnings = lines.beginnings.flatMap(({ node, frame: inside }) => part(() => readBeginning(e, inside, node, callable.variants)) ?? []);
  // What a variant of the recipe binds, its model's parameter of that name takes.
  const given = new Map(model?.given);
  for (const { name } of model?.definition.parameters ?? []) {
    const rebound = callable.variants.findLast((variant) => variant.bindings.has(name.name));
    if (rebound !== undefined) given.set(name.name, { value: rebound.bindings.get(name.name)!, place: where });
  }
  if (!complete || model === undefined || data === undefined || schedule === undefined || batch === undefined) throw new Silent();
  return {
    name: definition.name.name,
    place: where,
    model: { ...model, given },
    modelPlace: place(module.source, of),
    frame,
    data,
    batch,
    ...(epochs !== undefined && { epochs }),
    ...(steps !== undefined && { steps }),
    seed,
    holdout,
    precision,
    schedule,
    schedulePlace: scheduled!.place,
    optimizers,
    frozen: lines.frozen,
    beginnings,
    measurements: lines.measurements,
    places: new Map([...lines.settings].map(([keyword, line]) => [keyword, line.place])),
  };
}

export function emptyFrame(module: Module): Frame {
  return { module, names: new Map(), cells: new Map(), axisNames: new Map(), axes: new Map(), instance: new Instance(""), overrides: new Map() };
}

/** The recipe's lines; those of a variant replace those of its base. */
function collect(part: Part, frame: Frame, callable: CallableValue) {
  const settings = new Map<ast.Setting["keyword"], Line>();
  let optimizers: Line[] = [];
  let frozen: Selector[] = [];
  let beginnings: { readonly node: ast.From; readonly frame: Frame }[] = [];
  const measurements: { node: ast.Measurement; module: Module }[] = [];
  const read = (items: readonly ast.Statement[], at: Frame) => {
    const own = new Map<string, Place>();
    const { source } = at.module;
    const replacing = items !== callable.definition.body;
    if (replacing && items.some((item) => item.kind === "Setting" && item.keyword === "optimizer" && item.at.length === 0)) optimizers = [];
    if (replacing && items.some((item) => item.kind === "Freeze")) frozen = [];
    if (replacing && items.some((item) => item.kind === "From")) beginnings = [];
    for (const node of items) {
      if (node.kind === "Freeze") frozen.push(...node.at.map((path) => ({ path, place: place(source, path) })));
      if (node.kind === "From") beginnings.push({ node, frame: at });
      if (node.kind === "Measurement") measurements.push({ node, module: at.module });
      if (node.kind !== "Setting") continue;
      const where = place(source, node);
      const line = { node, frame: at, place: where };
      const earlier = own.get(node.keyword);
      if (node.keyword === "optimizer" && node.at.length > 0) optimizers.push(line);
      else if (earlier !== undefined) {
        part(() => fail("N0502", where, `the recipe has two \`${node.keyword}\` lines`, { related: [{ place: earlier, label: "the first one" }], help: "remove one of the two", fixes: [lineRemoved(where)] }));
      } else {
        own.set(node.keyword, where);
        if (node.keyword === "optimizer") optimizers.unshift(line);
        settings.set(node.keyword, line);
        // A variant's `steps` replace its base's `epochs`, and the other way round; one text with both is a mistake.
        if (replacing && node.keyword === "epochs" && !own.has("steps")) settings.delete("steps");
        if (replacing && node.keyword === "steps" && !own.has("epochs")) settings.delete("epochs");
      }
    }
  };
  read(callable.definition.body, frame);
  for (const variant of callable.variants) read(variant.items, { ...frame, module: variant.module });
  return { settings, optimizers, frozen, beginnings, measurements };
}

function dataSource(e: Elaborator, { node, frame, place: where }: Line): DataSource {
  const call = node.value;
  const loader = call.kind === "Call" && call.callee.kind === "Name" ? call.callee.name : undefined;
  if (call.kind !== "Call" || loader === undefined || !(loaderNames as readonly string[]).includes(loader)) {
    return fail("N0208", where, "`data` names a loader with the place of its files", { help: `the loaders are ${loaderNames.map((name) => `\`${name}("…")\``).join(", ")}` });
  }
  const args = call.arguments.map((arg) => {
    const value = e.language.evaluate(e, frame, arg.value);
    const at = place(frame.module.source, arg);
    if (value.kind !== "text" && value.kind !== "number" && value.kind !== "boolean") return fail("N0208", at, `a loader takes texts and numbers, not ${describe(value)}`);
    return { ...(arg.name && { name: arg.name.name }), value: value.value };
  });
  return { loader, arguments: args, place: where.source.place(where.start) };
}

function seedOf(e: Elaborator, line: Line): number {
  const seed = numberOf(e, line.frame, line.node.value, "the seed");
  if (!Number.isInteger(seed) || seed < 0 || seed >= 2 ** 32) fail("N0315", line.place, `the seed is ${seed}; it must be a whole number from 0 to 2^32 - 1`);
  return seed;
}

function shareOf(e: Elaborator, line: Line): number {
  const share = numberOf(e, line.frame, line.node.value, "the held-out share");
  if (share < 0 || share >= 1) fail("N0315", line.place, `the held-out share is ${share}; it must be from 0% to below 100%`);
  return share;
}

function precisionOf({ node, frame }: Line): Precision {
  const word = node.value.kind === "Name" ? node.value.name : "";
  const found = precisions.find((precision) => precision === word);
  if (found !== undefined) return found;
  const at = place(frame.module.source, node.value);
  return fail("N0208", at, "behind `precision` stands `single` or `mixed`", { help: "leave the line out for `precision single`", ...similarDetails(word, precisions, at) });
}
