/** Stacks: token groups go in, sublayers run in their placements, sites normalise each group by its policy. */

import { type Place, diagnostic } from "../diagnostics/diagnostic.js";
import { lineAdded } from "../diagnostics/fixes.js";
import type { Op } from "../ir/program.js";
import { extentOf, hasAxis } from "../ir/types.js";
import type * as ast from "../syntax/ast.js";
import { evaluatePartial, frameFor, groupNames, signature, withLeading } from "./calls.js";
import type { Elaborator } from "./elaborator.js";
import { CheckError, Silent, fail } from "./errors.js";
import { wholeOf } from "./expressions.js";
import { type Cell, type Frame, Instance } from "./frame.js";
import type { OverrideRecord, SublayerRecord } from "./model.js";
import { place } from "./modules.js";
import { coverage, evaluatePolicy, resolve } from "./policies.js";
import { applySite } from "./sites.js";
import { pathMatches, type SiteName } from "./site-paths.js";
import { bind, runWhen } from "./statements.js";
import { asksForEnding, endsOf, normCalls } from "./streams.js";
import * as tensors from "./tensors.js";
import { type CallableValue, type NativeValue, type PolicyValue, type Segment, type TensorValue, type Value, describe, poison } from "./values.js";

/** A group as the stack's text declares it. */
interface DeclaredGroup {
  readonly name: string;
  readonly place: Place;
}

/** `normalize at … { … }`. */
interface Override extends OverrideRecord {
  readonly paths: readonly { readonly path: ast.Path; readonly place: Place; matched: boolean }[];
}

/** Runs a stack on its groups; the result is the sequence, with its groups. */
export function runStack(e: Elaborator, caller: Frame, callable: CallableValue, where: Place): Value {
  // A variant is called what its base is called, so that its weights keep their names.
  const path = caller.instance.claim(callable.definition.name.name);
  const frame = frameFor(e, caller, callable, new Instance(path, caller.instance.isNorm));
  const before = e.builder.position;
  e.builder.position = { ...before, place: path };
  try {
    return new StackRun(e, frame, callable, where).run();
  } finally {
    e.builder.position = before;
  }
}

class StackRun {
  private readonly groups: readonly DeclaredGroup[];
  private readonly base: PolicyValue | undefined;
  private readonly overrides: Override[] = [];
  private readonly placement: CallableValue | undefined;
  private readonly name: string;
  private x: TensorValue;
  /** How many repetitions ran, over all `repeat` blocks. */
  private repetition = 0;
  /** How many sites there were, and how many there will be. */
  private sites = 0;
  private readonly allSites: number;
  private sublayers = 0;
  private readonly sublayerRecords: SublayerRecord[] = [];
  private readonly streams = new Map<ast.StateStatement, Cell>();
  /** The bare `normalize` lines at which the stack ends. */
  private readonly ends: readonly ast.Normalize[];
  /** Whether a sublayer ran in the stack's own placement, and whether that ran at the end. */
  private begun = false;
  private ended = false;
  private failed = false;

  constructor(
    private readonly e: Elaborator,
    private readonly frame: Frame,
    private readonly callable: CallableValue,
    private readonly where: Place,
  ) {
    const { definition, module } = callable;
    const { source } = module;
    this.name = frame.instance.path;
    const declared = groupNames(definition);
    if (declared.length === 0) {
      fail("N0306", place(source, definition.name), `the stack \`${definition.name.name}\` declares no groups`, { help: "add `groups { tokens }`" });
    }
    this.groups = declared.map((group) => ({ name: group.name.name, place: place(source, group.name) }));
    const repeated = declared.find((group, i) => declared.some((other, j) => j < i && other.name.name === group.name.name));
    if (repeated !== undefined) fail("N0202", place(source, repeated.name), `group \`${repeated.name.name}\` is declared twice`);
    this.x = this.sequence(declared);
    const lines = this.lines();
    this.base = lines.base;
    this.placement = lines.placement;
    this.ends = endsOf(definition.body);
    this.allSites = this.countSites(definition.body, frame);
  }

