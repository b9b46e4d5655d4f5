/** The typed syntax tree. Every node knows its place; parts that recovery left out are `Missing` or empty, never undefined. */

/** Offsets into the text, end exclusive. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

export interface File extends Span {
  readonly kind: "File";
  readonly uses: readonly Use[];
  readonly definitions: readonly Definition[];
  readonly comments: readonly Comment[];
}

export interface Comment extends Span {
  readonly kind: "Comment";
  /** Including its slashes. */
  readonly value: string;
}

export interface Identifier extends Span {
  readonly kind: "Identifier";
  readonly name: string;
}

export interface Use extends Span {
  readonly kind: "Use";
  /** `std.norms`, or the text of a file name. */
  readonly module: string;
  readonly isFile: boolean;
  readonly modulePlace: Span;
  /** Undefined when the module is used under its own last name. */
  readonly items?: readonly UseItem[];
}
export interface UseItem extends Span {
  readonly kind: "UseItem";
  readonly name: Identifier;
  readonly alias?: Identifier;
}

export type CallableKeyword =
  | "norm" | "placement" | "layer" | "function" | "objective" | "optimizer" | "schedule" | "initializer" | "measure";
export type DefinitionKeyword = CallableKeyword | "stack" | "model" | "train" | "ablation";

export interface Definition extends Span {
  readonly kind: "Definition";
  readonly keyword: DefinitionKeyword;
  readonly name: Identifier;
  readonly parameters?: readonly Parameter[];
  /** What a `train` trains and an `ablation` varies. */
  readonly of?: readonly Expression[];
  /** `= expression`, for a variant or a partly applied definition. */
  readonly value?: Expression;
  readonly body: readonly Statement[];
  /** The `///` lines above, without their slashes. */
  readonly documentation: string;
  /** True when the parser had to skip or make up something inside. */
  readonly damaged: boolean;
}

export interface Parameter extends Span {
  readonly kind: "Parameter";
  readonly name: Identifier;
  /** `x over axes`: the name under which the caller's axes are known. */
  readonly axes?: Identifier;
  readonly axesKeyword?: "over" | "along";
  readonly default?: Expression;
}

export interface AxisDeclaration extends Span {
  readonly kind: "AxisDeclaration";
  readonly name: Identifier;
  readonly extent?: Expression;
}

export type Statement =
  | ParamStatement | StateStatement | Binding | Update | When | Return | InputStatement | LossStatement | ReportStatement
  | Groups | Normalize | Place | Repeat | Sublayer
  | Setting | Freeze | From | Measurement
  | Vary | Exclude | Seeds | AblationReport;

export interface ParamStatement extends Span {
  readonly kind: "Param";
  readonly name: Identifier;
  readonly axes: readonly AxisDeclaration[];
  readonly initial: Initial;
  /** What becomes of the parameter after every update, an expression in which its name is the updated value. */
  readonly kept?: Expression;
}
/** `= value` sets every element; `~ initializer` draws them. */
export interface Initial extends Span {
  readonly kind: "Initial";
  readonly drawn: boolean;
  readonly value: Expression;
}
export interface StateStatement extends Span {
  readonly kind: "State";
  /** `shared`: one scalar for all parameters of an optimizer. `stream`: carried from sublayer to sublayer by a placement. */
  readonly scope: "state" | "shared" | "stream";
  readonly name: Identifier;
  readonly axes: readonly AxisDeclaration[];
  readonly value: Expression;
}
export interface Binding extends Span {
  readonly kind: "Binding";
  readonly name: Identifier;
  readonly value: Expression;
}
export interface Update extends Span {
  readonly kind: "Update";
  readonly name: Identifier;
  readonly value: Expression;
}
export interface When extends Span {
  readonly kind: "When";
  readonly condition: Expression;
  readonly then: readonly Statement[];
  readonly otherwise?: readonly Statement[];
}
export interface Return extends Span {
  readonly kind: "Return";
  readonly value: Expression;
  readonly gradient?: { readonly cotangent: Identifier; readonly body: readonly Statement[] };
}
export interface InputStatement extends Span {
  readonly kind: "Input";
  readonly name: Identifier;
  readonly axes: readonly AxisDeclaration[];
  readonly below?: Expression;
}
export interface LossStatement extends Span {
  readonly kind: "Loss";
  readonly value: Expression;
}
export interface ReportStatement extends Span {
  readonly kind: "Report";
  readonly name?: Identifier;
  readonly value: Expression;
}
export interface Groups extends Span {
  readonly kind: "Groups";
  readonly groups: readonly AxisDeclaration[];
}
export interface Normalize extends Span {
  readonly kind: "Normalize";
  readonly at: readonly Path[];
  /** Undefined for the bare `normalize`, which is a site. */
  readonly policy?: PolicyExpression;
}
export interface Place extends Span {
  readonly kind: "Place";
  readonly value: Expression;
}
export interface Repeat extends Span {
  readonly kind: "Repeat";
  readonly count: Expression;
  readonly body: readonly Statement[];
}
export interface Sublayer extends Span {
  readonly kind: "Sublayer";
  readonly value: Expression;
  readonly placed?: Expression;
  readonly normalized?: PolicyExpression;
}
export interface Setting extends Span {
  readonly kind: "Setting";
  readonly keyword: "data" | "optimizer" | "schedule" | "batch" | "epochs" | "steps" | "seed" | "holdout" | "precision";
  /** For `optimizer at norm, bias: …`. */
  readonly at: readonly Path[];
  readonly value: Expression;
}
export interface Freeze extends Span {
  readonly kind: "Freeze";
  readonly at: readonly Path[];
}
/** What a stage begins with: the parameters of an earlier stage, or of a file. */
export interface From extends Span {
  readonly kind: "From";
  readonly value: Expression;
  readonly at: readonly Path[];
}
export interface Measurement extends Span {
  readonly kind: "Measurement";
  readonly measures: readonly Expression[];
  readonly at?: Path;
  /** Inputs of the model that other values stand for while it is measured. */
  readonly given: readonly Binding[];
  /** `training` or `evaluation`, the default. */
  readonly mode?: Identifier;
  /** How many examples are measured: `of 512 examples`. */
  readonly of?: { readonly count: Expression; readonly unit: Identifier };
  readonly every?: { readonly count: Expression; readonly unit: Identifier };
}
export interface Vary extends Span {
  readonly kind: "Vary";
  readonly paths: readonly Path[];
  readonly choices: readonly Expression[];
}
export interface Exclude extends Span {
  readonly kind: "Exclude";
  readonly conditions: readonly { readonly path: Path; readonly value: Expression }[];
}
export interface Seeds extends Span {
  readonly kind: "Seeds";
  readonly value: Expression;
}
export interface AblationReport extends Span {
  readonly kind: "AblationReport";
  readonly items: readonly Reported[];
}
/** A report or measure of a recipe, and which of its values are the good ones, when that is said. */
export interface Reported extends Span {
  readonly kind: "Reported";
  readonly path: Path;
  readonly best?: "highest" | "lowest";
}

