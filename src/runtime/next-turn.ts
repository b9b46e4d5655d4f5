/// <reference lib="dom" />
/** Giving way, in the middle of long work, to what waits for the thread: signals in Node, input and drawing in a page. */

/** Fulfilled once what waits already had its turn. */
export const nextTurn: () => Promise<void> = "setImmediate" in globalThis ? () => new Promise((done) => void setImmediate(done)) : byMessages();

/** A page's timers are held up: by 4 ms, or by a second when the page is hidden. Its messages are not. */
function byMessages(): () => Promise<void> {
  const { port1, port2 } = new MessageChannel();
  const waiting: (() => void)[] = [];
  port1.onmessage = () => waiting.shift()?.();
  return () =>
    new Promise((done) => {
      waiting.push(done);
      port2.postMessage(undefined);
    });
}
