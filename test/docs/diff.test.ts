/** `docs/diff.md` is true: the outputs are what the command prints, and the fields of the JSON are listed. */

import { readFileSync, readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { levels } from "../../src/compare/diff/verdict.js";
import { norm } from "../cli/norm.js";
import { page } from "./blocks.js";

const text = page("diff.md");
const examples = fileURLToPath(new URL("../../examples/", import.meta.url));

/** Blocks that begin with a command; a line `…` stands for lines that are left out. */
const outputs = [...text.matchAll(/^```text\n\$ norm ([^\n]*)\n(.*?)\n```$/gms)].map(([, command, output]) => ({ command: command!, parts: output!.split(/^…$/m).map((part) => part.replace(/^\n|\n$/g, "")).filter((part) => part !== "") }));

test("the page shows outputs", () => {
  expect(outputs.length).toBeGreaterThan(3);
});

describe.each(outputs)("norm $command", ({ command, parts }) => {
  test("prints what the page shows", async () => {
    const { stdout, stderr } = await norm(command.split(" "), { cwd: examples });
    let rest = `\n${stdout}${stderr}`;
    for (const part of parts) {
      expect(rest).toContain(`\n${part}\n`);
      rest = rest.slice(rest.indexOf(`\n${part}\n`) + part.length + 1);
    }
    // Without `…` at its end, the output ends so.
    if (!text.includes(`${parts.at(-1)}\n…`)) expect(rest).toBe("\n");
  });
});

/** The names of all fields in some data. */
function fieldsOf(data: unknown): string[] {
  if (Array.isArray(data)) return data.flatMap(fieldsOf);
  if (typeof data !== "object" || data === null) return [];
  return Object.entries(data).flatMap(([name, value]) => [name, ...fieldsOf(value)]);
}

test("every field of the JSON is listed", () => {
  const golden = fileURLToPath(new URL("../compare/diff/golden/", import.meta.url));
  const fields = new Set(readdirSync(golden).flatMap((name) => fieldsOf(JSON.parse(readFileSync(`${golden}${name}/diff.json`, "utf8")))));
  const section = text.slice(text.indexOf("Fields of the JSON"), text.indexOf("## Deeper"));
  const listed = new Set([...section.matchAll(/`([^`]+)`/g)].flatMap((match) => match[1]!.split(/[^\w]+/)));
  expect([...fields].filter((field) => !listed.has(field))).toEqual([]);
});

test("every level is explained", () => {
  const rows = [...text.matchAll(/^\| ([a-z ,]+) \| .* \| .* \|$/gm)].map((match) => match[1]!);
  for (const level of levels) expect(rows.some((row) => row.startsWith(level))).toBe(true);
});
