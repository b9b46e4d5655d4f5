/** `docs/stdlib.md` is what the standard library says today. */

import { describe, expect, test } from "vitest";
import { readLibrary } from "../../src/compiler/host.js";
import { Modules, preludeModules, standardModules } from "../../src/semantics/modules.js";
// @ts-expect-error It has no types.
import { stdlibPage } from "../../scripts/stdlib/page.mjs";
import { page } from "./blocks.js";

test("the page is not stale: else run `node scripts/stdlib-docs.mjs`", () => {
  const text: unknown = stdlibPage({ Modules, preludeModules, standardModules, readLibrary });
  expect(page("stdlib.md")).toBe(text);
});

describe.each(standardModules)("std.%s", (name) => {
  test("documents every definition", () => {
    const modules = new Modules({ readSpec: () => undefined, readLibrary }, () => {});
    const silent = [...modules.named(`std.${name}`)!.definitions.values()].filter((definition) => definition.documentation === "");
    expect(silent.map((definition) => definition.name.name)).toEqual([]);
  });
});
