/** Puts the disposal of values into an entry: few lines, and hardly a higher peak than disposing each value at once. */

import { type Call, type Value, bytesOf, valuesOf } from "./call.js";
import type { Lowered } from "./lower.js";
import { Memory } from "./memory.js";
import { type Lives, type Outlined, type Run, outline } from "./outline.js";

/** One step of the text. */
export type Step =
  | { readonly kind: "call"; readonly call: Call; readonly isConstant?: true }
  | { readonly kind: "dispose"; readonly values: readonly Value[] }
  | { readonly kind: "invoke"; readonly routine: Routine; readonly run: Run };

/** A function for runs that are alike, written in terms of the first of them. */
export interface Routine extends Outlined {
  readonly steps: readonly Step[];
}

export interface Schedule {
  /** The entry itself. */
  readonly steps: readonly Step[];
  readonly routines: readonly Routine[];
}

/** By how much the peak may be higher than if every value were disposed at once: for fewer lines. */
const slack = 1.02;

export function schedule(lowered: Lowered): Schedule {
  const { parts, lives } = outline(lowered);
  const curve = aliveBytes(lives);
  const routines = new Map<Outlined, Routine>();
  const steps: Step[] = lowered.prelude.map((call) => ({ kind: "call", call, isConstant: true }));
  const dispose = (values: readonly Value[]) => {
    if (values.length > 0) steps.push({ kind: "dispose", values });
  };
  for (const { run, outlined } of parts) {
    if (outlined === undefined) {
      const dying = run.calls.map((call) => lives.deaths.get(call)!);
      steps.push(...withDisposal(dying, [run], curve));
      continue;
    }
    const routine = routines.get(outlined) ?? { ...outlined, steps: withDisposal(deathsInside(outlined, lives), outlined.runs, curve) };
    routines.set(outlined, routine);
    steps.push({ kind: "invoke", routine, run });
    dispose(run.calls.flatMap((call) => lives.deaths.get(call)!).filter((value) => outlives(value, run, routine)));
  }
  dispose(lowered.prelude.map((call) => call.result!).filter((value) => !lives.handedOver.has(value)));
  return { steps, routines: [...routines.values()] };
}

/** The most bytes alive at once when `schedule` runs, besides what is held before. */
export function peakOf({ steps }: Schedule): number {
  const memory = new Memory();
  for (const step of steps) {
    if (step.kind === "call") perform(step.call, memory);
    else if (step.kind === "dispose") step.values.forEach((value) => memory.dispose(value));
    else performRoutine(step.routine, step.run, memory);
  }
  return memory.peak;
}

function performRoutine(routine: Routine, run: Run, memory: Memory): void {
  const first = routine.runs[0]!;
  let at = 0;
  for (const step of routine.steps) {
    if (step.kind === "call") perform(run.calls[at++]!, memory);
    else if (step.kind === "dispose") step.values.forEach((value) => memory.dispose(counterpart(value, first, run)));
  }
}

function perform(call: Call, memory: Memory): void {
  if (call.result !== undefined) memory.make(call.result, call.workspace);
}

/** The value of `run` that corresponds to `value` of `first`, which is like it. */
function counterpart(value: Value, first: Run, run: Run): Value {
  const input = first.inputs.indexOf(value);
  return input >= 0 ? run.inputs[input]! : run.calls[first.calls.findIndex((call) => call.result === value)]!.result!;
}

interface Curve {
  /** Bytes alive while each call runs, when every value is disposed at once. */
  readonly during: ReadonlyMap<Call, number>;
  readonly peak: number;
}

function aliveBytes({ calls, deaths }: Lives): Curve {
  const memory = new Memory();
  const during = new Map<Call, number>();
  for (const call of calls) {
    perform(call, memory);
    during.set(call, memory.bytes + call.workspace);
    for (const value of deaths.get(call)!) memory.dispose(value);
  }
  return { during, peak: memory.peak };
}

/** Whether a routine leaves `value` of one of its runs to the caller. */
function outlives(value: Value, run: Run, { consumed, outputs }: Outlined): boolean {
  const input = run.inputs.indexOf(value);
  if (input >= 0) return !consumed.has(input);
  return outputs.includes(run.calls.findIndex((call) => call.result === value));
}

/** For each call of a routine, the values of its first run that no call behind it uses and that the caller does not get. */
function deathsInside(outlined: Outlined, { handedOver }: Lives): readonly (readonly Value[])[] {
  const first = outlined.runs[0]!;
  const last = new Map<Value, number>();
  first.calls.forEach((call, i) => {
    for (const value of [...valuesOf(call.args), ...(call.result === undefined ? [] : [call.result])]) {
      if (value.external === undefined) last.set(value, i);
    }
  });
  const dying = first.calls.map((): Value[] => []);
  for (const [value, at] of last) {
    if (!outlives(value, first, outlined) && !handedOver.has(value)) dying[at]!.push(value);
  }
  return dying;
}

/**
 * The calls of the first of `runs`, which are alike, with disposal of what died at the end of every section, and earlier where
 * waiting would raise the peak in any of them.
 */
function withDisposal(dying: readonly (readonly Value[])[], runs: readonly Run[], curve: Curve): Step[] {
  const first = runs[0]!;
  const steps: Step[] = [];
  let pending: Value[] = [];
  const flush = () => {
    if (pending.length > 0) steps.push({ kind: "dispose", values: pending });
    pending = [];
  };
  first.calls.forEach((call, i) => {
    const previous = first.calls[i - 1]?.op;
    const isNewSection = previous !== undefined && (previous.place !== call.op.place || previous.phase !== call.op.phase);
    const waiting = (run: Run) => pending.reduce((sum, value) => sum + bytesOf(counterpart(value, first, run)), 0);
    const isHigh = pending.length > 0 && runs.some((run) => curve.during.get(run.calls[i]!)! + waiting(run) > curve.peak * slack);
    if (isNewSection || isHigh) flush();
    steps.push({ kind: "call", call });
    pending.push(...dying[i]!);
  });
  flush();
  return steps;
}
