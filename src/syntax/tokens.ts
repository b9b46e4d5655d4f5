/** The tokens of the language. Keywords come in two kinds: reserved ones, and words that only open a statement. */

import { type TokenType, Lexer, createToken } from "#chevrotain";

/** Everything that can stand where a name is expected: identifiers, and the keywords that are not reserved. */
export const Name = createToken({ name: "Name", pattern: Lexer.NA, label: "a name" });

/** A name that can start a sublayer: any but `place`, as in `place pre`. */
export const Callee = createToken({ name: "Callee", pattern: Lexer.NA, label: "a name" });

/** Unicode letters, digits and `_`. */
export const identifierPattern = /[\p{L}_][\p{L}\p{N}_]*/uy;

const Identifier = createToken({
  name: "Identifier",
  // A function, because Chevrotain drops the Unicode flag of a plain pattern.
  pattern: (text, offset) => {
    identifierPattern.lastIndex = offset;
    return identifierPattern.exec(text);
  },
  line_breaks: false,
  // So that the lexer tries only what can start with the character at hand: ASCII letters, or anything beyond ASCII.
  start_chars_hint: [..."ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz", ...Array.from({ length: 0xff80 }, (_, i) => 0x80 + i)],
  categories: [Name, Callee],
  label: "a name",
});

/** Words that may stand in a path such as `encoder.normalize.cls` though they are reserved. */
export const Word = createToken({ name: "Word", pattern: Lexer.NA, label: "a word" });

const keywords: TokenType[] = [];
function reserved(word: string): TokenType {
  const token = createToken({ name: `Keyword_${word}`, pattern: word, longer_alt: Identifier, label: `\`${word}\``, categories: [Word] });
  keywords.push(token);
  return token;
}
/** A word that opens a statement or definition, and is a name everywhere else: `batch 128` beside the norm `batch`. */
function opening(word: string, categories = [Name, Callee]): TokenType {
  const token = createToken({ name: `Keyword_${word}`, pattern: word, longer_alt: Identifier, label: `\`${word}\``, categories });
  keywords.push(token);
  return token;
}

export const Use = reserved("use");
export const As = reserved("as");
export const Of = reserved("of");
export const At = reserved("at");
export const In = reserved("in");
export const Every = reserved("every");
export const Param = reserved("param");
export const State = reserved("state");
export const When = reserved("when");
export const Otherwise = reserved("otherwise");
export const Return = reserved("return");
export const With = reserved("with");
export const Where = reserved("where");
export const Over = reserved("over");
export const Except = reserved("except");
export const Along = reserved("along");
export const Into = reserved("into");
export const And = reserved("and");
export const Or = reserved("or");
export const Not = reserved("not");
export const True = reserved("true");
export const False = reserved("false");
export const None = reserved("none");
export const Repeat = reserved("repeat");
export const Normalize = reserved("normalize");
export const Placed = reserved("placed");
export const Normalized = reserved("normalized");
export const Input = reserved("input");
export const Loss = reserved("loss");
export const Report = reserved("report");
export const Kept = reserved("kept");

export const Norm = opening("norm");
export const Placement = opening("placement");
export const LayerWord = opening("layer");
export const FunctionWord = opening("function");
export const Objective = opening("objective");
export const Optimizer = opening("optimizer");
export const Schedule = opening("schedule");
export const Initializer = opening("initializer");
export const Measure = opening("measure");
export const Stack = opening("stack");
export const Model = opening("model");
export const Train = opening("train");
export const Ablation = opening("ablation");
export const Shared = opening("shared");
export const Stream = opening("stream");
export const Groups = opening("groups");
export const Place = opening("place", [Name]);
export const Gradient = opening("gradient");
export const Data = opening("data");
export const Batch = opening("batch");
export const Epochs = opening("epochs");
export const Steps = opening("steps");
export const Seed = opening("seed");
export const Holdout = opening("holdout");
export const Precision = opening("precision");
export const Freeze = opening("freeze");
export const From = opening("from");
export const Given = opening("given");
export const Vary = opening("vary");
export const Exclude = opening("exclude");
export const Seeds = opening("seeds");
export const Highest = opening("highest");
export const Lowest = opening("lowest");

