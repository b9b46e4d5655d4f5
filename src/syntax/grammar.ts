/**
 * The grammar: LL(2), without backtracking. Newlines are not significant; a statement starts with a keyword, with a
 * name followed by `=`, `<-` or `:`, or with a call. Each rule carries its production. `grammar/` is generated from here.
 */

import { CstParser } from "#chevrotain";
import { expectations } from "./messages.js";
import * as t from "./tokens.js";

class NormParser extends CstParser {
  constructor() {
    super(t.tokens, {
      maxLookahead: 2,
      nodeLocationTracking: "full",
      errorMessageProvider: expectations,
      skipValidations: true,
    });
    this.performSelfAnalysis();
  }

  /** file = { use | definition } ; */
  file = this.RULE("file", () => {
    this.MANY(() => this.OR([{ ALT: () => this.SUBRULE(this.use) }, { ALT: () => this.SUBRULE(this.definition) }]));
  });

  /** use = "use" ( String | Name { "." Name } ) [ "{" useItem { "," useItem } [ "," ] "}" ] ; */
  private use = this.RULE("use", () => {
    this.CONSUME(t.Use);
    this.OR([
      { ALT: () => this.CONSUME(t.StringLiteral) },
      {
        ALT: () => {
          this.CONSUME(t.Name);
          this.MANY(() => {
            this.CONSUME(t.Dot);
            this.CONSUME1(t.Name);
          });
        },
      },
    ]);
    this.OPTION(() => {
      this.CONSUME(t.LeftBrace);
      this.SUBRULE(this.useItem);
      this.MANY1(() => {
        this.CONSUME(t.Comma);
        this.SUBRULE1(this.useItem);
      });
      this.OPTION1(() => this.CONSUME5(t.Comma));
      this.CONSUME(t.RightBrace);
    });
  });

  /** useItem = Name [ "as" Name ] ; */
  private useItem = this.RULE("useItem", () => {
    this.CONSUME(t.Name);
    this.OPTION(() => {
      this.CONSUME(t.As);
      this.CONSUME1(t.Name);
    });
  });

  /** definition = callable | stack | model | train | ablation ; */
  private definition = this.RULE("definition", () => {
    this.OR([
      { ALT: () => this.SUBRULE(this.callable) },
      { ALT: () => this.SUBRULE(this.stack) },
      { ALT: () => this.SUBRULE(this.model) },
      { ALT: () => this.SUBRULE(this.train) },
      { ALT: () => this.SUBRULE(this.ablation) },
    ]);
  });

  /**
   * callable = ( "norm" | "placement" | "layer" | "function" | "objective" | "optimizer" | "schedule" | "initializer"
   *            | "measure" ) Name ( parameters block | equals ) ;
   */
  private callable = this.RULE("callable", () => {
    this.OR([
      { ALT: () => this.CONSUME(t.Norm) },
      { ALT: () => this.CONSUME(t.Placement) },
      { ALT: () => this.CONSUME(t.LayerWord) },
      { ALT: () => this.CONSUME(t.FunctionWord) },
      { ALT: () => this.CONSUME(t.Objective) },
      { ALT: () => this.CONSUME(t.Optimizer) },
      { ALT: () => this.CONSUME(t.Schedule) },
      { ALT: () => this.CONSUME(t.Initializer) },
      { ALT: () => this.CONSUME(t.Measure) },
    ]);
    this.CONSUME(t.Name);
    this.OR1([
      {
        ALT: () => {
          this.SUBRULE(this.parameters);
          this.SUBRULE(this.block);
        },
      },
      { ALT: () => this.SUBRULE(this.equals) },
    ]);
  });

  /** equals = "=" expression ; */
  private equals = this.RULE("equals", () => {
    this.CONSUME(t.Equals);
    this.SUBRULE(this.expression);
  });

