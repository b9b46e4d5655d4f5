// The step in TensorFlow.js on WebAssembly, written the ordinary way.
import { openPlain } from "../tfjs/plain.mjs";
import { openWasm } from "../tfjs/wasm.mjs";

export const open = async (request) => openPlain(await openWasm(), request);
