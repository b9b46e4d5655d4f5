/// <reference lib="dom" />
/** What this JavaScript engine's WebAssembly can. */

/** The bytes of `(module (func (param v128 v128 v128) (result v128) local.get 0 local.get 1 local.get 2 f32x4.relaxed_madd))`. */
const relaxedMadd = "0061736d0100000001080160037b7b7b017b030201000a0d010b00200020012002fd85020b";

/** The bytes of `(module (memory 1 1 shared) (func (result v128) i32.const 0 i32.atomic.load v128.load))`. */
const threadsAndSimd = "0061736d010000000105016000017b030201000504010301010a0e010c004100fe100200fd0004000b";

/** Whether it can run kernels. Some browsers have no WebAssembly, for safety. */
export function runsKernels(): boolean {
  return "WebAssembly" in globalThis && isValid(threadsAndSimd);
}

/** Whether there is relaxed SIMD: products and sums that are rounded once, where the processor has such. */
export function hasRelaxedSimd(): boolean {
  return isValid(relaxedMadd);
}

function isValid(bytes: string): boolean {
  return WebAssembly.validate(Uint8Array.from(bytes.match(/../g)!, (byte) => parseInt(byte, 16)));
}