  /** stack = "stack" Name ( parameters stackBlock | equals ) ; */
  private stack = this.RULE("stack", () => {
    this.CONSUME(t.Stack);
    this.CONSUME(t.Name);
    this.OR([
      {
        ALT: () => {
          this.SUBRULE(this.parameters);
          this.SUBRULE(this.stackBlock);
        },
      },
      { ALT: () => this.SUBRULE(this.equals) },
    ]);
  });

  /** model = "model" Name ( [ parameters ] block | equals ) ; */
  private model = this.RULE("model", () => {
    this.CONSUME(t.Model);
    this.CONSUME(t.Name);
    this.OR([
      {
        ALT: () => {
          this.OPTION(() => this.SUBRULE(this.parameters));
          this.SUBRULE(this.block);
        },
      },
      { ALT: () => this.SUBRULE(this.equals) },
    ]);
  });

  /** train = "train" Name ( "of" expression "{" { setting } "}" | equals ) ; */
  private train = this.RULE("train", () => {
    this.CONSUME(t.Train);
    this.CONSUME(t.Name);
    this.OR([
      {
        ALT: () => {
          this.CONSUME(t.Of);
          this.SUBRULE(this.expression);
          this.CONSUME(t.LeftBrace);
          this.MANY(() => this.SUBRULE(this.setting));
          this.CONSUME(t.RightBrace);
        },
      },
      { ALT: () => this.SUBRULE(this.equals) },
    ]);
  });

  /** ablation = "ablation" Name "of" Name { "," Name } "{" { vary | exclude | seeds | ablationReport } "}" ; */
  private ablation = this.RULE("ablation", () => {
    this.CONSUME(t.Ablation);
    this.CONSUME(t.Name);
    this.CONSUME(t.Of);
    this.CONSUME1(t.Name);
    this.MANY(() => {
      this.CONSUME(t.Comma);
      this.CONSUME2(t.Name);
    });
    this.CONSUME(t.LeftBrace);
    this.MANY1(() =>
      this.OR([
        { ALT: () => this.SUBRULE(this.vary) },
        { ALT: () => this.SUBRULE(this.exclude) },
        { ALT: () => this.SUBRULE(this.seeds) },
        { ALT: () => this.SUBRULE(this.ablationReport) },
      ]),
    );
    this.CONSUME(t.RightBrace);
  });

  /** vary = "vary" path { "," path } "in" "{" expression { "," expression } [ "," ] "}" ; */
  private vary = this.RULE("vary", () => {
    this.CONSUME(t.Vary);
    this.SUBRULE(this.path);
    this.MANY(() => {
      this.CONSUME(t.Comma);
      this.SUBRULE1(this.path);
    });
    this.CONSUME(t.In);
    this.CONSUME(t.LeftBrace);
    this.SUBRULE(this.expression);
    this.MANY1(() => {
      this.CONSUME1(t.Comma);
      this.SUBRULE1(this.expression);
    });
    this.OPTION(() => this.CONSUME6(t.Comma));
    this.CONSUME(t.RightBrace);
  });

  /** exclude = "exclude" path "=" expression { "," path "=" expression } ; */
  private exclude = this.RULE("exclude", () => {
    this.CONSUME(t.Exclude);
    this.SUBRULE(this.path);
    this.CONSUME(t.Equals);
    this.SUBRULE(this.expression);
    this.MANY(() => {
      this.CONSUME(t.Comma);
      this.SUBRULE1(this.path);
      this.CONSUME1(t.Equals);
      this.SUBRULE1(this.expression);
    });
  });

  /** seeds = "seeds" expression ; */
  private seeds = this.RULE("seeds", () => {
    this.CONSUME(t.Seeds);
    this.SUBRULE(this.expression);
  });

  /** ablationReport = "report" reported { "," reported } ; */
  private ablationReport = this.RULE("ablationReport", () => {
    this.CONSUME(t.Report);
    this.SUBRULE(this.reported);
    this.MANY(() => {
      this.CONSUME(t.Comma);
      this.SUBRULE1(this.reported);
    });
  });

