/** A TextMate grammar that is injected into that of Markdown: the text between fences that are marked as `norm` is Norm. */

export const markdownGrammar = {
  scopeName: "markdown.norm.codeblock",
  injectionSelector: "L:text.html.markdown",
  patterns: [{ include: "#fenced" }],
  repository: {
    fenced: {
      begin: "(^|\\G)(\\s*)(`{3,}|~{3,})\\s*(?i:(norm)((\\s+|:|,|\\{|\\?)[^`]*)?$)",
      end: "(^|\\G)(\\2|\\s{0,3})(\\3)\\s*$",
      name: "markup.fenced_code.block.markdown",
      beginCaptures: { 3: { name: "punctuation.definition.markdown" }, 4: { name: "fenced_code.block.language.markdown" }, 5: { name: "fenced_code.block.language.attributes.markdown" } },
      endCaptures: { 3: { name: "punctuation.definition.markdown" } },
      patterns: [
        {
          begin: "(^|\\G)(\\s*)(.*)",
          while: "(^|\\G)(?!\\s*([`~]{3,})\\s*$)",
          contentName: "meta.embedded.block.norm",
          patterns: [{ include: "source.norm" }],
        },
      ],
    },
  },
};
