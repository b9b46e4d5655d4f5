/** `norm ablate --dry-run`: what would be trained, what it costs, and how long it will take. */

import { join } from "node:path";
import type { Plan } from "../compare/ablation/plan.js";
import type { Prepared } from "../compare/ablation/prepare.js";
import { formatCount, formatSeconds } from "../runtime/format.js";
import { cellName } from "./ablation-cells.js";
import { predict } from "./prediction.js";

/** What would be trained: each configuration, its cost, and how long its cells will take. */
export async function list(folder: string, planned: Plan, { configurations, base }: Prepared, jobs: number): Promise<void> {
  const { seeds, factors } = planned;
  const predicted = await predict(join(folder, "cells", cellName(base.name, seeds[0]!)), base, configurations);
  const rows = configurations.map(({ name, choices, recipes, error }) => {
    const cost = recipes[0]?.manifest.cost;
    const seconds = predicted?.seconds.get(name);
    return [
      name === base.name ? "base" : "",
      ...factors.map(({ label }) => choices[label] ?? ""),
      cost === undefined ? "" : formatCount(cost.parameters),
      cost === undefined ? "" : formatCount(cost.flopsPerStep),
      error !== undefined ? "cannot be trained" : seconds === undefined ? "?" : formatSeconds(seconds * seeds.length),
      `cells/${cellName(name, seeds[0]!)}`,
    ];
  });
  const head = ["", ...factors.map(({ label }) => label), "parameters", "FLOP/step", seeds.length === 1 ? "time" : `time, ${seeds.length} seeds`, "spec"];
  const widths = head.map((title, i) => Math.max(title.length, ...rows.map((row) => row[i]!.length)));
  const lines = [head, ...rows].map((row) => row.map((text, i) => text.padEnd(widths[i]!)).join("  ").trimEnd());
  const total = [...(predicted?.seconds.values() ?? [])].reduce((sum, seconds) => sum + seconds * seeds.length, 0);
  lines.push("", `${configurations.length} configurations × ${seeds.length} seed${seeds.length === 1 ? "" : "s"} = ${configurations.length * seeds.length} cells${predicted === undefined ? "" : `, about ${formatSeconds(total / jobs)} with ${jobs} at a time: ${predicted.basis}`}.`);
  for (const { name, error } of configurations) if (error !== undefined) lines.push("", `${name} cannot be trained:`, error);
  lines.push(`Their specs are written in ${join(folder, "cells")}; nothing was trained.`);
  process.stdout.write(`${lines.join("\n")}\n`);
}
