/** A small vision transformer with AdamW, built operation by operation as the compiler would build it. */

import { Build, Builder, type Position } from "../../../src/ir/builder.js";
import type { Entry, InputSlot, Op, ParameterSlot, Program, StateSlot } from "../../../src/ir/program.js";
import { slotTypes } from "../../../src/ir/slots.js";
import { type Axis, tensorType } from "../../../src/ir/types.js";
import { verify } from "../../../src/ir/verify.js";
import { differentiate } from "../../../src/transform/differentiate.js";
import { simplify } from "../../../src/transform/simplify.js";
import type { Manifest } from "../../../src/runtime/trainer.js";

export interface Sizes {
  readonly batch: number;
  readonly patches: number;
  readonly pixels: number;
  readonly dim: number;
  readonly depth: number;
  readonly heads: number;
  readonly classes: number;
}

type Kind = "norm" | "bias" | "weight" | "embedding";

/** The program with all four entries, simplified. */
export function visionTransformer(sizes: Sizes): Program {
  const { batch, patches, pixels, dim, depth, heads, classes } = sizes;
  const axis = (name: string, extent: number): Axis => ({ name, extent });
  const axes = {
    batch: axis("batch", batch),
    token: axis("token", patches + 1),
    feature: axis("feature", dim),
    head: axis("head", heads),
    key: axis("key", dim / heads),
    hidden: axis("hidden", 4 * dim),
    class: axis("class", classes),
    pixel: axis("pixel", pixels),
  };
  const parameters: ParameterSlot[] = [];
  const parameter = (name: string, role: Kind, ...of: Axis[]) => parameters.push({ name, role, type: tensorType("f32", of) });
  const linear = (place: string, from: Axis, to: Axis) => {
    parameter(`${place}.weight`, "weight", from, to);
    parameter(`${place}.bias`, "bias", to);
  };
  const norm = (place: string) => {
    parameter(`${place}.scale`, "norm", axes.feature);
    parameter(`${place}.shift`, "norm", axes.feature);
  };
  linear("embed", axes.pixel, axes.feature);
  parameter("cls", "embedding", axes.feature);
  parameter("position", "embedding", axes.token, axes.feature);
  for (let layer = 0; layer < depth; layer++) {
    norm(`encoder.${layer}.attention.before`);
    for (const part of ["query", "keys", "value"]) parameter(`encoder.${layer}.attention.w_${part}`, "weight", axes.feature, axes.head, axes.key);
    parameter(`encoder.${layer}.attention.w_out`, "weight", axes.head, axes.key, axis("out", dim));
    norm(`encoder.${layer}.mlp.before`);
    linear(`encoder.${layer}.mlp.expand`, axes.feature, axes.hidden);
    linear(`encoder.${layer}.mlp.contract`, axes.hidden, axis("out", dim));
  }
  norm("final");
  linear("head", axes.feature, axes.class);

  const states: StateSlot[] = parameters.flatMap(({ name, type }) =>
    ["m", "v"].map((moment) => ({ name: `${name}.${moment}`, type, owner: "optimizer" as const })),
  );
  const inputs: InputSlot[] = [
    { name: "image", type: tensorType("f32", [axes.batch, axis("patch", patches), axes.pixel]) },
    { name: "label", type: tensorType("i32", [axes.batch]), below: classes },
    { name: "step", type: tensorType("f32", []) },
    { name: "steps", type: tensorType("f32", []) },
    { name: "valid", type: tensorType("f32", [axes.batch]) },
  ];
  const slots = slotTypes({ parameters, states, inputs });

  function forward(builder: Builder, isEvaluation: boolean): { loss: Op; accuracy: Op } {
    const b: Build = builder.build;
    const at = (place: string) => (builder.position = { ...builder.position, place, source: `model.norm:${1 + (place.length % 40)}:3` });
    const slot = (name: string) => builder.add("parameter", [], { slot: name });
    const mean = (x: Op, over: readonly string[]) => {
      const count = over.reduce((n, name) => n * x.type.axes.find((a) => a.name === name)!.extent, 1);
      return b.scale(b.sum(x, over), 1 / count);
    };
    const normalise = (place: string, x: Op) => {
      at(place);
      const centred = b.sub(x, mean(x, ["feature"]));
      const variance = mean(b.binary("pow", centred, b.constant(2)), ["feature"]);
      const scaled = b.mul(centred, b.unary("rsqrt", b.add(variance, b.constant(1e-5))));
      return b.add(b.mul(scaled, slot(`${place}.scale`)), slot(`${place}.shift`));
    };
    const linearOf = (place: string, x: Op, from: string) =>
      b.add(b.contract(x, slot(`${place}.weight`), [from]), slot(`${place}.bias`));

    at("embed");
    const image = builder.add("input", [], { slot: "image" });
    const patchesOf = b.rename(linearOf("embed", image, "pixel"), ["patch"], ["token"]);
    at("");
    const cls = b.broadcast(slot("cls"), [axes.batch, axis("token", 1)]);
    let x = b.add(b.concatenate([cls, patchesOf], "token"), slot("position"));
    for (let layer = 0; layer < depth; layer++) {
      const attention = `encoder.${layer}.attention`;
      const normal = normalise(`${attention}.before`, x);
      at(attention);
      const project = (name: string) => b.contract(normal, slot(`${attention}.w_${name}`), ["feature"]);
      const query = project("query");
      const keys = b.rename(project("keys"), ["token"], ["source"]);
      const value = b.rename(project("value"), ["token"], ["source"]);
      const score = b.scale(b.contract(query, keys, ["key"]), 1 / Math.sqrt(dim / heads));
      const exponential = b.unary("exp", b.sub(score, b.stop(b.maximum(score, ["source"]))));
      const weights = b.div(exponential, b.sum(exponential, ["source"]));
      const mixed = b.contract(weights, value, ["source"]);
      x = b.add(x, b.rename(b.contract(mixed, slot(`${attention}.w_out`), ["head", "key"]), ["out"], ["feature"]));
      const mlp = `encoder.${layer}.mlp`;
      const before = normalise(`${mlp}.before`, x);
      at(mlp);
      const hidden = linearOf(`${mlp}.expand`, before, "feature");
      const half = b.scale(hidden, 0.5);
      const gelu = b.mul(half, b.add(b.unary("erf", b.scale(hidden, Math.SQRT1_2)), b.constant(1)));
      x = b.add(x, b.rename(linearOf(`${mlp}.contract`, gelu, "hidden"), ["out"], ["feature"]));
    }
    const encoded = normalise("final", x);
    at("head");
    const first = b.slice(encoded, "token", 0, 1);
    const logits = linearOf("head", b.sum(first, ["token"]), "feature");
    at("");
    const label = builder.add("input", [], { slot: "label" });
    const shifted = b.sub(logits, b.stop(b.maximum(logits, ["class"])));
    const logSum = b.unary("log", b.sum(b.unary("exp", shifted), ["class"]));
    const each = b.sub(logSum, b.take(shifted, label, "class"));
    const best = b.cast(b.binary("equal", b.take(logits, label, "class"), b.maximum(logits, ["class"])), "f32");
    const average = (values: Op) => {
      if (!isEvaluation) return mean(values, ["batch"]);
      const valid = builder.add("input", [], { slot: "valid" });
      return b.div(b.sum(b.mul(values, valid), ["batch"]), b.sum(valid, ["batch"]));
    };
    return { loss: average(each), accuracy: average(best) };
  }

  function adamw(builder: Builder, name: string, role: Kind, gradient: Op, rate: Op, corrections: readonly [Op, Op]): void {
    const b = builder.build;
    builder.position = { place: name, phase: "update", source: "optimizers.norm:3:5" };
    const mix = (old: Op, next: Op, share: number) => b.add(b.scale(old, share), b.scale(next, 1 - share));
    const m = mix(builder.add("state", [], { slot: `${name}.m` }), gradient, 0.9);
    const v = mix(builder.add("state", [], { slot: `${name}.v` }), b.mul(gradient, gradient), 0.999);
    const old = builder.add("parameter", [], { slot: name });
    const move = b.div(b.div(m, corrections[0]), b.add(b.unary("sqrt", b.div(v, corrections[1])), b.constant(1e-8)));
    const decayed = role === "weight" ? b.add(move, b.scale(old, 0.05)) : move;
    builder.add("update", [m], { slot: `${name}.m` });
    builder.add("update", [v], { slot: `${name}.v` });
    builder.add("update", [b.sub(old, b.mul(rate, decayed))], { slot: name });
  }

  function entry(name: string, fill: (builder: Builder) => Record<string, Op>): [string, Entry] {
    const builder = new Builder(slots);
    const results = new Map(Object.entries(fill(builder)));
    return [name, { name, operations: builder.operations, results }];
  }

  const update: Position = { place: "", phase: "update" };
  const entries = new Map([
    entry("initialise", (builder) => {
      for (const { name, type, role } of parameters) {
        builder.position = { place: name, phase: "forward" };
        const b = builder.build;
        const drawn = role === "weight" || role === "embedding";
        const value = drawn
          ? b.scale(builder.add("random", [], { distribution: "normal", stream: name, axes: type.axes }), 0.05)
          : b.broadcast(b.constant(name.endsWith("scale") ? 1 : 0), type.axes);
        builder.add("update", [value], { slot: name });
        for (const moment of ["m", "v"]) builder.add("update", [b.broadcast(b.constant(0), type.axes)], { slot: `${name}.${moment}` });
      }
      return {};
    }),
    entry("forward", (builder) => forward(builder, false)),
    entry("step", (builder) => {
      const { loss, accuracy } = forward(builder, false);
      const sources = parameters.map(({ name }) => builder.add("parameter", [], { slot: name }));
      const gradients = differentiate(builder, loss, sources);
      builder.position = update;
      const b = builder.build;
      const step = b.add(builder.add("input", [], { slot: "step" }), b.constant(1));
      const rate = b.scale(b.sub(b.constant(1), b.div(step, builder.add("input", [], { slot: "steps" }))), 1e-3);
      const correction = (share: number) => b.sub(b.constant(1), b.binary("pow", b.constant(share), step));
      const corrections = [correction(0.9), correction(0.999)] as const;
      parameters.forEach(({ name, role }, i) => adamw(builder, name, role, gradients[i]!, rate, corrections));
      return { loss, rate, accuracy };
    }),
    entry("evaluate", (builder) => forward(builder, true)),
  ]);
  const program: Program = { name: "vit", precision: "single", parameters, states, inputs, entries };
  verify(program);
  const simplified = simplify(program);
  verify(simplified);
  return simplified;
}

/** A manifest for a program whose first input axis is the batch. */
export function manifestOf(program: Program, batch: number, seed = 7): Manifest {
  const scalars = new Set(["step", "steps", "valid"]);
  const spec = ({ name, type }: { name: string; type: { dtype: string; axes: readonly Axis[] } }) => ({
    name,
    type: type.dtype as "f32" | "i32",
    axes: type.axes,
  });
  return {
    name: "test",
    spec: "test.norm",
    recipe: "",
    target: "tfjs",
    seed,
    batch,
    steps: 10,
    holdout: 0,
    precision: program.precision,
    data: { loader: "idx", arguments: [], place: "test.norm:1:1" },
    parameters: program.parameters.map(spec),
    states: program.states.map((state) => ({ ...spec(state), owner: state.owner })),
    inputs: program.inputs.filter(({ name }) => !scalars.has(name)).map((input) => ({ ...spec(input), ...(input.below === undefined ? {} : { below: input.below }) })),
    reports: ["accuracy"],
    cost: { parameters: 0, flopsPerStep: 0, peakBytes: 0 },
  };
}
