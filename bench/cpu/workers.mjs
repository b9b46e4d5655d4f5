// Workers as pages have them, over Node's, for libraries that start theirs from the text of a blob.
import { Worker as Thread } from "node:worker_threads";

/** What a worker's script finds in a page. */
const scope = `
  const { parentPort } = require("node:worker_threads");
  globalThis.self = globalThis;
  globalThis.postMessage = (message) => parentPort.postMessage(message);
  parentPort.on("message", (data) => globalThis.onmessage({ data }));
`;

/** Defines `Worker`, on as many threads as `navigator.hardwareConcurrency` says. */
export function addWorkers(threads) {
  Object.defineProperty(globalThis, "navigator", { value: { hardwareConcurrency: threads }, configurable: true });
  // A blob's text cannot be had at once, as a new worker needs it, so that here its address is the text.
  globalThis.Blob = class {
    constructor(parts) {
      this.text = parts.join("");
    }
  };
  URL.createObjectURL = ({ text }) => text;
  URL.revokeObjectURL = () => {};
  globalThis.Worker = class {
    constructor(text) {
      this.thread = new Thread(scope + text, { eval: true });
      this.thread.on("message", (data) => this.onmessage({ data }));
      this.thread.on("error", (error) => this.onerror(error));
    }
    postMessage(message) {
      this.thread.postMessage(message);
    }
  };
}
