// Text to step program: a ViT-S of 12 layers, and one of 96. The first compilation of a process is given apart, because
// that is what a person waits for.
import { performance } from "node:perf_hooks";
import { median } from "./figures.mjs";
import { compileText, vitText } from "./vit.mjs";

export function compileBench() {
  const time = (text) => {
    const start = performance.now();
    const compiled = compileText(text);
    return { ms: performance.now() - start, operations: compiled.cost.entries.get("step").operations };
  };
  const small = vitText({ dim: 384, depth: 12, heads: 6 });
  const large = vitText({ dim: 384, depth: 96, heads: 6 });
  const first = time(small);
  const twelve = Array.from({ length: 5 }, () => time(small));
  const many = Array.from({ length: 3 }, () => time(large));
  const row = (name, runs) => ({ name, ms: Math.round(median(runs.map(({ ms }) => ms))), operations: runs[0].operations });
  const rows = [row("12 layers, first in the process", [first]), row("12 layers", twelve), row("96 layers", many)];
  return [...rows, { name: "96 layers over 12 layers", ratio: Number((rows[2].ms / rows[1].ms).toFixed(2)) }];
}
