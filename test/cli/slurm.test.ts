/**
 * `norm ablate --on slurm` without Slurm: commands of its names do what the test wants to see. `scripts/check-slurm.sh` runs it on a
 * real one.
 */

import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { Interrupted } from "../../src/cli/exit.js";
import { trainOnSlurm } from "../../src/cli/slurm.js";
import { type Outcome, logPath, outcomePath, readOutcome, taskPath, writeJson } from "../../src/compare/ablation/folder.js";
import { checkpointPath } from "../../src/runtime/checkpoint.js";
import { RunError } from "../../src/runtime/errors.js";
import { scratch } from "./norm.js";

/**
 * What each command does in the folder of the cluster. `sbatch` counts jobs up and does what the file `tasks` says with the script and
 * its arguments, for each task; `squeue` and `sacct` print the files of that name and job.
 */
const commands: Readonly<Record<string, string>> = {
  sbatch: `echo "sbatch $*" >>calls
if [ -e "refuse-$(($(cat jobs) + 1))" ]; then echo "sbatch: error: Batch job submission failed: Invalid partition name specified" >&2; exit 1; fi
echo $(($(cat jobs) + 1)) >jobs
echo "$(cat jobs)$(cat cluster)"
array=\${2#--array=}; shift 2
if [ -e tasks ]; then cd "$OLDPWD"; for index in $(seq \${array%-*} \${array#*-}); do SLURM_ARRAY_TASK_ID=$index sh -e "$FAKE_CLUSTER/tasks" "$@"; done; fi`,
  squeue: `echo "squeue $*" >>calls
if [ -e silent ]; then echo "slurm_load_jobs error: Unable to contact slurm controller" >&2; exit 1; fi
for word; do case $word in --jobs=*) job=\${word#--jobs=};; esac; done
if [ -e "squeue-$job" ]; then cat "squeue-$job"; else echo "slurm_load_jobs error: Invalid job id specified" >&2; exit 1; fi`,
  sacct: `for word; do case $word in --jobs=*) job=\${word#--jobs=};; esac; done
if [ -e "sacct-$job" ]; then cat "sacct-$job"; else echo "Slurm accounting storage is disabled" >&2; exit 1; fi`,
  scancel: `echo "scancel $*" >>calls`,
  scontrol: `echo "MaxArraySize            = $(cat size)"`,
};

let cluster: string;
let told: string;
const path = process.env["PATH"]!;

beforeEach(() => {
  cluster = scratch();
  const bin = join(cluster, "bin");
  mkdirSync(bin);
  for (const [name, text] of Object.entries(commands)) {
    writeFileSync(join(bin, name), `#!/bin/sh\ncd "$FAKE_CLUSTER"\n${text}\n`);
    chmodSync(join(bin, name), 0o755);
  }
  for (const [name, text] of Object.entries({ calls: "", jobs: "0\n", cluster: "", size: "1001\n" })) writeFileSync(join(cluster, name), text);
  vi.stubEnv("PATH", `${bin}:${path}`);
  vi.stubEnv("FAKE_CLUSTER", cluster);
  told = "";
  vi.spyOn(process.stderr, "write").mockImplementation((text) => ((told += String(text)), true));
});
afterEach(() => {
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
});

const calls = (command: string) => readFileSync(join(cluster, "calls"), "utf8").split("\n").filter((line) => line.startsWith(`${command} `));
/** Lets `squeue` say this of a job's tasks, as `3|RUNNING|0`. */
const say = (job: number, ...lines: readonly string[]) => writeFileSync(join(cluster, `squeue-${job}`), lines.map((line) => `${line}|\n`).join(""));
/** A status as of wait(2). */
const exited = (code: number) => code << 8;

const finished: Outcome = { status: "finished", seconds: 2, values: { small: { loss: 0.25 } } };

/** The folder of an ablation whose cells wait. */
async function ablation(names: readonly string[], parent = scratch()): Promise<{ readonly folder: string; readonly cells: string[] }> {
  const folder = join(parent, "study");
  const cells = names.map((name) => join(folder, "cells", name));
  await writeJson(join(folder, "ablation.json"), { name: "study", recipes: ["small"], configurations: [{ cells: names.map((name) => ({ name })) }] });
  for (const cell of cells) await writeJson(taskPath(cell), { recipes: ["small"] });
  return { folder, cells };
}

async function checkpointed(cell: string): Promise<void> {
  mkdirSync(join(cell, "small"));
  writeFileSync(checkpointPath(join(cell, "small")), "");
}

