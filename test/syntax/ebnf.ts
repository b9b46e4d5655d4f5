/**
 * An independent reading of `grammar/norm.ebnf`: a parser for the notation, a recogniser after Earley for any grammar in
 * it, and random sentences. It shares nothing with the parser but the tokens.
 */

import fc from "fast-check";

export type Notation =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "rule"; readonly name: string; readonly except: readonly string[] }
  | { readonly kind: "sequence" | "choice"; readonly parts: readonly Notation[] }
  | { readonly kind: "optional" | "repeated"; readonly part: Notation };

/** The rules of a file, by name. Rules of the lexical part that say how tokens are spelled are left out. */
export function readEbnf(text: string): Map<string, Notation> {
  const rules = new Map<string, Notation>();
  for (const match of text.replace(/\(\*[^]*?\*\)/g, "").matchAll(/(\w+) = ([^]*?) ;\n/g)) {
    const [, name, body] = match;
    if (/^[a-z]/.test(name!) ? !/^(digits|letter|digit|newline|tab|byte_order_mark|character)$/.test(name!) : /^(Name|Callee|Word|Opening|Reserved)$/.test(name!)) {
      rules.set(name!, readNotation(body!));
    }
  }
  return rules;
}

function readNotation(text: string): Notation {
  const words = text.match(/"[^"]*"|\w+|[|{}()[\]-]/g)!;
  let at = 0;
  const closing: Readonly<Record<string, string>> = { "(": ")", "[": "]", "{": "}" };
  const choice = (): Notation => {
    const parts = [sequence()];
    while (words[at] === "|") {
      at++;
      parts.push(sequence());
    }
    return parts.length === 1 ? parts[0]! : { kind: "choice", parts };
  };
  const sequence = (): Notation => {
    const parts: Notation[] = [];
    while (at < words.length && !/^[|)\]}]$/.test(words[at]!)) parts.push(part());
    return parts.length === 1 ? parts[0]! : { kind: "sequence", parts };
  };
  const part = (): Notation => {
    const word = words[at++]!;
    if (word in closing) {
      const inner = choice();
      if (words[at++] !== closing[word]) throw new Error(`unpaired ${word} in ${text}`);
      return word === "(" ? inner : { kind: word === "[" ? "optional" : "repeated", part: inner };
    }
    if (word.startsWith('"')) return { kind: "text", text: word.slice(1, -1) };
    const except: string[] = [];
    while (words[at] === "-") {
      except.push(words[at + 1]!.slice(1, -1));
      at += 2;
    }
    return { kind: "rule", name: word, except };
  };
  return choice();
}

/** A token as the recogniser sees it: its text, and the name of its kind, such as `Number`. */
export interface Word {
  readonly text: string;
  readonly kind: string;
}

type Symbol = { readonly text: string } | { readonly token: string } | { readonly rule: number; readonly except: readonly string[] };

/** Recognises sentences of a grammar, by Earley's algorithm. */
export class Recogniser {
  /** The alternatives of every rule, each a sequence of symbols; parts with a structure have become rules of their own. */
  private readonly rules: Symbol[][][] = [];
  private readonly numbers = new Map<string, number>();
  private readonly start: number;

  constructor(grammar: ReadonlyMap<string, Notation>, start: string) {
    for (const name of grammar.keys()) this.numbers.set(name, this.rules.push([]) - 1);
    for (const [name, notation] of grammar) this.rules[this.numbers.get(name)!] = this.alternatives(notation);
    this.start = this.numbers.get(start)!;
  }

  private alternatives(notation: Notation): Symbol[][] {
    return notation.kind === "choice" ? notation.parts.map((part) => this.sequence(part)) : [this.sequence(notation)];
  }

  private sequence(notation: Notation): Symbol[] {
    return notation.kind === "sequence" ? notation.parts.map((part) => this.symbol(part)) : [this.symbol(notation)];
  }

  private symbol(notation: Notation): Symbol {
    if (notation.kind === "text") return { text: notation.text };
    if (notation.kind === "rule") {
      const rule = this.numbers.get(notation.name);
      return rule === undefined ? { token: notation.name } : { rule, except: notation.except };
    }
    const rule = this.rules.push([]) - 1;
    const again: Symbol = { rule, except: [] };
    if (notation.kind === "optional") this.rules[rule] = [[], ...this.alternatives(notation.part)];
    else if (notation.kind === "repeated") this.rules[rule] = [[], ...this.alternatives(notation.part).map((part) => [...part, again])];
    else this.rules[rule] = this.alternatives(notation);
    return again;
  }

