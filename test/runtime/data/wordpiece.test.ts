/**
 * WordPieces of texts. The words and pieces of the first tests are those of BERT's own tests (google-research/bert,
 * tokenization_test.py), with which its tokenizer was published.
 */

import fc from "fast-check";
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { DataError, openData } from "../../../src/runtime/data/index.js";
import { all, input, newFolder, source, write } from "./fixtures.js";

const published = ["[UNK]", "[CLS]", "[SEP]", "want", "##want", "##ed", "wa", "un", "runn", "##ing", ","];
const extent = 12;
const length = input("length", "i32", extent + 1);
const token = (below: number) => input(`token[place: ${extent}]`, "i32", below);

async function open(loader: string, text: string | Uint8Array, vocabulary: string | Uint8Array, inputs = [token(1000), length]) {
  const folder = await newFolder();
  await write(folder, { "a.txt": text, "vocabulary.txt": vocabulary });
  return (await openData(source(loader, "a.txt", { name: "wordpiece", value: "vocabulary.txt" }), inputs, { folders: [folder], holdout: 0, seed: 1 })).train;
}

/** The pieces of each line. */
async function pieces(text: string | Uint8Array, vocabulary: readonly string[] | string = published): Promise<string[][]> {
  const words = typeof vocabulary === "string" ? vocabulary.split(/\r?\n/) : vocabulary;
  const train = await open("lines", text, typeof vocabulary === "string" ? vocabulary : vocabulary.join("\n"));
  const [ids, lengths] = [all(train, "token"), all(train, "length")];
  return lengths.map((count, line) => ids.slice(line * extent, line * extent + count).map((id) => words[id]!.replace("\uFEFF", "")));
}

describe("the pieces of BERT's own tests", () => {
  it("are cut from the front, the longest first", async () => {
    expect(await pieces("UNwant\u00E9d,running")).toEqual([["un", "##want", "##ed", ",", "runn", "##ing"]]);
    const train = await open("lines", "UNwant\u00E9d,running", published.join("\n"));
    expect(all(train, "token")).toEqual([7, 4, 5, 10, 8, 9, 0, 0, 0, 0, 0, 0]);
    expect(await pieces("unwanted running")).toEqual([["un", "##want", "##ed", "runn", "##ing"]]);
  });

  it("are [UNK] for the whole of a word with an unknown part", async () => {
    expect(await pieces("unwantedX running")).toEqual([["[UNK]", "runn", "##ing"]]);
  });

  const lower = ["[UNK]", "hello", "!", "how", "are", "you", "?", "ah", "\u535A", "\u63A8", "zz"];
  it("are lower-cased without accents, and free of white space and control characters", async () => {
    expect(await pieces(" \tHeLLo!how   Are yoU?  ", lower)).toEqual([["hello", "!", "how", "are", "you", "?"]]);
    expect(await pieces("H\u00E9llo", lower)).toEqual([["hello"]]);
    expect(await pieces("he\u0005llo\u00A0\u200Bhow\uFFFD", lower)).toEqual([["hello", "how"]]);
  });

  it("are single characters in Chinese", async () => {
    expect(await pieces("ah\u535A\u63A8zz", lower)).toEqual([["ah", "\u535A", "\u63A8", "zz"]]);
  });

  it("keep case and accents where the vocabulary has capitals", async () => {
    const cased = ["[UNK]", "He", "##LLo", "he", "##llo", "H", "##\u00E9", "!"];
    expect(await pieces("HeLLo! hello H\u00E9llo", cased)).toEqual([["He", "##LLo", "!", "he", "##llo", "H", "##\u00E9", "##llo"]]);
  });
});

