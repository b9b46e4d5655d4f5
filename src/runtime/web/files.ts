/** Files of the page's own folder. */

import { RunError } from "../errors.js";

const mend = "Load the page again; if that does not help, publish its whole folder again";

/** @throws RunError when the file does not come, or is no JSON. */
export async function loadJson<T>(path: string): Promise<T> {
  const text = await (await request(path)).text();
  try {
    return JSON.parse(text) as T;
  } catch (cause) {
    throw damaged(path, "it is no JSON", cause);
  }
}

/** @throws RunError when the file does not come. */
export async function loadBytes(path: string): Promise<Uint8Array<ArrayBuffer>> {
  const response = await request(path);
  try {
    return new Uint8Array(await response.arrayBuffer());
  } catch (cause) {
    throw damaged(path, "it breaks off", cause);
  }
}

/**
 * The contents of a file that is compressed with gzip.
 * @param onBytes is told how many more of its bytes have come.
 * @throws RunError when it does not come, or is damaged.
 */
export async function loadCompressed(path: string, onBytes: (count: number) => void): Promise<Uint8Array<ArrayBuffer>> {
  const { body } = await request(path);
  if (body === null) throw damaged(path, "it is empty");
  const counted = new TransformStream<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>>({
    transform(chunk, controller) {
      onBytes(chunk.length);
      controller.enqueue(chunk);
    },
  });
  try {
    const stream = body.pipeThrough(counted).pipeThrough(new DecompressionStream("gzip"));
    return new Uint8Array(await new Response(stream).arrayBuffer());
  } catch (cause) {
    throw damaged(path, "it breaks off, or is not what was written", cause);
  }
}

/** @throws RunError */
export function damaged(path: string, why: string, cause?: unknown): RunError {
  return new RunError(`${path} cannot be used: ${why}. ${mend}`, { cause });
}

async function request(path: string): Promise<Response> {
  const response = await fetch(path).catch((cause: unknown) => {
    throw new RunError(`${path} does not load: the connection failed. Try again when it is back`, { cause });
  });
  if (!response.ok) throw new RunError(`${path} does not load: the server answers ${response.status}. ${mend}`);
  return response;
}
