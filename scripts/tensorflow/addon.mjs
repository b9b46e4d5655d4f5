/** The package `@tensorflow/tfjs-node-gpu` in `.tensorflow/`: installing it, and the two ways to its native addon. */
import { existsSync, linkSync, mkdirSync, readFileSync, readdirSync, realpathSync, rmSync, symlinkSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { libraries } from "./library.mjs";
import { makeWhole } from "./partial.mjs";
import { attempt, run, SetupError } from "./run.mjs";

export const packageName = "@tensorflow/tfjs-node-gpu";
export const packageVersion = "4.22.0";

/** Where the package lies. */
export const packageFolder = (folder) => join(folder, "node_modules", ...packageName.split("/"));

/**
 * Installs the package with its JavaScript dependencies and without its install script.
 *
 * @throws {SetupError} when npm fails.
 */
export async function installPackage(folder, say) {
  if (existsSync(packageFolder(folder)) && manifest(folder).version === packageVersion) return;
  say(`${packageName} ${packageVersion}: installing with npm, without its install script`);
  const modules = join(folder, "node_modules");
  rmSync(modules, { recursive: true, force: true });
  await makeWhole(modules, async (partial) => {
    await run(
      `installing ${packageName}`,
      "npm",
      ["install", "--prefix", partial, "--ignore-scripts", "--no-save", "--no-package-lock", "--no-audit", "--no-fund"]
        .concat(["--loglevel=error", `${packageName}@${packageVersion}`]),
      // In the folder itself: started in a package, npm would take that package's settings.
      { cwd: partial, seconds: 900 },
    );
    return join(partial, "node_modules");
  });
}

/**
 * The package's own way: its install script fetches libtensorflow and a built addon.
 *
 * @returns {Promise<string | undefined>} why it did not work.
 */
export async function installOwnWay(folder) {
  const host = process.env.TFJS_NODE_CDN_STORAGE || new URL(manifest(folder).binary.host).origin;
  const unreachable = await whyUnreachable(host);
  if (unreachable !== undefined) return unreachable;
  const result = await attempt("npm", ["run", "install"], { cwd: packageFolder(folder), seconds: 1200 });
  return result.ok ? undefined : `its install script failed: ${result.why}`;
}

function manifest(folder) {
  return JSON.parse(readFileSync(join(packageFolder(folder), "package.json"), "utf8"));
}

/** Behind a proxy, which the install script uses and `fetch` does not, only the install script itself can tell. */
async function whyUnreachable(host) {
  if (["HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy"].some((name) => process.env[name])) return undefined;
  try {
    await fetch(host, { method: "HEAD", signal: AbortSignal.timeout(5000) });
    return undefined;
  } catch (error) {
    return `its download host is not reached (${error.cause?.code ?? error.message})`;
  }
}

/**
 * Names the programs that {@link buildAddon} needs and that are not there.
 *
 * @returns {Promise<string[]>}
 */
export async function missingTools() {
  const tools = ["python3", "make", process.env.CXX || "g++"];
  const results = await Promise.all(tools.map((tool) => attempt(tool, ["--version"], { seconds: 30 })));
  return tools.filter((_, index) => !results[index]?.ok);
}

/**
 * Puts the libraries and headers where the package's build and loader look for them. They are linked, not copied.
 */
export function placeLibrary(folder, library) {
  const deps = join(packageFolder(folder), "deps");
  rmSync(deps, { recursive: true, force: true });
  mkdirSync(join(deps, "lib"), { recursive: true });
  symlinkSync(join(library, "include"), join(deps, "include"));
  for (const name of libraries) {
    linkFile(join(library, name), join(deps, "lib", name));
    const asked = name.replace("_cc", "").replace(/\.so.*$/, ".so");
    for (const suffix of ["", ".2", ".2.9.1"]) {
      const link = join(deps, "lib", asked + suffix);
      if (!existsSync(link)) symlinkSync(name, link);
    }
  }
}

/** A hard link outlives the cache; between two file systems there is none, and a symbolic link must do. */
function linkFile(from, to) {
  try {
    linkSync(from, to);
  } catch {
    symlinkSync(from, to);
  }
}

/**
 * Builds the addon from the package's sources.
 *
 * @throws {SetupError} when the build fails.
 */
export async function buildAddon(folder) {
  const nodedir = headersFolder();
  await run("building the addon", "npm", ["run", "build-addon-from-source"], {
    cwd: packageFolder(folder),
    // Without a folder of headers node-gyp downloads them.
    env: nodedir === undefined ? {} : { npm_config_nodedir: nodedir },
    seconds: 900,
  });
  const addon = readdirSync(join(packageFolder(folder), "lib")).some((name) => existsSync(join(packageFolder(folder), "lib", name, "tfjs_binding.node")));
  if (!addon) throw new SetupError("building the addon left no tfjs_binding.node");
}

/** The folder whose `include/node` has the headers of the Node that runs, if there is one. */
function headersFolder() {
  const prefix = (path) => resolve(dirname(path), "..");
  const candidates = [process.env.npm_config_nodedir, prefix(process.execPath), prefix(realpathSync(process.execPath))];
  return candidates.find((candidate) => candidate && headersVersion(candidate) === process.versions.node.split(".")[0]);
}

function headersVersion(folder) {
  try {
    return /NODE_MAJOR_VERSION (\d+)/.exec(readFileSync(join(folder, "include/node/node_version.h"), "utf8"))?.[1];
  } catch {
    return undefined;
  }
}