  /** reported = path [ "highest" | "lowest" ] ; */
  private reported = this.RULE("reported", () => {
    this.SUBRULE(this.path);
    this.OPTION(() => this.OR([{ ALT: () => this.CONSUME(t.Highest) }, { ALT: () => this.CONSUME(t.Lowest) }]));
  });

  /** parameters = "(" [ parameter { "," parameter } [ "," ] ] ")" ; */
  private parameters = this.RULE("parameters", () => {
    this.CONSUME(t.LeftParenthesis);
    this.OPTION(() => {
      this.SUBRULE(this.parameter);
      this.MANY(() => {
        this.CONSUME(t.Comma);
        this.SUBRULE1(this.parameter);
      });
      this.OPTION1(() => this.CONSUME5(t.Comma));
    });
    this.CONSUME(t.RightParenthesis);
  });

  /** parameter = Name [ ( "over" | "along" ) Name ] [ "=" expression ] ; */
  private parameter = this.RULE("parameter", () => {
    this.CONSUME(t.Name);
    this.OPTION(() => {
      this.OR([{ ALT: () => this.CONSUME(t.Over) }, { ALT: () => this.CONSUME(t.Along) }]);
      this.CONSUME1(t.Name);
    });
    this.OPTION1(() => {
      this.CONSUME(t.Equals);
      this.SUBRULE(this.expression);
    });
  });

  /** block = "{" { statement } "}" ; */
  private block = this.RULE("block", () => {
    this.CONSUME(t.LeftBrace);
    this.MANY(() => this.SUBRULE(this.statement));
    this.CONSUME(t.RightBrace);
  });

  /** statement = param | state | binding | update | when | return | inputs | loss | report ; */
  private statement = this.RULE("statement", () => {
    this.OR([
      { ALT: () => this.SUBRULE(this.param) },
      { ALT: () => this.SUBRULE(this.state) },
      { ALT: () => this.SUBRULE(this.binding) },
      { ALT: () => this.SUBRULE(this.update) },
      { ALT: () => this.SUBRULE(this.when) },
      { ALT: () => this.SUBRULE(this.return) },
      { ALT: () => this.SUBRULE(this.inputs) },
      { ALT: () => this.SUBRULE(this.loss) },
      { ALT: () => this.SUBRULE(this.report) },
    ]);
  });

  /** param = "param" Name [ axes ] initial [ "kept" expression ] ; */
  private param = this.RULE("param", () => {
    this.CONSUME(t.Param);
    this.CONSUME(t.Name);
    this.OPTION(() => this.SUBRULE(this.axes));
    this.SUBRULE(this.initial);
    this.OPTION1(() => {
      this.CONSUME(t.Kept);
      this.SUBRULE(this.expression);
    });
  });

  /** initial = ( "=" | "~" ) expression ; */
  private initial = this.RULE("initial", () => {
    this.OR([{ ALT: () => this.CONSUME(t.Equals) }, { ALT: () => this.CONSUME(t.Tilde) }]);
    this.SUBRULE(this.expression);
  });

  /** state = ( "state" | "shared" | "stream" ) Name [ axes ] "=" expression ; */
  private state = this.RULE("state", () => {
    this.OR([{ ALT: () => this.CONSUME(t.State) }, { ALT: () => this.CONSUME(t.Shared) }, { ALT: () => this.CONSUME(t.Stream) }]);
    this.CONSUME(t.Name);
    this.OPTION(() => this.SUBRULE(this.axes));
    this.CONSUME(t.Equals);
    this.SUBRULE(this.expression);
  });

  /** binding = Name "=" expression ; */
  private binding = this.RULE("binding", () => {
    this.CONSUME(t.Name);
    this.CONSUME(t.Equals);
    this.SUBRULE(this.expression);
  });

  /** update = Name "<-" expression ; */
  private update = this.RULE("update", () => {
    this.CONSUME(t.Name);
    this.CONSUME(t.Arrow);
    this.SUBRULE(this.expression);
  });

