import { describe, expect, it } from "vitest";
import { openData } from "../../../src/runtime/data/index.js";
import { input, newFolder, open, source, write } from "./fixtures.js";

const options = { folders: ["."], holdout: 0, seed: 0 };

describe("the source of the data", () => {
  it("is a known loader with a path", async () => {
    await expect(openData(source("tar", "x"), [], options)).rejects.toThrow(/spec\.norm:3:8: there is no data loader "tar"; use one of idx, /);
    await expect(openData(source("constructor", "x"), [], options)).rejects.toThrow(/no data loader/);
    await expect(openData(source("idx"), [], options)).rejects.toThrow(/idx needs a path/);
    await expect(openData(source("idx", { value: 3 }), [], options)).rejects.toThrow(/idx needs a path/);
    await expect(openData(source("idx", { name: "folder", value: "x" }), [], options)).rejects.toThrow(/idx needs a path/);
    await expect(openData(source("idx", "x", { name: "scale", value: 2 }), [], options)).rejects.toThrow(/nothing else, and there is scale/);
  });

  it("may name the argument", async () => {
    const folder = await newFolder();
    await write(folder, { "a.csv": "x\n1\n" });
    const named = source("csv", { name: "path", value: "a.csv" });
    expect((await openData(named, [input("x", "f32")], { ...options, folders: [folder] })).train.count).toBe(1);
  });

  it("has a sensible share to hold out", async () => {
    for (const holdout of [-0.1, 1, NaN]) {
      await expect(openData(source("csv", "a.csv"), [], { ...options, holdout })).rejects.toThrow(/held-out share/);
    }
  });

  it("is described in one line", async () => {
    const folder = await newFolder();
    await write(folder, { "a.csv": "x\n1\n2\n3\n4\n" });
    const data = await openData(source("csv", "a.csv"), [input("x", "f32")], { folders: [folder], holdout: 0.25, seed: 0 });
    expect(data.description).toBe("csv a.csv: 3 training examples, 1 held out (a share of 0.25)");
    expect((await open("csv", "a.csv", [input("x", "f32")], folder)).description).toBe("csv a.csv: 4 training examples, none held out");
  });
});
