/** `norm explain`: definitions, what a spec resolves to, one place, and pictures; and the page about it. */

import { existsSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, describe, expect, test, vi } from "vitest";
import { ProblemsFound, UsageError } from "../../src/cli/exit.js";
import { type ExplainOptions, explain } from "../../src/cli/explain.js";
import { SaveError } from "../../src/runtime/errors.js";
import { page } from "../docs/blocks.js";
import { norm, scratch, smallSpec } from "./norm.js";

const root = fileURLToPath(new URL("../../", import.meta.url));
const spec = (name: string) => join(root, "examples", `${name}.norm`);
const sepnorm = spec("mnist-sepnorm");

afterEach(() => vi.restoreAllMocks());

/** What the command prints, and how it ends. */
async function explained(name: string, options: Partial<ExplainOptions> = {}): Promise<{ out: string; told: string; error?: unknown }> {
  const written = { out: "", told: "" };
  const into = (key: "out" | "told") => (chunk: unknown) => {
    written[key] += String(chunk);
    return true;
  };
  vi.spyOn(process.stdout, "write").mockImplementation(into("out"));
  vi.spyOn(process.stderr, "write").mockImplementation(into("told"));
  try {
    await explain(name, { format: "text", ...options });
    return written;
  } catch (error) {
    return { ...written, error, told: written.told + (error as Error).message };
  } finally {
    vi.restoreAllMocks();
  }
}

describe("definitions", () => {
  test("of the library and of a spec are printed with their documentation", async () => {
    expect((await explained("std.norms.layer")).out).toMatch(/^Layer normalis[^]*\nnorm layer\(/);
    expect((await explained("std.norms")).out).toMatch(/^norm layer +\S/m);
    expect((await explained(`${spec("mnist-own-norm")}#absolute`)).out).toMatch(/^A token's features centred[^]*\nnorm absolute\(x, eps = 1e-3\) \{[^]*\}\n$/);
    expect(await explained("std.norms.laier")).toMatchObject({ error: expect.any(UsageError) as unknown, told: expect.stringContaining("layer") as unknown });
  });

  test("a stack is followed by what it resolves to, and a file of several recipes says what it holds", async () => {
    const stack = (await explained(`${sepnorm}#encoder`)).out;
    expect(stack).toMatch(/^A ViT encoder[^]*\nstack encoder\(dim, depth, heads\) \{[^]*\n\}\n\nencoder in mnist of classifier/);
    expect(stack).not.toContain("logits");
    const several = (await explained(spec("mnist-placements"))).out;
    expect(several).toContain("train sandwich\n");
    expect(several).toContain("mnist-placements.norm#pre");
  });
});

describe("a place", () => {
  const at = async (place: string) => explained(sepnorm, { at: place });

  test("shows the policy that is written there, where it lands, and what it owns", async () => {
    const { out } = await at("9:5");
    expect(out).toContain("  encoder.1.attention.before  cls: batch\n");
    expect(out).toContain("encoder.final.cls.scale");
    expect(out).not.toContain("tokens");
    expect((await at("13:3")).out).toContain("encoder.0.attention.before  cls: layer(eps: 1e-6)");
  });

  test("shows a value's axes and groups, a sublayer with its sites, and a definition that is named", async () => {
    expect((await at("31:20")).out).toContain("encoded, a value: f32[batch: 64, token: 17, feature: 64], tokens cls 1 + tokens 16");
    const sublayer = (await at("18:5")).out;
    expect(sublayer).toContain("encoder.0..1.mlp, gives f32[batch: 64, token: 17, feature: 64]");
    expect(sublayer).toContain("encoder.0..1.mlp.before  cls: batch");
    expect(sublayer).toContain("layer mlp(x, hidden, activation = gelu, inner = none, gain = 1)\n  in std.layers");
    expect((await at("27:20")).out).toContain("layer patchify(image, patch)");
  });

  test("says what is near when nothing is there, and what is wrong with a place that is none", async () => {
    expect(await at("27:1")).toMatchObject({ error: expect.any(UsageError) as unknown, told: expect.stringContaining("on this line: patches at 27:3") as unknown });
    expect(await at("999:1")).toMatchObject({ error: expect.any(UsageError) as unknown, told: expect.stringContaining("lines") as unknown });
    expect(await at("here")).toMatchObject({ error: expect.any(UsageError) as unknown, told: expect.stringContaining("--at 12:5") as unknown });
  });
});

test("no picture, nor half of one, is written for a spec that is broken or has nothing to draw", async () => {
  const folder = scratch();
  const svg = join(folder, "picture.svg");
  const broken = smallSpec(folder, (text) => text.replace("tokens: layer", "tokens: leyer"));
  expect(await explained(broken, { svg })).toMatchObject({ error: expect.any(ProblemsFound) as unknown, told: expect.stringContaining("leyer") as unknown });
  const bare = join(folder, "bare.norm");
  writeFileSync(bare, "use std.norms { layer }\n\nnorm quiet = layer(eps: 1e-3)\n");
  expect(await explained(bare, { svg })).toMatchObject({ error: expect.any(UsageError) as unknown, told: expect.stringContaining("no recipe and no model") as unknown });
  expect((await explained(spec("mnist-placements"), { svg })).told).toContain("mnist-placements.norm#post");
  expect((await explained("std.norms.layer", { svg })).error).toBeInstanceOf(UsageError);
  expect((await explained(sepnorm, { svg: join(folder, "no", "such", "picture.svg") })).error).toBeInstanceOf(SaveError);
  expect(existsSync(svg)).toBe(false);
  expect(readdirSync(folder).filter((name) => name.endsWith(".tmp"))).toEqual([]);
});

test("the same as data", async () => {
  const { overview } = JSON.parse((await explained(sepnorm, { format: "json" })).out) as { overview: { totals: { parameters: { total: number } }; kernels: { dispatches: number; distinct: number }; sites: { rows: unknown[] }[] } };
  expect(overview.totals.parameters.total).toBe(105_674);
  expect(overview.kernels.distinct).toBeLessThan(overview.kernels.dispatches);
  expect(overview.sites[0]!.rows).toHaveLength(4);
});

describe("the page", () => {
  test("shows what the commands print", async () => {
    const shown = [...page("explain.md").matchAll(/```sh\nnorm (.*)\n```\n\n```text\n([^]*?)```/g)];
    expect(shown.length).toBeGreaterThan(1);
    for (const [, command, output] of shown) expect((await norm(command!.split(" "), { cwd: root })).stdout).toBe(output);
  });

  test("has the picture that the command makes", async () => {
    const file = join(scratch(), "picture.svg");
    expect((await explained(sepnorm, { svg: file })).error).toBeUndefined();
    expect(readFileSync(file, "utf8")).toBe(readFileSync(join(root, "docs", "explain.svg"), "utf8"));
  });
});
