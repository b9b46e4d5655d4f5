import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { plotLine, type Point } from "../../src/runtime/plot.js";

const options = { title: "loss", xLabel: "step", width: 40, height: 4 };
const points = (...values: number[]): Point[] => values.map((y, i) => ({ x: i + 1, y }));

describe("a plot", () => {
  it("of a falling curve", () => {
    const values = Array.from({ length: 100 }, (_, i) => 2.3 * Math.exp(-i / 20) + 0.1);
    expect(`\n${plotLine(points(...values), options).join("\n")}\n`).toMatchInlineSnapshot(`
      "
             loss
       2.400 ┤⠑⢄
             │  ⠑⠦⡀
      0.9537 ┤    ⠈⠑⠢⢤⣀⡀
      0.1163 ┤         ⠉⠉⠑⠒⠒⠢⠤⠤⠤⠤⠤⢤⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀
             └────────────────────────────────
              1            step            100
      "
    `);
  });

  it("of a straight line has its ends in the corners", () => {
    expect(`\n${plotLine(points(0, 1), { ...options, width: 20 }).join("\n")}\n`).toMatchInlineSnapshot(`
      "
             loss
       1.000 ┤         ⣀⠔⠊
             │      ⣀⠔⠊
      0.3667 ┤   ⡠⠔⠉
           0 ┤⡠⠔⠉
             └────────────
              1   step   2
      "
    `);
  });

  it("of one point, and of a constant", () => {
    expect(`\n${plotLine(points(0.5), { ...options, width: 24 }).join("\n")}\n`).toMatchInlineSnapshot(`
      "
             loss
             │
             │
      0.5000 ┤        ⠁
             │
             └────────────────
              1     step
      "
    `);
    expect(`\n${plotLine(points(3, 3, 3), { ...options, width: 24 }).join("\n")}\n`).toMatchInlineSnapshot(`
      "
            loss
            │
            │
      3.000 ┤⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉
            │
            └─────────────────
             1     step      3
      "
    `);
  });

  it("has a gap where values are not finite", () => {
    expect(`\n${plotLine(points(0, 1, NaN, 1, Infinity, 0), { ...options, width: 24 }).join("\n")}\n`)
      .toMatchInlineSnapshot(`
      "
             loss
       1.000 ┤  ⢠⠃     ⠈
             │ ⢀⠇
      0.3667 ┤ ⡎
           0 ┤⡜              ⢀
             └────────────────
              1     step     6
      "
    `);
    expect(plotLine(points(NaN, Infinity), options)).toEqual([]);
    expect(plotLine([], options)).toEqual([]);
  });

  it("gives up its labels before its curve", () => {
    expect(`\n${plotLine(points(0, 1), { ...options, width: 7 }).join("\n")}\n`).toMatchInlineSnapshot(`
  "
  │    ⢀⠎
  │   ⡰⠁
  │ ⢀⠎
  │⡰⠁
  └──────
  "
`);
  });

  it("never exceeds the width, whatever the points", () => {
    const size = fc.record({ width: fc.integer({ min: 1, max: 120 }), height: fc.integer({ min: 1, max: 12 }) });
    fc.assert(
      fc.property(fc.array(fc.double()), size, (values, { width, height }) => {
        const lines = plotLine(points(...values), { ...options, width, height });
        for (const line of lines) expect(line.length).toBeLessThanOrEqual(width);
        expect(lines.length === 0).toBe(!values.some(Number.isFinite));
        // Something is drawn, and no label is broken by the extremes of doubles.
        if (lines.length > 0 && width > 1) expect(lines.join("")).toMatch(/[\u2801-\u28ff]/);
        expect(lines.join("")).not.toMatch(/NaN|∞|undefined/);
      }),
    );
  });
});
