/** What holds of every diff. */

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Change } from "../../../src/compare/diff/change.js";
import { comparisonText } from "../../../src/compare/diff/render/text.js";
import { type Diff, diff } from "../../../src/compare/diff/diff.js";
import { type Subject, SubjectError, subject } from "../../../src/compare/subject.js";
import { readLibrary } from "../../../src/compiler/host.js";
import { SourceFile } from "../../../src/diagnostics/source.js";
import { formatText } from "../../../src/format/format.js";
import { interpret } from "../../../src/ir/interpret.js";
import { elements } from "../../../src/ir/types.js";
import { keyOf, uniforms } from "../../../src/random/threefry.js";
import { parse } from "../../../src/syntax/parse.js";
import { base, diffOf, edited, edits, subjectOf } from "./specs.js";

const someEdits = fc.uniqueArray(fc.constantFrom(...edits), { minLength: 1, maxLength: 3 });

/** A text after some edits that compiles. */
const text = fc.oneof({ weight: 1, arbitrary: fc.constant(base) }, { weight: 4, arbitrary: someEdits.map((list) => edited(base, list)) }).filter((own) => {
  try {
    subjectOf(own);
    return true;
  } catch (error) {
    if (error instanceof SubjectError) return false;
    throw error;
  }
});

const isEmpty = (found: Diff) => {
  expect(found.verdict).toMatchObject({ level: "identical", gone: [], fresh: [] });
  expect([...found.changes, ...found.recipe, ...found.landings]).toEqual([]);
  expect(found.variables).toBe(0);
  for (const { before, after } of found.quantities) expect(after).toBe(before);
};

test("a spec does not differ from itself", () => {
  fc.assert(fc.property(text, (own) => isEmpty(diffOf(own, own))), { numRuns: 6 });
});

/** A diff without order, and without what is said of one side alone. */
function unordered({ verdict: { level, loads, gone, fresh, isRenamed }, changes, recipe, variables, landings, quantities, settings }: Diff, isMirrored: boolean): unknown {
  const swap = <T>(pair: { readonly before?: T; readonly after?: T }) => (isMirrored ? { before: pair.after, after: pair.before } : { before: pair.before, after: pair.after });
  const all = (items: readonly unknown[]) => items.map((item) => JSON.stringify(item)).toSorted();
  const change = ({ kind, name, ...sides }: Change) => ({ kind, name, ...swap(sides) });
  const [lost, won] = isMirrored ? [fresh, gone] : [gone, fresh];
  return {
    level, isRenamed, variables,
    loads: all(loads.map(swap)), lost: lost.toSorted(), won: won.toSorted(),
    changes: all(changes.map(change)), recipe: all(recipe.map(change)),
    landings: all(landings.map(({ stack, groups, rows, unchanged }) => ({
      stack, unchanged,
      groups: all(groups.map((group) => ({ name: group.name, ...swap(group) }))),
      rows: all(rows.map(({ site, count, cells }) => ({ site, count, cells: all(cells.map((cell, i) => ({ group: groups[i]!.name, changed: cell.isChanged, ...swap(cell) }))) }))),
    }))),
    quantities: quantities.map((own) => ({ name: own.name, unit: own.unit, ...swap(own) })),
    settings: swap(settings),
  };
}

test("the diff of B and A is that of A and B the other way round", () => {
  fc.assert(
    fc.property(text, text, (one, other) => {
      expect(unordered(diffOf(one, other), true)).toEqual(unordered(diffOf(other, one), false));
    }),
    { numRuns: 12 },
  );
});

