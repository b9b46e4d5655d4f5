/// <reference lib="dom" />
/** What this JavaScript engine's WebAssembly can. */

/** The bytes of `(module (func (param v128 v128 v128) (result v128) local.get 0 local.get 1 local.get 2 f32x4.relaxed_madd))`. */
const relaxedMadd = "0061736d0100000001080160037b7b7b017b030201000a0d010b00200020012002fd85020b";

/** Whether there is relaxed SIMD: products and sums that are rounded once, where the processor has such. */
export function hasRelaxedSimd(): boolean {
  return WebAssembly.validate(Uint8Array.from(relaxedMadd.match(/../g)!, (byte) => parseInt(byte, 16)));
}
