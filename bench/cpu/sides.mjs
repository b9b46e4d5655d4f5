// The sides of the benchmark: how each one's process starts.
import { fileURLToPath } from "node:url";

const threads = 2;
const peer = fileURLToPath(new URL("peer.mjs", import.meta.url));
const pytorch = fileURLToPath(new URL("pytorch.py", import.meta.url));

/** A Python that has PyTorch. */
const python = process.env.NORM_BENCH_PYTHON ?? "python3";

const inNode = (name, { module = name, column = name, threads: own = threads } = {}) => ({ name, column, command: [process.execPath, peer, module], threads: own });
const inPython = (name, ...options) => ({ name, column: name, command: [python, "-B", pytorch, ...options], threads, takesBytes: true });

/** jax-js without threads is faster for small models. */
export const sides = [
  inNode("norm"),
  inNode("norm_one_thread", { module: "norm", threads: 1 }),
  inNode("tfjs"),
  inNode("tfjs_careful"),
  inNode("jax"),
  inNode("jax_threads", { column: "jax" }),
  inNode("tfjs_node"),
  inPython("torch"),
  inPython("torch_compiled", "--compile"),
];

/**
 * No library takes more threads than Norm. Threads of OpenMP that wait sleep: awake they would wait for others that other work
 * keeps from running, which makes PyTorch's steps up to a hundred times longer.
 */
export const environment = {
  ...process.env,
  OMP_NUM_THREADS: String(threads),
  OMP_WAIT_POLICY: "PASSIVE",
  TF_NUM_INTRAOP_THREADS: String(threads),
  TF_NUM_INTEROP_THREADS: "1",
};
