import { describe, expect, it } from "vitest";
import { all, encode, input, newFolder, npy, open, range, write } from "./fixtures.js";

describe("npy", () => {
  it("reads every kind of number in both byte orders", async () => {
    const kinds = [
      ["|b1", "u8"], ["|u1", "u8"], ["|i1", "i8"], ["<u2", "u16"], [">i2", "i16"], ["<u4", "u32"], [">i4", "i32"], ["<u8", "u64"],
      [">u8", "u64"], ["<i8", "i64"], ["<f4", "f32"], [">f4", "f32"], ["<f8", "f64"], [">f8", "f64"], ["=i4", "i32"],
    ] as const;
    for (const [type, kind] of kinds) {
      for (const version of [1, 2, 3]) {
        const folder = await newFolder();
        const values = type === "|b1" ? [0, 1, 1, 0, 1, 0] : [0, 1, 2, 3, 100, kind.startsWith("u") ? 5 : -5];
        await write(folder, { "x.npy": npy(type, kind, [3, 2], values, { version }) });
        const { train } = await open("npy", "x.npy", [input("x[place: 2]", "f32")], folder);
        expect(all(train, "x"), `${type} ${version}`).toEqual(values);
        const whole = await open("npy", "x.npy", [input("x[place: 2]", "i32")], folder);
        expect(all(whole.train, "x"), `${type} ${version}`).toEqual(values);
      }
    }
  });

  it("reads half precision", async () => {
    const folder = await newFolder();
    // 0, 1, -2, 65504, 2^-14, 2^-24, 1/3 rounded.
    const words = [0x0000, 0x3c00, 0xc000, 0x7bff, 0x0400, 0x0001, 0x3555];
    const file = Buffer.concat([npy("<f2", "u16", [7], words)]);
    await write(folder, { "x.npy": file });
    const { train } = await open("npy", "x.npy", [input("x", "f32")], folder);
    expect(all(train, "x")).toEqual([0, 1, -2, 65504, 2 ** -14, 2 ** -24, 0.333251953125]);
    await write(folder, { "x.npy": npy("<f2", "u16", [1], [0x7c00]) });
    await expect(open("npy", "x.npy", [input("x", "f32")], folder)).rejects.toThrow(/"x" is Infinity/);
  });

  it("reads Fortran order as C order", async () => {
    const folder = await newFolder();
    const [n, a, b] = [4, 2, 3] as const;
    const cOrder = range(n * a * b);
    const fortran = range(n * a * b, (at) => {
      const [i, j, k] = [at % n, Math.floor(at / n) % a, Math.floor(at / (n * a))];
      return (i * a + j) * b + k;
    });
    await write(folder, { "c.npy": npy("<i4", "i32", [n, a, b], cOrder), "f.npy": npy("<i4", "i32", [n, a, b], fortran, { fortran: true }) });
    const x = input("x[row: 2, column: 3]", "f32");
    expect(all((await open("npy", "c.npy", [x], folder)).train, "x")).toEqual(cOrder);
    expect(all((await open("npy", "f.npy", [x], folder)).train, "x")).toEqual(cOrder);
  });

  it("reads one file for each input, and parts of its own", async () => {
    const folder = await newFolder();
    const part = (count: number) => ({ x: npy("<f4", "f32", [count, 2], range(count * 2)), y: npy("<i8", "i64", [count, 1], range(count)) });
    await write(folder, { "x.npy": part(3).x, "y.npy": part(3).y, "unused.npy": "damaged" });
    const inputs = [input("x[place: 2]", "f32"), input("y", "i32", 3)];
    const { train } = await open("npy", ".", inputs, folder);
    expect(all(train, "x")).toEqual(range(6));
    expect(all(train, "y")).toEqual([0, 1, 2]);
    const split = await newFolder();
    await write(split, { "train/x.npy": part(3).x, "train/y.npy": part(3).y, "test/x.npy": part(2).x, "test/y.npy": part(2).y });
    const own = await open("npy", ".", inputs, split);
    expect([own.train.count, own.heldOut.count]).toEqual([3, 2]);
    await write(folder, { "y.npy": part(2).y });
    await expect(open("npy", ".", inputs, folder)).rejects.toThrow(/2 examples of "y" and 3 of "x"/);
    await expect(open("npy", ".", [input("z", "f32")], folder)).rejects.toThrow(/"z" has no field .* npy provides unused, x, y/);
    await expect(open("npy", "x.npy", inputs, folder)).rejects.toThrow(/"y" has no field .* npy provides a single array/);
  });

  it("checks shapes and values", async () => {
    const folder = await newFolder();
    await write(folder, { "x.npy": npy("<f8", "f64", [2, 3], [0, 1, 2, 3, 4, 5.5]) });
    await expect(open("npy", "x.npy", [input("x[place: 2]", "f32")], folder)).rejects.toThrow(/x\[place: 2\] for each example.* gives x\[3\]/);
    await expect(open("npy", "x.npy", [input("x[place: 3]", "i32")], folder)).rejects.toThrow(/x\.npy, example 1: "x" at \[2\] is 5\.5/);
    await write(folder, { "x.npy": npy("<i8", "i64", [2], [1, 2 ** 31]) });
    await expect(open("npy", "x.npy", [input("x", "i32")], folder)).rejects.toThrow(/example 1: "x" is 2147483648/);
    await write(folder, { "x.npy": npy("<i8", "i64", [2], [1, -1]) });
    expect(all((await open("npy", "x.npy", [input("x", "i32")], folder)).train, "x")).toEqual([1, -1]);
    await expect(open("npy", "x.npy", [input("x", "i32", 5)], folder)).rejects.toThrow(/"x" is -1, which is not a whole number in 0 … 4/);
  });

  it("refuses damaged headers, and what is not numbers", async () => {
    const good = npy("<f4", "f32", [2], [1, 2]);
    const long = Buffer.from(good);
    long.writeUInt16LE(60000, 8);
    const faults: [Uint8Array, RegExp][] = [
      [good.subarray(0, -1), /header says 136 bytes in all, and there are 135/],
      [Buffer.concat([good, Uint8Array.of(0)]), /there are 137/],
      [good.subarray(0, 9), /does not start as an NPY file/],
      [encode("u8", range(200), true), /does not start as an NPY file/],
      [Buffer.from(good).fill(4, 6, 7), /its version of the NPY format is 4/],
      [long, /ends within its header/],
      [npy("|O", "u8", [2], [1, 2]), /its elements are of type O/],
      [npy("', '|", "u8", [2], [1, 2]), /something other than an array of numbers/],
      [npy("<c8", "f64", [2], [1, 2]), /of type c8/],
      [npy("<f4", "f32", [], [1]), /which has no examples/],
      [npy("<f4", "f32", [0, 3], []), /which has no examples/],
      [npy("<f4", "f32", [99999999999, 99999999999], [1]), /header says/],
      [Buffer.concat([Buffer.from("\x93NUMPY\x02\0", "latin1"), encode("u32", [70000], true), Buffer.alloc(70000, 32)]), /longer than 65536/],
    ];
    for (const [file, message] of faults) {
      const folder = await newFolder();
      await write(folder, { "x.npy": file });
      await expect(open("npy", "x.npy", [input("x", "f32")], folder)).rejects.toThrow(message);
    }
  });
});
