import { execFileSync } from "node:child_process";
import { mkdir, symlink, writeFile } from "node:fs/promises";
import { join, relative } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { openData, DataError } from "../../../src/runtime/data/index.js";
import { all, input, newFolder, source, write } from "./fixtures.js";

const inputs = [input("token[place: 2]", "i32", 256)];
let first: string;
let second: string;
let outside: string;

beforeAll(async () => {
  [first, second, outside] = [await newFolder(), await newFolder(), await newFolder()];
  await write(first, { "both.txt": "11\n", "deep/in.txt": "22\n" });
  await write(second, { "both.txt": "33\n", "only.txt": "44\n" });
  await write(outside, { "secret.txt": "55\n", "classes/a/x.png": "" });
  await symlink(join(outside, "secret.txt"), join(first, "link.txt"));
  await symlink(outside, join(first, "tunnel"));
  await symlink(join(second, "only.txt"), join(first, "friend.txt"));
  await symlink("circle", join(first, "circle"));
  await symlink(join(first, "deep"), join(first, "shortcut"));
});

async function read(path: string, folders = [first, second]): Promise<string> {
  const data = await openData(source("lines", path), inputs, { folders, holdout: 0, seed: 0 });
  return String.fromCharCode(...all(data.train, "token"));
}

describe("paths of a spec", () => {
  it("are looked up in the allowed folders in order", async () => {
    expect(await read("both.txt")).toBe("11");
    expect(await read("both.txt", [second, first])).toBe("33");
    expect(await read("only.txt")).toBe("44");
  });

  it("may go anywhere inside these folders", async () => {
    expect(await read("deep/../both.txt")).toBe("11");
    expect(await read(join(second, "only.txt"))).toBe("44");
    expect(await read(join("..", relative(join(second, ".."), second), "only.txt"))).toBe("44");
    expect(await read("friend.txt")).toBe("44");
    expect(await read("shortcut/in.txt")).toBe("22");
  });

  it("do not lead outside, by dots, roots or symbolic links", async () => {
    const escapes = [
      join("..", relative(join(first, ".."), outside), "secret.txt"),
      join(outside, "secret.txt"),
      "/etc/passwd",
      "../../../../../../etc/passwd",
      "deep/../../x",
      `${first}x/secret.txt`,
      "link.txt",
      "tunnel/secret.txt",
      "..",
    ];
    for (const path of escapes) {
      await expect(read(path), path).rejects.toThrow(/leads outside the folders that may be read/);
    }
    // What lies in a second folder is outside when only the first is allowed.
    await expect(read("friend.txt", [first])).rejects.toThrow(/leads outside/);
  });

  it("do not tell whether a file outside exists", async () => {
    const message = async (path: string) => read(path).catch((thrown: Error) => thrown.message.replaceAll(path, "PATH"));
    expect(await message(join(outside, "secret.txt"))).toBe(await message(join(outside, "nothing.txt")));
  });

  it("may not reach outside from within a data folder", async () => {
    const folder = await newFolder();
    await mkdir(join(folder, "set"));
    await symlink(join(outside, "secret.txt"), join(folder, "set", "data_batch_1.bin"));
    const opened = openData(source("cifar10", "set"), [], { folders: [folder], holdout: 0, seed: 0 });
    await expect(opened).rejects.toThrow(/leads outside/);
    await mkdir(join(folder, "pictures"));
    await symlink(join(outside, "classes", "a"), join(folder, "pictures", "a"));
    const image = [input("image[row: 1, column: 1]", "f32")];
    await expect(openData(source("images", "pictures"), image, { folders: [folder], holdout: 0, seed: 0 })).rejects.toThrow(/leads outside/);
  });

  it("that name nothing readable are errors", async () => {
    for (const path of ["missing.txt", "both.txt/x", "circle", "\0", "", "deep", "a".repeat(5000)]) {
      await expect(read(path), path.slice(0, 20)).rejects.toBeInstanceOf(DataError);
    }
    await expect(read("missing.txt")).rejects.toThrow(/^spec\.norm:3:8: there is no "missing\.txt" in /);
    await expect(read("both.txt", [])).rejects.toBeInstanceOf(DataError);
    await expect(read("both.txt", [join(first, "no-such-folder")])).rejects.toBeInstanceOf(DataError);
  });

  it.skipIf(process.platform === "win32")("that name a pipe do not wait for it", async () => {
    execFileSync("mkfifo", [join(first, "pipe")]);
    await expect(read("pipe")).rejects.toThrow(/neither a file nor a folder/);
  });

  it("are not confused by folders that are symbolic links themselves", async () => {
    const folder = await newFolder();
    await symlink(first, join(folder, "alias"));
    expect(await read("both.txt", [join(folder, "alias")])).toBe("11");
    expect(await read(join(first, "both.txt"), [join(folder, "alias")])).toBe("11");
    await writeFile(join(folder, "out.txt"), "x");
    await expect(read("../out.txt", [join(folder, "alias")])).rejects.toThrow(/leads outside/);
  });
});