describe("what says nothing does not show", () => {
  /** Comments and spaces at gaps that are there, which change no line's meaning. */
  const spaced = (own: string, random: () => boolean) => own.replace(/[ \n]+/g, (gap) => (random() ? (gap.includes("\n") ? `   // so\n\n${gap}` : `${gap}  `) : gap));

  test("spaces and comments", () => {
    fc.assert(
      fc.property(text, fc.infiniteStream(fc.boolean()), (own, stream) => {
        isEmpty(diffOf(own, spaced(own, () => stream.next().value as boolean)));
      }),
      { numRuns: 5 },
    );
  });

  test("the format", async () => {
    await fc.assert(
      fc.asyncProperty(text, async (own) => {
        const crowded = own.replace(/\n {2,}/g, "\n ").replace(/\n\n+/g, "\n");
        expect(crowded).not.toBe(await formatText(crowded));
        isEmpty(diffOf(crowded, await formatText(crowded)));
      }),
      { numRuns: 3 },
    );
  });

  /** The text with parts of it in another order. */
  const shuffled = (own: string, parts: readonly { readonly start: number; readonly end: number }[], order: readonly { readonly start: number; readonly end: number }[]) => {
    const inOrder = parts.toSorted((a, b) => a.start - b.start);
    return inOrder.toReversed().reduce((result, part, i) => {
      const { start, end } = order[inOrder.length - 1 - i]!;
      return result.slice(0, part.start) + own.slice(start, end) + result.slice(part.end);
    }, own);
  };
  const orders = fc.tuple(text, fc.nat(), fc.nat()).chain(([own]) => {
    const { file } = parse(new SourceFile("small.norm", own));
    const definitions = file.definitions;
    const stack = definitions.find(({ keyword }) => keyword === "stack")!;
    const lines = stack.body.flatMap((node) => (node.kind === "Normalize" && node.policy !== undefined ? [node.policy.kind === "Policy" ? node.policy.lines : []] : [])).filter((list) => list.length > 1)[0]!;
    // Of optimizers the later one holds.
    const recipe = definitions.find(({ keyword }) => keyword === "train")!.body.filter((node) => node.kind !== "Setting" || node.keyword !== "optimizer");
    return fc.constantFrom(definitions, lines, recipe).chain((parts) => fc.shuffledSubarray([...parts], { minLength: parts.length }).map((order) => ({ own, other: shuffled(own, parts, order) })));
  });

  test("the order of definitions, of a policy's lines and of a recipe's", () => {
    let moved = 0;
    fc.assert(
      fc.property(orders, ({ own, other }) => {
        if (own !== other) moved++;
        isEmpty(diffOf(own, other));
      }),
      { numRuns: 8 },
    );
    expect(moved).toBeGreaterThan(2);
  });

  /** Names of definitions, of their parameters and of what they bind, none of which names a weight. */
  const names = ["mine", "floor", "spread", "classifier", "dim", "encoded", "pooled", "small", "width", "ratio"];
  test.each(names)("the name %s", (name) => {
    isEmpty(diffOf(base, base.replace(new RegExp(`\\b${name}\\b(?!:)`, "g"), `${name}_of_another_kind`)));
  });

  test.each(["patches", "logits", "encoder", "gain"])("but for the names of weights, the name %s", (name) => {
    const found = diffOf(base, base.replace(new RegExp(`\\b${name}\\b`, "g"), "other"));
    expect(found).toMatchObject({ changes: [], recipe: [], variables: 0, verdict: { level: "same function", gone: [], fresh: [], isRenamed: true } });
    const renamed = found.verdict.loads.filter(({ before, after }) => before !== after);
    expect(renamed.length).toBeGreaterThan(0);
    for (const { before, after } of renamed) expect(after.split(".")).toEqual(before.split(".").map((segment) => (segment === name ? "other" : segment)));
  });

  test("a definition that nothing uses, and a policy that another line of the file says", () => {
    isEmpty(diffOf(base, `${base}\nnorm unused(x) { return x * 2 }\n`));
    isEmpty(diffOf(base, base.replace("    registers: rms\n", "    ..: rms\n")));
    isEmpty(diffOf(base, base.replace("hidden: ratio * width", "hidden: 16")));
    isEmpty(diffOf(base, base.replace("use std.norms { batch, layer, rms }", "use std.norms { batch, layer, rms as root }").replace("registers: rms", "registers: root")));
  });
});

describe("one decision is one variable", () => {
  test.each(edits)("$kind $name: $to", ({ kind, name, from, to }) => {
    expect(base).toContain(from);
    const found = diffOf(base, base.replace(from, to));
    expect([...found.changes, ...found.recipe]).toMatchObject([{ kind, name }]);
    expect(found.variables).toBe(1);
  });

  /** A stack with a parameter for every sort of decision, and what a variant gives for it. */
  const open = base
    .replace("ratio = 2)", "ratio = 2, inner = mine, ending = rms, around = pre, second = pre, end = 4)")
    .replace("cls: mine\n", "cls: inner\n")
    .replace("  place pre\n", "  normalize at final { cls: ending }\n  place around\n")
    .replace("  mlp(hidden: width)\n", "  mlp(hidden: width) placed second normalized { ..: ending }\n")
    .replace("attention(heads)\n", "attention(heads)\n    dropout(rate: 1 / end)\n");

  test.each([["inner", "layer"], ["ending", "layer"], ["around", "sandwich"], ["second", "post"], ["end", "8"]])("a stack's parameter %s", (name, value) => {
    const path = "small.norm";
    const text = `${open}\ntrain other = small with { encoder = encoder with { ${name} = ${value} } }\n`;
    const host = { readSpec: () => undefined, readLibrary };
    const found = diff(subject({ path, text, host }, "small"), subject({ path, text, host }, "other"));
    expect(found.changes).toMatchObject([{ kind: "parameter", name: `encoder.${name}`, after: { text: value } }]);
  });

  test("sharing a norm, and parting it again", () => {
    const apart = base.replace("registers: rms", "registers: layer(eps: 1e-6)");
    const together = apart.replace("    tokens: layer(eps: 1e-6)\n    registers: layer(eps: 1e-6)\n", "    tokens, registers: layer(eps: 1e-6)\n");
    for (const found of [diffOf(apart, together), diffOf(together, apart)]) {
      expect(found.changes).toMatchObject([{ kind: "policy", name: "encoder.normalize.tokens+registers" }]);
      expect(found.variables).toBe(1);
      expect(found.verdict).toMatchObject({ level: "some weights", because: 0 });
    }
  });
});

