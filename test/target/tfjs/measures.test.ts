/** Tensors for measures on TensorFlow.js. */

import { expect } from "vitest";
import { createEngine } from "../../../src/runtime/tfjs/engine.js";
import { importProgram } from "../../../src/runtime/tfjs/trainer.js";
import { emitTfjs } from "../../../src/target/tfjs/emit.js";
import { testMeasures } from "../measures.js";
import type { WithEngine } from "../training.js";
import { openTestDevice, testDevices } from "./device.js";

const engines = testDevices.map((choice): [string, WithEngine] => [
  `on ${choice}`,
  async ({ program, manifest }, use) => {
    const { tf, name } = await openTestDevice(choice);
    const engine = createEngine(tf, name, await importProgram(await emitTfjs(program, manifest)), manifest);
    const before = engine.memory().tensors;
    try {
      const result = await use(engine);
      engine.dispose();
      expect(engine.memory().tensors).toBe(before);
      return result;
    } finally {
      engine.dispose();
    }
  },
]);

testMeasures(Object.fromEntries(engines));