  run(): TensorValue {
    const { e, name: path, callable, where, base, overrides, placement } = this;
    e.stacks.push({ path, callable, place: where, base, overrides, placement, sublayers: this.sublayerRecords });
    this.checkPolicies();
    this.items(this.callable.definition.body, this.frame);
    if (!this.failed) this.checkPaths();
    if (!this.failed) this.checkEnding();
    if (this.failed) throw new Silent();
    this.e.outputs.set(this.name, this.x);
    return this.x;
  }

  /** Each policy by itself, wherever it lands; overrides may cover what the stack's own leaves out. */
  private checkPolicies(): void {
    const { e, base, overrides, groups } = this;
    const names = groups.map((group) => group.name);
    for (const policy of [...(base === undefined ? [] : [base]), ...overrides.map((override) => override.policy)]) {
      e.attempt(() => void (this.failed = true), () => {
        if (overrides.length === 0) resolve([policy], groups, this.where);
        else coverage(policy, names);
      });
    }
  }

  /** Reports every path of an override that leads to no site. */
  private checkPaths(): void {
    const { e } = this;
    for (const { path, place: at, matched } of this.overrides.flatMap((override) => override.paths)) {
      if (matched) continue;
      const known = e.sites.filter((site) => site.stack === this.name).map((site) => site.path.slice(this.name.length + 1));
      const sites = [...new Set(known)].slice(0, 6).map((site) => `\`${site}\``);
      const help = sites.length === 0 ? "it has no sites" : `its sites are ${sites.join(", ")}${known.length > 6 ? ", …" : ""}`;
      e.report(diagnostic("N0309", at, `no site of the stack is at \`${path.segments.join(".")}\``, { help }));
      this.failed = true;
    }
  }

  /** @throws CheckError when the placement says what happens at the end, and the stack has none. */
  private checkEnding(): void {
    const { callable, placement } = this;
    if (placement === undefined || !this.begun || this.ended || !asksForEnding(placement.definition)) return;
    const { name } = placement.definition;
    fail("N0501", place(callable.module.source, callable.definition.name), `the stack \`${callable.definition.name.name}\` has no bare \`normalize\` at its end, where its placement has to run once more`, {
      related: [{ place: place(placement.module.source, name), label: `\`${name.name}\` says what happens at the end` }],
      help: "end the stack with `normalize`",
      fixes: lineAdded(place(callable.module.source, callable.definition), "normalize"),
    });
  }

  /** The groups joined to one sequence along `token`. */
  private sequence(declared: readonly ast.AxisDeclaration[]): TensorValue {
    const { e, frame, callable } = this;
    const given = this.groups.map(({ name }) => {
      const argument = callable.given.get(name)!;
      if (!tensors.isTensorLike(argument.value)) return fail("N0208", argument.place, `group \`${name}\` is a tensor, not ${describe(argument.value)}`);
      return { value: argument.value, place: argument.place };
    });
    // The groups fill in one another's open extents, except along `token`, where each has its own.
    const axesOf = (value: TensorValue) => value.op.type.axes.filter((axis) => axis.name !== "token");
    const known = given.flatMap(({ value }) => (value.kind === "tensor" ? axesOf(value) : []));
    const parts = given.map(({ value, place: at }) => (value.kind === "tensor" ? value : (tensors.settled(value, known) ?? tensors.settleAll([{ value, place: at }])[0]!)));
    parts.forEach((part, i) => {
      const at = given[i]!.place;
      if (part.op.type.dtype !== "f32") fail("N0303", at, `group \`${this.groups[i]!.name}\` is made of whole numbers`, { help: "embed them first" });
      if (!hasAxis(part.op.type, "token")) fail("N0301", at, `group \`${this.groups[i]!.name}\` has no axis \`token\``, { help: "a group is a sequence of tokens; one vector is `token: 1`" });
      const extent = declared[i]!.extent;
      if (extent !== undefined) {
        const wanted = wholeOf(e, frame, extent, `the extent of \`${this.groups[i]!.name}\``);
        const own = extentOf(part.op.type, "token");
        if (wanted !== own) fail("N0302", at, `group \`${this.groups[i]!.name}\` has ${wanted} token${wanted === 1 ? "" : "s"}, and ${own} are given`, { related: [{ place: this.groups[i]!.place, label: "declared here" }] });
      }
    });
    const first = { value: parts[0]!, place: given[0]!.place };
    for (const [i, part] of parts.entries()) {
      const own = e.tensor(tensors.sliced(e, part, "token", 0, 1).op);
      tensors.checkAligned([{ value: e.tensor(tensors.sliced(e, first.value, "token", 0, 1).op), place: first.place }, { value: own, place: given[i]!.place }], this.where);
    }
    const groups = parts.map((part, i): Segment => ({ name: this.groups[i]!.name, extent: extentOf(part.op.type, "token") }));
    return { ...e.at(frame, callable.definition.name, () => tensors.concatenated(e, parts, "token")), groups };
  }