/** The weights of a subject, all other than the usual first ones, and the same whoever asks for a name. */
function someWeights({ compiled: { program } }: Subject): Map<string, Float64Array> {
  const slots = [...program.parameters, ...program.states.filter(({ owner }) => owner === "model")];
  return new Map(slots.map(({ name, type }) => {
    const values = new Float64Array(elements(type.axes));
    uniforms(keyOf(11, name, 0), values.length, values);
    return [name, values];
  }));
}

function evaluated({ compiled: { program } }: Subject, weights: ReadonlyMap<string, Float64Array>): Readonly<Record<string, readonly number[]>> {
  const inputs = new Map(program.inputs.map(({ type, below }, i) => {
    // Inputs may have other names.
    const values = new Float64Array(elements(type.axes));
    uniforms(keyOf(5, String(i), 0), values.length, values);
    return [program.inputs[i]!.name, program.inputs[i]!.name === "valid" ? values.fill(1) : below === undefined ? values : values.map((value) => Math.floor(value * below))];
  }));
  const { results } = interpret(program.entries.get("evaluate")!, { slots: weights, inputs, seed: 0, step: 0 });
  return Object.fromEntries([...results].map(([name, { data }]) => [name, [...data]]));
}

describe("the verdict keeps its promise", () => {
  const loaded = (before: string, after: string) => {
    const [own, other] = [subjectOf(before), subjectOf(after)];
    const { verdict } = diffOf(before, after);
    const weights = someWeights(own);
    const given = someWeights(other);
    const fresh = new Map(verdict.fresh.map((name) => [name, given.get(name)!]));
    const moved = new Map([...fresh, ...verdict.loads.map((pair): [string, Float64Array] => [pair.after, weights.get(pair.before)!])]);
    return { verdict, own: evaluated(own, weights), other: evaluated(other, moved), names: [...given.keys()].toSorted(), moved: [...moved.keys()].toSorted() };
  };

  test.each([
    ["identical", base.replace("hidden: ratio * width", "hidden: 16")],
    ["same function", base.replace(/\bpatches\b/g, "cells")],
    ["same function", base.replace(/\bencoder\b/g, "other").replace(/\bgain\b/g, "scale")],
    ["same function", base.replace("linear(patchify(image, 14), dim)", "dropout(linear(patchify(image, 14), dim), rate: 0)")],
  ])("%s", (level, after) => {
    const { verdict, own, other, names, moved } = loaded(base, after);
    expect(verdict.level).toBe(level);
    expect(other).toEqual(own);
    expect(moved).toEqual(names);
  });

  test("the other levels compute something else, and every weight of B loads or begins new, once", () => {
    fc.assert(
      fc.property(text, text, (before, after) => {
        const { verdict, own, other, names, moved } = loaded(before, after);
        expect(moved).toEqual(names);
        expect(verdict.loads.length + verdict.fresh.length).toBe(names.length);
        if (subjectOf(before).compiled.recipe.batch !== subjectOf(after).compiled.recipe.batch) return;
        if (verdict.level === "identical" || verdict.level === "same function") expect(other).toEqual(own);
        if (verdict.level === "same weights") expect(verdict.gone).toEqual([]);
      }),
      { numRuns: 6 },
    );
  });
});

test("every diff can be told", () => {
  fc.assert(
    fc.property(text, text, (before, after) => {
      const found = diffOf(before, after);
      const told = comparisonText({ before: "a", after: "b", diffs: [found], onlyBefore: [], onlyAfter: [] });
      expect(told).not.toMatch(/undefined|NaN|\[object/);
      for (const { name } of [...found.changes, ...found.recipe]) expect(told).toContain(name);
    }),
    { numRuns: 5 },
  );
});
