// Norm's products of square matrices on one thread, each beside what the processor does at most, measured in turns with it.
// Prints rows of billions of operations a second.
import { performance } from "node:perf_hooks";
import { Builder } from "../../dist/ir/builder.js";
import { slotTypes } from "../../dist/ir/slots.js";
import { enableRelaxedSimd } from "../../dist/runtime/wasm/node-features.js";
import { assemble } from "../../dist/target/wasm/assemble.js";
import { emitWasm } from "../../dist/target/wasm/emit.js";
import { openPeak } from "./peak.mjs";

const sizes = [64, 128, 256, 384, 512, 768, 1024];
const repetitions = 15;
const pageBytes = 65_536;

const isRelaxed = enableRelaxedSimd();
const peak = await openPeak(isRelaxed);
const rows = [];
for (const size of sizes) rows.push(await measure(size));
process.stdout.write(`${JSON.stringify(rows)}\n`);

async function measure(size) {
  const multiply = await openProduct(size);
  const operations = 2 * size ** 3;
  // About ten milliseconds, so that the clock's own steps do not show.
  const turns = Math.ceil(4e8 / operations);
  let most = 0;
  let ceiling = 0;
  for (let repetition = 0; repetition < repetitions; repetition++) {
    ceiling = Math.max(ceiling, perSecond(peak.operations, peak.run));
    most = Math.max(most, perSecond(turns * operations, () => {
      for (let turn = 0; turn < turns; turn++) multiply();
    }));
  }
  return { size, gflops: Number(most.toFixed(1)), peak_gflops: Number(ceiling.toFixed(1)), peak_share: Number((most / ceiling).toFixed(3)) };
}

/** Billions of operations a second. */
function perSecond(operations, run) {
  const start = performance.now();
  run();
  return operations / (performance.now() - start) / 1e6;
}

async function openProduct(size) {
  const { plan, text } = emitWasm(productProgram(size), { isRelaxed });
  const pages = Math.ceil((plan.bytes + plan.scratch) / pageBytes);
  const memory = new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true });
  const { instance } = await WebAssembly.instantiate(await assemble(text), { env: { memory } });
  const { from, to, results } = plan.entries.evaluate;
  const view = ({ offset, elements }) => new Float32Array(memory.buffer, offset, elements);
  const [left, right] = ["left", "right"].map((name) => view(plan.inputs.find((input) => input.name === name)));
  left.forEach((_, index) => (left[index] = (index % 7) - 3));
  right.forEach((_, index) => (right[index] = (index % 5) - 2));
  const multiply = () => instance.exports.run(from, to, 0, 1);
  multiply();
  checkProduct(size, left, right, view(results[0]));
  return multiply;
}

function productProgram(size) {
  const matrix = (name, ...axes) => ({ name, type: { dtype: "f32", axes: axes.map((axis) => ({ name: axis, extent: size })) } });
  const inputs = [matrix("left", "row", "inner"), matrix("right", "inner", "column")];
  const base = { name: "product", precision: "single", parameters: [], states: [], inputs };
  const builder = new Builder(slotTypes(base));
  const [left, right] = inputs.map(({ name }) => builder.add("input", [], { slot: name }));
  const results = new Map([["product", builder.build.contract(left, right, ["inner"])]]);
  return { ...base, entries: new Map([["evaluate", { name: "evaluate", operations: builder.operations, results }]]) };
}

/** One row of it: whole numbers, so that the sums are exact in any order. */
function checkProduct(size, left, right, product) {
  const row = size - 1;
  for (let column = 0; column < size; column++) {
    let sum = 0;
    for (let inner = 0; inner < size; inner++) sum += left[row * size + inner] * right[inner * size + column];
    if (product[row * size + column] !== sum) throw new Error(`the product of ${size} is wrong`);
  }
}
