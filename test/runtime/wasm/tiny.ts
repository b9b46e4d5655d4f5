/**
 * A module and its plan, written by hand: one parameter of 1000 numbers, pulled towards a target by gradient descent. Threads
 * take the numbers in turn.
 */

import type { Batch, Manifest } from "../../../src/runtime/trainer.js";
import { type Output, type Plan, type PlannedDispatch, type PlannedEntry, type TensorRange, words } from "../../../src/runtime/wasm/plan.js";
import { assemble } from "../../../src/target/wasm/assemble.js";
import { barrierText } from "../../../src/target/wasm/barrier.js";

export const size = 1000;
const length = 4 * size;

/** Bytes in the memory. */
const at = { point: 256, target: 8192, step: 12288, steps: 12544, valid: 12800, key: 13056, difference: 16384, next: 24576, loss: 32768, rate: 33024, visits: 36864 } as const;
export const bytes = 40960;

/** The dispatches by their numbers. Those from `idle` on belong to no entry. */
export const dispatches = ["draw", "check", "commit", "difference", "loss", "next", "check", "commit", "idle", "visit", "trap", "trap in the leader"] as const;
export const numberOf = (name: (typeof dispatches)[number]) => dispatches.indexOf(name);

/** What each dispatch does to element `$at`; `$at` is its first byte from the start of a tensor. */
const each = (body: string) => `(local.set $at (i32.mul (local.get $thread) (i32.const 4)))
  (loop $more (if (i32.lt_u (local.get $at) (i32.const ${length})) (then ${body}
    (local.set $at (i32.add (local.get $at) (i32.mul (local.get $threads) (i32.const 4))))
    (br $more))))`;
const load = (offset: number) => `(f32.load offset=${offset} (local.get $at))`;
const isFinite = (value: string) => `(i32.ne (i32.and (i32.reinterpret_f32 ${value}) (i32.const 0x7f800000)) (i32.const 0x7f800000))`;
const inLeader = (body: string) => `(if (i32.eqz (local.get $thread)) (then ${body}))`;

const check = each(`(if (i32.eqz ${isFinite(load(at.next))}) (then (i32.store (i32.const ${words.health}) (i32.const 1))))`);
const commit = `(if (i32.eqz (i32.load (i32.const ${words.health}))) (then ${each(`(f32.store offset=${at.point} (local.get $at) ${load(at.next)})`)}))`;

const bodies: Record<(typeof dispatches)[number], string> = {
  draw: each(`(f32.store offset=${at.next} (local.get $at) (f32.div (f32.convert_i32_u (local.get $at)) (f32.convert_i32_u (i32.shr_u (i32.load (i32.const ${at.key})) (i32.const 8)))))`),
  check,
  commit,
  difference: each(`(f32.store offset=${at.difference} (local.get $at) (f32.sub ${load(at.point)} ${load(at.target)}))`),
  // The sum is in one order, whatever the number of threads.
  loss: inLeader(`(loop $sum
      (local.set $total (f32.add (local.get $total) (f32.mul ${load(at.difference)} ${load(at.difference)})))
      (br_if $sum (i32.lt_u (local.tee $at (i32.add (local.get $at) (i32.const 4))) (i32.const ${length}))))
    (f32.store (i32.const ${at.loss}) (f32.mul (local.get $total) (f32.load (i32.const ${at.valid}))))
    (f32.store (i32.const ${at.rate}) (f32.sub (f32.const 1) (f32.div (f32.load (i32.const ${at.step})) (f32.load (i32.const ${at.steps})))))`),
  next: each(`(f32.store offset=${at.next} (local.get $at) (f32.sub ${load(at.point)} (f32.mul (f32.load (i32.const ${at.rate})) ${load(at.difference)})))`),
  idle: "",
  visit: `(i32.store offset=${at.visits} (i32.mul (local.get $thread) (i32.const 4))
    (i32.add (i32.const 1) (i32.load offset=${at.visits} (i32.mul (local.get $thread) (i32.const 4)))))`,
  trap: `(if (i32.eq (local.get $thread) (i32.const 1)) (then (unreachable)))`,
  "trap in the leader": inLeader("(unreachable)"),
};

