/** `from` lines: which recipe or file a run begins with, parameter by parameter, and what is wrong with them. */

import { describe, expect, it } from "vitest";
import { chooseRecipe } from "../../../src/compiler/compile.js";
import type { Start } from "../../../src/runtime/trainer.js";
import { check, compiled, expectDiagnostics, only, spec } from "./harness.js";

const lines = "data npy(\"x\") optimizer sgd schedule constant(peak: 1e-3) batch 8 steps 10";
const second = (from: string, model = "classifier") => `train second of ${model} { ${from} ${lines} }`;

/** A model that has the encoder in common with `classifier`, and a head of its own. */
const other = (classes = 4, name = "other") => `
model ${name}() {
  input image[token: 4, feature: 8]
  input label in ${classes}
  encoded = encoder(cls: learned(1), tokens: image, 2)
  loss cross_entropy(linear(encoded.cls, ${classes}), label)
}`;

const startOf = (more: string, parts = {}, files = {}) => compiled(spec({ more, ...parts }), "second", files).manifest.start!;
const own = ({ slots }: Start) => slots.map((slot) => slot.own);

describe("a stage", () => {
  it("gives all parameters and states that both models have", () => {
    const batch = { normalize: "normalize { cls: batch tokens: layer } normalize at first { cls: layer }" };
    const { manifest } = compiled(spec({ more: second("from run"), ...batch }), "second");
    const [start, none] = manifest.start!;
    expect(none).toBeUndefined();
    expect(start!.source).toEqual({ kind: "stage", name: "run" });
    const states = manifest.states.filter(({ owner }) => owner === "model").map(({ name }) => name);
    expect(states.length).toBeGreaterThan(3);
    expect(own(start!)).toEqual([...manifest.parameters.map(({ name }) => name), ...states]);
    expect(start!.slots.every(({ own: name, stored, layout }) => stored === name && layout === undefined)).toBe(true);
  });

  it("gives what paths select, with the states beside it", () => {
    const batch = { normalize: "normalize { cls: batch tokens: layer } normalize at first { cls: layer }" };
    const [start] = startOf(second("from run at 1.attention.before.cls, encoder.0.attention.w_query"), batch);
    expect(own(start!)).toEqual(["encoder.0.attention.w_query", "scale", "shift", "running_mean", "running_variance"].map((name) => (name.includes(".") ? name : `encoder.1.attention.before.cls.${name}`)));
    expect(own(startOf(second("from run at norm"), batch)[0]!)).toEqual(expect.arrayContaining(["encoder.final.cls.running_mean"]));
    expect(own(startOf(second("from run at weight"), batch)[0]!).some((name) => name.includes("running"))).toBe(false);
  });

  it("gives nothing that only one of the models has", () => {
    const wider = other(3).replace("linear(encoded.cls, 3)", "linear(linear(encoded.cls, 5), 3)");
    const names = own(startOf(wider + second("from run at encoder", "other"))[0]!);
    expect(names.every((name) => name.startsWith("encoder."))).toBe(true);
    expect(names.length).toBeGreaterThan(10);
  });

  it("may have its axes in another order", () => {
    const more = `model first_model() { input x[token: 4, feature: 8] w = param[token: 4, feature: 8] = 1 loss mean((x * w)^2) }
      model second_model() { input x[token: 4, feature: 8] w = param[feature: 8, token: 4] = 1 loss mean((x * w)^2) }
      train first of first_model { ${lines} } ${second("from first", "second_model")}`;
    expect(startOf(more)[0]!.slots).toEqual([{ own: "w", stored: "w", layout: { own: [["feature"], ["token"]], stored: [{ parts: ["token"] }, { parts: ["feature"] }] } }]);
  });

  it("may be one of several lines, of several recipes, of a variant, and of another file", () => {
    const [first, then] = startOf(`train twin = run with { seed 1 } ${second("from run at encoder from twin at 0.attention")}`);
    expect([first!.source, then!.source]).toEqual([{ kind: "stage", name: "run" }, { kind: "stage", name: "twin" }]);
    const files = { "early.norm": `${spec()}`.replace("train run", "train early") };
    const used = (use: string, from: string) => `${use}\n${spec({ more: second(from) })}`;
    for (const [use, from] of [['use "early.norm" { early }', "from early"], ['use "early.norm" { early as mine }', "from mine"], ['use "early.norm"', "from early.early"]]) {
      const { stages, manifest } = compiled(used(use!, from!), "second", files);
      expect(manifest.start![0]!.source).toEqual({ kind: "stage", name: "early" });
      expect(stages.map((stage) => stage.manifest.spec)).toEqual(["early.norm"]);
    }
  });

  it("is replaced by a variant's own lines, or by what it binds its name to", () => {
    const base = `train twin = run with { seed 1 } ${second("from run at encoder freeze encoder")}`;
    const varied = (items: string) => compiled(spec({ more: `${base} train third = second with { ${items} }` }), "third").manifest.start!.map(({ source }) => source);
    expect(varied("seed 3")).toEqual([{ kind: "stage", name: "run" }]);
    expect(varied("from twin")).toEqual([{ kind: "stage", name: "twin" }]);
    expect(varied("run = twin")).toEqual([{ kind: "stage", name: "twin" }]);
  });

  it.each([
    ["an unknown name", "from «rum»", "N0201"],
    ["a stack", "from «encoder»", "N0208"],
    ["a number", "from «3»", "N0208"],
    ["a part of a recipe", "from «run.encoder»", "N0208"],
    ["a path that neither has", "from run at encoder, «decoder»", "N0503"],
  ])("cannot be %s", (_, from, code) => {
    expectDiagnostics(spec({ more: second(from!) }), [code!]);
  });

  it("must have something for every path", () => {
    const more = `${other(3).replace("linear(encoded.cls, 3)", "mlp(linear(encoded.cls, 3), 2)")} train second of other { from run at encoder, «mlp» ${lines} }`;
    expectDiagnostics(spec({ more }), ["N0503"]);
    expect(only(spec({ more: more.replace(/[«»]/g, "") })).message).toBe("the stage `run` has nothing for what `mlp` selects");
  });

  it("must have the same shapes", () => {
    const text = spec({ more: `${other()} ${second("«from run»", "other")}` });
    expectDiagnostics(text, ["N0505"]);
    const { message, help } = only(text.replace(/[«»]/g, ""));
    expect(message).toBe("`linear.weight` is [feature: 8, out: 4] here, and [feature: 8, out: 3] in the stage `run`");
    expect(help).toContain("`at`");
    compiled(text.replace("«from run»", "from run at encoder"), "second");
  });

  it("cannot begin with itself", () => {
    expectDiagnostics(spec({ settings: "«from run»" }), ["N0205"]);
    expectDiagnostics(spec({ settings: "from second", more: second("«from run»") }), ["N0205"]);
  });

  it("cannot have the name of another recipe", () => {
    const files = { "early.norm": spec() };
    expectDiagnostics(`use "early.norm" { run as mine }\n${spec({ more: second("«from mine»") })}`, ["N0202"], files);
  });

  it("with a mistake stops what begins with it, and is told once", () => {
    const { recipes } = expectDiagnostics(spec({ batch: "batch «0»", more: second("from run") }), ["N0315"]);
    expect([...recipes.keys()]).toEqual([]);
  });

  it("may follow others, but not more than training ever has", () => {
    const chain = (count: number) => Array.from({ length: count }, (_, i) => `train s${i + 1} = s${i} with { from s${i + 1 === count ? 0 : i + 2} }`).join("\n");
    const { diagnostics } = check(spec({ more: `model tiny() { input x[feature: 2] w = param[feature: 2] = 1 loss mean((x * w)^2) }\ntrain s0 of tiny { ${lines} }\n${chain(60)}` }));
    expect(diagnostics.map(({ code }) => code)).toContain("N0601");
  });
});

