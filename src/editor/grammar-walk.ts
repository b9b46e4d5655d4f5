/**
 * Which tokens may follow a beginning of a text: a walk over the productions of the grammar with all its alternatives at once,
 * which keeps for each the rules that it is in. The parser itself stops at a mistake; here a token that nothing allows is passed over.
 */

import { type IProduction, type IToken, type TokenType, Alternation, Alternative, NonTerminal, Option, Repetition, RepetitionMandatory, Terminal, tokenMatcher } from "#chevrotain";
import { parser } from "../syntax/grammar.js";

/** A rule that is under way, or a part of one, with what is still to come of it. */
interface Frame {
  readonly rule: string;
  /** The index of the rule's first token. */
  readonly start: number;
  readonly rest: readonly IProduction[];
  readonly outer: Frame | undefined;
}

/** A token that may come next, and the rules that it would stand in. */
export interface Next {
  readonly token: TokenType;
  /** Outermost first, each with the index of its first token. */
  readonly rules: readonly { readonly name: string; readonly start: number }[];
  /** Which of the rule's terminals it is: what is still to come of the innermost rule. */
  readonly index: number;
}

interface State {
  readonly terminal: Terminal;
  /** What follows the terminal. */
  readonly frame: Frame;
}

const rules = parser.getGAstProductions();

/** More ways to read a text are not followed. */
const mostStates = 2_000;

/** What may follow the tokens of a file, or of its last definition. */
export function nextTokens(tokens: readonly IToken[]): readonly Next[] {
  let states = closure([{ rule: "file", start: 0, rest: rules["file"]!.definition, outer: undefined }], 0);
  tokens.forEach((token, i) => {
    const taken = states.filter(({ terminal }) => tokenMatcher(token, terminal.terminalType));
    // A mistake: as if the token did not stand there.
    if (taken.length > 0) states = closure(taken.map(({ frame }) => frame), i + 1);
  });
  return states.map(({ terminal, frame }) => ({ token: terminal.terminalType, rules: rulesOf(frame), index: terminal.idx }));
}

function rulesOf(frame: Frame): { name: string; start: number }[] {
  const found: { name: string; start: number }[] = [];
  for (let at: Frame | undefined = frame; at !== undefined; at = at.outer) {
    // Parts of one rule have frames of their own.
    if (found[0]?.name !== at.rule || found[0].start !== at.start) found.unshift({ name: at.rule, start: at.start });
  }
  return found;
}

/** The terminals that can come first, with what follows each. */
function closure(frames: readonly Frame[], position: number): State[] {
  const found: State[] = [];
  const open = [...frames];
  const isWithin = () => found.length + open.length < mostStates;
  while (open.length > 0 && isWithin()) {
    const frame = open.pop()!;
    const [first, ...rest] = frame.rest;
    if (first === undefined) {
      if (frame.outer !== undefined) open.push(frame.outer);
      continue;
    }
    const behind: Frame = { ...frame, rest };
    const inside = (definition: readonly IProduction[], outer: Frame): Frame => ({ rule: frame.rule, start: frame.start, rest: definition, outer });
    if (first instanceof Terminal) found.push({ terminal: first, frame: behind });
    else if (first instanceof NonTerminal) open.push({ rule: first.nonTerminalName, start: position, rest: rules[first.nonTerminalName]!.definition, outer: behind });
    else if (first instanceof Alternation) open.push(...first.definition.map((alternative) => inside([alternative], behind)));
    else if (first instanceof Alternative) open.push(inside(first.definition, behind));
    else if (first instanceof Option) open.push(behind, inside(first.definition, behind));
    // What repeats comes back to itself.
    else if (first instanceof Repetition) open.push(behind, inside(first.definition, frame));
    else if (first instanceof RepetitionMandatory) open.push(inside(first.definition, { ...frame, rest: [new Repetition({ definition: first.definition }), ...rest] }));
    else throw new Error("the grammar has a production that the walk does not know");
  }
  return found;
}
