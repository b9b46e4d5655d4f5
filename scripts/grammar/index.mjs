/** The files of `grammar/`, from the parser and its tokens. The caller brings both, from `dist` or from `src`. */

import { diagrams } from "./diagrams.mjs";
import { ebnf } from "./ebnf.mjs";
import { textmate } from "./textmate.mjs";

export { production } from "./ebnf.mjs";

/** The text of every file, by its name. */
export function grammarFiles({ parser, tokens, definitionKeywords }) {
  return {
    "norm.ebnf": ebnf(parser.getGAstProductions(), tokens),
    "diagrams.html": diagrams(parser.getSerializedGastProductions()),
    "norm.tmLanguage.json": `${JSON.stringify(textmate(tokens, definitionKeywords), undefined, 2)}\n`,
  };
}
