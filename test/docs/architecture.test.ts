/** The table of operations in `docs/architecture.md` is that of the code. */

import { expect, test } from "vitest";
import { operationKinds, operations } from "../../src/ir/ops/index.js";
import { page } from "./blocks.js";

test("the table lists exactly the operations, with their operands and whether they have a derivative", () => {
  const section = page("architecture.md").split("\n## The IR\n")[1]!.split("\n## ")[0]!;
  const rows = [...section.matchAll(/^\| `(\w+)` \| (\w+) \| (\w+) \| (.+) \|$/gm)].map(([, kind, operands, derivative, meaning]) => ({ kind, operands, derivative, meaning }));
  expect(rows.map(({ kind }) => kind)).toEqual(operationKinds);
  for (const { kind, operands, derivative, meaning } of rows) {
    const definition = operations[kind as keyof typeof operations];
    expect({ kind, operands, derivative }).toEqual({ kind, operands: String(definition.operands), derivative: definition.derivative === "none" ? "none" : "yes" });
    expect(meaning).not.toBe("");
  }
});

test("every file that the page names is there", async () => {
  const { existsSync } = await import("node:fs");
  const names = [...page("architecture.md").matchAll(/`((?:[a-z-]+\/)+[a-z-]*(?:\.test)?(?:\.ts|\.mjs)?)`/g)].map((match) => match[1]!);
  const roots = ["", "src/"].map((root) => new URL(`../../${root}`, import.meta.url));
  expect(names.length).toBeGreaterThan(20);
  // A run makes its own folder.
  const missing = names.filter((name) => name !== "runs/" && !roots.some((root) => existsSync(new URL(name, root))));
  expect(missing).toEqual([]);
});
