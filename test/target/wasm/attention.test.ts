/** Attention as WebAssembly against the float64 interpreter. */

import { describe } from "vitest";
import { processor } from "../../../src/target/wasm/device.js";
import { testAttention, testThatScoresAreNotStored } from "../attention.js";
import { runnerOf, runners } from "./run.js";

describe.each(Object.entries(runners))("with stored scores, %s", (_, run) => testAttention(run));

describe("without stored scores", () => {
  const device = { ...processor, sharedBytes: 16 * 2 ** 10 };
  testThatScoresAreNotStored(device);
  testAttention(runnerOf(true, device));
});
