// What a thread of WebAssembly can multiply and add at most: a loop of products that wait for nothing but their own sums.
import { assemble } from "../../dist/target/wasm/assemble.js";

/** More sums at a time than a processor's units have steps, and few enough for sixteen registers. */
const sums = 12;
const unrolled = 4;
const turns = 100_000;
const lanes = 4;

/** `run()` does `operations` operations on numbers, fused in pairs where there is relaxed SIMD. */
export async function openPeak(isRelaxed) {
  const { instance } = await WebAssembly.instantiate(await assemble(loopText(isRelaxed)));
  return { run: () => instance.exports.run(turns), operations: 2 * lanes * sums * unrolled * turns };
}

function loopText(isRelaxed) {
  const names = Array.from({ length: sums }, (_, index) => `$sum${index}`);
  // Each from the one before it, so that no product stays the same and is computed once.
  const next = (sum) => (isRelaxed ? `(f32x4.relaxed_madd (local.get ${sum}) (local.get $x) (local.get $y))` : `(f32x4.add (f32x4.mul (local.get ${sum}) (local.get $x)) (local.get $y))`);
  const steps = Array.from({ length: unrolled }, () => names.map((sum) => `(local.set ${sum} ${next(sum)})`).join("\n")).join("\n");
  const total = names.map((sum) => `(local.get ${sum})`).reduce((all, sum) => `(f32x4.add ${all} ${sum})`);
  return `(module
  (func (export "run") (param $turns i32) (result f32)
    (local $x v128) (local $y v128) ${names.map((sum) => `(local ${sum} v128)`).join(" ")}
    (local.set $x (f32x4.splat (f32.const 0.5)))
    (local.set $y (f32x4.splat (f32.const 0.25)))
    (loop $again
      ${steps}
      (br_if $again (local.tee $turns (i32.sub (local.get $turns) (i32.const 1)))))
    (f32x4.extract_lane 0 ${total})))`;
}
