/**
 * SepNorm in the masked autoencoder of the examples: who is normalised by what at every site, and what the linear probe and the
 * fine-tuned classifier share with the autoencoder by name.
 */

import { describe, expect, test } from "vitest";
import type { Compiled } from "../../src/compiler/compile.js";
import { example, firstLoss, recipesOf } from "./example-recipes.js";

const { recipes, codes } = recipesOf(example("mae-sepnorm.norm"));

const parametersOf = ({ program }: Compiled) => new Map(program.parameters.map(({ name, type }) => [name, type]));
const statesOf = ({ program }: Compiled) => program.states.map(({ name }) => name).filter((name) => name.includes("running"));

describe("SepNorm", () => {
  test("the compiler has nothing to say", () => expect(codes).toEqual([]));

  test.each([["batch_layer", "batch", "layer"], ["batch_batch", "batch", "batch"], ["layer_batch", "layer", "batch"], ["layer_layer", "layer", "layer"]])(
    "%s has norms of the class token and of the patches at every site of the encoder, and layer norm at the degenerate one",
    (name, cls, tokens) => {
      const made = recipes.get(name)!;
      const states = statesOf(made);
      const parameters = parametersOf(made);
      const paths = made.training.sites.map((site) => site.path).filter((path) => path.startsWith("encoder."));
      expect(paths).toHaveLength(5);
      for (const path of paths) {
        const at = (group: string) => states.includes(`${path}.${group}.running_mean`) ? "batch" : "layer";
        expect([at("cls"), at("tokens")], path).toEqual([path === "encoder.0.attention.before" ? "layer" : cls, tokens]);
        for (const group of ["cls", "tokens"]) expect(parameters.has(`${path}.${group}.scale`)).toBe(true);
      }
      // The decoder keeps one layer norm for both.
      expect(states.filter((state) => state.startsWith("decoder."))).toEqual([]);
      expect(parameters.has("decoder.final.cls+tokens.scale")).toBe(true);
    },
  );

  test("the decoder can be split as well, and one batch norm can be shared", () => {
    const states = statesOf(recipes.get("batch_layer_decoder")!);
    expect(states).toContain("decoder.0.attention.before.cls.running_mean");
    expect(states).not.toContain("decoder.0.attention.before.tokens.running_mean");
    expect(statesOf(recipes.get("shared_batch")!)).toContain("encoder.0.attention.before.cls+tokens.running_mean");
  });

  test("without the line for the first site, the compiler says that batch statistics erase the class token", () => {
    const text = example("mae-sepnorm.norm").replace(/ {2}normalize at first .*\n/, "");
    expect(recipesOf(text).codes).toContain("N0404");
  });

  test("with layer norm for both it computes what one layer norm does, to the last bit; with batch norm it does not", () => {
    const uses = 'use "mae-sepnorm.norm" { batch_batch, layer_layer, shared_batch }\nuse "mnist-autoencoder.norm" { mae }';
    const loss = (variant: string) => firstLoss(uses, variant);
    expect(loss("layer_layer")).toBe(loss("mae"));
    expect(Math.abs(loss("batch_batch") - loss("shared_batch"))).toBeGreaterThan(1e-6);
  });
});

describe("what probes and fine-tuning share with the autoencoder", () => {
  const autoencoder = recipes.get("batch_layer")!;
  const shared = [...parametersOf(autoencoder)].filter(([name]) => /^(embedded|encoder)\./.test(name));

  test.each([["batch_layer_probe", ["bias", "head"]], ["batch_layer_tuned", ["logits.bias", "logits.weight"]]])("%s: all of the encoder, by name and type", (name, own) => {
    const made = recipes.get(name)!;
    const parameters = parametersOf(made);
    for (const [parameter, type] of shared) expect(parameters.get(parameter), parameter).toEqual(type);
    const sharedNames = new Set(shared.map(([parameter]) => parameter));
    expect([...parameters.keys()].filter((parameter) => !sharedNames.has(parameter)).sort()).toEqual(own);

    const encoderStates = (of: Compiled) => statesOf(of).filter((state) => state.startsWith("encoder."));
    expect(encoderStates(made)).toEqual(encoderStates(autoencoder));
    expect(encoderStates(made).length).toBeGreaterThan(0);
  });

  test("the probe trains its head alone, and its encoder's batch statistics go on moving", () => {
    const { program } = recipes.get("batch_layer_probe")!;
    const updated = program.entries.get("step")!.operations.flatMap((op) => (op.kind === "update" ? [op.attributes.slot] : []));
    const parameters = new Set(program.parameters.map(({ name }) => name));
    expect(updated.filter((name) => parameters.has(name)).sort()).toEqual(["bias", "head"]);
    expect(updated).toContain("encoder.final.cls.running_mean");
    expect(updated).toContain("read.running_variance");
  });
});