  /** The stack's own lines and those of its variants: the last policy and placement hold, and the overrides since that policy. */
  private lines(): { base: PolicyValue | undefined; placement: CallableValue | undefined } {
    const { e, frame, callable } = this;
    let base: PolicyValue | undefined;
    let placement: CallableValue | undefined;
    const read = (items: readonly ast.Statement[], at: Frame) => {
      // A variant that gives a policy gives the whole of it: what its base said for single sites goes with the rest.
      const replaces = items !== callable.definition.body && items.some((item) => item.kind === "Normalize" && item.at.length === 0 && item.policy !== undefined);
      if (replaces) this.overrides.length = 0;
      for (const item of items) {
        if (item.kind === "Place") placement = evaluatePartial(e, at, item.value, ["placement"], "what follows `place`");
        if (item.kind !== "Normalize" || item.policy === undefined) continue;
        const policy = evaluatePolicy(e, at, item.policy);
        if (item.at.length === 0) {
          if (base !== undefined && items === callable.definition.body) {
            fail("N0502", place(at.module.source, item), "the stack has two policies", { related: [{ place: base.place, label: "the first one" }], help: "name sites: `normalize at first { … }`" });
          }
          base = policy;
        } else {
          this.overrides.push({ paths: item.at.map((path) => ({ path, place: place(at.module.source, path), matched: false })), policy });
        }
      }
    };
    read(callable.definition.body, frame);
    for (const variant of callable.variants) {
      read(variant.items, { ...frame, module: variant.module, names: new Map(frame.names) });
    }
    return { base, placement };
  }

  private items(body: readonly ast.Statement[], frame: Frame): void {
    for (const item of body) {
      // After a mistake in one the others are still checked, with the sequence as it was before it.
      this.e.attempt(() => {
        this.failed = true;
        if (item.kind === "Binding") frame.names.set(item.name.name, poison);
      }, () => this.item(item, frame));
    }
  }

  private item(item: ast.Statement, frame: Frame): void {
    const { e } = this;
    switch (item.kind) {
      case "Groups":
      case "Place":
        return this.checkOutermost(item, frame);
      case "Normalize":
        return item.policy === undefined ? this.bareSite(item) : this.checkOutermost(item, frame);
      case "Binding":
        return bind(e, frame, item);
      case "When":
        return runWhen(e, frame, item, (body) => this.items(body, frame));
      case "Repeat": {
        const count = wholeOf(e, frame, item.count, "the number of repetitions");
        e.repeats(count, place(frame.module.source, item.count));
        for (let i = 0; i < count; i++) {
          const instance = this.part(`${this.name}.${this.repetition++}`);
          // Repetitions are numbered as they begin, those of a nested `repeat` among the others.
          this.items(item.body, { ...frame, instance, names: new Map(frame.names) });
        }
        return;
      }
      case "Sublayer":
        return this.sublayer(item, frame);
      default:
        return fail("N0210", place(frame.module.source, item), `a \`${item.kind.toLowerCase()}\` line does not belong in a stack`);
    }
  }

  /** A line that holds for the whole stack was read before anything ran; inside `repeat` or `when` nothing would read it. */
  private checkOutermost(item: ast.Groups | ast.Place | ast.Normalize, frame: Frame): void {
    if (this.callable.definition.body.includes(item)) return;
    const line = item.kind.toLowerCase();
    const help = { Groups: undefined, Place: "a sublayer has its own: `attention(heads) placed post`", Normalize: "a sublayer has its own: `attention(heads) normalized { … }`" }[item.kind];
    fail("N0210", place(frame.module.source, item), `\`${line}\` holds for the whole stack, and does not belong in \`repeat\` or \`when\``, help === undefined ? {} : { help });
  }

