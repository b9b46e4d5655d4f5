/** `norm ablate`, `norm report`: whole ablations in processes of their own, with cells that fail and sweeps that are killed. */

import { existsSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import type { Outcome } from "../../src/compare/ablation/folder.js";
import { norm, scratch, smallSpec, startNorm } from "./norm.js";

const slow = { timeout: 240_000 };
const wasm = ["--target", "wasm"];

/** The small recipe with an ablation of few steps. */
function spec(lines: string, more = ""): { readonly folder: string; readonly file: string; readonly out: string } {
  const folder = scratch();
  const file = smallSpec(folder, (text) => `${text.replace("steps 60", "steps 12").replace("{ batch, layer }", "{ batch, layer, rms }")}\n${more}\nablation study of small {\n${lines}\n}\n`);
  return { folder, file, out: join(folder, "study") };
}

const cells = (out: string) => readdirSync(join(out, "cells")).toSorted();
const outcome = (out: string, cell: string) => JSON.parse(readFileSync(join(out, "cells", cell, "cell.json"), "utf8")) as Outcome;
const weights = (run: string) => readFileSync(join(run, "weights.safetensors"));

describe("an ablation", () => {
  test("trains every cell as `norm train` would, records what failed, and reports", slow, async () => {
    const { folder, file, out } = spec(
      "vary encoder.normalize.tokens in { layer, rms } vary schedule in { constant(1e-3), constant(1e38) } vary batch in { 32, 1 } exclude encoder.normalize.tokens = rms, schedule = constant(1e38) exclude schedule = constant(1e38), batch = 1 exclude encoder.normalize.tokens = rms, batch = 1 seeds 2",
    );
    const { code, stdout, stderr } = await norm(["ablate", file, "--out", out, "--jobs", "2", ...wasm]);
    expect(stderr).toContain("[8/8]");
    expect(code).toBe(1);
    const failing = cells(out).filter((cell) => outcome(out, cell).status === "failed");
    expect(failing).toHaveLength(4);
    // A rate beyond all measure gives NaN in training; a batch of one is refused by the compiler.
    const errors = failing.map((cell) => outcome(out, cell).error!);
    expect(errors.filter((error) => /not finite|NaN|infinity/i.test(error))).toHaveLength(2);
    expect(errors.filter((error) => error.includes("error[N0401]"))).toHaveLength(2);
    expect(stdout).toContain("Ablation study");
    for (const name of ["report.txt", "report.md", "report.csv", "report.json", "report.html"]) expect(existsSync(join(out, name)), name).toBe(true);

    // A cell's spec trained by hand gives the same bits.
    const cell = cells(out).find((name) => outcome(out, name).status === "finished" && name.endsWith("seed-4"))!;
    const place = join(out, "cells", cell);
    const again = await norm(["train", `${join(place, "spec", "small.norm")}#small`, "--out", join(folder, "again"), "--data", folder, ...wasm, "--threads", "1"]);
    expect(again.code).toBe(0);
    expect(weights(join(folder, "again")).equals(weights(join(place, "small")))).toBe(true);

    // The same command finds nothing left to do, and `norm report` says the same.
    const second = await norm(["ablate", file, "--out", out, ...wasm]);
    expect(second.stderr).toContain("8 of 8 cells are finished already");
    expect(second.stdout.split("\n").slice(0, 20)).toEqual(stdout.split("\n").slice(0, 20));
    const json = await norm(["report", out, "--format", "json"]);
    expect(JSON.parse(json.stdout)).toBeTypeOf("object");
  });

  test("that is killed goes on where it stopped, to the same bits", slow, async () => {
    const { file, out } = spec("vary encoder.normalize.tokens in { layer, rms }");
    const whole = await norm(["ablate", file, "--out", `${out}-whole`, ...wasm]);
    expect(whole.code).toBe(0);
    const { child, ended } = startNorm(["ablate", file, "--out", out, ...wasm]);
    while (child.exitCode === null && !cellsFinished(out)) await sleep(20);
    child.kill("SIGKILL");
    await ended;
    const resumed = await norm(["ablate", file, "--out", out, ...wasm]);
    expect(resumed.code).toBe(0);
    expect(resumed.stderr).toContain("1 of 2 cells are finished already");
    for (const cell of cells(out)) expect(weights(join(out, "cells", cell, "small")).equals(weights(join(`${out}-whole`, "cells", cell, "small"))), cell).toBe(true);
  });

  test("records a cell whose process is killed, and trains the others", slow, async () => {
    const { file, out } = spec("vary encoder.normalize.tokens in { layer, rms }", "");
    const { child, ended } = startNorm(["ablate", file, "--out", out, ...wasm]);
    const first = join(out, "cells", "tokens-layer.seed-3");
    while (child.exitCode === null && !existsSync(join(first, "lock"))) await sleep(5);
    process.kill((JSON.parse(readFileSync(join(first, "lock"), "utf8")) as { process: number }).process, "SIGKILL");
    expect((await ended).code).toBe(1);
    expect(outcome(out, "tokens-layer.seed-3")).toMatchObject({ status: "failed", error: expect.stringContaining("as happens when memory runs out") as string });
    expect(outcome(out, "tokens-rms.seed-3").status).toBe("finished");
  });

  test("is listed without training anything", slow, async () => {
    const { file, out } = spec("vary encoder.normalize.tokens in { layer, rms }\nseeds 3");
    const { code, stdout } = await norm(["ablate", `${file}#study`, "--out", out, "--dry-run", ...wasm]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/2 configurations × 3 seeds = 6 cells, about .* with 1 at a time/);
    expect(stdout).toMatch(/^base +layer +[\d.]+ k/m);
    expect(readFileSync(join(out, "cells", "tokens-rms.seed-4", "spec", "small.norm"), "utf8")).toContain("tokens: rms");
    expect(existsSync(join(out, "cells", "tokens-rms.seed-4", "small"))).toBe(false);
  });
});

test("cells of another spec are not mixed with new ones, but a comment changes nothing", slow, async () => {
  const { file, out } = spec("vary encoder.normalize.tokens in { layer }");
  expect((await norm(["ablate", file, "--out", out, ...wasm])).code).toBe(0);
  const text = readFileSync(file, "utf8");
  writeFileSync(file, `// Another comment.\n${text.replace("dim = 16", "dim   =  16")}`);
  expect((await norm(["ablate", file, "--out", out, ...wasm])).code).toBe(0);
  writeFileSync(file, text.replace("steps 12", "steps 13"));
  const { code, stderr } = await norm(["ablate", file, "--out", out, ...wasm]);
  expect(stderr).toContain("was trained with another spec than it has now");
  expect(code).toBe(1);
});

test("mistakes are told before anything is written", slow, async () => {
  const { file, out } = spec("vary encoder.normalize.toekns in { layer }");
  const { code, stderr } = await norm(["ablate", file, "--out", out]);
  expect(stderr).toContain("error[N0309]");
  expect(code).toBe(1);
  expect(existsSync(out)).toBe(false);
  const secret = await norm(["ablate", file, "--out", out, "--mlflow", "http://me:secret@localhost:1"]);
  expect(secret.stderr).toContain("MLFLOW_TRACKING_PASSWORD");
  expect(secret.stderr).not.toContain("secret");
  expect(secret.code).toBe(2);
  const missing = await norm(["ablate", `${file}#stdy`]);
  expect(missing.code).toBe(1);
  const nowhere = await norm(["report", out]);
  expect(nowhere.stderr).toMatch(/cannot read .*ablation\.json/);
  expect(nowhere.code).toBe(1);
});

function cellsFinished(out: string): boolean {
  const folder = join(out, "cells");
  return existsSync(folder) && readdirSync(folder).some((cell) => existsSync(join(folder, cell, "cell.json")));
}
