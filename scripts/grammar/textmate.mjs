/** A TextMate grammar, by which editors and web pages colour the language, from the table of tokens. */

/** @typedef {import("chevrotain").TokenType} TokenType */

const name = "[\\p{L}_][\\p{L}\\p{N}_]*";

/** What the reserved words are to a reader; those not named here are keywords like any other. */
const kinds = {
  "constant.language.norm": ["true", "false", "none"],
  "keyword.operator.logical.norm": ["and", "or", "not"],
  "keyword.control.norm": ["when", "otherwise", "return", "repeat"],
};

const escaped = (/** @type {string} */ text) => text.replace(/[.*+?^${}()|[\]\\/-]/g, "\\$&");
const oneOf = (/** @type {readonly string[]} */ words) => words.toSorted((a, b) => b.length - a.length || (a < b ? -1 : 1)).map(escaped).join("|");

/**
 * @param {readonly TokenType[]} tokens
 * @param {readonly string[]} definitionWords what starts a definition
 */
export function textmate(tokens, definitionWords) {
  const words = (/** @type {string} */ category) =>
    tokens.filter(({ PATTERN, CATEGORIES }) => typeof PATTERN === "string" && CATEGORIES?.some((type) => type.name === category)).map(({ PATTERN }) => String(PATTERN));
  const reserved = words("Word");
  const special = new Set(Object.values(kinds).flat());
  const punctuation = tokens.flatMap(({ PATTERN }) => (typeof PATTERN === "string" && !/^\w/.test(PATTERN) ? [PATTERN] : []));
  const separators = [",", ":", "."];
  const operators = punctuation.filter((text) => !separators.includes(text) && !/^[()[\]{}]$/.test(text));
  // In a path, as in `encoder.normalize.cls`, a word is a name.
  const word = (/** @type {readonly string[]} */ list) => `(?<![\\p{L}\\p{N}_.])(?:${oneOf(list)})(?![\\p{L}\\p{N}_])`;

  return {
    name: "Norm",
    scopeName: "source.norm",
    fileTypes: ["norm"],
    patterns: [{ include: "#code" }],
    repository: {
      code: {
        patterns: [
          { include: "#comments" },
          { include: "#strings" },
          { include: "#numbers" },
          { include: "#definitions" },
          { include: "#words" },
          { include: "#axes" },
          { include: "#operators" },
        ],
      },
      comments: {
        patterns: [
          { name: "comment.line.documentation.norm", match: "///.*$" },
          { name: "comment.line.double-slash.norm", match: "//.*$" },
        ],
      },
      strings: {
        name: "string.quoted.double.norm",
        begin: '"',
        end: '"|$',
        patterns: [{ name: "constant.character.escape.norm", match: '\\\\["\\\\]' }],
      },
      numbers: {
        patterns: [
          { name: "constant.numeric.percentage.norm", match: "(?<![\\p{L}\\p{N}_])\\d+(?:\\.\\d+)?%" },
          { name: "constant.numeric.norm", match: "(?<![\\p{L}\\p{N}_])\\d+(?:\\.\\d+)?(?:[eE][+-]?\\d+)?" },
        ],
      },
      // A definition starts at the left edge; further right, `optimizer` and its like are settings.
      definitions: {
        match: `^(${oneOf(definitionWords)})\\s+(${name})`,
        captures: { 1: { name: "storage.type.norm" }, 2: { name: "entity.name.function.norm" } },
      },
      words: {
        patterns: [
          ...Object.entries(kinds).map(([scope, list]) => ({ name: scope, match: word(list) })),
          { name: "keyword.other.norm", match: word(reserved.filter((text) => !special.has(text))) },
          // Opening words are names unless they start a line or a block, and no `=`, `<-` or `:` follows.
          {
            match: `(?:^|(?<=\\{))\\s*(${oneOf(words("Name"))})(?=\\s+(?!as\\s)[^\\s=<:},]|\\s*\\{)`,
            captures: { 1: { name: "keyword.other.norm" } },
          },
        ],
      },
      axes: {
        begin: "\\[",
        end: "\\]",
        beginCaptures: { 0: { name: "punctuation.section.brackets.norm" } },
        endCaptures: { 0: { name: "punctuation.section.brackets.norm" } },
        patterns: [
          // An extent is an expression, whose names are no axes.
          {
            begin: ":",
            end: "(?=[,\\]])",
            beginCaptures: { 0: { name: "punctuation.separator.norm" } },
            patterns: [{ include: "#code" }],
          },
          { include: "#comments" },
          { name: "keyword.other.norm", match: word(["as"]) },
          { name: "variable.parameter.axis.norm", match: name },
        ],
      },
      operators: {
        patterns: [
          { name: "keyword.operator.norm", match: oneOf(operators) },
          { name: "punctuation.separator.norm", match: oneOf(separators) },
        ],
      },
    },
  };
}