describe("cells on Slurm", () => {
  test("are the tasks of an array, whose script is kept as it was edited", async () => {
    const parent = join(scratch(), 'it\'s  $HOME "x" é');
    const { folder, cells } = await ablation(["a", "b", "c"], parent);
    // Refused, so that there is a script but no job.
    writeFileSync(join(cluster, "refuse-1"), "");
    await expect(trainOnSlurm(folder, cells)).rejects.toThrow(/^sbatch did not take the job array: Invalid partition name specified$/);
    expect(existsSync(join(folder, "slurm", "job.json"))).toBe(false);
    const script = readFileSync(join(folder, "slurm", "array.sh"), "utf8");
    expect(script).toMatch(/^#SBATCH --array=1-3$/m);

    // What is left of it is done as it stands, up to the training.
    const edited = script.replace(/^exec .*$/m, `cp ../outcome.json "$cell/cell.json"`);
    writeFileSync(join(folder, "slurm", "array.sh"), edited);
    await writeJson(join(folder, "outcome.json"), finished);
    writeFileSync(join(cluster, "refuse-1"), "");
    writeFileSync(join(cluster, "tasks"), 'script=$1; shift; sh -e "$script" "$@"');
    writeFileSync(join(cluster, "jobs"), "1\n");
    await trainOnSlurm(folder, cells);
    expect(calls("sbatch").at(-1)).toBe("sbatch --parsable --array=1-3 array.sh 0");
    expect(readFileSync(join(folder, "slurm", "array.sh"), "utf8")).toBe(edited);
    expect(told).toBe("Slurm's job 2 is submitted with 3 cells\n[1/3] a: loss 0.2500 in 2 s\n[2/3] b: loss 0.2500 in 2 s\n[3/3] c: loss 0.2500 in 2 s\n");
    expect(existsSync(join(folder, "slurm", "job.json"))).toBe(false);
  });

  test("that ended without an outcome get one with Slurm's reason, unless they can go on", async () => {
    const states: readonly (readonly [name: string, state: string, status: number, checkpoint: boolean, told: RegExp])[] = [
      ["memory", "OUT_OF_MEMORY", 9, true, /^failed: Slurm's task 1_1 took more memory than it was given \(OUT_OF_MEMORY\); the last lines of its log:$/],
      ["killed", "FAILED", 9, true, /^failed: Slurm's task 1_2 was ended by signal 9 \(FAILED\)/],
      ["crashed", "FAILED", exited(7), true, /^failed: Slurm's task 1_3 ended with code 7 and no outcome \(FAILED\)/],
      ["late", "TIMEOUT", 0, false, /^failed: .* took longer than its time limit, and saved no checkpoint \(TIMEOUT\)/],
      ["late-saved", "TIMEOUT", 0, true, /^unfinished: TIMEOUT, with a checkpoint$/],
      ["lost", "NODE_FAIL", 0, false, /^failed: .* lost its machine/],
      ["lost-saved", "NODE_FAIL", 0, true, /^unfinished: NODE_FAIL, with a checkpoint$/],
      ["cancelled", "CANCELLED", 15, false, /^unfinished: it was cancelled$/],
      ["room", "PREEMPTED", 15, false, /^unfinished: it had to make room$/],
      ["stopped", "FAILED", exited(130), true, /^unfinished: it was stopped, with a checkpoint$/],
      ["nowhere", "FAILED", exited(127), false, /^unfinished: its task could not be started$/],
      ["unlaunched", "FAILED", 4021, false, /^unfinished: its task could not be started$/],
    ];
    const { folder, cells } = await ablation(states.map(([name]) => name));
    for (const [i, [, , , checkpoint]] of states.entries()) if (checkpoint) await checkpointed(cells[i]!);
    writeFileSync(logPath(cells[0]!), "one\ntwo\nthree\nfour\n");
    writeFileSync(join(cells[0]!, "lock"), "{}");
    say(1, ...states.map(([, state, status], i) => `${i + 1}|${state}|${status}`));
    await trainOnSlurm(folder, cells);
    for (const [name, , , , line] of states) expect(new RegExp(`^\\[\\d+/12\\] ${name}: (.*)$`, "m").exec(told)?.[1], name).toMatch(line);
    for (const [i, [name, , , , line]] of states.entries()) expect(readOutcome(cells[i]!)?.status, name).toBe(line.source.startsWith("^failed") ? "failed" : undefined);
    expect(readOutcome(cells[0]!)?.error).toMatch(/log:\ntwo\nthree\nfour$/);
    expect(existsSync(join(cells[0]!, "lock"))).toBe(false);
    expect(told).toContain("7 cells are unfinished; the same command goes on with them.\n");
  });

  test("are left running by Ctrl-C, and taken over by the same command", async () => {
    const { folder, cells } = await ablation(["running", "waiting", "accounted", "forgotten", "cancelled"]);
    say(1, "1|RUNNING|0", "2|PENDING|0", "3|PENDING|0", "4|PENDING|0", "5|PENDING|0");
    const first = trainOnSlurm(folder, cells);
    await vi.waitFor(() => expect(calls("squeue")).not.toHaveLength(0), 5000);
    process.emit("SIGINT");
    await expect(first).rejects.toThrow(Interrupted);
    expect(told).toContain("The cluster goes on with 5 cells; the same command collects them. `scancel 1` stops them.\n");
    expect(calls("scancel")).toEqual([]);

    told = "";
    say(1, "1|RUNNING|0", "2|PENDING|0", "5|CANCELLED|15");
    writeFileSync(join(cluster, "sacct-1"), "1_1|RUNNING|0:0\n1_3|FAILED|7:0\n1_[6-9]|PENDING|0:0\n");
    const second = trainOnSlurm(folder, cells);
    await vi.waitFor(() => expect(calls("sbatch")).toHaveLength(2), 5000);
    expect(calls("sbatch").at(-1)).toBe("sbatch --parsable --array=4-5 array.sh 0");
    say(2, "4|RUNNING|0", "5|RUNNING|0");
    for (const cell of cells) if (readOutcome(cell) === undefined) await writeJson(outcomePath(cell), finished);
    await second;
    expect(told).toMatch(/accounted: failed: Slurm's task 1_3 ended with code 7/);
    expect(told).toContain("forgotten: unfinished: Slurm knows nothing more of its task\n");
    expect(told).toContain("Slurm's job 1 has 2 cells\nSlurm's job 2 is submitted with 2 cells\n");
    expect(told).toContain("[5/5]");
    expect(existsSync(join(folder, "slurm", "job.json"))).toBe(false);
  });

  test("stay with their tasks while Slurm does not answer", async () => {
    const { folder, cells } = await ablation(["a"]);
    say(1, "1|RUNNING|0");
    const run = trainOnSlurm(folder, cells);
    await vi.waitFor(() => expect(calls("sbatch")).toHaveLength(1), 5000);
    writeFileSync(join(cluster, "silent"), "");
    await vi.waitFor(() => expect(calls("squeue")).not.toHaveLength(0), 5000);
    await sleep(100);
    expect(readOutcome(cells[0]!)).toBeUndefined();
    process.emit("SIGINT");
    await expect(run).rejects.toThrow(Interrupted);
    await expect(trainOnSlurm(folder, cells)).rejects.toThrow(/^Slurm does not say what became of job 1: /);
    expect(calls("sbatch")).toHaveLength(1);
  });

  test("are several arrays where their size is limited, all or none", async () => {
    const { folder, cells } = await ablation(["a", "b", "c", "d", "e"]);
    writeFileSync(join(cluster, "size"), "3\n");
    writeFileSync(join(cluster, "cluster"), ";east\n");
    writeFileSync(join(cluster, "refuse-3"), "");
    await expect(trainOnSlurm(folder, cells)).rejects.toThrow(RunError);
    expect(calls("scancel")).toEqual(["scancel --clusters=east 1", "scancel --clusters=east 2"]);
    expect(existsSync(join(folder, "slurm", "job.json"))).toBe(false);

    writeFileSync(join(cluster, "jobs"), "3\n");
    writeFileSync(join(cluster, "tasks"), `cell=$(sed -n "$((SLURM_ARRAY_TASK_ID + $2))p" cells.txt); basename "$cell" >>"$FAKE_CLUSTER/cells"; echo '${JSON.stringify(finished)}' >"$cell/cell.json"`);
    await trainOnSlurm(folder, cells);
    expect(calls("sbatch").slice(-3)).toEqual([0, 2, 4].map((above) => `sbatch --parsable --array=${above === 4 ? "1" : "1-2"} array.sh ${above}`));
    expect(readFileSync(join(cluster, "cells"), "utf8").trim().split("\n")).toEqual(cells.map((cell) => basename(cell)));
    expect(calls("squeue").every((call) => call.includes("--clusters=east"))).toBe(true);
  });

  test("need Slurm, and a folder that it can write logs in", async () => {
    const odd = await ablation(["a"], join(scratch(), "100%A"));
    await expect(trainOnSlurm(odd.folder, odd.cells)).rejects.toThrow(/^Slurm cannot write logs in .*100%A/);
    expect(existsSync(join(odd.folder, "slurm"))).toBe(false);
    const { folder, cells } = await ablation(["a"]);
    vi.stubEnv("PATH", scratch());
    await expect(trainOnSlurm(folder, cells)).rejects.toThrow(/needs Slurm's commands/);
    expect(existsSync(join(folder, "slurm"))).toBe(false);
    // With nothing to do, nothing is needed.
    await trainOnSlurm(folder, []);
  });
});