function text(): string {
  const functions = dispatches.map((name, i) => `(func $d${i} (param $thread i32) (param $threads i32) (local $at i32) (local $total f32) ${bodies[name]})`);
  return `(module
  (import "env" "memory" (memory 1 65536 shared))
  (type $dispatch (func (param i32 i32)))
  (table funcref (elem ${dispatches.map((_, i) => `$d${i}`).join(" ")}))
  ${functions.join("\n  ")}
  ${barrierText()}
  (func (export "run") (param $from i32) (param $to i32) (param $thread i32) (param $threads i32)
    (loop $next (if (i32.lt_s (local.get $from) (local.get $to)) (then
      (call_indirect (type $dispatch) (local.get $thread) (local.get $threads) (local.get $from))
      (call $barrier (local.get $threads))
      (local.set $from (i32.add (local.get $from) (i32.const 1)))
      (br $next))))))`;
}

export const tinyModule = () => assemble(text());

const range = (name: string, offset: number, elements: number, type: TensorRange["type"] = "f32"): TensorRange => ({ name, type, offset, elements });
const output = (operation: string, place: string, phase: string, offset: number, elements: number): Output => ({ type: "f32", offset, elements, operation, place, phase, source: "tiny.norm:2:3" });

/** Dispatches that may read anything. */
const planned = (...outputs: readonly (readonly Output[])[]): PlannedDispatch[] => outputs.map((own) => ({ reads: [[0, bytes]], outputs: own }));

const point = output("add", "point", "update", at.point, size);
const initialise: PlannedEntry = { from: 0, check: 1, commit: 2, to: 3, dispatches: planned([output("random", "point", "forward", at.next, size)], [], [point]), results: [] };
const loss = [[output("sub", "loss", "forward", at.difference, size)], [output("reduce_sum", "loss", "forward", at.loss, 1)]];
const results = [range("loss", at.loss, 1), range("rate", at.rate, 1)];
const step: PlannedEntry = { from: 3, check: 6, commit: 7, to: 8, dispatches: planned(...loss, [output("sub", "all", "update", at.next, size)], [], [{ ...point, place: "all" }]), results };
const evaluate: PlannedEntry = { from: 3, check: 5, commit: 5, to: 5, dispatches: planned(...loss), results: results.slice(0, 1) };

export const tinyPlan: Plan = {
  bytes,
  scratch: 64,
  slots: [range("point", at.point, size)],
  inputs: [range("target", at.target, size), range("step", at.step, 1), range("steps", at.steps, 1), range("valid", at.valid, 1)],
  keys: [range("point", at.key, 2, "i32")],
  entries: { initialise, step, evaluate },
};

/** Where each thread counts how often it did the dispatch `visit`: 16 words. */
export const visits = [at.visits, 64] as const;

export const tinyManifest: Manifest = {
  name: "tiny",
  spec: "tiny.norm",
  target: "wasm",
  seed: 7,
  batch: 1,
  steps: 20,
  holdout: 0.1,
  precision: "single",
  data: { loader: "npy", arguments: [{ value: "targets.npy" }], place: "tiny.norm:1:1" },
  recipe: "",
  parameters: [{ name: "point", type: "f32", axes: [{ name: "feature", extent: size }] }],
  states: [],
  inputs: [{ name: "target", type: "f32", axes: [{ name: "batch", extent: 1 }, { name: "feature", extent: size }] }], // prettier-ignore
  reports: [],
  cost: { parameters: size, flopsPerStep: 5 * size, peakBytes: bytes },
};

export function tinyBatch(of: (index: number) => number): Batch {
  return { inputs: new Map([["target", Float32Array.from({ length: size }, (_, i) => of(i))]]), valid: 1 };
}
