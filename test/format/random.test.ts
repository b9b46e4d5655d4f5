/** What holds of the format of every tree. */

import fc from "fast-check";
import { expect, it } from "vitest";
import { formatText, formatTree } from "../../src/format/format.js";
import { randomFile } from "../syntax/random-file.js";
import { read, withoutPlaces } from "../syntax/tree.js";

it("prints every tree so that it is read back, and stays as it is", async () => {
  await fc.assert(
    fc.asyncProperty(randomFile, async (file) => {
      const printed = await formatTree(file);
      expect(withoutPlaces(read(printed))).toEqual(withoutPlaces(file));
      expect(await formatText(printed)).toBe(printed);
    }),
    { numRuns: 300 },
  );
}, 60_000);
