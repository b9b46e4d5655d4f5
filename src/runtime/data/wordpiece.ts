/** WordPiece: words cut into the longest pieces of a vocabulary, as BERT does. */

import { DataError, wordsOf } from "./error.js";
import type { LoaderRequest } from "./field.js";
import { linesIn, readBytes } from "./read.js";

/** The most bytes of a vocabulary file; those of large multilingual models have five million. */
const vocabularyLimit = 2 ** 24;
/** The most characters without a space in between: normalising takes memory, and writing without spaces has line ends. */
const stretchLimit = 2 ** 16;
/** The most different stretches whose pieces are remembered, and the longest ones: most words of a text occur again and again. */
const remembered = { count: 2 ** 18, length: 64 };

const unknown = "[UNK]";

/** What is used of the library: the parts of BERT's tokenizer. (Its own declarations do not resolve as Node resolves modules.) */
interface Library {
  readonly BertNormalizer: new (settings: object) => { normalize(text: string): string };
  readonly BertPreTokenizer: new () => { pre_tokenize_text(text: string): string[] };
  readonly WordPiece: new (settings: object) => { encode(words: readonly string[]): string[] };
}

/**
 * Opens the vocabulary that the loader's argument `wordpiece` names, for the model's input `input`; undefined without the argument.
 *
 * The file is BERT's `vocab.txt`: UTF-8, one piece on each line, numbered from 0, with `##` before pieces that go on within a
 * word. Throws a DataError if it is damaged, has a piece twice or no `[UNK]`, or has more pieces than the input has classes.
 */
export async function openWordPieces({ access, inputs, options, source }: LoaderRequest, input: string): Promise<WordPieces | undefined> {
  const path = options.get("wordpiece");
  if (path === undefined) return undefined;
  if (typeof path !== "string") {
    throw new DataError(source.place, `wordpiece is ${path}, which is no path`, "name the file of the vocabulary");
  }
  const file = await access.demand(path);
  const bytes = await readBytes(file);
  if (bytes.length > vocabularyLimit) {
    throw new DataError(file.path, `its ${bytes.length} bytes are more than the limit of ${vocabularyLimit} for a vocabulary`, "name a file with one piece on each line");
  }
  const ids = new Map<string, number>();
  for (const line of linesIn(bytes)) {
    const where = `${file.path}, line ${ids.size + 1}`;
    const piece = decodeLine(line, where);
    if (piece === "") throw new DataError(where, "the line is empty", "put one piece on each line");
    const first = ids.get(piece);
    if (first !== undefined) throw new DataError(where, `"${piece}" stands on line ${first + 1} too`, "keep each piece once");
    ids.set(piece, ids.size);
  }
  if (!ids.has(unknown)) throw new DataError(file.path, `it has no piece ${unknown}, which unknown words become`, `put ${unknown} on a line of its own`);
  const below = inputs.find(({ name }) => name === input)?.below ?? Infinity;
  if (ids.size > below) {
    throw new DataError(file.path, `it has ${ids.size} pieces, and the model's input "${input}" has ${below} classes`, `declare the input \`in ${ids.size}\``);
  }
  const library: Library = await loadLibrary().catch((thrown: unknown) => {
    throw new DataError(file.path, `the npm package @huggingface/tokenizers cannot be loaded (${wordsOf(thrown)})`, "run npm install @huggingface/tokenizers", { cause: thrown });
  });
  // A vocabulary of lower-cased text has no capitals but in the bracketed names of its special pieces.
  const cased = [...ids.keys()].some((piece) => /\p{Lu}/u.test(piece) && !/^\[.*\]$/u.test(piece));
  const normalizer = new library.BertNormalizer({ clean_text: true, handle_chinese_chars: true, lowercase: !cased });
  const words = new library.BertPreTokenizer();
  const pieces = new library.WordPiece({ unk_token: unknown, continuing_subword_prefix: "##", max_input_chars_per_word: 100, vocab: Object.fromEntries(ids) });
  return new WordPieces(ids, (text) => pieces.encode(words.pre_tokenize_text(normalizer.normalize(text))));
}

async function loadLibrary(): Promise<Library> {
  return (await import("@huggingface/tokenizers")) as unknown as Library;
}

/** An open vocabulary. */
export class WordPieces {
  readonly #known = new Map<string, readonly number[]>();

  constructor(
    private readonly ids: ReadonlyMap<string, number>,
    private readonly cut: (text: string) => readonly string[],
  ) {}

  /**
   * The numbers of the pieces of one line, without special ones around them. Words outside the vocabulary, and those of more
   * than 100 characters, are `[UNK]`. Throws a DataError about `where` if the line is not UTF-8 or a stretch of it too long.
   */
  encode(line: Uint8Array, where: string): number[] {
    const all: number[] = [];
    // A space ends every word, so that each stretch between spaces can be taken by itself.
    for (const stretch of decodeLine(line, where).split(/[ \t]+/)) {
      const known = this.#known.get(stretch) ?? this.#encodeStretch(stretch, where);
      for (const id of known) all.push(id);
    }
    return all;
  }

  #encodeStretch(stretch: string, where: string): readonly number[] {
    if (stretch.length > stretchLimit) {
      throw new DataError(where, `${stretch.length} characters without a space are more than the limit of ${stretchLimit}`, "use a text with words");
    }
    const ids = this.cut(stretch).map((piece) => this.ids.get(piece)!);
    if (stretch.length <= remembered.length && this.#known.size < remembered.count) this.#known.set(stretch, ids);
    return ids;
  }
}

/** A line as text, without the mark that some editors put at the start of a file. Throws a DataError if it is not UTF-8. */
function decodeLine(line: Uint8Array, where: string): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(line);
  } catch (thrown) {
    throw new DataError(where, "this is not text in UTF-8", "save the file as UTF-8", { cause: thrown });
  }
}
