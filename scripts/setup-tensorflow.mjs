#!/usr/bin/env node
/**
 * Makes `@tensorflow/tfjs-node-gpu` usable: `npm run setup:tensorflow`, and `-- --check` to ask only whether it is.
 *
 * It goes into `.tensorflow/` beside package.json and is no part of `npm ci`, which it would slow by minutes. Two ways:
 * the package's own install script, on every system that it supports; and, where that script's download host is not
 * reached, TensorFlow 2.21 from its Python wheel and a build of the addon from source, on Linux on x86-64 with glibc only
 * (that library has no CUDA: it computes on the CPU). A run that was killed is made good by the next.
 */
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { buildAddon, installOwnWay, installPackage, missingTools, packageFolder, packageName, placeLibrary } from "./tensorflow/addon.mjs";
import { cachedLibrary } from "./tensorflow/library.mjs";
import { attempt, SetupError } from "./tensorflow/run.mjs";

const scripts = dirname(fileURLToPath(import.meta.url));
const folder = join(scripts, "..", ".tensorflow");
const started = performance.now();

const say = (line) => console.log(`[${String(Math.round((performance.now() - started) / 1000)).padStart(3)} s] ${line}`);

/** Loads the addon in a process of its own and multiplies on it. */
async function usable() {
  if (!existsSync(packageFolder(folder))) return { ok: false, text: `${packageName} is not installed in .tensorflow` };
  const result = await attempt(process.execPath, [join(scripts, "tensorflow", "check.mjs"), folder], {
    env: { TF_CPP_MIN_LOG_LEVEL: "2", TF_ENABLE_ONEDNN_OPTS: "0" },
    seconds: 120,
  });
  if (!result.ok) return { ok: false, text: `${packageName} does not work: ${result.why}` };
  const report = JSON.parse(result.output.trimEnd().split("\n").at(-1));
  const place = report.gpu ? "GPU" : "CPU: no CUDA device";
  return { ok: true, text: `backend ${report.backend}, TensorFlow ${report.version} (${place}), ${report.gigaflops} GFLOP/s on a 512³ product` };
}

async function setUp() {
  const before = await usable();
  if (before.ok) {
    say(`already set up, nothing to do: ${before.text}`);
    return;
  }
  await installPackage(folder, say);

  say("trying the package's own install script");
  let failed = await installOwnWay(folder);
  if (failed === undefined) {
    const own = await usable();
    if (own.ok) {
      say(`ready: ${own.text}`);
      return;
    }
    failed = own.text;
  }
  say(`the package's own way does not work here: ${failed}`);
  await setUpFromWheel();
  const after = await usable();
  if (!after.ok) throw new SetupError(after.text);
  say(`ready: ${after.text}`);
}

async function setUpFromWheel() {
  const glibc = process.report?.getReport().header.glibcVersionRuntime;
  if (process.platform !== "linux" || process.arch !== "x64" || glibc === undefined) {
    throw new SetupError("the second way, from TensorFlow's Python wheel, exists for Linux on x86-64 with glibc only");
  }
  const missing = await missingTools();
  if (missing.length > 0) throw new SetupError(`building the addon needs ${missing.join(", ")}: please install and run this again`);
  placeLibrary(folder, await cachedLibrary(say));
  say("building the addon from source, about 20 s");
  await buildAddon(folder);
}

async function main() {
  const { values } = parseArgs({ options: { check: { type: "boolean", default: false } } });
  if (!values.check) return setUp();
  const state = await usable();
  if (!state.ok) throw new SetupError(state.text);
  say(`usable: ${state.text}`);
}

try {
  await main();
} catch (error) {
  if (!(error instanceof SetupError) && !error.code?.startsWith("ERR_PARSE_ARGS")) throw error;
  console.error(`setup:tensorflow: ${error.message}`);
  process.exitCode = 1;
}
