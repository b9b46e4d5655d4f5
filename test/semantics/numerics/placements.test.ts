/** A stack in each placement computes what its formula says, written out with the same norm and sublayer. */

import { expect, test } from "vitest";
import { type NamedTensors, compileLayer } from "../../oracle/harness.js";
import { Draw } from "./draw.js";

/** The result by the formula, with `f` for the sublayer and one norm for each site, named as the compiler names them. */
const formulas: Readonly<Record<string, string>> = {
  pre: "x + f(before(x))",
  post: "after(x + f(x))",
  sandwich: "x + after(f(before(x)))",
  output: "x + after(f(x))",
  "deep(alpha: 1.7)": "after(1.7 * x + f(x))",
};

const draw = new Draw("placements");
const x = draw.normal({ batch: 2, token: 3, feature: 4 });

test.each(Object.entries(formulas))("%s: %s", (placement, formula) => {
  const stack = compileLayer(
    `
    use std.norms { layer }
    use std.placements { ${placement.replace(/\(.*/, "")} }
    use std.layers { mlp }
    stack site() {
      groups { tokens }
      normalize { tokens: layer }
      place ${placement}
      mlp(hidden: 5)
    }
    layer main(x) { return site(tokens: x) }`,
    { x },
  );
  // Definitions of its own for the sites, so that each has its parameters under its name.
  const own = compileLayer(
    `
    use std.norms { layer }
    use std.layers { mlp }
    layer f(x) { return mlp(x, hidden: 5) }
    layer before(x) { return layer(x) }
    layer after(x) { return layer(x) }
    layer main(x) { return ${formula} }`,
    { x },
  );
  const values = draw.slots(stack.parameters);
  const inOwnWords = (name: string) => name.replace(/^site\.mlp\.(before|after)\.tokens\./, "$1.layer.").replace(/^site\.mlp\./, "f.mlp.");
  const renamed: NamedTensors = Object.fromEntries(Object.entries(values).map(([name, value]) => [inOwnWords(name), value]));
  expect([...own.parameters.keys()].sort()).toEqual(Object.keys(renamed).sort());

  const [found, expected] = [stack.run("training", { inputs: { x }, parameters: values }), own.run("training", { inputs: { x }, parameters: renamed })];
  expect([...found.output.data]).toEqual([...expected.output.data]);
  for (const [name, gradient] of found.gradients) expect([...gradient.data], name).toEqual([...expected.gradients.get(inOwnWords(name))!.data]);
});
