/**
 * Where comments go. Prettier finds the nodes around a comment; this file decides to which of them it belongs.
 *
 * A comment stays where it is among statements and among the items of a list. Anywhere else, inside what is printed on
 * one line, it moves in front of the smallest statement or item around it.
 */

import type { Doc, Printer } from "prettier";
import { builders } from "prettier/doc";
import type { Comment, Definition, Node, Statement, When } from "../syntax/ast.js";
import { childrenOf } from "../syntax/visit.js";
import { type Surroundings, isBlankLineBehind, surroundingsOf } from "./surroundings.js";

const { hardline } = builders;

/** What Prettier adds to a comment while it attaches it. */
interface Attached extends Comment {
  leading?: boolean;
  trailing?: boolean;
  printed?: boolean;
  /** For a comment in an empty block: in which of its statement's blocks it stands. */
  block?: "then" | "otherwise";
  enclosingNode?: Node;
  precedingNode?: Node;
  followingNode?: Node;
  placement?: "ownLine" | "endOfLine" | "remaining";
}
type Commented = Node & { comments?: Attached[] };

const statementKinds: ReadonlySet<Node["kind"]> = new Set<Statement["kind"]>([
  "Param", "State", "Binding", "Update", "When", "Return", "Input", "Loss", "Report",
  "Groups", "Normalize", "Place", "Repeat", "Sublayer",
  "Setting", "Freeze", "From", "Measurement",
  "Vary", "Exclude", "Seeds", "AblationReport",
]);
const itemKinds: ReadonlySet<Node["kind"]> = new Set<Node["kind"]>([
  "Use", "UseItem", "Definition", "Parameter", "PolicyLine", "Argument", "Reported",
]);

/** Statements and the items of lists, each of which can stand on a line of its own. */
function canAttachComment(node: Node, [parent]: Node[]): boolean {
  // Behind `measure … given image = blurred` the line may go on.
  if (node.kind === "Binding" && parent?.kind === "Measurement") return false;
  if (statementKinds.has(node.kind) || itemKinds.has(node.kind)) return true;
  // The axes of a clause, as in `over head, key`, are no list of their own.
  if (node.kind === "AxisDeclaration") return parent?.kind !== "Clause";
  return parent?.kind === "Vary" && node.kind !== "Path";
}

function attach(node: Node, comment: Attached, side: "leading" | "trailing" | "dangling"): true {
  comment.leading = side === "leading";
  comment.trailing = side === "trailing";
  comment.printed = false;
  ((node as Commented).comments ??= []).push(comment);
  return true;
}

/** Decides for every comment, so that Prettier's own rules never apply. */
function handleComment(comment: Attached, text: string, _options: unknown, file: Node): true {
  const { enclosingNode: enclosing, precedingNode: preceding, followingNode: following } = comment;
  const around = surroundingsOf(comment, file, text);
  const follows = preceding !== undefined && around.before <= preceding.end;
  const leads = following !== undefined && around.after >= following.start;
  // `a = 1  // about a`
  if (follows && comment.placement === "endOfLine") return attach(preceding, comment, "trailing");
  if (leads) return attach(following, comment, "leading");
  if (follows) return attach(preceding, comment, "trailing");
  if (enclosing === undefined) return attach(file, comment, "dangling");
  if (enclosing.kind === "Definition") return placeInDefinition(enclosing, comment);
  const block = emptyBlockAround(enclosing, around, text);
  if (block !== undefined) {
    if (block !== "body") comment.block = block;
    return attach(enclosing, comment, "dangling");
  }
  // `a = // why` ⏎ `b` becomes `// why` ⏎ `a = b`.
  return attach(enclosing, comment, "leading");
}

/**
 * A comment between the parts of a definition's head. In front of the definition it could be taken for documentation, or
 * part documentation from its definition, so it goes inside: `norm f // why` ⏎ `(x) {` becomes `norm f(x) {` ⏎ `// why`.
 * A definition without a block prints it behind the `=`.
 */
function placeInDefinition(definition: Definition, comment: Attached): true {
  const [first] = definition.body;
  return first === undefined ? attach(definition, comment, "dangling") : attach(first, comment, "leading");
}

/** The empty block of a statement that holds nothing but this comment and others like it. */
function emptyBlockAround(node: Node, { before, after }: Surroundings, text: string): "then" | "otherwise" | "body" | undefined {
  const brace = before - 1;
  if (brace < node.start || text[brace] !== "{" || text[after] !== "}") return undefined;
  switch (node.kind) {
    case "Repeat":
      return node.body.length === 0 ? "body" : undefined;
    case "Return":
      return node.gradient?.body.length === 0 ? "body" : undefined;
    case "When":
      return emptyBranchAround(node, text.slice(node.start, brace));
    default:
      return undefined;
  }
}

function emptyBranchAround({ then, otherwise }: When, head: string): "then" | "otherwise" | undefined {
  if (/\botherwise\s*$/.test(withoutComments(head))) return otherwise?.length === 0 ? "otherwise" : undefined;
  return then.length === 0 ? "then" : undefined;
}

/** The text with its comments blanked out. Texts in quotes, which may hold slashes, are blanked as well. */
function withoutComments(text: string): string {
  return text.replace(/"(?:[^"\\\n]|\\.)*"|\/\/[^\n]*/g, (match) => (match.startsWith("/") ? "" : '""'));
}

/** The comments of an otherwise empty file or block, each on its line, and marked as printed. */
export function printDanglingComments({ node }: { readonly node: Node }, text: string, block?: "then" | "otherwise"): Doc[] {
  const dangling = ((node as Commented).comments ?? []).filter((comment) => !comment.leading && !comment.trailing && comment.block === block);
  return dangling.flatMap<Doc>((comment, i) => {
    comment.printed = true;
    const blank = i < dangling.length - 1 && isBlankLineBehind(text, comment.end);
    return [i === 0 ? "" : hardline, comment.value, blank ? hardline : ""];
  });
}

/** What Prettier asks of a printer about comments. */
export const comments: Pick<Printer, "canAttachComment" | "getCommentChildNodes" | "isBlockComment" | "printComment" | "handleComments"> = {
  canAttachComment,
  getCommentChildNodes: (node: Node) => childrenOf(node),
  isBlockComment: () => false,
  printComment: (path) => (path.node as Comment).value,
  handleComments: { ownLine: handleComment, endOfLine: handleComment, remaining: handleComment },
};