  private sublayer(item: ast.Sublayer, frame: Frame): void {
    const { e } = this;
    const { source } = frame.module;
    const where = place(source, item);
    this.sublayers++;
    const layer = evaluatePartial(e, frame, item.value, ["layer", "function"], "a sublayer");
    const placement = item.placed === undefined ? this.placement : evaluatePartial(e, frame, item.placed, ["placement"], "what follows `placed`");
    if (placement === undefined) {
      return fail("N0501", where, "the stack does not say where its norms stand", { help: "add `place pre`, or `placed pre` to this sublayer" });
    }
    if (placement === this.placement) this.begun = true;
    const own = item.normalized === undefined ? undefined : evaluatePolicy(e, frame, item.normalized);
    const instance = this.part(frame.instance.claim(layer.definition.name.name));
    const inside: Frame = { ...frame, instance, placed: { streams: this.streams, isEnding: false } };
    this.sublayerRecords.push({ path: instance.path, node: item, place: where, layer, placement, own });
    const stream = this.x.op;
    let onStream: Op | undefined;
    let ran = 0;
    const sublayer: NativeValue = {
      kind: "native",
      describe: "the sublayer",
      apply: (argument) => {
        ran++;
        return this.runSublayer(layer, argument, inside, where, ran);
      },
    };
    const norm: NativeValue = {
      kind: "native",
      describe: "the norm",
      apply: (argument, site) => {
        const result = this.site(argument, { instance, name: site ?? (ran === 0 ? "before" : "after"), where, own });
        if (argument.op.kind === "add" && argument.op.operands.includes(stream)) onStream = result.op;
        return result;
      },
    };
    const result = e.language.run(e, inside, withLeading(placement, [this.x, sublayer, norm], where), where);
    // Another stream passes the gradients on beside the norms.
    if (result.kind === "tensor" && result.op === onStream && this.streams.size === 0) e.postNorms.push({ stack: this.name, place: where });
    this.x = this.checkSequence(result, `the placement \`${placement.definition.name.name}\``, where);
    e.note("sublayer", frame, { name: layer.definition.name.name, start: item.start, end: item.end }, this.x, instance.path);
  }

  /** In a stack that is a part of a norm, everything is. */
  private part(path: string): Instance {
    return new Instance(path, this.frame.instance.isNorm);
  }

  /** A sublayer runs in the instance of its place, so that its parameters stand beside its norms'. */
  private runSublayer(layer: CallableValue, argument: TensorValue, inside: Frame, where: Place, time: number): TensorValue {
    const { e } = this;
    const target = time === 1 ? inside.instance : this.part(inside.instance.claim(layer.definition.name.name));
    const given = withLeading(layer, [argument], where);
    const value = e.language.run(e, inside, given, where, target);
    const result = this.checkSequence(value, `the ${layer.definition.keyword} \`${layer.definition.name.name}\``, where, layer);
    e.outputs.set(target.path, result);
    return result;
  }

  private checkSequence(value: Value, what: string, where: Place, layer?: CallableValue): TensorValue {
    const related = layer === undefined ? [] : [{ place: place(layer.module.source, layer.definition.name), label: signature(layer) }];
    if (value.kind !== "tensor") return fail("N0208", where, `${what} gives ${describe(value)}, not a tensor`, { related });
    const wanted = this.x.op.type.axes;
    const extra = value.op.type.axes.find((axis) => !hasAxis(this.x.op.type, axis.name));
    const lost = wanted.find((axis) => !hasAxis(value.op.type, axis.name));
    if (extra !== undefined || lost !== undefined) {
      return fail("N0301", where, lost === undefined ? `${what} gives a tensor with another axis \`${extra!.name}\`` : `${what} gives a tensor without axis \`${lost.name}\``, {
        related,
        help: "inside a stack every step keeps the axes of the sequence",
      });
    }
    const other = wanted.find((axis) => extentOf(value.op.type, axis.name) !== axis.extent);
    if (other !== undefined) {
      fail("N0302", where, `${what} changes \`${other.name}\` from ${other.extent} to ${extentOf(value.op.type, other.name)}`, { related });
    }
    if (value.op.type.dtype === "bool") fail("N0303", where, `${what} gives conditions, not numbers`, { related, help: "`float(x)` makes 0 and 1 of a condition" });
    return { ...tensors.converted(this.e, value, "f32"), groups: this.x.groups! };
  }

