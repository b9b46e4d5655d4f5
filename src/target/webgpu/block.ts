/** Blocks of a kernel in WGSL. */

import { Block as BlockOf } from "../block.js";

/** A value in the text, and whether it is a vector of four. */
export interface Named {
  readonly text: string;
  readonly isVector: boolean;
}

export type Block = BlockOf<Named>;
export const Block = BlockOf<Named>;
