// The vision transformers that the benchmarks run: the main example at other sizes.
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { compile } from "../dist/compiler/compile.js";
import { fileHost } from "../dist/compiler/host.js";

const example = fileURLToPath(new URL("../examples/mnist-sepnorm.norm", import.meta.url));

/** The text of the main example with other defaults: `{ dim: 384, depth: 12, heads: 6 }`. */
export function vitText({ batch, ...sizes }) {
  let text = readFileSync(example, "utf8");
  for (const [name, value] of Object.entries(sizes)) text = text.replace(new RegExp(`\\b${name} = \\d+`), `${name} = ${value}`);
  return batch === undefined ? text : text.replace(/\bbatch \d+/, `batch ${batch}`);
}

export function compileText(text) {
  const { diagnostics, recipes } = compile("vit.norm", text, fileHost("."));
  const compiled = recipes.get("mnist");
  if (compiled === undefined) throw new Error(JSON.stringify(diagnostics.map((found) => found.message)));
  return compiled;
}