  /** when = "when" expression block [ "otherwise" block ] ; */
  private when = this.RULE("when", () => {
    this.CONSUME(t.When);
    this.SUBRULE(this.expression);
    this.SUBRULE(this.block);
    this.OPTION(() => {
      this.CONSUME(t.Otherwise);
      this.SUBRULE1(this.block);
    });
  });

  /** return = "return" expression [ "with" "gradient" "(" Name ")" block ] ; */
  private return = this.RULE("return", () => {
    this.CONSUME(t.Return);
    this.SUBRULE(this.expression);
    this.OPTION(() => {
      this.CONSUME(t.With);
      this.CONSUME(t.Gradient);
      this.CONSUME(t.LeftParenthesis);
      this.CONSUME(t.Name);
      this.CONSUME(t.RightParenthesis);
      this.SUBRULE(this.block);
    });
  });

  /** inputs = "input" Name [ axes ] [ "in" expression ] ; */
  private inputs = this.RULE("inputs", () => {
    this.CONSUME(t.Input);
    this.CONSUME(t.Name);
    this.OPTION(() => this.SUBRULE(this.axes));
    this.OPTION1(() => {
      this.CONSUME(t.In);
      this.SUBRULE(this.expression);
    });
  });

  /** loss = "loss" expression ; */
  private loss = this.RULE("loss", () => {
    this.CONSUME(t.Loss);
    this.SUBRULE(this.expression);
  });

  /** report = "report" [ Name ":" ] expression ; */
  private report = this.RULE("report", () => {
    this.CONSUME(t.Report);
    this.OPTION(() => {
      this.CONSUME(t.Name);
      this.CONSUME(t.Colon);
    });
    this.SUBRULE(this.expression);
  });

  /** axes = "[" [ axis { "," axis } [ "," ] ] "]" ; */
  private axes = this.RULE("axes", () => {
    this.CONSUME(t.LeftBracket);
    this.OPTION(() => {
      this.SUBRULE(this.axis);
      this.MANY(() => {
        this.CONSUME(t.Comma);
        this.SUBRULE1(this.axis);
      });
      this.OPTION1(() => this.CONSUME5(t.Comma));
    });
    this.CONSUME(t.RightBracket);
  });

  /** axis = Name [ ":" expression ] ; */
  private axis = this.RULE("axis", () => {
    this.CONSUME(t.Name);
    this.OPTION(() => {
      this.CONSUME(t.Colon);
      this.SUBRULE(this.expression);
    });
  });

  /** stackBlock = "{" { stackItem } "}" ; */
  private stackBlock = this.RULE("stackBlock", () => {
    this.CONSUME(t.LeftBrace);
    this.MANY(() => this.SUBRULE(this.stackItem));
    this.CONSUME(t.RightBrace);
  });

  /** stackItem = groups | normalize | place | repeat | binding | stackWhen | sublayer ; */
  private stackItem = this.RULE("stackItem", () => {
    this.OR([
      { ALT: () => this.SUBRULE(this.groups) },
      { ALT: () => this.SUBRULE(this.normalize) },
      { ALT: () => this.SUBRULE(this.place) },
      { ALT: () => this.SUBRULE(this.repeat) },
      { ALT: () => this.SUBRULE(this.binding) },
      { ALT: () => this.SUBRULE(this.stackWhen) },
      { ALT: () => this.SUBRULE(this.sublayer) },
    ]);
  });

  /** groups = "groups" "{" axis { "," axis } [ "," ] "}" ; */
  private groups = this.RULE("groups", () => {
    this.CONSUME(t.Groups);
    this.CONSUME(t.LeftBrace);
    this.SUBRULE(this.axis);
    this.MANY(() => {
      this.CONSUME(t.Comma);
      this.SUBRULE1(this.axis);
    });
    this.OPTION(() => this.CONSUME5(t.Comma));
    this.CONSUME(t.RightBrace);
  });