export interface Path extends Span {
  readonly kind: "Path";
  readonly segments: readonly string[];
}

export type Expression =
  | NumberExpression | StringExpression | BooleanExpression | NoneExpression | NameExpression | Unary | Binary | Call
  | Member | Renaming | ParamExpression | PolicyExpression | Variant | Where | Tuple | Missing;

export interface NumberExpression extends Span {
  readonly kind: "Number";
  readonly value: number;
  /** As written: `5%`, `1e-3`. */
  readonly text: string;
}
export interface StringExpression extends Span {
  readonly kind: "String";
  readonly value: string;
}
export interface BooleanExpression extends Span {
  readonly kind: "Boolean";
  readonly value: boolean;
}
export interface NoneExpression extends Span {
  readonly kind: "None";
}
export interface NameExpression extends Span {
  readonly kind: "Name";
  readonly name: string;
}
export interface Unary extends Span {
  readonly kind: "Unary";
  readonly operator: "-" | "not";
  readonly operand: Expression;
}
export type BinaryOperator = "+" | "-" | "*" | "/" | "^" | "<" | "<=" | ">" | ">=" | "==" | "!=" | "and" | "or";
export interface Binary extends Span {
  readonly kind: "Binary";
  readonly operator: BinaryOperator;
  readonly left: Expression;
  readonly right: Expression;
}
export interface Call extends Span {
  readonly kind: "Call";
  readonly callee: Expression;
  /** `norm@inner(x)`: the name of the site. */
  readonly site?: Identifier;
  readonly arguments: readonly Argument[];
}
export interface Argument extends Span {
  readonly kind: "Argument";
  readonly name?: Identifier;
  readonly value: Expression;
  readonly clause?: Clause;
}
/** The axes that an argument names: `x over feature`, `x, group, channel into feature`. */
export interface Clause extends Span {
  readonly kind: "Clause";
  readonly keyword: "over" | "except" | "along" | "into";
  readonly axes: readonly AxisDeclaration[];
}
export interface Member extends Span {
  readonly kind: "Member";
  readonly object: Expression;
  readonly name: Identifier;
}
export interface Renaming extends Span {
  readonly kind: "Renaming";
  readonly object: Expression;
  readonly pairs: readonly { readonly from: Identifier; readonly to: Identifier }[];
}
export interface ParamExpression extends Span {
  readonly kind: "ParamExpression";
  readonly axes: readonly AxisDeclaration[];
  readonly initial: Initial;
}
export interface PolicyExpression extends Span {
  readonly kind: "Policy";
  readonly lines: readonly PolicyLine[];
}
export interface PolicyLine extends Span {
  readonly kind: "PolicyLine";
  /** Undefined for `..`, all the rest. */
  readonly groups?: readonly Identifier[];
  readonly value: Expression;
}
export interface Variant extends Span {
  readonly kind: "Variant";
  readonly base: Expression;
  readonly items: readonly Statement[];
}
export interface Where extends Span {
  readonly kind: "Where";
  readonly value: Expression;
  readonly condition: Expression;
}
export interface Tuple extends Span {
  readonly kind: "Tuple";
  readonly items: readonly Expression[];
}
/** An expression that the parser could not read. It has been reported. */
export interface Missing extends Span {
  readonly kind: "Missing";
}

export type Node =
  | File | Comment | Identifier | Use | UseItem | Definition | Parameter | AxisDeclaration | Statement | Initial | Path
  | Expression | Argument | Clause | PolicyLine | Reported;
