import { describe, expect, it } from "vitest";
import { all, input, newFolder, open, write } from "./fixtures.js";

const codes = (text: string) => Array.from(Buffer.from(text));

describe("lines", () => {
  const token = input("token[place: 4]", "i32", 256);

  it("pads and cuts the bytes of each line, and provides the length", async () => {
    const folder = await newFolder();
    for (const text of ["ab\nabcdef\né!\n", "ab\r\nabcdef\r\né!", "ab\nabcdef\r\né!\r\n"]) {
      await write(folder, { "a.txt": text });
      const { train } = await open("lines", "a.txt", [token, input("length", "i32", 5)], folder);
      expect(all(train, "token")).toEqual(codes("ab\0\0abcdé!\0"));
      expect(all(train, "length")).toEqual([2, 4, 3]);
    }
  });

  it("finds the input that takes the bytes", async () => {
    const folder = await newFolder();
    await write(folder, { "a.txt": "ab\n" });
    expect(all((await open("lines", "a.txt", [input("letters[place: 2]", "i32")], folder)).train, "letters")).toEqual(codes("ab"));
    const both = [input("text[place: 2]", "i32"), input("mask[place: 2]", "i32")];
    await expect(open("lines", "a.txt", both, folder)).rejects.toThrow(/"mask" has no field/);
    await expect(open("lines", "a.txt", both.map((each) => ({ ...each, name: `my_${each.name}` })), folder)).rejects.toThrow(/has no field/);
    await expect(open("lines", "a.txt", [input("image[row: 2]", "f32")], folder)).rejects.toThrow(/"image" has no field/);
  });

  it("refuses empty lines, zero bytes and bytes out of range", async () => {
    const folder = await newFolder();
    await write(folder, { "gap.txt": "ab\n\ncd\n", "zero.txt": "ab\na\0b\n", "high.txt": "ab\né\n", "gap2.txt": "ab\n\r\n", "first.txt": "\n" });
    await expect(open("lines", "gap.txt", [token], folder)).rejects.toThrow(/gap\.txt, line 2: the line is empty/);
    await expect(open("lines", "gap2.txt", [token], folder)).rejects.toThrow(/gap2\.txt, line 2: the line is empty/);
    await expect(open("lines", "first.txt", [token], folder)).rejects.toThrow(/first\.txt, line 1: the line is empty/);
    await expect(open("lines", "zero.txt", [token], folder)).rejects.toThrow(/zero\.txt, line 2: the line has a zero byte/);
    const ascii = input("token[place: 4]", "i32", 128);
    await expect(open("lines", "high.txt", [ascii], folder)).rejects.toThrow(/high\.txt, line 2: "token" at \[0\] is 195/);
    await expect(open("lines", "high.txt", [input("token[place: 2000000000]", "i32")], folder)).rejects.toThrow(/more than the limit/);
  });
});

describe("text", () => {
  const token = input("token[place: 3]", "i32", 256);

  it("cuts windows one after the other", async () => {
    const folder = await newFolder();
    await write(folder, { "a.txt": "abcdefghi" });
    expect(all((await open("text", "a.txt", [token], folder)).train, "token")).toEqual(codes("abcdefghi"));
    const next = await open("text", "a.txt", [token, input("target[place: 3]", "i32", 256)], folder);
    expect(all(next.train, "token")).toEqual(codes("abcdef"));
    expect(all(next.train, "target")).toEqual(codes("bcdefg"));
    const last = await open("text", "a.txt", [token, input("target", "i32", 256)], folder);
    expect(all(last.train, "target")).toEqual(codes("dg"));
  });

  it("needs one whole window", async () => {
    const folder = await newFolder();
    await write(folder, { "a.txt": "abc" });
    expect((await open("text", "a.txt", [token], folder)).train.count).toBe(1);
    const inputs = [token, input("target", "i32", 256)];
    await expect(open("text", "a.txt", inputs, folder)).rejects.toThrow(/its 3 bytes do not fill one window of 3 and the byte after it/);
  });
});