  private bareSite(item: ast.Normalize): void {
    const { placement, frame } = this;
    const where = place(frame.module.source, item);
    if (placement !== undefined && this.isEnding(item) && this.sublayers > 0) return this.ending(placement, where);
    const name = this.sublayers === 0 ? "initial" : "final";
    this.x = this.site(this.x, { instance: frame.instance, name, where, own: undefined });
  }

  /** Whether the placement runs at a bare `normalize`. */
  private isEnding(item: ast.Normalize): boolean {
    return this.placement !== undefined && this.ends.includes(item) && asksForEnding(this.placement.definition);
  }

  private ending(placement: CallableValue, where: Place): void {
    const { e, frame } = this;
    this.ended = true;
    const sublayer: NativeValue = {
      kind: "native",
      describe: "the sublayer",
      apply: (_, __, at) => fail("N0210", at, "no sublayer stands at the end of a stack", { help: "call it under `when ending { … } otherwise { … }`" }),
    };
    const norm: NativeValue = {
      kind: "native",
      describe: "the norm",
      apply: (argument, site) => this.site(argument, { instance: frame.instance, name: site ?? "final", where, own: undefined }),
    };
    const inside: Frame = { ...frame, placed: { streams: this.streams, isEnding: true } };
    const result = e.language.run(e, inside, withLeading(placement, [this.x, sublayer, norm], where), where);
    this.x = this.checkSequence(result, `the placement \`${placement.definition.name.name}\``, where);
  }

  private site(x: TensorValue, site: { instance: Instance; name: string; where: Place; own: PolicyValue | undefined }): TensorValue {
    const { e } = this;
    const path = site.instance.claim(site.name);
    const name: SiteName = {
      segments: path.slice(this.name.length + 1).split("."),
      isFirst: this.sites === 0,
      isLast: this.sites === this.allSites - 1,
    };
    this.sites++;
    const at = name.isFirst ? "first" : name.segments.join(".");
    const policies: PolicyValue[] = this.base === undefined ? [] : [this.base];
    for (const override of this.overrides) {
      const hits = override.paths.filter((candidate) => pathMatches(candidate.path.segments, name));
      for (const hit of hits) hit.matched = true;
      if (hits.length > 0) policies.push(override.policy);
    }
    if (site.own !== undefined) policies.push(site.own);
    const assignments = resolve(policies, this.groups, site.where);
    const { groups: _, ...plain } = x;
    const whole = hasAxis(x.op.type, "token") && extentOf(x.op.type, "token") === extentOf(this.x.op.type, "token");
    const result = applySite(e, this.frame, whole ? { ...x, groups: this.x.groups! } : plain, assignments, { path, stack: this.name, at, place: site.where });
    return { ...result, groups: this.x.groups! };
  }

  /** How many sites the stack has: the norms in the text of each placement, and the bare ones. */
  private countSites(body: readonly ast.Statement[], frame: Frame): number {
    const { e } = this;
    const needed = this.overrides.some((override) => override.paths.some(({ path }) => path.segments.join(".") === "last"));
    if (!needed) return Number.NaN;
    let count = 0;
    const names = new Map(frame.names);
    const inside: Frame = { ...frame, names };
    for (const item of body) {
      try {
        if (item.kind === "Binding") names.set(item.name.name, e.language.evaluate(e, inside, item.value));
        else if (item.kind === "Normalize" && item.policy === undefined) count += this.isEnding(item) ? normCalls(this.placement!.definition, true) : 1;
        else if (item.kind === "Repeat") count += wholeOf(e, inside, item.count, "the number of repetitions") * this.countSites(item.body, inside);
        else if (item.kind === "When") count += runWhen(e, inside, item, (chosen) => this.countSites(chosen, inside));
        else if (item.kind === "Sublayer") {
          const placement = item.placed === undefined ? this.placement : evaluatePartial(e, inside, item.placed, ["placement"], "what follows `placed`");
          if (placement !== undefined) count += normCalls(placement.definition, false);
        }
      } catch (error) {
        // The item itself will report it.
        if (!(error instanceof CheckError) && !(error instanceof Silent)) throw error;
      }
    }
    return count;
  }
}