export const Percentage = createToken({ name: "Percentage", pattern: /\d+(?:\.\d+)?%/, label: "a percentage" });
export const NumberLiteral = createToken({ name: "Number", pattern: /\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/, label: "a number" });
export const StringLiteral = createToken({ name: "String", pattern: /"(?:[^"\\\n\r]|\\["\\])*"/, label: "a text in quotes" });

/**
 * A text that does not end on its line, or has an escape that means nothing. It is an error, and stands for a text, so that
 * the parser does not stumble over what is inside.
 */
export const BrokenString = createToken({ name: "BrokenString", pattern: /"(?:[^"\\\n\r]|\\[^\n\r])*(?:"|\\?(?![^\n\r]))/, categories: [StringLiteral] });

function punctuation(name: string, text: string): TokenType {
  return createToken({ name, pattern: text, label: `\`${text}\`` });
}
export const Arrow = punctuation("Arrow", "<-");
export const LessEqual = punctuation("LessEqual", "<=");
export const GreaterEqual = punctuation("GreaterEqual", ">=");
export const EqualEqual = punctuation("EqualEqual", "==");
export const NotEqual = punctuation("NotEqual", "!=");
export const Less = punctuation("Less", "<");
export const Greater = punctuation("Greater", ">");
export const Equals = punctuation("Equals", "=");
export const Tilde = punctuation("Tilde", "~");
export const Plus = punctuation("Plus", "+");
export const Minus = punctuation("Minus", "-");
export const Star = punctuation("Star", "*");
export const Slash = punctuation("Slash", "/");
export const Caret = punctuation("Caret", "^");
export const AtSign = punctuation("AtSign", "@");
export const Rest = punctuation("Rest", "..");
export const Dot = punctuation("Dot", ".");
export const Comma = punctuation("Comma", ",");
export const Colon = punctuation("Colon", ":");
export const LeftBrace = punctuation("LeftBrace", "{");
export const RightBrace = punctuation("RightBrace", "}");
export const LeftParenthesis = punctuation("LeftParenthesis", "(");
export const RightParenthesis = punctuation("RightParenthesis", ")");
export const LeftBracket = punctuation("LeftBracket", "[");
export const RightBracket = punctuation("RightBracket", "]");

const Whitespace = createToken({ name: "Whitespace", pattern: /[ \t\r\n\uFEFF]+/, group: Lexer.SKIPPED, line_breaks: true });
const Comment = createToken({ name: "Comment", pattern: /\/\/[^\n\r]*/, group: "comments" });

/** Every keyword, reserved or not, for completion, highlighting and similar names. */
export const keywordTokens: readonly TokenType[] = keywords;

export const tokens: TokenType[] = [
  Whitespace,
  Comment,
  // The longest first, or `in` would stand in the way of `into`.
  ...keywords.toSorted((a, b) => (b.PATTERN as string).length - (a.PATTERN as string).length),
  Identifier,
  Name,
  Callee,
  Word,
  Percentage,
  NumberLiteral,
  StringLiteral,
  BrokenString,
  Arrow,
  LessEqual,
  GreaterEqual,
  EqualEqual,
  NotEqual,
  Less,
  Greater,
  Equals,
  Tilde,
  Plus,
  Minus,
  Star,
  Slash,
  Caret,
  AtSign,
  Rest,
  Dot,
  Comma,
  Colon,
  LeftBrace,
  RightBrace,
  LeftParenthesis,
  RightParenthesis,
  LeftBracket,
  RightBracket,
];

export const lexer = new Lexer(tokens, { positionTracking: "full", skipValidations: true, ensureOptimizations: true });
