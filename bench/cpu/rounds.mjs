// Runs one case: all sides are opened, and then they take turns, so that a noisy machine hurts all of them alike.
import { adamw, firstBatch, packedParameters } from "../model.mjs";
import { startProcess } from "./process.mjs";
import { sides } from "./sides.mjs";

/** Seconds of a turn, and those after which a side is done, or with so many timed steps. */
const turn = 0.3;
const enough = { seconds: 1.5, steps: 60 };

/** Fewer timed steps than these are no result: a side that has not done them after so many seconds is left out. */
const fewest = 3;
const limit = { open: 90, steps: 12 };

const failures = new Set();

/** `losses`, from the first step on, and `times` of the steps behind it, by the sides' names; undefined for a side without a result. */
export async function runSides(model, batch) {
  const { vector, places } = packedParameters(model);
  const data = firstBatch(model, batch);
  const request = { model, batch, places, rate: adamw.rate, decay: adamw.decay };
  const running = await Promise.all(sides.map(async (side) => {
    const process = startProcess(side.command);
    // The other sides make the same numbers themselves.
    const bytes = side.takesBytes ? [vector, data.image, data.label] : [];
    const first = await process.ask({ ...request, threads: side.threads }, limit.open, bytes);
    return { name: side.name, process, losses: first?.losses, times: [] };
  }));
  const active = new Set(running.filter(({ losses }) => losses !== undefined));
  while (active.size > 0) {
    for (const side of active) {
      const reply = await side.process.ask({ seconds: turn }, limit.steps);
      side.losses.push(...(reply?.losses ?? []));
      side.times.push(...(reply?.times ?? []));
      const seconds = side.times.reduce((sum, ms) => sum + ms, 0) / 1000;
      const isDone = side.times.length >= fewest && (seconds >= enough.seconds || side.times.length >= enough.steps);
      if (reply === undefined || isDone || seconds > limit.steps) active.delete(side);
    }
  }
  return new Map(running.map(({ name, process, losses, times }) => {
    const problem = process.end();
    if (times.length >= fewest) return [name, { losses, times }];
    report(`${name}: ${problem}`);
    return [name, undefined];
  }));
}

/** Once a run: a library that is not installed is missing in every case. */
function report(failure) {
  if (!failures.has(failure)) process.stderr.write(`${failure}\n`);
  failures.add(failure);
}
