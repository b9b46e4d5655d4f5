/** Where threads wait for each other. */

import { words } from "../../runtime/wasm/plan.js";

/**
 * How often a thread looks before it goes to sleep: some microseconds, which is longer than threads that share a dispatch evenly
 * differ, and about what it takes to wake one.
 */
const looks = 16_000;

/**
 * The text of a function for the module: `$barrier` returns when all threads have called it. What each wrote before, all see
 * afterwards. Who comes last opens it by raising the count of turns, and sets the count of arrivals back before that, so that it
 * can be used again at once.
 */
export function barrierText(): string {
  const { arrived, turns } = words;
  return `(func $barrier (param $threads i32) (local $turn i32) (local $looks i32)
  (if (i32.le_s (local.get $threads) (i32.const 1)) (then (return)))
  (local.set $turn (i32.atomic.load (i32.const ${turns})))
  (if (i32.eq (i32.add (i32.atomic.rmw.add (i32.const ${arrived}) (i32.const 1)) (i32.const 1)) (local.get $threads))
    (then
      (i32.atomic.store (i32.const ${arrived}) (i32.const 0))
      (drop (i32.atomic.rmw.add (i32.const ${turns}) (i32.const 1)))
      (drop (memory.atomic.notify (i32.const ${turns}) (i32.const -1)))
      (return)))
  (loop $look
    (if (i32.ne (i32.atomic.load (i32.const ${turns})) (local.get $turn)) (then (return)))
    (br_if $look (i32.lt_s (local.tee $looks (i32.add (local.get $looks) (i32.const 1))) (i32.const ${looks}))))
  (loop $sleep
    (drop (memory.atomic.wait32 (i32.const ${turns}) (local.get $turn) (i64.const -1)))
    (br_if $sleep (i32.eq (i32.atomic.load (i32.const ${turns})) (local.get $turn)))))`;
}
