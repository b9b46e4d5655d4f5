/** TensorFlow's C++ library and C headers out of its Python wheel, kept unpacked in the user's cache. */
import { existsSync, rmSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { makeWhole } from "./partial.mjs";
import { attempt, run, SetupError } from "./run.mjs";

/** The one wheel that is used. The libraries in it do not depend on the Python version that its name says. */
const wheel = {
  project: "tensorflow-cpu",
  version: "2.21.0",
  python: "3.11",
  abi: "cp311",
  platform: "manylinux_2_27_x86_64",
  file: "tensorflow_cpu-2.21.0-cp311-cp311-manylinux_2_27_x86_64.whl",
  sha256: "2b847d217b02ee7731ed91431daf3250daa0196c3c94614d23be27232e6e5b6c",
};
const downloadSeconds = 1800;

/** The libraries' names in the wheel and in the cache. */
export const libraries = ["libtensorflow_cc.so.2", "libtensorflow_framework.so.2"];

/** The headers that the addon includes, and theirs: all of them would be 290 MB. */
const headers = ["tensorflow/c/", "tensorflow/core/platform/", "tsl/platform/", "xla/tsl/c/"];

/** Unpacks what is needed and no more: the whole wheel is over a gigabyte. */
const unpackProgram = `
import os, sys, zipfile
archive, target, *wanted = sys.argv[1:]
with zipfile.ZipFile(archive) as wheel:
    for member in wheel.namelist():
        name = member.removeprefix("tensorflow/")
        if name.startswith(tuple(wanted)) and not name.endswith("/"):
            path = os.path.join(target, *name.split("/"))
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with wheel.open(member) as source, open(path, "wb") as sink:
                while block := source.read(1 << 22):
                    sink.write(block)
`;

/**
 * Gives the folder that has the libraries and `include/`, after fetching and unpacking the wheel if it was not there.
 *
 * @param {(line: string) => void} say prints a line of progress.
 * @throws {SetupError} when the wheel cannot be fetched, is not the expected file, or cannot be unpacked.
 */
export async function cachedLibrary(say) {
  const folder = join(process.env.XDG_CACHE_HOME || join(homedir(), ".cache"), "normlang", "tensorflow-2.21");
  if (existsSync(folder)) {
    say(`TensorFlow 2.21: unpacked already in ${folder}`);
    return folder;
  }
  await makeWhole(folder, async (partial) => {
    say("TensorFlow 2.21: fetching its wheel, 280 MB");
    const file = await fetchWheel(partial);
    say("TensorFlow 2.21: unpacking, 850 MB");
    const wanted = [...libraries, ...headers.map((prefix) => `include/${prefix}`)];
    await run("unpacking the TensorFlow wheel", "python3", ["-c", unpackProgram, file, partial, ...wanted], { seconds: 600 });
    rmSync(file);
    for (const name of [...libraries, "include/tensorflow/c/c_api.h"]) {
      if (!existsSync(join(partial, name))) throw new SetupError(`the TensorFlow wheel has no ${name}`);
    }
    return partial;
  });
  return folder;
}

async function fetchWheel(folder) {
  const hasPip = await attempt("python3", ["-m", "pip", "--version"], { seconds: 60 });
  if (!hasPip.ok) throw new SetupError("fetching TensorFlow needs pip: install python3-pip, or run `python3 -m ensurepip`");
  return fetchWithPip(folder);
}

async function fetchWithPip(folder) {
  // With a hash in the requirement, pip refuses any other file.
  const requirement = join(folder, "requirement.txt");
  writeFileSync(requirement, `${wheel.project}==${wheel.version} --hash=sha256:${wheel.sha256}\n`);
  const choice = ["--python-version", wheel.python, "--implementation", "cp", "--abi", wheel.abi, "--platform", wheel.platform];
  await run(
    "fetching TensorFlow with pip",
    "python3",
    // Without pip's cache, which would keep the 280 MB a second time.
    ["-m", "pip", "download", "--no-deps", "--only-binary=:all:", "--no-cache-dir", "--progress-bar=off", ...choice]
      .concat(["--require-hashes", "--requirement", requirement, "--dest", folder]),
    { seconds: downloadSeconds },
  );
  rmSync(requirement);
  return join(folder, wheel.file);
}