  /** normalize = "normalize" [ "at" path { "," path } ] [ policy ] ; */
  private normalize = this.RULE("normalize", () => {
    this.CONSUME(t.Normalize);
    this.OPTION(() => {
      this.CONSUME(t.At);
      this.SUBRULE(this.path);
      this.MANY(() => {
        this.CONSUME(t.Comma);
        this.SUBRULE1(this.path);
      });
    });
    this.OPTION1(() => this.SUBRULE(this.policy));
  });

  /** policy = "{" { policyLine [ "," ] } "}" ; */
  private policy = this.RULE("policy", () => {
    this.CONSUME(t.LeftBrace);
    this.MANY(() => {
      this.SUBRULE(this.policyLine);
      this.OPTION(() => this.CONSUME(t.Comma));
    });
    this.CONSUME(t.RightBrace);
  });

  /** policyLine = ( ".." | Name { "," Name } ) ":" expression ; */
  private policyLine = this.RULE("policyLine", () => {
    this.OR([
      { ALT: () => this.CONSUME(t.Rest) },
      {
        ALT: () => {
          this.CONSUME(t.Name);
          this.MANY(() => {
            this.CONSUME(t.Comma);
            this.CONSUME1(t.Name);
          });
        },
      },
    ]);
    this.CONSUME(t.Colon);
    this.SUBRULE(this.expression);
  });

  /** place = "place" expression ; */
  private place = this.RULE("place", () => {
    this.CONSUME(t.Place);
    this.SUBRULE(this.expression);
  });

  /** repeat = "repeat" expression stackBlock ; */
  private repeat = this.RULE("repeat", () => {
    this.CONSUME(t.Repeat);
    this.SUBRULE(this.expression);
    this.SUBRULE(this.stackBlock);
  });

  /** stackWhen = "when" expression stackBlock [ "otherwise" stackBlock ] ; */
  private stackWhen = this.RULE("stackWhen", () => {
    this.CONSUME(t.When);
    this.SUBRULE(this.expression);
    this.SUBRULE(this.stackBlock);
    this.OPTION(() => {
      this.CONSUME(t.Otherwise);
      this.SUBRULE1(this.stackBlock);
    });
  });

  /** sublayer = applied [ "placed" expression ] [ "normalized" policy ] ; */
  private sublayer = this.RULE("sublayer", () => {
    this.SUBRULE(this.applied);
    this.OPTION(() => {
      this.CONSUME(t.Placed);
      this.SUBRULE(this.expression);
    });
    this.OPTION1(() => {
      this.CONSUME(t.Normalized);
      this.SUBRULE(this.policy);
    });
  });

  /**
   * A sublayer starts with a name: one that started with a parenthesis would be read as arguments of the line above.
   *
   * applied = Callee { call | member | renaming } ;
   */
  private applied = this.RULE("applied", () => {
    this.CONSUME(t.Callee);
    this.MANY(() =>
      this.OR([
        { ALT: () => this.SUBRULE(this.call) },
        { ALT: () => this.SUBRULE(this.member) },
        { ALT: () => this.SUBRULE(this.renaming) },
      ]),
    );
  });

