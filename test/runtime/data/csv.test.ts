import { describe, expect, it } from "vitest";
import { all, input, newFolder, open, write } from "./fixtures.js";
import type { InputSpec } from "../../../src/runtime/trainer.js";

async function load(text: string | Uint8Array, ...inputs: InputSpec[]) {
  const folder = await newFolder();
  await write(folder, { "a.csv": text });
  return (await open("csv", "a.csv", inputs, folder)).train;
}

describe("csv", () => {
  it("takes numbers by the names of columns", async () => {
    const train = await load('\uFEFFy, x ,note\n1,-2.5e1,"a, ""b""\nc"\r\n0,+.5,\n', input("x", "f32"), input("y", "i32", 2));
    expect(all(train, "x")).toEqual([-25, 0.5]);
    expect(all(train, "y")).toEqual([1, 0]);
  });

  it("numbers the names of classes in sorted order", async () => {
    const train = await load("kind\npear\napple\nZebra\npear\n", input("kind", "i32", 3));
    expect(all(train, "kind")).toEqual([2, 1, 0, 2]);
    expect(all(await load("kind\n2\n0\n", input("kind", "i32", 3)), "kind")).toEqual([2, 0]);
  });

  it("takes vectors from numbered columns, row-major", async () => {
    const x = input("x[row: 2, column: 2]", "f32");
    expect(all(await load("x_3,x_2,x_1,x_0\n4,3,2,1\n", x), "x")).toEqual([1, 2, 3, 4]);
    expect(all(await load("x.0,x.1,x.2,x.3\n1,2,3,4\n", x), "x")).toEqual([1, 2, 3, 4]);
    expect(all(await load("x_0\n7\n", input("x[place: 1]", "f32")), "x")).toEqual([7]);
    await expect(load("x_0,x_1,x_2\n1,2,3\n", x)).rejects.toThrow(/"x" has no field .* csv provides x_0, x_1, x_2/);
    await expect(load("x_0,x_1\n1,2\n", input("x[place: 1000000000]", "f32"))).rejects.toThrow(/has no field/);
  });

  it("names the line of a cell that does not fit", async () => {
    const x = input("x", "f32");
    for (const cell of ["", "abc", "nan", "NaN", "0x10", "1 2", "Infinity", "1e999", "--1"]) {
      await expect(load(`x,y\n1,1\n${cell},1\n`, x), cell).rejects.toThrow(/a\.csv.* line 3\b/);
    }
    const kind = input("kind", "i32", 2);
    await expect(load("kind,x\na,1\nnan,1\n", kind)).rejects.toThrow(/"kind" on line 3 is "nan", which is not a number/);
    await expect(load("kind,x\na,1\n,1\n", kind)).rejects.toThrow(/"kind" on line 3 is ""/);
    await expect(load("kind\na\nb\nc\n", kind)).rejects.toThrow(/"kind" has on line 4 one more name than the 2 classes of the model: "c"/);
    await expect(load("kind\na\n1\n", kind)).rejects.toThrow(/is a number on line 3 and the name of a class on line 2/);
    await expect(load("kind\n0\n1\n2\n", kind)).rejects.toThrow(/a\.csv, line 4: "kind" is 2/);
    await expect(load("kind\n0\n0.5\n", kind)).rejects.toThrow(/a\.csv, line 3: "kind" is 0\.5/);
  });

  it("counts lines, not rows, in messages", async () => {
    await expect(load('note,x\n"two\nlines",1\nb,c\n', input("x", "f32"))).rejects.toThrow(/"x" on line 4 is "c"/);
  });

  it("refuses damaged tables", async () => {
    const x = input("x", "f32");
    await expect(load("x,y\n1,2\n3\n", x)).rejects.toThrow(/a\.csv: this is not a table \(Invalid Record Length: .*line 3\)/);
    await expect(load("x,y\n1,2,3\n", x)).rejects.toThrow(/Invalid Record Length/);
    await expect(load("x\n1\n\n2\n", x)).rejects.toThrow(/line 3/);
    await expect(load('x\n1\n"2\n', x)).rejects.toThrow(/Quote Not Closed/);
    await expect(load("x,x\n1,2\n", x)).rejects.toThrow(/two columns are named "x"/);
    await expect(load("x\n", x)).rejects.toThrow(/no rows under the header/);
    await expect(load("", x)).rejects.toThrow(/the file is empty/);
    await expect(load(Uint8Array.of(120, 10, 0xff, 10), x)).rejects.toThrow(/not text in UTF-8/);
    await expect(load("x\n1\n", x, input("z", "f32"))).rejects.toThrow(/"z" has no field of that name in the data: csv provides x/);
  });

  it("reads many rows", async () => {
    const rows = Array.from({ length: 5000 }, (_, i) => i);
    expect(all(await load(`x\n${rows.join("\n")}\n`, input("x", "i32", 5000)), "x")).toEqual(rows);
  });
});