describe("lines of pieces", () => {
  it("are padded and cut, with their length", async () => {
    const vocabulary = ["[PAD]", "[UNK]", "a", "##a"].join("\n");
    const train = await open("lines", `a aa\n${"a ".repeat(20)}\n`, vocabulary);
    expect(all(train, "token")).toEqual([2, 2, 3, ...Array<number>(9).fill(0), ...Array<number>(12).fill(2)]);
    expect(all(train, "length")).toEqual([3, 12]);
  });

  it("end with LF or CR LF, and a mark at the start of a file is no text", async () => {
    const text = "un\nwant\n";
    for (const [own, vocabulary] of [
      [text.replaceAll("\n", "\r\n"), published.join("\r\n")],
      [`\uFEFF${text}`, `\uFEFF${published.join("\n")}\n`],
    ] as const) {
      expect(await pieces(own, vocabulary)).toEqual([["un"], ["want"]]);
    }
  });

  it("take special pieces in a text for what they are: brackets and words", async () => {
    expect(await pieces("[CLS]", [...published, "[", "]", "cl", "##s"])).toEqual([["[", "cl", "##s", "]"]]);
  });

  it("take the names of every object's properties for words", async () => {
    expect(await pieces("constructor __proto__ tostring", ["[UNK]", "_", "proto", "__proto__"])).toEqual([["[UNK]", "_", "_", "proto", "_", "_", "[UNK]"]]);
  });

  it("have a word of at most 100 characters", async () => {
    const vocabulary = ["[UNK]", "a", "##a", "##aaaaaaaaa"];
    expect(await pieces("a".repeat(100), vocabulary)).toEqual([["a", ...Array<string>(11).fill("##aaaaaaaaa")]]);
    expect(await pieces("a".repeat(101), vocabulary)).toEqual([["[UNK]"]]);
    await expect(pieces("a".repeat(2 ** 16 + 1), vocabulary)).rejects.toThrow(/a\.txt, line 1: 65537 characters without a space/);
  });

  it("must be UTF-8 and have a word", async () => {
    await expect(pieces(Buffer.concat([Buffer.from("un\nwa"), Uint8Array.of(0xff, 10)]))).rejects.toThrow(/a\.txt, line 2: this is not text in UTF-8; save the file/);
    await expect(pieces("un\n \u0005\n")).rejects.toThrow(/a\.txt, line 2: the line has no word/);
    await expect(pieces("un\n\nun\n")).rejects.toThrow(/a\.txt, line 2: the line is empty/);
    await expect(pieces("")).rejects.toThrow(/a\.txt: the file is empty/);
  });
});

describe("a running text of pieces", () => {
  it("is cut into windows across its lines", async () => {
    const vocabulary = ["[UNK]", "a", "b", "c", "##c"].join("\n");
    const window = input("token[place: 3]", "i32", 5);
    const target = input("target[place: 3]", "i32", 5);
    const text = "a bc\r\n\r\n  cc\nA b";
    expect(all(await open("text", text, vocabulary, [window]), "token")).toEqual([1, 2, 4, 3, 4, 1]);
    const next = await open("text", text, vocabulary, [window, target]);
    expect(all(next, "token")).toEqual([1, 2, 4, 3, 4, 1]);
    expect(all(next, "target")).toEqual([2, 4, 3, 4, 1, 2]);
    await expect(open("text", "a b", vocabulary, [window])).rejects.toThrow(/its 2 pieces do not fill one window of 3;/);
    await expect(open("text", "a b c", vocabulary, [window, target])).rejects.toThrow(/its 3 pieces do not fill one window of 3 and the piece after it/);
    await expect(open("text", Uint8Array.of(97, 10, 0xc3), vocabulary, [window])).rejects.toThrow(/a\.txt, line 2: this is not text in UTF-8/);
  });

  it("may be long", async () => {
    const train = await open("text", "a b\n".repeat(5000), "[UNK]\na\nb", [input("token[place: 10]", "i32", 3)]);
    expect(train.count).toBe(1000);
    expect(all(train, "token").every((id, i) => id === 1 + (i % 2))).toBe(true);
  });
});

