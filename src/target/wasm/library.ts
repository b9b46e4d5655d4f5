/** Functions that kernels use besides the instructions of WebAssembly. A module gets those that it names. */

import { circular } from "./circular.js";
import { elementary } from "./elementary.js";
import { power } from "./power.js";
import { random } from "./random.js";
import { sign } from "./sign.js";
import { multiplyAdd, type LibraryFunction } from "./vector.js";

const functions: Readonly<Record<string, LibraryFunction>> = { ...elementary, ...circular, ...power, ...random, sign };

/** The texts of the named functions and of those that they call, each before its use. Their constants are globals: see `constantsOf`. */
export function libraryOf(names: Iterable<string>, isRelaxed: boolean): readonly string[] {
  const result: string[] = [];
  const done = new Set<string>();
  const add = (name: string): void => {
    if (done.has(name)) return;
    done.add(name);
    const own = functions[name]!;
    own.needs?.forEach(add);
    result.push(own.text((a, b, c) => multiplyAdd(isRelaxed, a, b, c)));
  };
  [...names].sort().forEach(add);
  return result;
}
