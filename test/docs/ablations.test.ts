/** `docs/ablations.md` is true: its spec compiles and is in the canonical format. */

import { describe, expect, test } from "vitest";
import { compile } from "../../src/compiler/compile.js";
import { readLibrary } from "../../src/compiler/host.js";
import { formatText } from "../../src/format/format.js";
import { blocksOf, page, specOf } from "./blocks.js";

describe.each(blocksOf(page("ablations.md")))("the block at line $line", (block) => {
  const whole = specOf(block);

  test("compiles", () => {
    expect(compile("block.norm", whole, { readSpec: () => undefined, readLibrary }).diagnostics).toEqual([]);
  });

  test("is in the canonical format", async () => expect(await formatText(whole)).toBe(whole));
});