  accepts(words: readonly Word[]): boolean {
    // An item is a rule's alternative, how much of it was read, and where the rule began.
    const key = (rule: number, alternative: number, read: number, origin: number) => ((rule * 64 + alternative) * 32 + read) * 1024 + origin;
    type Item = { rule: number; alternative: number; read: number; origin: number };
    const sets: { items: Item[]; keys: Set<number> }[] = Array.from({ length: words.length + 1 }, () => ({ items: [], keys: new Set() }));
    const add = (at: number, item: Item) => {
      const set = sets[at]!;
      const known = key(item.rule, item.alternative, item.read, item.origin);
      if (set.keys.has(known)) return;
      set.keys.add(known);
      set.items.push(item);
    };
    const predict = (rule: number, at: number) => this.rules[rule]!.forEach((_, alternative) => add(at, { rule, alternative, read: 0, origin: at }));
    predict(this.start, 0);
    for (let at = 0; at <= words.length; at++) {
      const word = words[at];
      const { items } = sets[at]!;
      // Rules that end where they began can be found again after they were completed.
      const empty = new Set<number>();
      for (let i = 0; i < items.length; i++) {
        const item = items[i]!;
        const next = this.rules[item.rule]![item.alternative]![item.read];
        const advanced = (from: Item) => ({ ...from, read: from.read + 1 });
        if (next === undefined) {
          if (item.origin === at) empty.add(item.rule);
          for (const waiting of sets[item.origin]!.items.slice()) {
            const wanted = this.rules[waiting.rule]![waiting.alternative]![waiting.read];
            if (wanted !== undefined && "rule" in wanted && wanted.rule === item.rule && !this.excluded(wanted.except, words[item.origin], at - item.origin)) add(at, advanced(waiting));
          }
        } else if ("rule" in next) {
          predict(next.rule, at);
          if (empty.has(next.rule)) add(at, advanced(item));
        } else if (word !== undefined && ("text" in next ? next.text === word.text && word.kind !== "String" : next.token === word.kind)) {
          add(at + 1, advanced(item));
        }
      }
    }
    return sets.at(-1)!.items.some(({ rule, alternative, read, origin }) => rule === this.start && origin === 0 && read === this.rules[rule]![alternative]!.length);
  }

  private excluded(except: readonly string[], word: Word | undefined, length: number): boolean {
    return length === 1 && word !== undefined && except.includes(word.text);
  }
}

const spellings: Readonly<Record<string, readonly string[]>> = {
  Identifier: ["x", "größe", "heads"],
  Number: ["1", "0.5", "1e-3"],
  Percentage: ["5%"],
  String: ['"text"'],
};

/** Random sentences of a grammar, as the texts of their tokens. Deep down, the shortest alternative is taken. */
export function randomSentence(grammar: ReadonlyMap<string, Notation>, start: string): fc.Arbitrary<string[]> {
  const heights = shortest(grammar);
  return fc.infiniteStream(fc.nat(1_000_000)).map((stream) => {
    const choose = (count: number): number => stream.next().value % count;
    const height = (notation: Notation) => heightOf(notation, heights);
    const write = (notation: Notation, room: number): string[] => {
      switch (notation.kind) {
        case "text":
          return [notation.text];
        case "rule": {
          const rule = grammar.get(notation.name);
          if (rule === undefined) return [spellings[notation.name]![choose(spellings[notation.name]!.length)]!];
          const words = write(rule, room - 1);
          return words.length === 1 && notation.except.includes(words[0]!) ? ["x"] : words;
        }
        case "sequence":
          return notation.parts.flatMap((part) => write(part, room));
        case "choice": {
          const least = Math.min(...notation.parts.map(height));
          const parts = notation.parts.filter((part) => height(part) <= Math.max(room, least));
          return write(parts[choose(parts.length)]!, room);
        }
        case "optional":
          return choose(2) === 0 || height(notation.part) > room ? [] : write(notation.part, room);
        case "repeated":
          return height(notation.part) > room ? [] : Array.from({ length: choose(3) }, () => write(notation.part, room - 1)).flat();
      }
    };
    return write({ kind: "rule", name: start, except: [] }, 24);
  });
}

/** How many rules at least must be nested to write each rule. */
function shortest(grammar: ReadonlyMap<string, Notation>): Map<string, number> {
  const heights = new Map<string, number>();
  for (let changed = true; changed; ) {
    changed = false;
    for (const [name, notation] of grammar) {
      const height = heightOf(notation, heights) + 1;
      if (height < (heights.get(name) ?? Infinity)) {
        heights.set(name, height);
        changed = true;
      }
    }
  }
  return heights;
}

function heightOf(notation: Notation, heights: ReadonlyMap<string, number>): number {
  switch (notation.kind) {
    case "text":
      return 0;
    case "rule":
      return notation.name in spellings ? 0 : (heights.get(notation.name) ?? Infinity);
    case "sequence":
      return Math.max(0, ...notation.parts.map((part) => heightOf(part, heights)));
    case "choice":
      return Math.min(...notation.parts.map((part) => heightOf(part, heights)));
    default:
      return 0;
  }
}
