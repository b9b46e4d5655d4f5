/** Compiles the examples, and small variants of them, to look at what they are made of and at their first loss. */

import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { type Compiled, compile } from "../../src/compiler/compile.js";
import { fileHost } from "../../src/compiler/host.js";
import { interpret } from "../../src/ir/interpret.js";
import { Draw } from "../semantics/numerics/draw.js";

const folder = fileURLToPath(new URL("../../examples/", import.meta.url));

/** The text of an example. */
export const example = (name: string): string => readFileSync(`${folder}${name}`, "utf8");

/** The recipes of a text that stands in the folder of the examples, by name, and the codes of what the compiler says. */
export function recipesOf(text: string): { readonly recipes: ReadonlyMap<string, Compiled>; readonly codes: readonly string[] } {
  const { recipes, diagnostics } = compile("text.norm", text, fileHost(folder));
  return { recipes, codes: diagnostics.map((one) => one.code) };
}

/** The one recipe of a text, called `run`. @throws Error with the compiler's messages when it has mistakes. */
export function compiledRun(text: string): Compiled {
  const { recipes, diagnostics } = compile("text.norm", text, fileHost(folder));
  const found = recipes.get("run");
  if (found === undefined) throw new Error(diagnostics.map((one) => `${one.code} ${one.message}`).join("\n"));
  return found;
}

const batch = 8;

/** The loss of the first step of a variant of an autoencoder's recipe, made small, on eight random images. */
export function firstLoss(uses: string, variant: string): number {
  const { program } = compiledRun(`${uses}\ntrain run = ${variant} with { batch ${batch} dim = 16 decoder_dim = 16 }`);
  const { updates: slots } = interpret(program.entries.get("initialise")!, { slots: new Map(), inputs: new Map(), seed: 3, step: 0 });
  const image = Float64Array.from(new Draw("images").normal({ pixel: batch * 28 * 28 }).data);
  const inputs = new Map([["image", image], ["step", Float64Array.of(0)], ["steps", Float64Array.of(9)]]);
  return interpret(program.entries.get("forward")!, { slots, inputs, seed: 3, step: 0 }).results.get("loss")!.data[0]!;
}
