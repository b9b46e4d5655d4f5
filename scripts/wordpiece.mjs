// Makes a WordPiece vocabulary from texts, one piece on a line, as `vocab.txt` of BERT has them:
//
//     node scripts/wordpiece.mjs SIZE TEXT... > vocabulary.txt
//
// Lower-cased, without accents, as for BERT's uncased models. After the five special pieces come the characters, then the most
// frequent pair of neighbouring pieces again and again, joined (the first in code point order among equals), until there are
// SIZE pieces or no pair occurs twice. This is byte pair encoding in WordPiece's notation, as Hugging Face's WordPieceTrainer
// does it; BERT's own trainer was never published.
import { readFileSync } from "node:fs";
import { BertNormalizer, BertPreTokenizer } from "@huggingface/tokenizers";

const special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"];

const [size, ...paths] = process.argv.slice(2);
if (!(Number(size) > special.length) || paths.length === 0) {
  console.error("usage: node scripts/wordpiece.mjs SIZE TEXT...");
  process.exit(2);
}

const normalizer = new BertNormalizer({ clean_text: true, handle_chinese_chars: true, lowercase: true });
const splitter = new BertPreTokenizer();
const counts = new Map();
for (const path of paths) {
  for (const line of readFileSync(path, "utf8").split("\n")) {
    for (const word of splitter.pre_tokenize_text(normalizer.normalize(line))) counts.set(word, (counts.get(word) ?? 0) + 1);
  }
}

const words = [...counts].map(([word, count]) => ({ count, pieces: [...word].map((character, i) => (i === 0 ? character : `##${character}`)) }));
const characters = [...new Set(words.flatMap(({ pieces }) => pieces))].sort();
const vocabulary = new Set([...special, ...characters]);
while (vocabulary.size < Number(size)) {
  const pairs = new Map();
  for (const { count, pieces } of words) {
    for (let i = 1; i < pieces.length; i++) {
      const pair = `${pieces[i - 1]} ${pieces[i]}`;
      pairs.set(pair, (pairs.get(pair) ?? 0) + count);
    }
  }
  let [best, most] = ["", 1];
  for (const [pair, count] of pairs) if (count > most || (count === most && count > 1 && pair < best)) [best, most] = [pair, count];
  if (best === "") break;
  const [left, right] = best.split(" ");
  const joined = left + right.slice("##".length);
  vocabulary.add(joined);
  for (const word of words) {
    for (let i = 1; i < word.pieces.length; i++) {
      if (word.pieces[i - 1] === left && word.pieces[i] === right) word.pieces.splice(i - 1, 2, joined);
    }
  }
}
process.stdout.write(`${[...vocabulary].join("\n")}\n`);