  /**
   * setting = ( "data" | "schedule" | "batch" | "epochs" | "steps" | "seed" | "holdout" | "precision" ) expression
   *         | "optimizer" [ "at" path { "," path } ":" ] expression | "freeze" path { "," path }
   *         | "from" expression [ "at" path { "," path } ] | measurement ;
   */
  private setting = this.RULE("setting", () => {
    this.OR([
      {
        ALT: () => {
          this.OR1([
            { ALT: () => this.CONSUME(t.Data) },
            { ALT: () => this.CONSUME(t.Schedule) },
            { ALT: () => this.CONSUME(t.Batch) },
            { ALT: () => this.CONSUME(t.Epochs) },
            { ALT: () => this.CONSUME(t.Steps) },
            { ALT: () => this.CONSUME(t.Seed) },
            { ALT: () => this.CONSUME(t.Holdout) },
            { ALT: () => this.CONSUME(t.Precision) },
          ]);
          this.SUBRULE(this.expression);
        },
      },
      {
        ALT: () => {
          this.CONSUME(t.Optimizer);
          this.OPTION(() => {
            this.CONSUME(t.At);
            this.SUBRULE(this.path);
            this.MANY(() => {
              this.CONSUME(t.Comma);
              this.SUBRULE1(this.path);
            });
            this.CONSUME(t.Colon);
          });
          this.SUBRULE1(this.expression);
        },
      },
      {
        ALT: () => {
          this.CONSUME(t.Freeze);
          this.SUBRULE2(this.path);
          this.MANY1(() => {
            this.CONSUME1(t.Comma);
            this.SUBRULE3(this.path);
          });
        },
      },
      {
        ALT: () => {
          this.CONSUME(t.From);
          this.SUBRULE2(this.expression);
          this.OPTION1(() => {
            this.CONSUME1(t.At);
            this.SUBRULE4(this.path);
            this.MANY2(() => {
              this.CONSUME2(t.Comma);
              this.SUBRULE5(this.path);
            });
          });
        },
      },
      { ALT: () => this.SUBRULE(this.measurement) },
    ]);
  });

  /**
   * measurement = "measure" expression { "," expression } [ "at" path ] [ "given" binding { "," binding } ] [ "in" Name ]
   *               [ "every" expression Name ] [ "of" expression Name ] ;
   */
  private measurement = this.RULE("measurement", () => {
    this.CONSUME(t.Measure);
    this.SUBRULE(this.expression);
    this.MANY(() => {
      this.CONSUME(t.Comma);
      this.SUBRULE1(this.expression);
    });
    this.OPTION(() => {
      this.CONSUME(t.At);
      this.SUBRULE(this.path);
    });
    this.OPTION1(() => {
      this.CONSUME(t.Given);
      this.SUBRULE(this.binding);
      this.MANY1(() => {
        this.CONSUME1(t.Comma);
        this.SUBRULE1(this.binding);
      });
    });
    this.OPTION2(() => {
      this.CONSUME(t.In);
      this.CONSUME(t.Name);
    });
    this.OPTION3(() => {
      this.CONSUME(t.Every);
      this.SUBRULE2(this.expression);
      this.CONSUME1(t.Name);
    });
    this.OPTION4(() => {
      this.CONSUME(t.Of);
      this.SUBRULE3(this.expression);
      this.CONSUME2(t.Name);
    });
  });

  /** path = segment { "." segment } ; */
  private path = this.RULE("path", () => {
    this.SUBRULE(this.segment);
    this.MANY(() => {
      this.CONSUME(t.Dot);
      this.SUBRULE1(this.segment);
    });
  });

  /** segment = Name | Number | "*" | Word ; */
  private segment = this.RULE("segment", () => {
    this.OR([
      { ALT: () => this.CONSUME(t.Name) },
      { ALT: () => this.CONSUME(t.NumberLiteral) },
      { ALT: () => this.CONSUME(t.Star) },
      { ALT: () => this.CONSUME(t.Word) },
    ]);
  });

  /** expression = disjunction { suffix } ; */
  private expression = this.RULE("expression", () => {
    this.SUBRULE(this.disjunction);
    this.MANY({
      // Behind a returned value, `with gradient` is no suffix. Chevrotain does not look beyond the rule by itself.
      GATE: () => this.LA(1).tokenType !== t.With || this.LA(2).tokenType !== t.Gradient,
      DEF: () => this.SUBRULE(this.suffix),
    });
  });

  /** suffix = "where" disjunction | "with" variant ; */
  private suffix = this.RULE("suffix", () => {
    this.OR([
      {
        ALT: () => {
          this.CONSUME(t.Where);
          this.SUBRULE(this.disjunction);
        },
      },
      {
        ALT: () => {
          this.CONSUME(t.With);
          this.SUBRULE(this.variant);
        },
      },
    ]);
  });

