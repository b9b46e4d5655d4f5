#!/usr/bin/env node
/**
 * A GPU in software, for machines without one: `node scripts/swiftshader.mjs COMMAND…` runs a command that finds
 * SwiftShader as its Vulkan driver, which the npm package `webgpu` needs.
 *
 * The driver, and a headless Chromium that has WebGPU on it, are in the archives of the npm package
 * `@sparticuz/chromium`. They are unpacked once, into `node_modules/.cache`. There are none for other systems than Linux
 * on x86-64.
 */

import { spawn } from "node:child_process";
import { constants } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { cached, unbrotli, untar } from "./software-gpu/archives.mjs";

const driverFiles = ["libvulkan.so.1", "libvk_swiftshader.so", "vk_swiftshader_icd.json"];
const fontsConfiguration = `<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig>
  <dir prefix="relative">fonts</dir>
</fontconfig>
`;

/** Whether there are archives for this system. */
export const softwareGpuExists = process.platform === "linux" && process.arch === "x64";

/**
 * The environment variables with which a process finds SwiftShader and no other Vulkan driver.
 *
 * They must be set before the process starts, because the dynamic loader reads `LD_LIBRARY_PATH` only then.
 */
export function softwareVulkan() {
  const folder = cached("vulkan", () => untar("swiftshader").filter(({ name }) => driverFiles.includes(name)));
  const manifest = join(folder, "vk_swiftshader_icd.json");
  return {
    LD_LIBRARY_PATH: [folder, process.env.LD_LIBRARY_PATH].filter(Boolean).join(":"),
    VK_DRIVER_FILES: manifest,
    // The same variable's older name, for Vulkan loaders that do not know the newer one.
    VK_ICD_FILENAMES: manifest,
  };
}

/**
 * A headless Chromium with WebGPU on SwiftShader, as options of Playwright's `chromium.launch`.
 *
 * It brings its libraries and a font: the system needs to have no more than Node itself needs.
 */
export function softwareChromium() {
  // Chromium looks for SwiftShader beside itself.
  const folder = cached("chromium", () => [
    { name: "chromium", mode: 0o755, bytes: unbrotli("chromium") },
    ...untar("swiftshader"),
    ...untar("al2023"),
    ...untar("fonts").filter(({ name }) => name.endsWith(".ttf")),
    { name: "fonts.conf", mode: 0o644, bytes: fontsConfiguration },
  ]);
  return {
    executablePath: join(folder, "chromium"),
    // Its sandbox cannot be had as root, or in most containers; it opens pages of our own only.
    args: ["--no-sandbox", "--enable-unsafe-webgpu", "--use-webgpu-adapter=swiftshader"],
    // Nothing of this process's environment, whose variables for Vulkan could lead it to another driver.
    env: { LD_LIBRARY_PATH: join(folder, "lib"), FONTCONFIG_PATH: folder },
  };
}

function run([command, ...parameters]) {
  if (command === undefined) {
    console.error("usage: node scripts/swiftshader.mjs COMMAND…");
    process.exitCode = 2;
    return;
  }
  const child = spawn(command, parameters, { stdio: "inherit", env: { ...process.env, ...softwareVulkan() } });
  child.on("error", (error) => {
    console.error(`swiftshader: ${error.message}`);
    process.exitCode = 127;
  });
  child.on("exit", (code, signal) => (process.exitCode = code ?? 128 + constants.signals[signal]));
  // A terminal sends the interrupt to both; this process waits for what the command makes of it.
  process.on("SIGINT", () => {});
  process.on("SIGTERM", () => child.kill("SIGTERM"));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) run(process.argv.slice(2));
