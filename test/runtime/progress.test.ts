import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Progress } from "../../src/runtime/progress.js";
import { Terminal } from "../../src/runtime/terminal.js";
import { Recorder } from "./toy.js";

/** Drives the progress of a run with the same seconds for each step. */
function drive(output: Recorder, steps: number, secondsPerStep: number, startStep = 0): string {
  const stepsPerEpoch = 43;
  const progress = new Progress(new Terminal(output), { steps, stepsPerEpoch, batch: 32, startStep });
  for (let step = startStep + 1; step <= steps; step++) {
    progress.step({ step, loss: 2 / step, rate: 0.001, elapsed: (step - startStep) * secondsPerStep });
    if (step % stepsPerEpoch === 0) progress.evaluation(step, { loss: 1 / step, accuracy: 0.94 });
  }
  progress.end();
  return `\n${output.text}`;
}

describe("progress on plain output", () => {
  it("is about 20 lines over a run", () => {
    expect(drive(new Recorder(), 430, 0.02)).toMatchInlineSnapshot(`
      "
      step 22/430  epoch 1/10  loss 0.09091  rate 1.00e-3  1.6 k examples/s  8.2 s left
      step 43/430  epoch 1/10  loss 0.04651  rate 1.00e-3  1.6 k examples/s  7.7 s left
      epoch 1/10  held out: loss 0.02326, accuracy 0.9400
      step 65/430  epoch 2/10  loss 0.03077  rate 1.00e-3  1.6 k examples/s  7.3 s left
      step 86/430  epoch 2/10  loss 0.02326  rate 1.00e-3  1.6 k examples/s  6.9 s left
      epoch 2/10  held out: loss 0.01163, accuracy 0.9400
      step 108/430  epoch 3/10  loss 0.01852  rate 1.00e-3  1.6 k examples/s  6.4 s left
      step 129/430  epoch 3/10  loss 0.01550  rate 1.00e-3  1.6 k examples/s  6 s left
      epoch 3/10  held out: loss 7.75e-3, accuracy 0.9400
      step 151/430  epoch 4/10  loss 0.01325  rate 1.00e-3  1.6 k examples/s  5.6 s left
      step 172/430  epoch 4/10  loss 0.01163  rate 1.00e-3  1.6 k examples/s  5.2 s left
      epoch 4/10  held out: loss 5.81e-3, accuracy 0.9400
      step 194/430  epoch 5/10  loss 0.01031  rate 1.00e-3  1.6 k examples/s  4.7 s left
      step 215/430  epoch 5/10  loss 9.30e-3  rate 1.00e-3  1.6 k examples/s  4.3 s left
      epoch 5/10  held out: loss 4.65e-3, accuracy 0.9400
      step 237/430  epoch 6/10  loss 8.44e-3  rate 1.00e-3  1.6 k examples/s  3.9 s left
      step 258/430  epoch 6/10  loss 7.75e-3  rate 1.00e-3  1.6 k examples/s  3.4 s left
      epoch 6/10  held out: loss 3.88e-3, accuracy 0.9400
      step 280/430  epoch 7/10  loss 7.14e-3  rate 1.00e-3  1.6 k examples/s  3 s left
      step 301/430  epoch 7/10  loss 6.64e-3  rate 1.00e-3  1.6 k examples/s  2.6 s left
      epoch 7/10  held out: loss 3.32e-3, accuracy 0.9400
      step 323/430  epoch 8/10  loss 6.19e-3  rate 1.00e-3  1.6 k examples/s  2.1 s left
      step 344/430  epoch 8/10  loss 5.81e-3  rate 1.00e-3  1.6 k examples/s  1.7 s left
      epoch 8/10  held out: loss 2.91e-3, accuracy 0.9400
      step 366/430  epoch 9/10  loss 5.46e-3  rate 1.00e-3  1.6 k examples/s  1.3 s left
      step 387/430  epoch 9/10  loss 5.17e-3  rate 1.00e-3  1.6 k examples/s  0.86 s left
      epoch 9/10  held out: loss 2.58e-3, accuracy 0.9400
      step 409/430  epoch 10/10  loss 4.89e-3  rate 1.00e-3  1.6 k examples/s  0.42 s left
      step 430/430  epoch 10/10  loss 4.65e-3  rate 1.00e-3  1.6 k examples/s
      epoch 10/10  held out: loss 2.33e-3, accuracy 0.9400
      "
    `);
  });

  it("is a line each 10 seconds when steps are slow", () => {
    expect(drive(new Recorder(), 43, 4, 38)).toMatchInlineSnapshot(`
      "
      step 39/43  epoch 1/1  loss 0.05128  rate 1.00e-3  8 examples/s  16 s left
      step 41/43  epoch 1/1  loss 0.04878  rate 1.00e-3  8 examples/s  8 s left
      step 43/43  epoch 1/1  loss 0.04651  rate 1.00e-3  8 examples/s
      epoch 1/1  held out: loss 0.02326, accuracy 0.9400
      "
    `);
    const lines = drive(new Recorder(), 4300, 1).trim().split("\n");
    const seconds = lines.filter((line) => line.startsWith("step")).map((line) => Number(/\d+/.exec(line)![0]));
    expect(seconds.slice(0, 5)).toEqual([10, 20, 30, 40, 50]);
    expect(seconds.length).toBeLessThan(100);
    expect(lines.filter((line) => line.startsWith("epoch")).length).toBe(20);
  });
});

describe("progress on a terminal", () => {
  const escape = "\x1b";
  beforeEach(() => void vi.stubEnv("TERM", "xterm"));
  afterEach(() => void vi.unstubAllEnvs());

  it("is one line that is redrawn at most ten times a second, and removed at the end", () => {
    const output = new Recorder(true, 100);
    drive(output, 86, 0.01);
    const { text } = output;
    const drawn = text.split(`\r${escape}[K`);
    // 86 steps of 10 ms; the first and the last step, and one evaluation that draws the line again.
    expect(drawn.length).toBeGreaterThan(8);
    expect(drawn.length).toBeLessThan(16);
    expect(text).toContain("epoch 1/2  held out: loss 0.02326, accuracy 0.9400\n");
    expect(text.endsWith(`\r${escape}[K`)).toBe(true);
  });

  it.each([
    [120, /^━{24} 43\/43 {2}epoch 1\/1 {2}loss 0\.04651 {2}rate 1\.00e-3 {2}32 examples\/s$/],
    [80, /^━{19} 43\/43 .* 32 examples\/s$/],
    [59, /^43\/43 {2}epoch 1\/1 .* 32 examples\/$/],
    [10, /^43\/43 {2}ep$/],
    [1, /^$/],
  ])("fits into %i columns, with a bar if there is room for one", (width, last) => {
    const output = new Recorder(true, width);
    drive(output, 43, 1);
    // oxlint-disable-next-line no-control-regex
    const plain = output.text.replace(/\x1b\[[0-9;]*[Km]/g, "");
    const lines = plain.split("\r").filter((line) => !line.includes("held out"));
    for (const line of lines) expect(line.length).toBeLessThan(width);
    expect(lines.at(-2)).toMatch(last);
  });

  it("has no colours under NO_COLOR", () => {
    vi.stubEnv("NO_COLOR", "1");
    const output = new Recorder(true, 100);
    drive(output, 3, 1);
    expect(output.text).toContain("╌");
    expect(output.text).not.toContain(`${escape}[3`);
  });
});
