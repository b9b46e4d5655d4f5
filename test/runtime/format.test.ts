import { expect, it } from "vitest";
import { formatBytes, formatCount, formatSeconds, formatValue } from "../../src/runtime/format.js";

it.each([
  [formatCount, 0, "0"],
  [formatCount, 950, "950"],
  [formatCount, 999.7, "1.0 k"],
  [formatCount, 1000, "1 k"],
  [formatCount, 1250, "1.3 k"],
  [formatCount, 124_000_000, "124 M"],
  [formatCount, 12_440_000, "12.4 M"],
  [formatBytes, 512, "512 B"],
  [formatBytes, 13_002_342, "12.4 MiB"],
  [formatBytes, 2 ** 30, "1 GiB"],
  [formatSeconds, 0, "0 s"],
  [formatSeconds, 0.0421, "0.042 s"],
  [formatSeconds, 9.96, "10 s"],
  [formatSeconds, 59.4, "59 s"],
  [formatSeconds, 59.6, "1 min 00 s"],
  [formatSeconds, 200, "3 min 20 s"],
  [formatSeconds, 3599.9, "1 h 00 min"],
  [formatSeconds, 7500, "2 h 05 min"],
  [formatSeconds, Infinity, "?"],
  [formatValue, 0.43214, "0.4321"],
  [formatValue, 12.3, "12.30"],
  [formatValue, 9999.7, "1.00e+4"],
  [formatValue, 0.001, "1.00e-3"],
  [formatValue, 0, "0"],
  [formatValue, -0.5, "-0.5000"],
  [formatValue, NaN, "NaN"],
  [formatValue, -Infinity, "-∞"],
] as const)("%o of %d", (format, value, text) => {
  expect(format(value)).toBe(text);
});