  /** variant = "{" { variantItem } "}" ; */
  private variant = this.RULE("variant", () => {
    this.CONSUME(t.LeftBrace);
    this.MANY(() => this.SUBRULE(this.variantItem));
    this.CONSUME(t.RightBrace);
  });

  /** variantItem = binding | groups | normalize | place | setting ; */
  private variantItem = this.RULE("variantItem", () => {
    this.OR([
      { ALT: () => this.SUBRULE(this.binding) },
      { ALT: () => this.SUBRULE(this.groups) },
      { ALT: () => this.SUBRULE(this.normalize) },
      { ALT: () => this.SUBRULE(this.place) },
      { ALT: () => this.SUBRULE(this.setting) },
    ]);
  });

  /** disjunction = conjunction { "or" conjunction } ; */
  private disjunction = this.RULE("disjunction", () => {
    this.SUBRULE(this.conjunction);
    this.MANY(() => {
      this.CONSUME(t.Or);
      this.SUBRULE1(this.conjunction);
    });
  });

  /** conjunction = negation { "and" negation } ; */
  private conjunction = this.RULE("conjunction", () => {
    this.SUBRULE(this.negation);
    this.MANY(() => {
      this.CONSUME(t.And);
      this.SUBRULE1(this.negation);
    });
  });

  /** negation = [ "not" ] comparison ; */
  private negation = this.RULE("negation", () => {
    this.OPTION(() => this.CONSUME(t.Not));
    this.SUBRULE(this.comparison);
  });

  /** comparison = sum [ ( "<" | "<=" | ">" | ">=" | "==" | "!=" ) sum ] ; */
  private comparison = this.RULE("comparison", () => {
    this.SUBRULE(this.sum);
    this.OPTION(() => {
      this.OR([
        { ALT: () => this.CONSUME(t.Less) },
        { ALT: () => this.CONSUME(t.LessEqual) },
        { ALT: () => this.CONSUME(t.Greater) },
        { ALT: () => this.CONSUME(t.GreaterEqual) },
        { ALT: () => this.CONSUME(t.EqualEqual) },
        { ALT: () => this.CONSUME(t.NotEqual) },
      ]);
      this.SUBRULE1(this.sum);
    });
  });

  /** sum = product { ( "+" | "-" ) product } ; */
  private sum = this.RULE("sum", () => {
    this.SUBRULE(this.product);
    this.MANY(() => {
      this.OR([{ ALT: () => this.CONSUME(t.Plus) }, { ALT: () => this.CONSUME(t.Minus) }]);
      this.SUBRULE1(this.product);
    });
  });

  /** product = unary { ( "*" | "/" ) unary } ; */
  private product = this.RULE("product", () => {
    this.SUBRULE(this.unary);
    this.MANY(() => {
      this.OR([{ ALT: () => this.CONSUME(t.Star) }, { ALT: () => this.CONSUME(t.Slash) }]);
      this.SUBRULE1(this.unary);
    });
  });

  /** unary = "-" unary | power ; */
  private unary = this.RULE("unary", () => {
    this.OR([
      {
        ALT: () => {
          this.CONSUME(t.Minus);
          this.SUBRULE(this.unary);
        },
      },
      { ALT: () => this.SUBRULE(this.power) },
    ]);
  });

  /** power = postfix [ "^" unary ] ; */
  private power = this.RULE("power", () => {
    this.SUBRULE(this.postfix);
    this.OPTION(() => {
      this.CONSUME(t.Caret);
      this.SUBRULE(this.unary);
    });
  });

  /** postfix = primary { call | member | renaming } ; */
  private postfix = this.RULE("postfix", () => {
    this.SUBRULE(this.primary);
    this.MANY(() =>
      this.OR([
        { ALT: () => this.SUBRULE(this.call) },
        { ALT: () => this.SUBRULE(this.member) },
        { ALT: () => this.SUBRULE(this.renaming) },
      ]),
    );
  });