describe("a vocabulary", () => {
  const refused = (vocabulary: string | Uint8Array, inputs?: Parameters<typeof open>[3]) => expect(open("lines", "un", vocabulary, inputs)).rejects;

  it("has every piece once, on a line of its own, and [UNK]", async () => {
    await refused("[UNK]\nun\n\nwant\n").toThrow(/vocabulary\.txt, line 3: the line is empty/);
    await refused("[UNK]\nun\nun\n").toThrow(/vocabulary\.txt, line 3: "un" stands on line 2 too/);
    await refused("un\nwant\n").toThrow(/vocabulary\.txt: it has no piece \[UNK\]/);
    await refused("").toThrow(/vocabulary\.txt: the file is empty/);
    await refused(Uint8Array.of(0x5b, 0xff)).toThrow(/vocabulary\.txt, line 1: this is not text in UTF-8/);
    await refused(new Uint8Array(2 ** 24 + 1).fill(97)).toThrow(/16777217 bytes are more than the limit/);
  });

  it("fits the model's input", async () => {
    await refused(published.join("\n"), [token(10), length]).toThrow(/vocabulary\.txt: it has 11 pieces, and the model's input "token" has 10 classes; declare the input `in 11`/);
    expect((await open("lines", "un", published.join("\n"), [token(11), length])).count).toBe(1);
  });

  it("is named by a path in the folders that may be read", async () => {
    const folder = await newFolder();
    await write(folder, { "a.txt": "un\n" });
    const load = (value: string | number, name = "wordpiece") => openData(source("lines", "a.txt", { name, value }), [token(11)], { folders: [folder], holdout: 0, seed: 1 });
    await expect(load(3)).rejects.toThrow(/spec\.norm:3:8: wordpiece is 3, which is no path/);
    await expect(load("no.txt")).rejects.toThrow(/there is no "no\.txt"/);
    await expect(load("../../etc/passwd")).rejects.toThrow(/leads outside the folders/);
    await expect(load("a.txt", "vocabulary")).rejects.toThrow(/lines takes a path and .*wordpiece.*, and there is vocabulary/);
  });
});

it("damaged texts and vocabularies give a DataError or valid examples", async () => {
  const folder = await newFolder();
  const [text, vocabulary] = [Buffer.from("Unwanted, running\nwant\r\n"), Buffer.from(published.join("\n"))];
  const changes = fc.array(fc.tuple(fc.nat(40), fc.integer({ min: 0, max: 255 })), { maxLength: 4 });
  const changed = (bytes: Uint8Array, how: readonly (readonly [number, number])[]) => {
    const own = Uint8Array.from(bytes);
    for (const [at, value] of how) own[at % own.length] = value;
    return own;
  };
  await fc.assert(
    fc.asyncProperty(changes, changes, async (inText, inVocabulary) => {
      await write(folder, { "a.txt": changed(text, inText), "v.txt": changed(vocabulary, inVocabulary) });
      const opened = await openData(source("lines", "a.txt", { name: "wordpiece", value: "v.txt" }), [token(20), length], { folders: [folder], holdout: 0, seed: 1 }).catch((thrown: unknown) => thrown);
      if (opened instanceof DataError) return;
      if (opened instanceof Error) throw opened;
      const { train } = opened as Awaited<ReturnType<typeof openData>>;
      expect(all(train, "token").every((id) => Number.isInteger(id) && id >= 0 && id < 20)).toBe(true);
      expect(all(train, "length").every((count) => count >= 1 && count <= extent)).toBe(true);
    }),
    { numRuns: 150 },
  );
});

it("the examples' vocabulary is what scripts/wordpiece.mjs makes, and knows every word of their texts", async () => {
  const texts = fileURLToPath(new URL("../../../examples/texts/", import.meta.url));
  const script = fileURLToPath(new URL("../../../scripts/wordpiece.mjs", import.meta.url));
  const made = execFileSync(process.execPath, [script, "600", "sentences.txt", "lighthouse.txt"], { cwd: texts, encoding: "utf8" });
  expect(made).toBe(readFileSync(`${texts}vocabulary.txt`, "utf8"));
  const words = readFileSync(`${texts}vocabulary.txt`, "utf8").trimEnd().split("\n");
  expect(words.slice(0, 5)).toEqual(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]);
  for (const file of ["sentences.txt", "lighthouse.txt"]) {
    const data = await openData(source("text", file, { name: "wordpiece", value: "vocabulary.txt" }), [input("token[place: 10]", "i32", words.length)], { folders: [texts], holdout: 0, seed: 1 });
    const ids = all(data.train, "token");
    expect(ids).not.toContain(words.indexOf("[UNK]"));
    expect(new Set(ids).size).toBeGreaterThan(words.length / 3);
  }
});
