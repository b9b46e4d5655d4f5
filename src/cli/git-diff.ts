/** `norm git-diff`: an external diff command for git, so that `git diff` and `git log -p --ext-diff` say what changes mean. */

import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import pc from "picocolors";
import { type Comparison, isEmpty } from "../compare/diff/comparison.js";
import { type Named, compare, pairsOf } from "../compare/diff/pairing.js";
import { printable } from "../compare/diff/render/printable.js";
import { comparisonText } from "../compare/diff/render/text.js";
import { SubjectError, namesIn } from "../compare/subject.js";
import { fileHost, folderOfSpec } from "../compiler/host.js";
import { SourceFile } from "../diagnostics/source.js";
import type * as ast from "../syntax/ast.js";
import { parse } from "../syntax/parse.js";
import { UsageError } from "./exit.js";

/** A version of a file as git gives it. */
interface Version {
  /** Where it lies now: a file of the working tree, a temporary one, or `/dev/null`. */
  readonly file: string;
  /** What it is called, below the top of the repository. */
  readonly path: string;
}

const nothing = "/dev/null";

/**
 * Prints the difference of two versions of a spec. It never fails for what they hold: where one cannot be compiled, it shows lines.
 * @param given `path old-file old-hex old-mode new-file new-hex new-mode`, and for a renamed file the new path and git's words
 * about it; for a path that is not merged, the path alone.
 * @throws UsageError for anything else.
 */
export function gitDiff(given: readonly string[]): void {
  const [path, oldFile, , oldMode, newFile, , newMode, renamed, words] = given;
  if (given.length === 1) return print([`* Unmerged path ${path!}`]);
  if (![7, 8, 9].includes(given.length)) throw new UsageError("git calls this: set it up by `git config diff.norm.command \"norm git-diff\"` and a line `*.norm diff=norm` in .gitattributes");
  const [before, after] = [{ file: oldFile!, path: path! }, { file: newFile!, path: renamed ?? path! }];
  const c = pc.createColors(isColored());
  const head = [
    c.bold(`diff --norm ${before.file === nothing ? nothing : `a/${before.path}`} ${after.file === nothing ? nothing : `b/${after.path}`}`),
    ...(words ?? "").split("\n").filter((line) => line !== "" && !line.startsWith("index ")).map((line) => c.bold(line)),
    ...(before.file !== nothing && after.file !== nothing && oldMode !== newMode ? [c.bold(`old mode ${oldMode}`), c.bold(`new mode ${newMode}`)] : []),
  ];
  print([...head, ...differenceOf(before, after)]);
}

function differenceOf(before: Version, after: Version): string[] {
  if (before.file === nothing || after.file === nothing) {
    const isNew = before.file === nothing;
    return [`${isNew ? "a new spec" : "the spec is gone"}, with ${namesText(named(isNew ? after : before, isNew ? "b" : "a"))}`, ...lines(before, after)];
  }
  const [old, now] = [named(before, "a"), named(after, "b")];
  if (old.spec.text === now.spec.text) return ["the text is the same"];
  try {
    const pairing = pairsOf(old, now);
    const comparison = compare(pairing);
    const isAlone = pairing.pairs.every((pair) => pair.before.modules.own.length === 1 && pair.after.modules.own.length === 1);
    return [...(isAlone ? [] : ["(other files that the spec uses are read from the working tree, for both versions)"]), ...told(comparison, old, now, before, after)];
  } catch (error) {
    if (!(error instanceof SubjectError)) throw error;
    const [first] = error.diagnostics;
    const why = first === undefined ? "" : `: ${first.message} (${first.place.source.place(first.place.start)})`;
    return [printable(`no comparison of what they mean${why}; by lines:`), ...lines(before, after)];
  }
}

function told(comparison: Comparison, old: Named, now: Named, before: Version, after: Version): string[] {
  const rewritten = rewrittenIn(comparison, old, now);
  if (!isEmpty(comparison)) {
    const also = rewritten.length === 0 ? [] : ["", `also written otherwise, with the same meaning or where nothing that was compared uses it: ${rewritten.join(", ")}`];
    return ["", comparisonText(comparison, isColored()).trimEnd(), ...also];
  }
  if (rewritten.length === 0) return ["the meaning is the same: formatting, comments, `use` lines or the order of definitions differ"];
  return [`the meaning of ${namesText(now)} is the same; written otherwise: ${rewritten.join(", ")}; by lines:`, ...lines(before, after)];
}

/** Definitions whose texts differ in more than formatting, and at which no change stands. */
function rewrittenIn({ diffs }: Comparison, old: Named, now: Named): string[] {
  const [before, after] = [old, now].map(({ spec: { path, text } }) => {
    const source = new SourceFile(path, text);
    return new Map(parse(source).file.definitions.map((definition) => [`${definition.keyword} ${definition.name.name}`, { text: meaningful(definition), first: source.position(definition.start).line, last: source.position(definition.end).line, path }]));
  }) as [Map<string, Written>, Map<string, Written>];
  const sides = diffs.flatMap(({ changes, recipe }) => [...changes, ...recipe]).flatMap((change) => [change.before, change.after]);
  const isTold = (written: Written | undefined) => written !== undefined && sides.some((side) => side?.file === written.path && side.line >= written.first && side.line <= written.last);
  return [...new Set([...before.keys(), ...after.keys()])].filter((key) => before.get(key)?.text !== after.get(key)?.text && !isTold(before.get(key)) && !isTold(after.get(key)));
}

interface Written {
  readonly text: string;
  readonly first: number;
  readonly last: number;
  readonly path: string;
}

/** A definition's tree without places, comments and documentation. */
function meaningful(definition: ast.Definition): string {
  return JSON.stringify(definition, (key, value: unknown) => (["start", "end", "comments", "documentation"].includes(key) ? undefined : value));
}

function named({ file, path }: Version, side: "a" | "b"): Named {
  // Git runs this at the top of the working tree.
  return { spec: { path: `${side}/${path}`, text: readFileSync(file, "utf8"), host: fileHost(folderOfSpec(path)) } };
}

function namesText({ spec }: Named): string {
  const names = namesIn(spec);
  return names.length === 0 ? "no recipe, model or stack" : names.join(", ");
}

/** Git's own difference, without its head. */
function lines(before: Version, after: Version): string[] {
  const args = ["diff", "--no-index", "--no-ext-diff", "--no-textconv", `--color=${isColored() ? "always" : "never"}`, "--", before.file, after.file];
  const all = output(args).trimEnd().split("\n");
  // eslint-disable-next-line no-control-regex
  const from = all.findIndex((line) => line.replace(/\u001b\[[\d;]*m/g, "").startsWith("@@"));
  return all.slice(Math.max(from, 0));
}

/** What git says on a pager's way to a terminal counts as said to the terminal. */
function isColored(): boolean {
  const isSeen = process.stdout.isTTY === true || process.env["GIT_PAGER_IN_USE"] === "true";
  return output(["config", "--get-colorbool", "color.diff", String(isSeen)]).trim() === "true";
}

/** What git prints, also when it says by its exit code that files differ. */
function output(args: readonly string[]): string {
  try {
    return execFileSync("git", args, { encoding: "utf8", stdio: ["ignore", "pipe", "inherit"], maxBuffer: 64 * 2 ** 20 });
  } catch (error) {
    const { stdout } = error as { stdout?: string };
    if (stdout === undefined) throw error;
    return stdout;
  }
}

function print(all: readonly string[]): void {
  process.stdout.write(`${all.join("\n")}\n`);
}
