// The step in TensorFlow.js on TensorFlow's own library, on the CPU.
import { fileURLToPath } from "node:url";
import { openDevice } from "../../dist/runtime/tfjs/devices.js";
import { openCareful } from "../tfjs/careful.mjs";
import { fusedOperations } from "../tfjs/fused.mjs";

const root = fileURLToPath(new URL("../..", import.meta.url));

export async function open(request) {
  const { tf } = await openDevice("tfjs-node-gpu", [root]).catch(() => openDevice("tfjs-node", [root]));
  return openCareful(tf, request, fusedOperations, false);
}
