/** The sample files, which together hold every construct of the language, in the canonical format. */

import { readFileSync, readdirSync } from "node:fs";

const folder = new URL("./samples/", import.meta.url);

export interface Sample {
  readonly name: string;
  readonly text: string;
}

export const samples: readonly Sample[] = readdirSync(folder)
  .filter((name) => name.endsWith(".norm"))
  .map((name) => ({ name, text: readFileSync(new URL(name, folder), "utf8") }));
