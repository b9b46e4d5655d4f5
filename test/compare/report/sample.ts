/** Results of ablations that were never run, but look as if they had been. */

import type { Cell, Configuration, Factor, Report, Results } from "../../../src/compare/ablation/results.js";
import { keyOf, normals } from "../../../src/random/threefry.js";
import type { Metrics } from "../../../src/runtime/metrics.js";

export interface Sample {
  readonly factors?: readonly Factor[];
  readonly seeds?: readonly number[];
  readonly epochs?: number;
  /** Steps of each epoch. */
  readonly steps?: number;
  /** The most lines of training steps that a run has. */
  readonly lines?: number;
  /** Whether a combination of choices exists. */
  readonly exists?: (choices: readonly string[]) => boolean;
  /** What becomes of a cell that would be finished. */
  readonly change?: (cell: Cell, choices: readonly string[]) => Cell;
}

export const sampleFactors: readonly Factor[] = [
  { path: "encoder.normalize.cls", label: "cls", choices: ["layer", "batch", "rms"] },
  { path: "encoder.normalize.tokens", label: "tokens", choices: ["layer(eps: 1e-6)", "batch"] },
  { path: "encoder.place", label: "place", choices: ["pre", "post", "sandwich"] },
];

export const sampleReports: readonly Report[] = [
  { path: "measured.accuracy", recipe: "measured", value: "accuracy", best: "highest" },
  { path: "measured.loss", recipe: "measured", value: "loss", best: "lowest" },
  { path: "measured.uniformity", recipe: "measured", value: "uniformity" },
];

/** Placement × norm of the class token × norm of the others, with three seeds; batch norm on the tokens with post-norm is excluded. */
export function sampleResults({
  factors = sampleFactors,
  seeds = [7, 8, 9],
  epochs = 4,
  steps = 50,
  lines = 400,
  exists = (choices) => !(choices.includes("batch") && choices.at(-1) === "post" && choices[1] === "batch"),
  change = (cell) => cell,
}: Sample = {}): Results {
  const combinations = factors.reduce<string[][]>((all, { choices }) => all.flatMap((chosen) => choices.map((choice) => [...chosen, choice])), [[]]).filter(exists);
  const configurations = combinations.map((choices, i): Configuration => {
    const name = factors.map(({ label }, factor) => `${label}-${choices[factor]!.replaceAll(/[^\w]+/g, "-").replace(/-$/, "")}`).join(".");
    return {
      name,
      choices: Object.fromEntries(factors.map(({ label }, factor) => [label, choices[factor]!])),
      cost: { parameters: 106_634 + (choices.includes("sandwich") ? 1536 : 0) - (choices.includes("rms") ? 512 : 0), flopsPerStep: 38_400_000 + 120_000 * i, peakBytes: 12_400_000 + 70_000 * (i % 5) },
      difference: i === 0 ? "" : differenceText(factors, combinations[0]!, choices),
      cells: seeds.map((seed) => change(cellOf(name, factors, choices, seed, epochs, steps, lines), choices)),
    };
  });
  return {
    name: "normalisation",
    spec: "examples/ablation-sepnorm.norm",
    documentation: "Which norm should the class token get, and which the patch tokens?\nHandwritten digits, a small vision transformer.",
    factors,
    seeds,
    reports: sampleReports,
    base: configurations[0]!.name,
    configurations,
  };
}

/** How far a configuration gets: choices differ, one pair of them helps only together, and every seed has its luck. */
function qualityOf(factors: readonly Factor[], choices: readonly string[], seed: number): number {
  const effects = choices.map((choice, i) => 0.4 * (factors[i]!.choices.indexOf(choice) % 3 === 1 ? 1 : factors[i]!.choices.indexOf(choice) % 3 === 2 ? -0.6 : 0));
  const together = choices[0] === "batch" && choices.at(-1) === "sandwich" ? 0.5 : 0;
  const [luck] = normals(keyOf(seed, "luck", 0), 1);
  const [own] = normals(keyOf(seed, choices.join(" "), 0), 1);
  return effects.reduce((sum, effect) => sum + effect, together) + 0.25 * luck! + 0.15 * own!;
}

