/** Functions that kernels use besides the instructions of WebAssembly. A module gets those that it names. */

import { withNeeds } from "../library.js";
import { circular } from "./circular.js";
import { elementary } from "./elementary.js";
import { power } from "./power.js";
import { random } from "./random.js";
import { sign } from "./sign.js";
import { multiplyAdd, type LibraryFunction } from "./vector.js";

const functions: Readonly<Record<string, LibraryFunction>> = { ...elementary, ...circular, ...power, ...random, sign };

/** The texts of the named functions and of those that they call, each before its use. Their constants are globals: see `constantsOf`. */
export function libraryOf(names: Iterable<string>, isRelaxed: boolean): readonly string[] {
  return withNeeds(functions, names).map(({ text }) => text((a, b, c) => multiplyAdd(isRelaxed, a, b, c)));
}
