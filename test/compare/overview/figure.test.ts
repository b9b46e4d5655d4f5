/** The figure is read off the operations: a placement is drawn as what it computes, whatever it is called. */

import { describe, expect, test } from "vitest";
import { figureOf } from "../../../src/compare/overview/model-figure.js";
import { example, itemsText, stackModel, stackOf } from "./subjects.js";

function items(stack: string, definitions = ""): string {
  return itemsText(stackOf(figureOf(stackModel(stack, definitions)).nodes, "s").items);
}

const policy = "  normalize { cls, tokens: layer }\n";

describe("placements", () => {
  const after = "after > out; in > layer; in > sum; layer > sum; sum > after";
  test.each([
    ["pre", "placements.pre", "before > layer; in > before; in > sum; layer > sum; sum > out"],
    ["post", "placements.post", after],
    ["sandwich", "placements.sandwich", "after > sum; before > layer; in > before; in > sum; layer > after; sum > out"],
    ["output", "placements.output", "after > sum; in > layer; in > sum; layer > after; sum > out"],
    ["hybrid, where the norm is on the stream and the sublayer reads it", "placements.hybrid", "before > layer; before > sum; in > before; layer > sum; sum > out"],
    ["deep", "placements.deep(alpha: 2)", "after > out; in > layer; in > ×2; layer > sum; sum > after; ×2 > sum"],
    ["a learned weight on the branch", "placements.layer_scale", "before > layer; in > before; in > sum; layer > ×weight; sum > out; ×weight > sum"],
    ["a learned weight on the stream", "placements.residual_scale", "before > layer; in > before; in > ×weight; layer > sum; sum > out; ×weight > sum"],
    ["arithmetic that has no drawing, as a box with its name", "placements.ngpt", "form ngpt > out; in > form ngpt; in > layer; layer > form ngpt"],
  ])("%s", (_, placement, edges) => {
    expect(items(`${policy}  place ${placement}\n  attention(heads)`)).toBe(`attention: ${edges}`);
  });

  test("one of the user's, called like another", () => {
    const own = "placement pre(x, sublayer, norm) { return norm(x + sublayer(x)) }";
    expect(items(`${policy}  place pre\n  attention(heads)`, own)).toBe(`attention: ${after}`);
  });

  test("one that calls another layer, and one that passes the stream on through the sublayer alone", () => {
    const own = "placement dropped(x, sublayer, norm) { return norm(x + dropout(sublayer(x), 0.1)) }\nplacement alone(x, sublayer, norm) { return sublayer(x) }";
    expect(items(`${policy}  place dropped\n  attention(heads)\n  mlp(hidden: 8) placed alone`, own)).toBe(
      "attention: after > out; in > layer; in > sum; layer > part dropout; part dropout > sum; sum > after, mlp: in > layer; layer > out",
    );
  });

  test("a second stream, which comes back at the end", () => {
    expect(items(`${policy}  place placements.residual_dual\n  attention(heads)\n  normalize`)).toBe(
      `attention: ${after}, final: carried sum > final; final > sum; in > sum; sum > out`,
    );
  });
});

describe("repeats", () => {
  const pre = `${policy}  place placements.pre\n`;
  test("are drawn once, and where their norms differ the picture says so", () => {
    const { nodes } = figureOf(stackModel(`${pre}  normalize at 0.mlp.before, 2 { cls: rms }\n  repeat 3 {\n    attention(heads)\n    mlp(hidden: 8)\n  }\n  normalize`));
    const [repeat, final] = stackOf(nodes, "s").items;
    expect(repeat).toMatchObject({ kind: "repeat", count: 3, items: [{ label: "attention" }, { label: "mlp" }] });
    expect(final).toMatchObject({ kind: "section", label: "final" });
    const norms = repeat?.kind === "repeat" ? repeat.items.flatMap((item) => (item.kind === "section" ? item.nodes.filter(({ kind }) => kind === "norm") : [])) : [];
    expect(norms).toMatchObject([
      { site: "before", chips: [{ groups: ["cls", "tokens"], policy: "layer" }], exceptions: ["in repeat 2 cls: rms · tokens: layer"] },
      { site: "before", chips: [{ groups: ["cls"], policy: "rms" }, { groups: ["tokens"], policy: "layer" }], exceptions: ["in repeat 1 cls, tokens: layer"] },
    ]);
  });

  test("that are unlike stand apart, and a repeat inside of a repeat is one", () => {
    const way = "before > layer; in > before; in > sum; layer > sum; sum > out";
    expect(items(`${pre}  repeat 2 { attention(heads) }\n  repeat 3 { mlp(hidden: 8) }`)).toBe(`2 × (attention: ${way}), 3 × (mlp: ${way})`);
    expect(items(`${pre}  repeat 2 {\n    attention(heads)\n    repeat 2 { mlp(hidden: 8) }\n  }`)).toBe(`2 × (attention: ${way}, 2 × (mlp: ${way}))`);
  });
});

describe("around the stacks", () => {
  test("values, groups, sums and masks are joined as the model computes them", () => {
    const edges = (name: string) => figureOf(example(name)).edges.map(({ from, to, groups = [], into, isMask }) => [[from, ...groups].join("."), ...(isMask ? ["hides"] : []), [to, ...(into === undefined ? [] : Object.values(into))].join(".")].join(" "));
    expect(edges("mnist-sepnorm")).toEqual(expect.arrayContaining(["value image value patches", "value patches sum encoder tokens", "value position sum encoder tokens", "sum encoder tokens encoder.tokens", "encoder.cls value logits"]));
    expect(edges("graph-molecules")).toEqual(expect.arrayContaining(["value atoms hides graphormer.tokens", "value features graphormer.tokens", "value bias graphormer.bias", "value atom value features"]));
    expect(edges("mnist-autoencoder")).toEqual(expect.arrayContaining(["encoder value narrow", "value sequence decoder.tokens", "decoder.tokens value predicted"]));
  });

  test("norms that a line of the model or a layer calls stand in its box", () => {
    expect(figureOf(example("mae-probe")).nodes.find(({ label }) => label === "read")).toMatchObject({ norms: [{ policy: "batch_plain" }] });
    const [repeat] = stackOf(figureOf(example("mnist-normformer")).nodes, "encoder").items;
    const sections = repeat?.kind === "repeat" ? repeat.items : [];
    expect(sections[1]).toMatchObject({ label: "mlp", nodes: expect.arrayContaining([{ kind: "layer", id: "layer", label: "mlp", norms: [{ name: "inner", policy: "layer", norm: "layer" }] }]) as unknown });
  });
});