function cellOf(configuration: string, factors: readonly Factor[], choices: readonly string[], seed: number, epochs: number, steps: number, lines: number): Cell {
  const quality = qualityOf(factors, choices, seed);
  const total = epochs * steps;
  const noise = normals(keyOf(seed, configuration, 1), total + 1);
  const loss = (step: number) => 0.12 + 2.2 * Math.exp((-step / total) * (5 + quality)) - 0.03 * quality;
  const error = (step: number) => 0.03 + 0.87 * Math.exp((-step / total) * (6 + quality)) - 0.006 * quality;
  const every = Math.ceil(total / lines);
  const metrics: Metrics[] = [];
  for (let step = 1; step <= total; step++) {
    const epoch = Math.ceil(step / steps);
    if (step % every === 0 || step === 1) {
      metrics.push({ step, epoch, loss: rounded(loss(step) * (1 + 0.12 * noise[step]!)), rate: 0.001, seconds: step * 0.01, examples_per_second: 12800 });
    }
    if (step % steps === 0) {
      metrics.push({ step, epoch, held_out: { loss: rounded(loss(step) + 0.05), accuracy: rounded(1 - error(step) + 0.002 * noise[step - 1]!) } });
      metrics.push({ step, epoch, measures: { uniformity: rounded(-2 - 0.4 * (1 - error(step)) + 0.05 * quality) } });
    }
  }
  return {
    name: `${configuration}.seed-${seed}`,
    seed,
    folder: `${configuration}/seed-${seed}`,
    status: "finished",
    seconds: rounded(12 + 0.3 * choices.length + Math.abs(noise[0]!)),
    values: { "measured.accuracy": rounded(1 - error(total)), "measured.loss": rounded(loss(total) + 0.05), "measured.uniformity": rounded(-2 - 0.4 * (1 - error(total)) + 0.05 * quality) },
    metrics: { measured: metrics },
  };
}

function differenceText(factors: readonly Factor[], base: readonly string[], choices: readonly string[]): string {
  const changed = factors.flatMap(({ path }, i) => (base[i] === choices[i] ? [] : [`~ ${path.padEnd(26)} ${base[i]} -> ${choices[i]}`]));
  return ["same weights but another function", "", ...changed, "", "unchanged: 14 sites, 106,634 parameters"].join("\n");
}

function rounded(value: number): number {
  return Number(value.toPrecision(6));
}

/** A cell that stopped with an error after half of its steps. */
export function failed(cell: Cell, error: string): Cell {
  const metrics = Object.fromEntries(Object.entries(cell.metrics).map(([recipe, own]) => [recipe, own.slice(0, own.length >> 1)]));
  return { ...cell, status: "failed", error, seconds: cell.seconds / 2, values: emptied(cell), metrics };
}

/** A cell that has not begun. */
export function waiting(cell: Cell): Cell {
  return { ...cell, status: "waiting", seconds: 0, values: emptied(cell), metrics: {} };
}

function emptied({ values }: Cell): Cell["values"] {
  return Object.fromEntries(Object.keys(values).map((path) => [path, null]));
}

/** The sample with something of everything that may go wrong. */
export function troubledResults(): Results {
  return sampleResults({
    change: (cell, choices) => {
      const name = `${choices[0]} ${choices[2]} ${cell.seed}`;
      if (name === "rms post 8" && choices[1] !== "batch") return failed(cell, "step 93: the loss is NaN\nthe first value that is not finite: encoder.2.mlp.after (mul)");
      if (name === "rms sandwich 9" && choices[1] === "batch") return waiting(cell);
      if (name === "batch post 7") return { ...cell, values: { ...cell.values, "measured.uniformity": null } };
      return cell;
    },
  });
}

/** A small one to read: two factors, three seeds, a failed cell and a value that is missing. */
export function smallResults(): Results {
  return sampleResults({
    factors: [
      { path: "encoder.normalize.cls", label: "cls", choices: ["layer(eps: 1e-6)", "batch"] },
      { path: "encoder.place", label: "place", choices: ["pre", "post"] },
    ],
    exists: () => true,
    change: (cell, [cls, place]) => {
      if (cls === "batch" && place === "post" && cell.seed === 8) return failed(cell, "step 93: the loss is NaN\nthe first value that is not finite: encoder.2.mlp.after (mul)");
      if (cls === "batch" && place === "pre" && cell.seed === 9) return { ...cell, values: { ...cell.values, "measured.uniformity": null } };
      return cell;
    },
  });
}

/** Text that means something in HTML, Markdown, CSV, shells and terminals. */
export const hostile = `</script><script>alert("x")</script> | [a](javascript:b) \`c\` *d* _e_ <img src=x onerror=f>, "g" & '#h' \u001b[31m\r\n- i`;

/** The small sample with hostile text wherever text comes from outside. */
export function hostileResults(): Results {
  const factors = [
    { path: `encoder.${hostile}`, label: hostile, choices: ["layer", hostile] },
    { path: "seed", label: "seed", choices: ["one", "two"] },
  ];
  const results = sampleResults({ factors, exists: () => true, change: (cell, [first]) => (first === hostile && cell.seed === 8 ? failed(cell, hostile) : cell) });
  const named = (cell: Cell): Cell => ({ ...cell, name: `${cell.name} ${hostile}`, folder: hostile });
  return {
    ...results,
    name: hostile,
    spec: hostile,
    documentation: hostile,
    reports: results.reports.map((report) => (report.value === "loss" ? { ...report, value: hostile } : report)),
    configurations: results.configurations.map((configuration) => ({ ...configuration, difference: `${configuration.difference}${hostile}`, cells: configuration.cells.map(named) })),
  };
}
