/** Waiting for devices that fail in ways that a test cannot bring about on a real one. */

import { expect, test } from "vitest";
import { RunError } from "../../../src/runtime/errors.js";
import type { OpenDevice } from "../../../src/runtime/webgpu/adapter.js";
import { firstLine, Watch } from "../../../src/runtime/webgpu/watch.js";

/** A device that fails, or is lost, when the test says so. */
function failing(): { watch: Watch; fail(why: string): void; lose(why: string): void } {
  let failure: string | undefined;
  let lose!: (why: string) => void;
  const lost = new Promise<string>((resolve) => (lose = resolve));
  const throwIfFailed = () => {
    if (failure !== undefined) throw new RunError(failure);
  };
  return { watch: new Watch({ lost, throwIfFailed } as OpenDevice), fail: (why) => (failure = why), lose };
}
const mend = ". The last checkpoint is intact: go on from it with --resume";

test("what a device that was lost never settles is refused", async () => {
  const { watch, fail, lose } = failing();
  const waiting = [watch.wait(new Promise(() => undefined)), watch.wait(new Promise(() => undefined))];
  fail("the GPU was lost: unplugged");
  lose("unplugged");
  for (const one of waiting) await expect(one).rejects.toThrow(new RunError(`the GPU was lost: unplugged${mend}`));
});

test("a result is not believed when the device failed meanwhile", async () => {
  const { watch, fail } = failing();
  let settle!: (value: number) => void;
  const waiting = watch.wait(new Promise<number>((resolve) => (settle = resolve)));
  fail("the GPU reported an error: out of memory");
  settle(1);
  await expect(waiting).rejects.toThrow(`the GPU reported an error: out of memory${mend}`);
});

test("the reason that comes just after what it broke is told, and else what broke", async () => {
  const { watch, fail } = failing();
  const cause = new Error("map failed.\n - While calling mapAsync");
  await expect(watch.wait(Promise.reject(cause))).rejects.toThrow(new RunError("the GPU gave no result: map failed"));
  const waiting = watch.wait(Promise.reject(cause));
  setTimeout(() => fail("the GPU was lost: reset"), 5);
  await expect(waiting).rejects.toThrow(`the GPU was lost: reset${mend}`);
});

test("a refusal that says its own reason is kept", async () => {
  const own = new RunError("this GPU does not compile shader 3");
  await expect(failing().watch.wait(Promise.reject(own))).rejects.toBe(own);
  expect(firstLine({ message: "one.\ntwo" })).toBe("one");
  expect(firstLine("text")).toBe("text");
});