describe("the recipe to run", () => {
  const chosen = (text: string) => {
    const found = chooseRecipe(check(text), undefined);
    return "code" in found ? found.code : found.manifest.name;
  };

  it("is the last of stages", () => {
    expect(chosen(spec({ more: second("from run") }))).toBe("second");
    expect(chosen(spec({ more: `train third = run with { from second } ${second("from run")}` }))).toBe("third");
  });

  it("is none where another one stands beside them", () => {
    expect(chosen(spec({ more: `${second("from run")} train third = run with { seed 1 }` }))).toBe("N0504");
  });
});

describe("a file", () => {
  const from = (rest = "", at = "") => second(`from weights("w.safetensors"${rest})${at}`);

  it("with our names gives all parameters and states, or what paths select", () => {
    const [start] = startOf(from());
    expect(start!.source).toMatchObject({ kind: "file", path: "w.safetensors", place: expect.stringMatching(/^test\.norm:\d+:\d+$/) });
    expect(start!.slots).toContainEqual({ own: "encoder.0.attention.w_out", stored: "encoder.0.attention.w_out" });
    expect(startOf(from(', prefix: "model."', " at w_out"))[0]!.slots.map(({ stored }) => stored)).toEqual(["model.encoder.0.attention.w_out", "model.encoder.1.attention.w_out"]);
  });

  it("is named by a text", () => {
    expectDiagnostics(spec({ more: second("from «weights()»") }), ["N0207"]);
    expectDiagnostics(spec({ more: second("from weights(«3»)") }), ["N0208"]);
    expectDiagnostics(spec({ more: second('from weights("a", «"b"»)') }), ["N0206"]);
    expectDiagnostics(spec({ more: second('from weights("a", «name: "b"»)') }), ["N0206"]);
    expectDiagnostics(spec({ more: second('from weights(«other»)') }), ["N0201"]);
  });

  const withMap = (map: string, at = "") => startOf(from(', names: "maps/m.names"', at), {}, { "maps/m.names": map });

  it("with a map of names gives what the map names, in the file's layout", () => {
    const map = `// A comment.
encoder.{n}.attention.w_query = layers.{n}.q.weight [head key, feature]   // with a comment

encoder.{n}.attention.b_query = layers.{n}.q.bias [2 of 3 head key]
encoder.cls.vector[feature: row column] = cls [column, 1, token row]
encoder.final.cls+tokens.scale = norm.gamma
`;
    expect(withMap(map)[0]!.slots).toEqual([
      { own: "encoder.cls.vector", stored: "cls", layout: { own: [["token"], ["row", "column"]], stored: [{ parts: ["column"] }, { parts: [] }, { parts: ["token", "row"] }] } },
      { own: "encoder.0.attention.w_query", stored: "layers.0.q.weight", layout: { own: [["feature"], ["head"], ["key"]], stored: [{ parts: ["head", "key"] }, { parts: ["feature"] }] } },
      { own: "encoder.0.attention.b_query", stored: "layers.0.q.bias", layout: { own: [["head"], ["key"]], stored: [{ parts: ["head", "key"], section: 2, of: 3 }] } },
      { own: "encoder.1.attention.w_query", stored: "layers.1.q.weight", layout: expect.anything() },
      { own: "encoder.1.attention.b_query", stored: "layers.1.q.bias", layout: expect.anything() },
      { own: "encoder.final.cls+tokens.scale", stored: "norm.gamma" },
    ]);
    expect(own(withMap(map, " at cls.vector")[0]!)).toEqual(["encoder.cls.vector"]);
  });

  it.each([
    ["no line", "encoder"],
    ["words behind it", "encoder.cls.vector = a [token, feature] b"],
    ["braces without a name", "encoder.{}.w = a"],
    ["a number only on the right", "encoder.cls.vector = layer.{n} [token, feature]"],
    ["a number twice", "encoder.{n}.{n}.w = a.{n}"],
    ["a number in a part of a name", "encoder.layer{n}.w = a.{n}"],
    ["a dimension that is none", "encoder.cls.vector = a [token, feature × 2]"],
    ["a section that is not there", "encoder.cls.vector = a [4 of 3 token, feature]"],
    ["a section of nothing", "encoder.cls.vector = a [0 of 0 token, feature]"],
    ["an axis that is lost", "encoder.cls.vector = a [feature]"],
    ["an axis that the parameter has not", "encoder.cls.vector = a [token, feature, key]"],
    ["an axis twice", "encoder.cls.vector = a [token, feature feature]"],
    ["an axis of ours that it has not", "encoder.cls.vector [key: a b] = w [token, feature]"],
    ["an axis made of nothing", "encoder.cls.vector [feature:] = w [token, feature]"],
    ["parts whose extents nothing gives", "encoder.cls.vector [feature: a b] = w [token, a b]"],
  ])("cannot have a map with %s", (_, map) => {
    const found = only(spec({ more: from(', names: "m.names"') }), { "m.names": `// First.\n  ${map}\n` });
    expect([found.code, found.place.source.path, found.place.source.position(found.place.start)]).toEqual(["N0506", "m.names", { line: 2, column: 3 }]);
  });

  it("cannot have a map with two lines for one parameter", () => {
    const found = only(spec({ more: from(', names: "m.names"') }), { "m.names": "encoder.cls.vector = a\nencoder.cls.vector = b\n" });
    expect([found.code, found.message, found.related.length]).toEqual(["N0506", "`encoder.cls.vector` has two lines", 1]);
  });

  it("must have a map that is there and names something", () => {
    expect(only(spec({ more: from(', names: "m.names"') })).message).toBe("there is no map of names `m.names`");
    expect(only(spec({ more: from(', names: "../m.names"') })).code).toBe("N0506");
    expect(only(spec({ more: from(', names: "m.names"') }), { "m.names": "nothing = a" }).code).toBe("N0503");
    expect(only(spec({ more: from(', names: "m.names"', " at 0.mlp") }), { "m.names": "encoder.cls.vector = a" }).code).toBe("N0503");
  });

  it("may have a map that is meant to be slow", () => {
    const said = (map: string) => only(spec({ more: from(', names: "m.names"') }), { "m.names": map }).code;
    expect(said(`a${" ".repeat(1_000_000)}b`)).toBe("N0506");
    expect(said(`encoder.${"{n}".repeat(200)} = a`)).toBe("N0506");
    expect(said(`nothing = a ${"[a ".repeat(300)}`)).toBe("N0506");
    expect(said("nothing = a\n".repeat(2001))).toBe("N0506");
  });
});