  /** member = "." Name ; */
  private member = this.RULE("member", () => {
    this.CONSUME(t.Dot);
    this.CONSUME(t.Name);
  });

  /** call = [ "@" Name ] "(" [ argument { "," argument } [ "," ] ] ")" ; */
  private call = this.RULE("call", () => {
    this.OPTION(() => {
      this.CONSUME(t.AtSign);
      this.CONSUME(t.Name);
    });
    this.CONSUME(t.LeftParenthesis);
    this.OPTION1(() => {
      this.SUBRULE(this.argument);
      this.MANY(() => {
        this.CONSUME(t.Comma);
        this.SUBRULE1(this.argument);
      });
      this.OPTION2(() => this.CONSUME5(t.Comma));
    });
    this.CONSUME(t.RightParenthesis);
  });

  /** argument = [ Name ":" ] expression [ ( "over" | "except" | "along" | "into" ) axis ] ; */
  private argument = this.RULE("argument", () => {
    this.OPTION(() => {
      this.CONSUME(t.Name);
      this.CONSUME(t.Colon);
    });
    this.SUBRULE(this.expression);
    this.OPTION1(() => {
      this.OR([
        { ALT: () => this.CONSUME(t.Over) },
        { ALT: () => this.CONSUME(t.Except) },
        { ALT: () => this.CONSUME(t.Along) },
        { ALT: () => this.CONSUME(t.Into) },
      ]);
      this.SUBRULE(this.axis);
    });
  });

  /** renaming = "[" renamed { "," renamed } [ "," ] "]" ; */
  private renaming = this.RULE("renaming", () => {
    this.CONSUME(t.LeftBracket);
    this.SUBRULE(this.renamed);
    this.MANY(() => {
      this.CONSUME(t.Comma);
      this.SUBRULE1(this.renamed);
    });
    this.OPTION(() => this.CONSUME5(t.Comma));
    this.CONSUME(t.RightBracket);
  });

  /** renamed = Name "as" Name ; */
  private renamed = this.RULE("renamed", () => {
    this.CONSUME(t.Name);
    this.CONSUME(t.As);
    this.CONSUME1(t.Name);
  });

  /**
   * primary = Number | Percentage | String | "true" | "false" | "none" | Name
   *         | "(" expression [ "," expression { "," expression } [ "," ] ] ")" | "param" axes initial | policy ;
   */
  private primary = this.RULE("primary", () => {
    this.OR([
      { ALT: () => this.CONSUME(t.NumberLiteral) },
      { ALT: () => this.CONSUME(t.Percentage) },
      { ALT: () => this.CONSUME(t.StringLiteral) },
      { ALT: () => this.CONSUME(t.True) },
      { ALT: () => this.CONSUME(t.False) },
      { ALT: () => this.CONSUME(t.None) },
      // A name before `=`, `<-` or `:` opens the next statement: the expression before it was left unfinished.
      { GATE: () => ![t.Equals, t.Arrow, t.Colon].includes(this.LA(2).tokenType), ALT: () => this.CONSUME(t.Name) },
      {
        ALT: () => {
          this.CONSUME(t.LeftParenthesis);
          this.SUBRULE(this.expression);
          this.OPTION(() => {
            this.CONSUME(t.Comma);
            this.SUBRULE1(this.expression);
            this.MANY(() => {
              this.CONSUME1(t.Comma);
              this.SUBRULE2(this.expression);
            });
            this.OPTION1(() => this.CONSUME2(t.Comma));
          });
          this.CONSUME(t.RightParenthesis);
        },
      },
      {
        ALT: () => {
          this.CONSUME(t.Param);
          this.SUBRULE(this.axes);
          this.SUBRULE(this.initial);
        },
      },
      { ALT: () => this.SUBRULE(this.policy) },
    ]);
  });
}

/** The one parser of the process. */
export const parser = new NormParser();
