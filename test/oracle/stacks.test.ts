/** A two-layer encoder in pre, post and sandwich placement against torch: three AdamW steps and an evaluation. */

import { describe, expect, test } from "vitest";
import { type Tolerance, expectAllClose, expectClose, fixtureNames, readFixture } from "./fixtures.js";
import { type NamedTensors, compileLayer } from "./harness.js";
import { train } from "./recipes.js";

/** Both sides are float64: the first step agrees but for the order of sums over at most a few hundred terms. */
const first: Tolerance = { absolute: 1e-12, relative: 1e-10 };
/**
 * Gradients that are mathematically zero (of biases that a norm or a softmax takes away) are rounding noise near 1e-17,
 * which AdamW divides by its eps of 1e-8: what sees those parameters agrees to 1e-8 only, as the fixtures say.
 */
const later: Tolerance = { absolute: 1e-8, relative: 1e-8 };

interface Settings {
  readonly heads: number;
  readonly layers: number;
  readonly hidden: number;
  readonly classes: number;
  readonly eps: number;
  readonly momentum: number;
  readonly groups: Readonly<Record<"cls" | "tokens", readonly [number, number]>>;
  readonly sites: Readonly<Record<string, unknown>>;
  readonly optimizer: { readonly learningRate: number; readonly betas: readonly number[]; readonly eps: number; readonly weightDecay: number };
  readonly invariantParameters: readonly string[];
  readonly unusedParameters: readonly string[];
}

/** The spec, with `rest` after the stack. */
function specOf(placement: string, settings: Settings, rest: string): string {
  const { eps, momentum, layers, heads, hidden } = settings;
  return `
    use std.norms { batch, layer }
    use std.placements { ${placement} }
    use std.layers { attention, linear, mlp }

    stack encoder() {
      groups { cls, tokens }
      normalize {
        cls: batch(eps: ${eps}, momentum: ${momentum})
        tokens: layer(eps: ${eps})
      }
      normalize at first { cls: layer(eps: ${eps}) }
      place ${placement}
      repeat ${layers} {
        attention(heads: ${heads})
        mlp(hidden: ${hidden})
      }
      ${placement === "post" ? "" : "normalize"}
    }
    ${rest}`;
}

function encoded({ groups }: Settings): string {
  const cut = ([start, end]: readonly [number, number]) => `slice(x along token, from: ${start}, size: ${end - start})`;
  return `encoder(cls: ${cut(groups.cls)}, tokens: ${cut(groups.tokens)})`;
}

describe.each(fixtureNames("stack."))("%s", (name) => {
  const fixture = readFixture(name);
  const placement = name.split(".")[1]!;
  const settings = fixture.settings as unknown as Settings;
  const { classes, optimizer } = settings;
  const steps = fixture.steps!;
  const { x, labels } = steps[0]!.inputs as { x: NamedTensors[string]; labels: NamedTensors[string] };

  const layer = (body: string) => compileLayer(specOf(placement, settings, `layer main(x, labels) {\n${body}\n}`), { x, labels });
  const head = `sequence = ${encoded(settings)}\nlogits = linear(sequence.cls, ${classes})`;
  const sequence = layer(`return ${encoded(settings)}`);
  const logits = layer(`${head}\nreturn logits`);
  const loss = layer(`${head}\nreturn cross_entropy(logits, labels)`);

  test("the parameters and states are named as the fixture names them, and no other", () => {
    expect([...loss.parameters.keys()].sort()).toEqual(Object.keys(fixture.parameters).sort());
    expect(loss.program.states.map((state) => state.name).sort()).toEqual(Object.keys(fixture.states).sort());
  });

  test("gradients of the loss for the input and every parameter", () => {
    const result = loss.run("training", { inputs: { x, labels }, parameters: fixture.parameters, states: fixture.states });
    expectClose("loss", result.output, steps[0]!.outputs["loss"]!, first);
    expectAllClose("gradient of", result.gradients, steps[0]!.gradients!, first);
    const largest = (parameter: string) => Math.max(...result.gradients.get(parameter)!.data.map(Math.abs));
    for (const parameter of settings.unusedParameters) expect(largest(parameter), parameter).toBe(0);
    for (const parameter of settings.invariantParameters) expect(largest(parameter), parameter).toBeLessThan(1e-14);
  });

  // Seconds where the machine is busy.
  test("three AdamW steps and an evaluation", { timeout: 60_000 }, () => {
    const training = train(
      specOf(
        placement,
        settings,
        `
        model classifier() {
          input x[token: ${x.shape[1]!}, feature: ${x.shape[2]!}]
          input labels in ${classes}
          sequence = ${encoded(settings)}
          logits = linear(sequence.cls, ${classes})
          loss cross_entropy(logits, labels)
        }
        train recipe of classifier {
          data npy("nothing")
          optimizer adamw(beta1: ${optimizer.betas[0]}, beta2: ${optimizer.betas[1]}, eps: ${optimizer.eps}, decay: ${optimizer.weightDecay})
          schedule constant(peak: ${optimizer.learningRate})
          batch ${x.shape[0]!}
          steps 3
        }`,
      ),
    );
    training.set({ ...fixture.parameters, ...fixture.states });
    steps.forEach((step, i) => {
      const tolerance = i === 0 ? first : later;
      const mode = step.mode!;
      const slots = Object.fromEntries(training.values);
      const pass = { inputs: step.inputs, parameters: slots, states: slots };
      // The cls group's logits keep their token axis, of extent 1.
      const flat = logits.run(mode, pass).output;
      expect(flat.axes).toEqual(["batch", "token", "feature"]);
      expectClose(`step ${i}: logits`, { axes: ["batch", "class"], shape: [flat.shape[0]!, classes], data: flat.data }, step.outputs["logits"]!, tolerance);
      expectClose(`step ${i}: sequence`, sequence.run(mode, pass).output, step.outputs["sequence"]!, tolerance);

      const result = mode === "training" ? training.step(step.inputs) : training.look("evaluate", step.inputs);
      expectClose(`step ${i}: loss`, { axes: [], shape: [], data: [result["loss"]!] }, step.outputs["loss"]!, tolerance);
      expectAllClose(`step ${i}: state`, training.values, step.statesAfter ?? {}, tolerance);
    });
    expectAllClose("after training:", training.values, fixture.parametersAfter!, later);
  });
});
